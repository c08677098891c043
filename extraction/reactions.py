"""Drugs blamed for a reaction: `Bactrim gave her hives`, `rash from sulfa`, `sulfa now listed as an allergy`."""

import re
from collections.abc import Iterable, Sequence

from extraction.gated import Gated
from extraction.lexicon import load
from extraction.words import Match

_ALLERGIC = (
    r"(?:hives|(?:\w+\s+){0,2}rash(?:es)?|anaphyla\w+|angio-?edema|urticaria|welts|"
    r"(?:lips?|tongue|facial|face|throat|mouth)(?:\s+and\s+(?:lips?|tongue|facial|face|throat))?\s+swelling|"
    r"swelling of (?:the |her |his )?(?:face|lips?|tongue|throat)|swollen (?:lips?|face|tongue)|"
    r"throat (?:closing|closure|tightness)|bronchospasm|wheez\w+|itching|itchiness|pruritus|stevens[- ]johnson\w*|sjs|"
    r"(?:a )?(?:bad|serious|severe|allergic) reaction|toxic epidermal necrolysis|serum sickness|red man syndrome)"
)
_CAUSES = Gated(
    r"\s*(?:(?:drugs?|antibiotics?|products|use|therapy|has|have|had|also|previously|once|always|it|which|that)\s+)*"
    r"(?:gave|gives?|given|caus(?:es?|ed|ing)|brought on|brings? on|produc(?:es?|ed)|trigger(?:s|ed)?|provok(?:es?|ed)|"
    r"(?:brought|brings) (?:her|him|them|the patient|pt) out in|led to|leads? to|result(?:s|ed) in|(?:was|were|"
    r"is) followed by|set off|makes?|made)\s+"
    rf"(?:(?:her|him|them|the|patient|pt|an?|in|to|develop|have|severe|mild|bad|some|diffuse|generalized|"
    rf"widespread)\s+)*{_ALLERGIC}\b",
    re.IGNORECASE,
)
_FROM = re.compile(
    rf"\b{_ALLERGIC}(?:\s+(?:\w+\s+){{0,2}})?\s*(?:\([^()]{{0,30}}\)\s*)?"
    r"(?:to|from|after|following|caused by|due to|secondary to|induced by|brought on by|attributed to|blamed on|"
    r"thought (?:to be )?(?:due to|from)|(?:\w+ )?days? into|appeared (?:on|with|after)|because of|, culprit|"
    r"(?:with)?in (?:\w+ )?(?:minutes|hours|days?|weeks?) of|(?:shortly|soon|hours|days) after)\s+"
    r"(?:(?:the|her|his|an?|iv|oral|starting|taking|receiving|beginning|being given|first|one|second|last|dose|doses|"
    r"of|course|use)\s+)*\Z",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"\b(?:hives|rash(?:es)?|anaphyla\w+|angio-?edema|urticaria|welts|stevens[- ]johnson\w*|sjs|"
    r"(?:lips?|tongue|facial|face|throat|mouth)\s+(?:swelling|swells?|swelled|clos(?:es?|ed|ing)|tight\w+)"
    r"(?: up| shut)?|"
    r"swelling of (?:the |her |his )?(?:face|lips?|tongue|throat)|swollen (?:lips?|face|tongue|throat)|"
    r"(?:bad|serious|severe|allergic) reaction)"
    r"\s+(?:with|to|on|after|from)\s+(?:(?:the|any|all|her|his|iv|oral|use of|taking)\s+)*\Z",
    re.IGNORECASE,
)
_IS_TOLERATED = Gated(r"\s*(?:is |was |has been |well |previously )*tolerated\b", re.IGNORECASE)
_MARKED_TOLERATED = Gated(
    r"\s*[:(–-]+\s*(?:(?:is|was|has been|since|well|previously|now|later|subsequently|challenge|test dose)\s+)*"
    r"tolerated(?=\s*(?:\Z|[.;)]|well\b|without\b|with no\b|w/o\b))",
    re.IGNORECASE,
)
_WITHOUT_REACTION = re.compile(
    r"\s*(?:well\s+)?(?:without|with no|w/o)\s+(?:any\s+|allergic\s+|adverse\s+)*"
    r"(?:reactions?|rash|hives|anaphylaxis)\b",
    re.IGNORECASE,
)
_GOT_ON = re.compile(
    rf"\b(?:develop\w*|broke out|breaks out|came out|comes out|came up|erupted|got|gets|had|has had)\s+(?:in\s+|an?\s+|"
    rf"severe\s+|"
    rf"diffuse\s+)*{_ALLERGIC}\s+"
    r"(?:while\s+)?(?:on|taking)\s+(?:the\s+|her\s+|his\s+)?\Z",
    re.IGNORECASE,
)
_LISTED = Gated(
    r"[^.;:]{0,60}?\b(?:enter|record|list|log|chart|document|not|add|put|plac|mark|flag|fil|updat|now|is|are|was|goes|"
    r"went)(?:e?d|ed)?\s+"
    r"(?:now\s+|also\s+|therefore\s+)?(?:on(?:to)?|in(?:to)?|to|as|under)\s+"
    r"(?:(?:an?|the|her|his|their|known|new|drug|medication|chart|patient's|true|list of)\s+)*allerg(?:y|ies|ic|en)\b",
    re.IGNORECASE,
)
_PUT_ON = Gated(
    r"\s+(?:on|to|onto|in|into)\s+(?:the|her|his|their)\s+(?:(?:list of|drug|medication|chart)\s+)*allerg(?:y|ies)\b",
    re.IGNORECASE,
)
_ALONE = Gated(rf"(?:[ ]*(?:[:=–|-]|->|→)|\t)\s*(?:\w+\s+)?{_ALLERGIC}[\s.]*\Z", re.IGNORECASE)


_INDUCED = Gated(rf"[\s-](?:induced|related|associated|provoked)\s+(?:\w+\s+)?{_ALLERGIC}\b", re.IGNORECASE)
_ADDING = re.compile(
    r"\b(?:allerg(?:y|ies)(?:\s+(?:list|record|section|field|status))?\s+(?:\w+\s+){0,2}(?:amended|changed|revised|"
    r"expanded|extended|"
    r"updated|corrected)\s+(?:to (?:include|add|show|read|list)|with|by|for)|new (?:entry|addition|item)\s+(?:on|in|"
    r"to|under)\s+"
    r"(?:the |her |his )?(?:list of )?allerg(?:y|ies)(?: list)?\s*[:,–-]?|must never (?:again )?(?:have|take|receive|"
    r"get|be given))\s+\Z",
    re.IGNORECASE,
)


def is_remedy(substance: str) -> bool:
    """Whether reactions are treated with a substance, so that one "with" it may be one that it was given for."""
    return substance in load("allergens")["remedies"]


def tolerated_behind(text: str, end: int) -> bool:
    """Whether the words behind a substance, which ends at `end`, say that it is tolerated."""
    return bool(_IS_TOLERATED.match(text, end) or _MARKED_TOLERATED.match(text, end))


def tried_without_reaction(text: str, end: int) -> bool:
    """Whether a substance was given to see whether the patient reacts: `Penicillin: tolerated without reaction`."""
    told = _MARKED_TOLERATED.match(text, end)
    return told is not None and _WITHOUT_REACTION.match(text, told.end()) is not None


def blamed(text: str, substances: Sequence[Match[str]]) -> Iterable[Match[str]]:
    """The substances that a sentence makes answerable for an allergic reaction, or puts on the list of allergies."""
    for match in substances:
        ahead = text[max(0, match.start - 110) : match.start]
        alone = not text[: match.start].strip(" -•*\n\t") and _ALONE.match(text, match.end)
        if (
            alone
            or _CAUSES.match(text, match.end)
            or _LISTED.match(text, match.end)
            or _PUT_ON.match(text, match.end)
            or _INDUCED.match(text, match.end)
            or _FROM.search(ahead)
            or (_WITH.search(ahead) and not is_remedy(match.value))
            or _ADDING.search(ahead)
            or _GOT_ON.search(ahead)
        ):
            yield match
