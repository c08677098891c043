"""Outpatient writing: the visit note and the letter to a colleague."""

from datetime import timedelta

from ingest.synthetic.catalog import Condition
from ingest.synthetic.notes import assessment, background, findings, medications, stories
from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Course, Encounter
from ingest.synthetic.writer import join


def _before(scene: Scene) -> Encounter | None:
    earlier = scene.life.encounters[: scene.encounter.index]
    return earlier[-1] if earlier else None


def _since(scene: Scene) -> None:
    before = _before(scene)
    known = scene.life.problems(scene.at)
    problems = stories.main_problems(scene, 4) if known else ("routine care",)
    if scene.note_type != "clinic letter":
        scene.say(
            "visit.opening" if known else "visit.opening_well", problems=problems, service=scene.encounter.service
        )
    expecting = _pregnancy(scene)
    if expecting is not None:
        scene.say("visit.pregnant", week=str((scene.at - expecting.onset).days // 7))
    if before is not None and before.kind == "admission" and before.acute is not None:
        course = next(
            scene.life.courses[f] for f in before.new_problems if scene.life.courses[f].problem == before.acute
        )
        scene.say("visit.after_stay", problem=scene.problem(course, "historical"), stay=str(max(1, before.days)))
        done = [t for t in scene.life.of_kind("procedure", scene.at) if before.start <= t.start <= before.end]
        if done:
            scene.say("visit.after_procedure", procedure=scene.timed(done[-1], assertion="historical"))
    elif scene.encounter.changes and scene.encounter.story != "reaction":
        for why in dict.fromkeys(
            c.why for c in scene.encounter.changes if c.why != "new diagnosis" and not c.why.startswith("resolved ")
        ):
            if f"why.{why}" in scene.bank:
                scene.say(f"why.{why}")
    elif scene.encounter.story != "reaction":
        scene.say("visit.well")


def visit_note(scene: Scene) -> None:
    """The clinic's own note."""
    scene.heading("interval_clinic")
    scene.out.capture()
    _since(scene)
    reaction(scene)
    stories.review(scene)
    scene.memory.paragraphs["visit"] = scene.out.captured()
    background.past_history(scene)
    scene.heading("meds")
    _list(scene)
    background.allergies(scene)
    if scene.encounter.index == 0 or scene.chance(0.3):
        background.social(scene)
        background.family(scene)
    findings.vitals(scene, weight=True)
    findings.exam(scene, brief=True)
    results = scene.new_results()
    if results:
        scene.heading("labs")
        findings.lab_blocks(scene, results)
    scene.heading("ap")
    if scene.life.problems(scene.at):
        assessment.plan_of_visit(scene)
    else:
        scene.say("visit.healthy")
        medications.changes(scene)
        assessment.new_allergies(scene)
    scene.heading("followup", inline=True)
    _next(scene)


def _pregnancy(scene: Scene) -> Course | None:
    return next((c for c in scene.life.problems(scene.at) if c.problem.key == "pregnancy"), None)


def _next(scene: Scene) -> None:
    scene.say("visit.return_soon" if _pregnancy(scene) else "visit.return")


def _list(scene: Scene) -> None:
    """The list at the start of the visit; now and then the one of an older visit, never brought up to date."""
    earlier = [e for e in scene.life.encounters[: scene.encounter.index] if e.kind == "clinic"]
    if len(earlier) > 2 and scene.encounter.index < len(scene.life.encounters) - 1 and scene.chance(0.12):
        medications.home_list(scene, earlier[-2].start, copied=True)
        return
    updates_first = scene.voice.style != "terse"
    medications.home_list(scene, scene.at if updates_first else scene.encounter.start - timedelta(minutes=1))


def reaction(scene: Scene) -> None:
    """How a drug was found not to be tolerated."""
    if scene.encounter.story != "reaction":
        return
    change = next(
        c
        for c in scene.encounter.changes
        if any(s.known == scene.encounter.start and s.reaction == c.why for s in scene.life.sensitivities)
    )
    item = scene.life.prescriptions[change.before]
    slot = (
        "reaction.course"
        if item.end_reason == change.why and item.indication not in scene.catalog.conditions
        else "reaction.home"
    )
    scene.say(
        slot,
        aim=item.indication if slot == "reaction.course" else "",
        reaction=change.why,
        **scene.drug(item, "stopped", name=item.drug.name),
    )


def letter(scene: Scene) -> None:
    """A letter in whole sentences."""
    known = scene.life.problems(scene.at)
    scene.out.line(("___",))
    scene.out.blank()
    scene.out.line(scene.text("letter.re"))
    scene.out.blank()
    scene.out.line(scene.text("letter.dear"))
    scene.out.blank()
    scene.say(
        "letter.thanks",
        service=scene.encounter.service,
        problems=stories.main_problems(scene, 4) if known else "routine care",
    )
    _since(scene)
    reaction(scene)
    stories.review(scene)
    scene.paragraph()
    _letter_results(scene)
    drugs = scene.life.drugs(scene.at)
    if drugs:
        scene.paragraph()
        scene.say("letter.drugs", drugs=join([scene.drug(p, "continued", name=p.drug.name)["rx"] for p in drugs]))
    known_allergies = [s for s in scene.life.allergies(scene.at) if s.allergen]
    for s in known_allergies[:2]:
        scene.say("letter.allergy", **scene.allergy(s))
    scene.paragraph()
    for c in known:
        if (
            isinstance(c.problem, Condition)
            and c.problem.service == scene.encounter.service
            and c.fact not in scene.encounter.new_problems
        ):
            scene.say("letter.view", problem=scene.problem(c))
    for fact in scene.encounter.new_problems:
        scene.say("plan.new", problem=scene.problem(scene.life.courses[fact]))
    medications.changes(scene)
    for fact in scene.encounter.resolved_problems:
        scene.say("plan.resolved", problem=scene.problem(scene.life.courses[fact], "historical", "resolved"))
    assessment.new_allergies(scene)
    scene.paragraph()
    _next(scene)
    scene.say("letter.close")
    scene.out.blank()
    scene.out.line(scene.text("letter.sign"))
    scene.out.line(("___, MD",))


def _letter_results(scene: Scene) -> None:
    v = scene.latest_vitals()
    if v is not None:
        scene.say("letter.exam", **findings.vital_slots(scene, v))
    if "lungs" not in findings.exam_findings(scene):
        scene.say("letter.exam_normal")
    for r in findings.notable(scene.new_results(), 3):
        text = findings.trend(scene, r)
        if text is not None:
            scene.out.sentence(text)
