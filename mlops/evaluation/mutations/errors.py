"""The kinds of clinical error that a summary can make, each with its weight."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["critical", "major", "minor"]


@dataclass(frozen=True, slots=True)
class ErrorType:
    """One kind of error. `critical` could by itself change treatment to the patient's harm."""

    name: str
    severity: Severity
    meaning: str


ERROR_TYPES: tuple[ErrorType, ...] = (
    ErrorType("number", "major", "a measured or counted number is another one"),
    ErrorType("magnitude", "critical", "a decimal point or a zero is moved, lost or added"),
    ErrorType("unit", "critical", "the number stands, its unit is another one"),
    ErrorType("dose", "critical", "another amount of the same drug"),
    ErrorType("frequency", "critical", "the drug is given more or less often"),
    ErrorType("route", "critical", "the drug is given another way"),
    ErrorType("duration", "major", "a length of time is another one"),
    ErrorType("date", "major", "a date, a time or a year is another one"),
    ErrorType("negation_removed", "critical", "what is denied or absent is said to be there"),
    ErrorType("negation_added", "critical", "what is there is denied"),
    ErrorType("uncertainty_removed", "major", "what is possible or suspected is said to be so"),
    ErrorType("uncertainty_added", "minor", "what is established is said to be possible"),
    ErrorType("history_as_present", "major", "what is past is said to be going on"),
    ErrorType("planned_as_done", "critical", "what is planned, advised or considered is said to have happened"),
    ErrorType("stopped_as_current", "critical", "what was stopped or held is said to be taken"),
    ErrorType("resolved_as_active", "major", "what has resolved is said to be active"),
    ErrorType("family_as_patient", "critical", "a relative's condition becomes the patient's, or another relative's"),
    ErrorType("patient_as_family", "critical", "the patient's condition becomes a relative's"),
    ErrorType("side", "critical", "left for right, one side for both"),
    ErrorType("site", "major", "another part of the body"),
    ErrorType("severity", "major", "mild for severe, small for large, acute for chronic"),
    ErrorType("drug_swap", "critical", "another drug, often one that looks or sounds alike"),
    ErrorType("problem_swap", "critical", "another disease or finding"),
    ErrorType("allergen_swap", "critical", "another allergen"),
    ErrorType("reaction_swap", "major", "another reaction to the same allergen"),
    ErrorType("measure_swap", "critical", "the value of one measurement is given to another"),
    ErrorType("trend", "major", "rising for falling, better for worse"),
    ErrorType("action_swap", "critical", "started for stopped, increased for decreased, held for continued"),
    ErrorType("code_status", "critical", "another code status"),
    ErrorType("currency", "critical", "true in the note cited, no longer true by a later note"),
    ErrorType("fabrication", "major", "a clause that the source does not have"),
    ErrorType("omitted_condition", "major", "an `if`, `unless` or `as needed` is left out, so that more is claimed"),
    ErrorType("causal", "major", "a cause, purpose or consequence that the source does not state"),
    ErrorType("gender", "minor", "a patient of the other sex"),
    ErrorType("attribution", "major", "the words are right, the cited sentence says nothing of the kind"),
)
BY_NAME = {error.name: error for error in ERROR_TYPES}
