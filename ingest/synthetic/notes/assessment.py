"""Assessment and plan, problem by problem."""

from ingest.synthetic.catalog import Condition
from ingest.synthetic.notes.findings import trend
from ingest.synthetic.notes.medications import change_text, is_held
from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Change, Course, Prescription
from ingest.synthetic.writer import join


def problem_head(scene: Scene, course: Course, number: int) -> None:
    """The line that opens a problem."""
    scene.out.blank()
    scene.out.line(scene.habit("problem.head", n=str(number), problem=scene.problem(course, bare=True)), capital=True)


def chronic(scene: Scene, course: Course, changed: list[Change], *, results: bool = True) -> None:
    """How a lasting problem stands: its result, what was changed, what goes on."""
    problem = course.problem
    if not isinstance(problem, Condition):
        return
    if course.fact in scene.encounter.new_problems:
        scene.say("plan.new", problem=scene.problem(course))
    if results:
        _result_of(scene, problem)
    mine = [c for c in changed if _indication(scene, c) == problem.key]
    for change in mine:
        scene.out.sentence(change_text(scene, change))
    touched = {c.after for c in mine} | {c.before for c in mine}
    going_on = [
        p
        for p in scene.life.drugs(scene.at)
        if p.indication == problem.key and p.fact not in touched and not is_held(p, scene.at)
    ]
    if going_on:
        _continue(scene, going_on)
    elif not mine:
        scene.say("plan.watch", problem=scene.problem(course))


def _continue(scene: Scene, items: list[Prescription]) -> None:
    texts = [scene.drug(p, "continued")["rxshort" if scene.chance(0.7) else "rx"] for p in items]
    scene.say("plan.continue", drugs=join(texts))


def _indication(scene: Scene, change: Change) -> str:
    return scene.life.prescriptions[change.after or change.before].indication


def _result_of(scene: Scene, problem: Condition) -> None:
    fresh = {r.lab.key: r for r in scene.new_results()}
    keys = [
        k for k in dict.fromkeys((*problem.labs, *problem.watch)) if k in fresh and fresh[k].lab.key not in scene.used
    ]
    for key in keys[:2]:
        scene.used.add(key)
        text = trend(scene, fresh[key])
        if text is not None:
            scene.out.sentence(text)


def plan_of_visit(scene: Scene) -> None:
    """All problems of a visit; those of the author's own field first and always."""
    service = scene.encounter.service
    courses = scene.life.problems(scene.at)
    general = service == "primary care"
    changed = [c for c in scene.encounter.changes if c.at <= scene.at]
    shown = [
        c for c in courses
        if general or getattr(c.problem, "service", "") == service or c.fact in scene.encounter.new_problems
        or any(_indication(scene, x) == c.problem.key for x in changed)
    ]  # fmt: skip
    for number, course in enumerate(shown[:7] or courses[:3], 1):
        problem_head(scene, course, number)
        chronic(scene, course, changed)
    told = {c.problem.key for c in shown[:7] or courses[:3]}
    rest = [c for c in changed if _indication(scene, c) not in told]
    if rest:
        scene.out.blank()
        for change in rest:
            scene.out.sentence(change_text(scene, change))
    for fact in scene.encounter.resolved_problems:
        scene.say("plan.resolved", problem=scene.problem(scene.life.courses[fact], "historical", "resolved"))
    new_allergies(scene)


def new_allergies(scene: Scene) -> None:
    """An allergy found at this encounter."""
    for s in scene.life.sensitivities:
        if s.allergen is not None and s.known == scene.encounter.start:
            scene.say("allergy.found", **scene.allergy(s))


def in_hospital(scene: Scene, *, stage: str) -> None:
    """The illness first, then the lasting problems; `stage` is "start", "middle" or "end"."""
    acute = scene.encounter.acute
    course = scene.acute_course()
    if acute is None or course is None:
        return
    problem_head(scene, course, 1)
    scene.say(f"plan.acute.{stage}", problem=scene.problem(course))
    for key in [k for k in acute.labs if scene.stay_results(k)][:2]:
        text = trend(scene, scene.stay_results(key)[-1]) if len(scene.stay_results(key)) > 1 else None
        if text is not None:
            scene.out.sentence(text)
    given = scene.life.drugs(scene.at, home=False)
    mine = [p for p in given if p.drug.group != "dvt ppx"]
    if mine:
        drugs = join([scene.drug(p, "continued" if stage != "start" else "started")["rx"] for p in mine])
        scene.say("plan.giving" if stage != "start" else "plan.give", drugs=drugs)
    held = [c for c in scene.encounter.changes if c.verb == "held" and c.at <= scene.at]
    for change in held:
        scene.out.sentence(change_text(scene, change))
    others = [s for s in acute.consults if s != scene.encounter.service.lower()]
    if others and scene.chance(0.5):
        scene.say("plan.consult", service=scene.rng.choice(others))
    for number, c in enumerate(scene.life.problems(scene.encounter.start)[:5], 2):
        if c.problem.key != acute.ends:
            problem_head(scene, c, number)
            chronic(scene, c, [], results=False)
    if any(p.drug.group == "dvt ppx" for p in given):
        scene.out.blank()
        scene.say(
            "plan.prophylaxis", drugs=scene.drug(next(p for p in given if p.drug.group == "dvt ppx"), "continued")["rx"]
        )
