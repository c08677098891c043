"""Radiology and echocardiography reports."""

from ingest.synthetic.scene import Scene
from ingest.synthetic.writer import join


def radiology(scene: Scene) -> None:
    """Examination, indication, technique, comparison, findings and impression."""
    key = scene.topic
    scene.heading("examination", inline=True)
    scene.out.sentence(scene.text(f"imaging.title.{key}"))
    scene.heading("indication", inline=True)
    complaint = scene.encounter.acute.complaint if scene.encounter.acute else ()
    known = scene.life.problems(scene.at)
    if complaint:
        scene.say("radiology.indication", symptoms=join([scene.symptom(c, present=True) for c in complaint]))
    else:
        scene.say("radiology.follow", problem=scene.problem(known[0]) if known else "follow-up")
    kind = key.split("_")[0]
    scene.heading("technique", inline=True)
    scene.say(f"radiology.technique.{kind}")
    scene.heading("comparison", inline=True)
    scene.say("radiology.comparison")
    scene.heading("findings")
    scene.say(f"imaging.findings.{key}")
    scene.say(f"radiology.normal.{kind}")
    scene.heading("impression")
    scene.say(f"imaging.impression.{key}")
    if scene.chance(0.25) and scene.encounter.acute:
        scene.paragraph()
        scene.say("radiology.called")
