"""Physicians' notes in hospital: history and physical, progress, consultation, procedure."""

from ingest.synthetic.notes import assessment, background, findings, medications, stories
from ingest.synthetic.scene import Scene
from ingest.synthetic.writer import join


def history_and_physical(scene: Scene) -> None:
    """The admission note."""
    scene.heading("cc")
    scene.out.sentence(
        join([scene.symptom(c, present=True) for c in scene.encounter.acute.complaint]) if scene.encounter.acute else ()
    )
    scene.heading("hpi")
    stories.opener(scene)
    stories.presenting(scene)
    if scene.encounter.icu:
        scene.say("hpi.icu")
    scene.memory.paragraphs["course"] = ()
    background.past_history(scene)
    scene.heading("admission_meds")
    medications.home_list(scene, scene.encounter.start)
    background.allergies(scene)
    background.social(scene)
    background.family(scene)
    scene.heading("ros")
    stories.review(scene)
    findings.vitals(scene, weight=bool(scene.encounter.acute and scene.encounter.acute.weight))
    findings.exam(scene)
    scene.heading("labs")
    findings.lab_blocks(scene, scene.new_results())
    scene.heading("ap")
    scene.say(
        "ap.summary",
        problem=_illness(scene),
        problems=stories.main_problems(scene, 3) if _known(scene) else "no chronic illness",
    )
    assessment.in_hospital(scene, stage="start")
    background.code_line(scene)


def _known(scene: Scene) -> bool:
    return bool(scene.life.problems(scene.encounter.start))


def _illness(scene: Scene):  # type: ignore[no-untyped-def]
    course = scene.acute_course()
    return scene.problem(course) if course else "the above"


def progress(scene: Scene) -> None:
    """A daily note; parts of it are copied from the day before."""
    memory = scene.memory.paragraphs
    last_day = (scene.encounter.end.date() - scene.at.date()).days <= 1
    scene.heading("interval")
    course = scene.acute_course()
    problem = scene.problem(course) if course else "illness"
    scene.say("interval.opening", problem=problem)
    scene.say("interval.better" if scene.base["day"] != "2" or not scene.encounter.icu else "interval.guarded")
    if scene.encounter.acute:
        stories.denied(scene, scene.encounter.acute.denies[:2])
    _dnr_today(scene)
    findings.vitals(scene)
    findings.exam(scene, strength=0.2 if last_day else 0.8, brief=True)
    scene.heading("labs")
    findings.lab_blocks(scene, scene.new_results())
    scene.heading("ap")
    copied = memory.get("ap", ())
    if copied and not last_day and scene.chance(0.45):
        scene.out.replay(copied)
        scene.say("interval.plan_today")
    else:
        scene.out.capture()
        assessment.in_hospital(scene, stage="end" if last_day else "middle")
        memory["ap"] = scene.out.captured()
    devices = background.devices(scene)
    if devices:
        scene.heading("devices", inline=True)
        scene.out.sentence(join([scene.timed(d) for d in devices]))
    background.code_line(scene)


def _dnr_today(scene: Scene) -> None:
    now = scene.life.of_kind("code_status", scene.at)[0]
    if now.name != "full code" and scene.encounter.start < now.start and scene.chance(0.9):
        scene.say("code.changed", code=scene.timed(now, "changed", text="DNR/DNI"))


def consult(scene: Scene) -> None:
    """A specialist's answer to a question."""
    scene.heading("reason_consult", inline=True)
    course = scene.acute_course()
    problem = scene.problem(course) if course else "evaluation"
    scene.say("consult.reason", problem=problem, service=scene.topic)
    scene.heading("hpi")
    stories.opener(scene, "opener.consult")
    stories.presenting(scene)
    background.past_history(scene)
    scene.heading("meds")
    medications.home_list(scene, scene.encounter.start)
    background.allergies(scene)
    if scene.chance(0.5):
        background.family(scene)
    findings.vitals(scene)
    findings.exam(scene)
    scene.heading("data")
    findings.lab_blocks(scene, scene.new_results())
    scene.heading("assessment")
    scene.say("consult.impression", problem=scene.problem(course) if course else "above", service=scene.topic)
    scene.heading("recommendations")
    items = [scene.text("consult.advice") for _ in range(3)]
    given = [p for p in scene.life.drugs(scene.at, home=False) if p.drug.group != "dvt ppx"]
    items = [scene.text("consult.agree", drugs=scene.drug(p, "continued")["rx"]) for p in given[:2]] + items
    scene.bullets(items)
    scene.paragraph()
    scene.say("consult.close", service=scene.topic)


def procedure(scene: Scene) -> None:
    """What was done, and how it went."""
    done = [t for t in scene.life.of_kind("procedure", scene.at) if scene.encounter.start <= t.start]
    if not done:
        return
    course = scene.acute_course()
    for key in ("procedure_name", "procedure_why"):
        scene.heading(key, inline=True)
        scene.out.sentence(
            (scene.timed(done[-1]) if key == "procedure_name" else scene.problem(course) if course else "as above",)
        )
    scene.heading("procedure_text")
    for slot in ("procedure.consent", "procedure.course", "procedure.end"):
        scene.say(slot, procedure=scene.timed(done[-1]))
    for device in background.devices(scene):
        if device.start >= scene.encounter.start:
            scene.say("device.placed", device=scene.timed(device, "started"))
