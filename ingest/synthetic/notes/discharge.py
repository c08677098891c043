"""The discharge summary, in the order MIMIC's have."""

from ingest.synthetic.notes import assessment, background, findings, medications, stories
from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Prescription
from ingest.synthetic.writer import join


def discharge_summary(scene: Scene) -> None:
    """From the banner to the follow-up."""
    _banner(scene)
    background.allergies(scene)
    scene.heading("cc")
    if scene.encounter.acute:
        scene.out.sentence(join([scene.symptom(c, present=True) for c in scene.encounter.acute.complaint]))
    scene.heading("procedures")
    _procedures(scene)
    scene.heading("hpi")
    stories.opener(scene)
    stories.presenting(scene)
    background.past_history(scene)
    background.social(scene)
    background.family(scene)
    scene.heading("exam_admission")
    findings.vitals(scene, scene.encounter.vitals[0], heading=False, weight=True)
    findings.exam(scene, heading=False)
    scene.heading("exam_discharge")
    findings.vitals(scene, scene.encounter.vitals[-1], heading=False, weight=True)
    findings.exam(scene, strength=0.0, heading=False)
    _results(scene)
    _course(scene)
    scene.heading("admission_meds")
    medications.home_list(scene, scene.encounter.start)
    scene.heading("discharge_meds")
    medications.home_list(scene)
    if scene.encounter.changes:
        scene.heading("changes")
        medications.changes(scene, lines=True)
    _ending(scene)


def _banner(scene: Scene) -> None:
    out = scene.out
    out.line(("Name:  ___                     Unit No:   ___",))
    out.blank()
    out.line(("Admission Date:  ___              Discharge Date:   ___",))
    out.blank()
    out.line((f"Date of Birth:  ___             Sex:   {scene.life.person.sex}",))
    out.blank()
    out.line((f"Service: {scene.encounter.service}",))


def _procedures(scene: Scene) -> None:
    done = [t for t in scene.life.of_kind("procedure", scene.at) if t.start >= scene.encounter.start]
    if not done:
        scene.line("procedures.none")
    for t in done:
        scene.out.line((scene.timed(t),), capital=True)


def _results(scene: Scene) -> None:
    results = list(scene.life.results_between(scene.encounter.start, scene.at))
    for name, day in (
        ("labs_admission", scene.encounter.start.date()),
        ("labs_discharge", results[-1].at.date() if results else None),
    ):
        mine = [r for r in results if r.at.date() == day]
        if mine and not (name == "labs_discharge" and day == scene.encounter.start.date()):
            scene.heading(name)
            findings.lab_blocks(scene, list({r.lab.key: r for r in mine}.values()))
    if scene.encounter.imaging:
        scene.heading("imaging")
        for key, _ in scene.encounter.imaging:
            scene.out.line(
                (*scene.text(f"imaging.title.{key}"), ": ", *scene.text(f"imaging.impression.{key}")), capital=True
            )


def _course(scene: Scene) -> None:
    acute, course = scene.encounter.acute, scene.acute_course()
    if acute is None or course is None:
        return
    scene.heading("course")
    if scene.life.problems(scene.encounter.start):
        scene.say("course.opening", problem=scene.problem(course), problems=stories.main_problems(scene, 3))
    assessment.problem_head(scene, course, 1)
    scene.say(f"course.{acute.key}")
    scene.say(f"course.{acute.key}.end")
    if scene.encounter.icu:
        scene.say("course.icu")
    treated = [
        p
        for p in scene.life.prescriptions.values()
        if not p.home
        and p.start >= scene.encounter.start
        and p.end == scene.encounter.end
        and p.drug.group != "dvt ppx"
    ]
    if treated:
        scene.say("course.treated", drugs=join([scene.drug(p, assertion="historical")["rxshort"] for p in treated]))
    _peak(scene)
    medications.changes(scene, ("held",))
    _rest(scene)
    now = scene.life.of_kind("code_status", scene.at)[0]
    if now.start > scene.encounter.start:
        scene.out.blank()
        scene.say("code.changed", code=scene.timed(now, "changed", text="DNR/DNI"))


def _peak(scene: Scene) -> None:
    acute = scene.encounter.acute
    for key in [k for k in (acute.labs if acute else ()) if len(scene.stay_results(k)) > 1][:2]:
        values = scene.stay_results(key)
        first, last = values[0], values[-1]
        if first.text != last.text:
            scene.say("course.peak", **findings.compared(scene, last, first))


def _rest(scene: Scene) -> None:
    acute = scene.encounter.acute
    for number, c in enumerate(scene.life.problems(scene.encounter.start)[:6], 2):
        if acute and c.problem.key == acute.ends:
            continue
        assessment.problem_head(scene, c, number)
        assessment.chronic(scene, c, [x for x in scene.encounter.changes if x.verb != "held"], results=False)
    for fact in scene.encounter.new_problems:
        c = scene.life.courses[fact]
        if c.known == scene.encounter.end:
            assessment.problem_head(scene, c, 8)
            assessment.chronic(scene, c, list(scene.encounter.changes), results=False)


def _ending(scene: Scene) -> None:
    scene.heading("disposition")
    home = scene.life.person.age(scene.at) < 72 and not (scene.encounter.acute and scene.encounter.acute.therapy)
    scene.line("disposition.home" if home else "disposition.away")
    scene.heading("diagnosis")
    course = scene.acute_course()
    items = [(scene.problem(course, bare=True),)] if course else []
    items += [(scene.problem(c, bare=True),) for c in scene.life.problems(scene.encounter.start)[:4]]
    scene.bullets(items)
    scene.heading("condition")
    scene.line("condition.line")
    scene.heading("instructions")
    scene.say("instructions.greeting")
    scene.say(
        "instructions.why",
        problem=(scene.rng.choice(scene.encounter.acute.say) if scene.encounter.acute else "illness"),
    )
    _told_changes(scene)
    scene.say("instructions.return")
    scene.say("instructions.close")
    scene.heading("followup")
    scene.line("followup.line")
    if scene.chance(0.5):
        scene.line("followup.labs")


def _told_changes(scene: Scene) -> None:
    started: list[Prescription] = [
        scene.life.prescriptions[c.after] for c in scene.encounter.changes if c.verb == "started" and c.after
    ]
    if started:
        scene.say(
            "instructions.new", drugs=join([scene.drug(p, "started", name=p.drug.name)["rxshort"] for p in started])
        )
