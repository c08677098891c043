"""Drugs in a note: lists, and what was done about them."""

from collections.abc import Sequence
from datetime import datetime

from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Change, Prescription
from ingest.synthetic.writer import Mention, Piece, Ref, Text


def is_held(item: Prescription, at: datetime) -> bool:
    """Whether it is on hold then."""
    return any(start <= at < end for start, end in item.held)


def drug_list(scene: Scene, items: Sequence[Prescription], *, action: str = "", copied: bool = False) -> None:
    """One drug a line, in this author's manner; held ones are marked where the author knows."""
    if not items:
        scene.line("meds.none")
        return
    order = sorted(items, key=lambda p: p.drug.name)
    lines: list[Text] = []
    for item in order:
        slots = scene.drug(item, action)
        text: Text = scene.habit("meds.line", **slots)
        if not copied and is_held(item, scene.at) and scene.encounter.kind == "admission":
            text = (*text, *scene.habit("meds.held_mark"))
        lines.append(text)
    running = scene.in_line("meds.joint", lines)
    if running is not None:
        scene.out.sentence(running, copied=copied)
        return
    for n, text in enumerate(lines, 1):
        scene.out.line((scene.voice.bullet.format(n=n), *text), copied=copied)


def home_list(scene: Scene, at: datetime | None = None, *, copied: bool = False, action: str = "") -> None:
    """The drugs the patient takes at home at a time (the note's own by default)."""
    drug_list(scene, _listed(scene, at or scene.at), copied=copied, action=action)


def _listed(scene: Scene, at: datetime) -> list[Prescription]:
    items = scene.life.drugs(at)
    slip = next((s for s in scene.life.slips if s.kind == "dose" and s.encounter == scene.encounter.index), None)
    if (
        slip
        and scene.note_type in ("history and physical", "emergency department note")
        and slip.wrong not in scene.memory.slips_told
    ):
        scene.memory.slips_told.add(slip.wrong)
        items = [scene.life.wrong_drugs[slip.wrong] if p.fact == slip.right else p for p in items]
    return items


def change_text(scene: Scene, change: Change) -> Text:
    """What was done and why, as one sentence."""
    life = scene.life
    before = life.prescriptions.get(change.before)
    after = life.prescriptions.get(change.after)
    why = change.why
    if change.verb == "switched" and before and after:
        old, new = scene.drug(before, "stopped"), scene.drug(after, "started")
        return scene.text(
            "change.switched", old=old["rxshort"], oldname=old["drug"], new=new["rx"], newname=new["drug"], why=why
        )
    if change.verb in ("increased", "decreased") and before and after:
        new = scene.drug(after, "changed")
        old = scene.drug(before, "changed", "historical")
        return scene.text(f"change.{change.verb}", why=why, old=old["dose"], **_shared(scene, new, before))
    if change.verb == "started" and after:
        known = scene.catalog.conditions.get(after.indication) or scene.catalog.acutes.get(after.indication)
        aim = scene.name_of(known) if known else after.indication
        return scene.text(
            "change.started_course" if after.end and after.end_reason == "completed course" else "change.started",
            why=aim,
            length=_length(after),
            **scene.drug(after, "started"),
        )
    if change.verb == "held" and before:
        return scene.text("change.held", why=why, **scene.drug(before, "held"))
    if before is None:
        raise ValueError(f"a {change.verb} drug needs a prescription")
    return scene.text("change.stopped", why=why, **scene.drug(before, "stopped"))


def _shared(scene: Scene, new: dict[str, Piece | Text], before: Prescription) -> dict[str, Piece | Text]:
    """The drug's name belongs to the old dose and to the new one."""
    named = new["drug"]
    if not isinstance(named, Mention):
        raise TypeError("a drug's name is a mention")
    return {**new, "drug": Mention(named.text, (*named.refs, Ref(before.fact, "historical", "changed")))}


def _length(item: Prescription) -> str:
    days = max(1, (item.end - item.start).days) if item.end else 0
    return f"{days} days" if days > 1 else "1 day"


def changes(scene: Scene, verbs: Sequence[str] = (), *, lines: bool = False) -> None:
    """All drug changes of the encounter so far, as sentences or as list lines."""
    done = [c for c in scene.encounter.changes if c.at <= scene.at and (not verbs or c.verb in verbs)]
    if lines:
        scene.bullets([change_text(scene, c) for c in done])
        return
    for change in done:
        scene.out.sentence(change_text(scene, change))
