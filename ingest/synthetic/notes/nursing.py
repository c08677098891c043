"""Nurses', therapists' and social workers' notes."""

from ingest.synthetic.notes import background, findings
from ingest.synthetic.scene import Scene
from ingest.synthetic.writer import join


def nursing(scene: Scene) -> None:
    """A shift in running prose, written in a hurry."""
    course = scene.acute_course()
    if scene.chance(0.5):
        scene.heading("nursing")
    scene.say("nurse.open", problem=scene.problem(course) if course else "care")
    vitals = scene.latest_vitals()
    if vitals is not None:
        scene.say("nurse.fever" if vitals.temp >= 100.2 else "nurse.vitals", **findings.vital_slots(scene, vitals))
    for slot in ("nurse.neuro", "nurse.lungs", "nurse.gut"):
        if scene.chance(0.75):
            scene.say(slot)
    if scene.encounter.acute:
        denied = scene.symptom(scene.rng.choice(scene.encounter.acute.denies), present=False)
        scene.say("nurse.denies", symptoms=denied)
    given = scene.life.drugs(scene.at, home=False)
    if given:
        items = scene.rng.sample(given, min(2, len(given)))
        scene.say("nurse.gave", drugs=join([scene.drug(p, "continued")["rxshort"] for p in items]))
    _allergy(scene)
    for d in background.devices(scene):
        scene.say("nurse.device", device=scene.timed(d))
    gone = [
        t
        for t in scene.life.timed.values()
        if t.kind == "device"
        and t.end
        and scene.encounter.start < t.end <= scene.at
        and (scene.at - t.end).total_seconds() < 50_000
    ]
    for d in gone:
        scene.say("nurse.device_out", device=scene.timed(d, "stopped"))
    if scene.chance(0.6):
        scene.say("nurse.code", code=background.code_status(scene))
    if scene.life.person.age(scene.at) > 64:
        scene.say("nurse.safety")
    scene.say("nurse.close")


def _allergy(scene: Scene) -> None:
    known = [s for s in scene.life.allergies(scene.at) if s.allergen]
    if known and scene.chance(0.4):
        scene.say("nurse.allergy", **scene.allergy(known[0]))


def therapy(scene: Scene) -> None:
    """Physical or occupational therapy."""
    course = scene.acute_course()
    scene.heading("therapy_reason", inline=True)
    scene.say("therapy.reason", problem=scene.problem(course) if course else "deconditioning")
    scene.heading("therapy_before", inline=True)
    scene.say("therapy.before")
    scene.say("social.home")
    scene.heading("objective")
    vitals = scene.latest_vitals()
    if vitals:
        scene.say("therapy.vitals", **findings.vital_slots(scene, vitals))
    for slot in ("therapy.strength", "therapy.transfers", "therapy.gait", "therapy.balance"):
        scene.say(slot)
    scene.heading("assessment")
    scene.say("therapy.assessment")
    scene.heading("plan")
    scene.say("therapy.plan")


def social_work(scene: Scene) -> None:
    """Going home, and what stands in its way."""
    course = scene.acute_course()
    scene.heading("sw_reason", inline=True)
    scene.say("sw.reason", problem=scene.problem(course) if course else "illness")
    scene.paragraph()
    scene.say("sw.home")
    for t in scene.life.of_kind("social_history", scene.at):
        scene.say("social.habit", habit=scene.timed(t, text=t.value))
    scene.say("sw.needs")
    scene.say("sw.plan")
