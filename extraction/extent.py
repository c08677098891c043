"""How far the words of a problem reach: side, degree and stage before its name, stage and site behind it."""

import re

_SIDE = r"(?:left|right|bilateral|both|lt|rt|l|r)(?:[\s-]sided)?"
_STAGE = r"(?:stage|grade|class|type)\s+(?:\d[a-c]?|i{1,3}v?|iv|v)"
_SITE = (
    r"(?:hips?|knees?|legs?|arms?|feet|foot|hands?|shoulders?|ankles?|wrists?|elbows?|spine|back|neck|breasts?|lungs?|"
    r"kidneys?|liver|colon|rectum|sigmoid|cecum|prostate|bladder|ileum|jejunum|duodenum|stomach|esophagus|pancreas|"
    r"brain|skin|scalp|face|eyes?|ears?|toes?|fingers?|thumbs?|lobes?|extremity|extremities|calf|thighs?|groin|heart|"
    r"aorta|mca|aca|pca|cerebellar|pontine|uterus|cervix|ovary|ovaries|thyroid|larynx|tongue|jaw|forearm|heel|sacrum|"
    r"abdomen)"
)
_BEFORE = re.compile(
    rf"(?:\b(?:{_SIDE}|upper|lower|middle|acute(?:\s+on\s+chronic)?|subacute|chronic|mild|moderate|severe|advanced|"
    r"end[\s-]stage|persistent|paroxysmal|permanent|recurrent|refractory|resistant|metastatic|invasive|"
    r"primary|secondary|seropositive|seronegative|ischemic|nonischemic|non-ischemic|hemorrhagic|alcoholic|"
    r"alcohol-associated|alcohol-related|steroid-dependent|insulin-dependent|poorly[\s-]controlled|"
    rf"well[\s-]controlled|uncontrolled|{_STAGE}|{_SITE})[\s-]+){{1,4}}\Z",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"(?:\s+\({_STAGE}\)|\s+{_STAGE}\b|\s+(?:of|in)\s+the\s+(?:(?:{_SIDE}|lower|upper|middle)\s+){{0,2}}{_SITE}\b|"
    r"\s+with\s+(?:reduced|preserved)\s+(?:ejection fraction|ef)\b|\s+with\s+rvr\b|"
    r"\s+on\s+(?:hd|hemodialysis|dialysis)\b|"
    r",\s+(?:left|right|bilateral)(?![\w-])(?!\s+\w)){1,2}",
    re.IGNORECASE,
)
_REACH = 48


def problem_extent(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of a problem named at `start:end` with the words of side, degree, stage and site that belong to it."""
    floor = max(0, start - _REACH)
    before = _BEFORE.search(text[floor:start])
    behind = _BEHIND.match(text, end)
    return (floor + before.start() if before else start), (behind.end() if behind else end)
