"""Telephone encounters, pharmacists' reconciliation, and corrections."""

from ingest.synthetic.notes import assessment, background, clinic, medications, stories
from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Slip
from ingest.synthetic.writer import Mention, Ref, join


def telephone(scene: Scene) -> None:
    """A short exchange and its outcome."""
    scene.say("phone.open")
    changes = scene.encounter.changes
    if scene.encounter.story == "reaction":
        clinic.reaction(scene)
        assessment.new_allergies(scene)
    elif changes:
        results = scene.new_results()
        for r in results[:2]:
            scene.say("phone.result", **scene.result(r))
        for why in dict.fromkeys(c.why for c in changes):
            if f"why.{why}" in scene.bank:
                scene.say(f"why.{why}")
        medications.changes(scene)
    else:
        drugs = scene.life.drugs(scene.at)
        if drugs:
            scene.say("phone.refill", **scene.drug(scene.rng.choice(drugs), "continued"))
        else:
            scene.say("phone.question")
    if scene.chance(0.7):
        stories.review(scene)
    scene.say("phone.close")


def reconciliation(scene: Scene) -> None:
    """A pharmacist's list at admission, with sources."""
    scene.say("pharmacy.open")
    scene.heading("admission_meds")
    medications.home_list(scene, scene.encounter.start)
    background.allergies(scene)
    scene.heading("pharmacy_notes")
    items = [scene.text("pharmacy.note") for _ in range(2)]
    stopped = [
        p
        for p in scene.life.prescriptions.values()
        if p.home
        and p.end
        and p.end <= scene.encounter.start
        and not p.successor
        and p.end_reason != "completed course"
    ]
    taken = {p.drug.name for p in scene.life.drugs(scene.encounter.start)}
    gone = [p for p in stopped if p.drug.name not in taken]
    if gone:
        items.append(
            scene.text("pharmacy.not_taking", why=gone[-1].end_reason, **scene.drug(gone[-1], "stopped", "historical"))
        )
    held = [c for c in scene.encounter.changes if c.verb == "held" and c.at <= scene.at]
    items += [medications.change_text(scene, c) for c in held]
    scene.bullets(items)
    slip = _open(scene, "dose")
    if slip:
        scene.paragraph()
        _dose_correction(scene, slip)


def _open(scene: Scene, kind: str) -> Slip | None:
    return next(
        (
            s
            for s in scene.life.slips
            if s.kind == kind and s.wrong in scene.memory.slips_told and s.wrong not in scene.memory.corrected
        ),
        None,
    )


def _dose_correction(scene: Scene, slip: Slip) -> None:
    wrong = scene.life.wrong_drugs[slip.wrong]
    right = scene.life.prescriptions[slip.right]
    now = scene.drug(right, "corrected", name=right.drug.name)
    old = Mention(
        f"{wrong.drug.name} {wrong.dose.strength} {wrong.dose.frequency}", (Ref(wrong.fact, "negated", "corrected"),)
    )
    scene.say("correction.dose", wrong=old, right=now["rxshort"])
    scene.memory.corrected.add(slip.wrong)


def has_correction(scene: Scene) -> bool:
    """Whether something told wrongly waits to be put right."""
    return any(_open(scene, kind) for kind in ("dose", "problem", "allergy"))


def addendum(scene: Scene) -> None:
    """Puts right what an earlier note said."""
    scene.heading("addendum")
    dose, problem, allergy = (_open(scene, kind) for kind in ("dose", "problem", "allergy"))
    if dose:
        _dose_correction(scene, dose)
    if problem:
        scene.say(
            "correction.problem", wrong=Mention(problem.text["say"], (Ref(problem.wrong, "negated", "corrected"),))
        )
        scene.memory.corrected.add(problem.wrong)
    if allergy:
        scene.say(
            "correction.allergy", wrong=Mention(allergy.text["name"], (Ref(allergy.wrong, "negated", "corrected"),))
        )
        scene.memory.corrected.add(allergy.wrong)
        known = [s for s in scene.life.allergies(scene.at) if s.allergen]
        if known:
            scene.say("correction.remaining", allergens=join([scene.allergy(s)["allergen"] for s in known]))
    scene.say("correction.close")
