"""One name for each usual type of note, whatever the source calls it. Unknown types keep their own name."""

_MIMIC = {
    "DS": "discharge summary",
    "AD": "discharge summary addendum",
    "RR": "radiology report",
    "AR": "radiology report addendum",
}

# LOINC document codes; the meaning of each is from loinc.org.
_LOINC = {
    "18842-5": "discharge summary",
    "34117-2": "history and physical",
    "11506-3": "progress note",
    "28570-0": "procedure note",
    "11488-4": "consult note",
    "34111-5": "emergency department note",
    "34878-9": "emergency department note",
    "51855-5": "patient note",
    "57133-1": "referral note",
    "18761-7": "transfer note",
    "11504-8": "operative note",
    "34746-8": "nursing note",
    "28651-8": "nursing transfer note",
    "18748-4": "radiology report",
    "18725-2": "microbiology report",
    "11526-1": "pathology report",
    "11502-2": "laboratory report",
    "34133-9": "summary of episode",
    "51847-2": "assessment and plan note",
    "34108-1": "outpatient note",
    "34109-9": "note",
    "34748-4": "telephone note",
}


def mimic_note_type(code: str) -> str:
    """The name of a MIMIC-IV-Note type, or the code as it stands."""
    return _MIMIC.get(code, code)


def loinc_note_type(code: str) -> str | None:
    """The name of a LOINC document code, None for one that is not listed."""
    return _LOINC.get(code)
