"""One name for each usual type of note, whatever the source calls it. Unknown types keep their own name."""

_MIMIC = {
    "DS": "discharge summary",
    "AD": "discharge summary addendum",
    "RR": "radiology report",
    "AR": "radiology report addendum",
}

_MIMIC_III = {
    "case management": "case management note",
    "consult": "consult note",
    "discharge summary": "discharge summary",
    "ecg": "electrocardiogram report",
    "echo": "echocardiogram report",
    "general": "general note",
    "nursing": "nursing note",
    "nursing/other": "nursing note",
    "nutrition": "nutrition note",
    "pharmacy": "pharmacy note",
    "physician": "progress note",
    "radiology": "radiology report",
    "rehab services": "therapy note",
    "respiratory": "respiratory care note",
    "social work": "social work note",
}
_SPEAKING = frozenset(
    {"case management", "consult", "general", "nutrition", "pharmacy", "rehab services", "respiratory", "social work"}
)
"""Categories of MIMIC-III whose descriptions name the note. Radiology's name the study, as the report itself does."""
_DESCRIBED = {
    ("physician", "admission"): "history and physical",
    ("physician", "consult"): "consult note",
    ("physician", "transfer"): "transfer note",
    ("nursing", "admission"): "nursing admission note",
    ("nursing", "transfer"): "nursing transfer note",
}
_SAYING_NOTHING = frozenset({"", "deferred", "generic note", "note", "report"})

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


def mimic_iii_note_type(category: str, description: str) -> str:
    """The name of a note of MIMIC-III: its category, or the description where that says more."""
    kind, said = " ".join(category.lower().split()), " ".join(description.lower().split())
    name = _MIMIC_III.get(kind, kind)
    if said == "addendum":
        return f"{name} addendum"
    if kind in _SPEAKING and said not in _SAYING_NOTHING:
        return said
    return next((found for (of, word), found in _DESCRIBED.items() if of == kind and word in said), name)


def loinc_note_type(code: str) -> str | None:
    """The name of a LOINC document code, None for one that is not listed."""
    return _LOINC.get(code)
