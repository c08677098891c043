"""The emergency department's note."""

from ingest.synthetic.notes import background, findings, medications, stories
from ingest.synthetic.scene import Scene
from ingest.synthetic.writer import join


def emergency(scene: Scene) -> None:
    """Triage, story, examination, what was found and done, where the patient goes."""
    acute, course = scene.encounter.acute, scene.acute_course()
    if acute is None or course is None:
        return
    scene.heading("cc", inline=True)
    scene.out.sentence(join([scene.symptom(c, present=True) for c in acute.complaint]))
    scene.out.newline()
    scene.heading("triage_vitals", inline=True)
    findings.vitals(scene, scene.encounter.vitals[0], heading=False)
    scene.heading("hpi")
    stories.opener(scene, "opener.ed")
    stories.presenting(scene)
    scene.heading("pmh", inline=True)
    items = background.history_items(scene)
    scene.out.sentence(join(items, ", ") if items else scene.text("pmh.none"))
    scene.heading("meds")
    earlier = [e for e in scene.life.encounters[: scene.encounter.index] if e.kind == "clinic"]
    stale = len(earlier) > 2 and scene.chance(0.3)
    medications.home_list(scene, earlier[-2].start if stale else scene.encounter.start, copied=stale)
    background.allergies(scene)
    findings.exam(scene, brief=True)
    scene.heading("labs")
    findings.lab_blocks(scene, scene.new_results())
    if scene.encounter.imaging:
        scene.heading("imaging", inline=True)
        key = scene.encounter.imaging[0][0]
        scene.out.sentence((*scene.text(f"imaging.title.{key}"), ": ", *scene.text(f"imaging.impression.{key}")))
    scene.heading("ed_course")
    scene.say("ed.thought", problem=scene.problem(course))
    if scene.encounter.kind == "ed":
        scene.say(f"course.{acute.key}")
        medications.changes(scene)
        scene.say("ed.home")
    else:
        scene.say("ed.admit", service=scene.encounter.service.lower())
