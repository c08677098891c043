"""Vital signs, examination, results and their trends."""

from collections.abc import Sequence

from ingest.synthetic.catalog import Condition
from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Result, Vitals
from ingest.synthetic.writer import Mention, Piece, Ref, Text

_PANELS = (
    "cbc",
    "chem",
    "liver",
    "coag",
    "cardiac",
    "endocrine",
    "lipids",
    "iron",
    "inflammation",
    "acute",
    "drug levels",
    "tumor markers",
    "urine",
)
_EXAM = ("general", "mouth", "neck", "heart", "lungs", "chest", "belly", "rectal", "legs", "skin", "neuro", "mental")
_USUAL = ("general", "heart", "lungs", "belly", "legs", "neuro")


def vital_slots(scene: Scene, v: Vitals) -> dict[str, Piece | Text]:
    """Slots of one set of vital signs."""
    return {
        "temp": scene.vital(v, "temperature", f"{v.temp:.1f}"),
        "hr": scene.vital(v, "heart rate", str(v.hr)),
        "bp": scene.vital(v, "blood pressure", f"{v.sbp}/{v.dbp}"),
        "rr": scene.vital(v, "respiratory rate", str(v.rr)),
        "spo2": scene.vital(v, "oxygen saturation", f"{v.spo2}%"),
        "air": "RA" if v.spo2 >= 92 else "2L NC" if v.spo2 > 87 else "4L NC",
        "weight": scene.vital(v, "weight", f"{v.weight:.1f} kg"),
    }


def vitals(scene: Scene, v: Vitals | None = None, *, heading: bool = True, weight: bool = False) -> None:
    """One line of vital signs."""
    v = v or scene.latest_vitals()
    if v is None:
        return
    if heading:
        scene.heading("vitals", inline=True)
    slots = vital_slots(scene, v)
    scene.out.sentence(scene.habit("vitals.line", **slots))
    if weight:
        scene.out.sentence(scene.habit("vitals.weight", **slots))
    scene.out.newline()


def exam(scene: Scene, *, strength: float = 1.0, brief: bool = False, heading: bool = True) -> None:
    """Findings by region; those of the illness while it lasts."""
    if heading:
        scene.heading("exam")
    found = exam_findings(scene, acute=strength > 0.25)
    regions = [
        r for r in _EXAM if r in found or (r in _USUAL and not (brief and r in ("neuro",) and scene.chance(0.5)))
    ]
    for region in regions:
        finding = found.get(region, "normal")
        words = scene.text(f"exam.{region}.{finding}")
        scene.out.line((*scene.habit(f"exam.label.{region}"), *words))


def exam_findings(scene: Scene, *, acute: bool = True) -> dict[str, str]:
    """Region to finding, from the illness and the lasting problems."""
    found: dict[str, str] = {}
    for course in scene.life.problems(scene.at):
        if isinstance(course.problem, Condition):
            more = course.problem.more
            found |= {
                k: v
                for k, v in (("heart", more.get("rhythm")), ("lungs", more.get("lungs")), ("belly", more.get("belly")))
                if v
            }
            if course.problem.key == "pregnancy":
                found["belly"] = "gravid"
    if scene.encounter.acute is not None and acute:
        found |= dict(scene.encounter.acute.exam)
        if scene.note_type != "progress note":
            found["general"] = "ill"
    return found


def lab_blocks(scene: Scene, results: Sequence[Result]) -> None:
    """Results as laboratory systems print them: MIMIC's run-on panels, or a table with columns."""
    if not results:
        scene.line("labs.none")
        return
    if "labs.item" in scene.bank:
        listed_labs(scene, results)
    elif scene.voice.column in (0, 2):
        _panels(scene, results)
    else:
        _table(scene, results)


def _panels(scene: Scene, results: Sequence[Result]) -> None:
    at = results[0].at
    for panel in _PANELS:
        mine = [r for r in results if r.lab.panel == panel]
        if not mine:
            continue
        pieces: list[Piece] = [f"___ {at:%I:%M%p} BLOOD "]
        for i, r in enumerate(mine):
            pieces += [" " if i else "", Mention(f"{r.lab.mimic}-{r.text}{'*' if r.abnormal else ''}", (Ref(r.fact),))]
        scene.out.line(tuple(pieces))


def _table(scene: Scene, results: Sequence[Result]) -> None:
    scene.out.line((f"{'Test':<22}{'Value':>9}  {'Flag':<5}{'Previous':>9}  Units",))
    for r in results:
        before = scene.life.before(r)
        refs = (Ref(r.fact),)
        older = (Ref(before.fact, "historical"),) if before else ()
        pieces: list[Piece] = [
            Mention(f"{r.lab.say[0][:21]:<22}", refs + older), Mention(f"{r.text:>9}", refs),
            f"  {'*' if r.abnormal else '':<5}", " " * (9 - len(before.text if before else "--")),
            Mention(before.text, older) if before else "--", f"  {r.lab.unit}" if r.lab.unit else "",
        ]  # fmt: skip
        scene.out.line(tuple(pieces))


def listed_labs(scene: Scene, results: Sequence[Result]) -> None:
    """Results one a line, or in a sentence that puts the abnormal ones first; each with its flag."""
    odd, usual = ([_listed_lab(scene, r) for r in results if r.abnormal == wanted] for wanted in (True, False))
    told = {"odd": scene.in_line("labs.joint", odd), "usual": scene.in_line("labs.joint", usual)}
    slots = {name: text for name, text in told.items() if text is not None}
    if slots:
        scene.say("labs.both" if len(slots) == 2 else f"labs.{next(iter(slots))}", **slots)
        return
    for r in results:
        scene.out.line(_listed_lab(scene, r))


def _listed_lab(scene: Scene, r: Result) -> Text:
    low, high = r.lab.female if scene.life.person.sex == "F" else r.lab.male
    flag = "L" if r.value < low else "H" if r.value > high else "abnl"
    mark = scene.habit("labs.mark", flag=flag) if r.abnormal else ""
    return scene.habit("labs.item", mark=mark, **scene.result(r))


def trend(scene: Scene, r: Result) -> Text | None:
    """How a value stands against the one before it."""
    before = scene.life.before(r)
    if before is None:
        return scene.text("trend.single", **scene.result(r))
    if r.text == before.text:
        return scene.text("trend.same", **scene.result(r))
    step = (r.value - before.value) / (max(abs(before.value), 1e-6))
    move = "up" if step > 0.05 else "down" if step < -0.05 else "flat"
    return scene.text(f"trend.{move}", **compared(scene, r, before))


def compared(scene: Scene, r: Result, before: Result) -> dict[str, Piece | Text]:
    """Slots of a result beside an older one; the lab's name belongs to both values."""
    slots = scene.result(r)
    named = slots["lab"]
    if not isinstance(named, Mention):
        raise TypeError("a lab's name is a mention")
    old = Ref(before.fact, "historical")
    return {**slots, "lab": Mention(named.text, (*named.refs, old)), "old": Mention(before.text, (old,))}


def notable(results: Sequence[Result], limit: int = 4) -> list[Result]:
    """The results worth a sentence: abnormal ones first, never the plain blood count."""
    ranked = sorted(results, key=lambda r: (not r.abnormal, r.lab.panel in ("cbc", "chem")))
    return [r for r in ranked if r.abnormal or r.lab.panel not in ("cbc", "chem", "liver")][:limit]
