"""Allergies, past history, family, habits, code status and devices."""

from ingest.synthetic.catalog import Condition
from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Course, Timed
from ingest.synthetic.writer import Mention, Piece, Ref, Text, join, plain_text

_CURED_BY_ANTIBIOTICS = frozenset(("pneumonia", "uti_sepsis", "cellulitis", "pyelonephritis", "c_diff"))


def allergies(scene: Scene, *, heading: bool = True) -> None:
    """The allergy line, or a short list; one chart in a few holds a wrong one for a time."""
    if heading:
        scene.heading("allergies", inline=True)
    known = scene.life.allergies(scene.at)
    items: list[Text] = []
    for s in known:
        if s.allergen is None:
            if _wrong_allergy(scene):
                continue
            words = plain_text(scene.habit("allergy.none"))
            scene.out.sentence((Mention(words, (Ref(s.fact),)),), capital=False)
        else:
            items.append(scene.habit("allergy.item", **scene.allergy(s)))
    wrong = _wrong_allergy(scene)
    if wrong:
        scene.memory.slips_told.add(wrong)
        slip = next(s for s in scene.life.slips if s.wrong == wrong)
        refs = (Ref(wrong),)
        items.append(
            scene.habit(
                "allergy.item", allergen=Mention(slip.text["name"], refs), reaction=Mention(slip.text["reaction"], refs)
            )
        )
    if items:
        joined: list[Piece] = []
        for i, item in enumerate(items):
            joined += [*(("; ",) if i else ()), *item]
        scene.out.sentence(tuple(joined))
    scene.out.newline()


def _wrong_allergy(scene: Scene) -> str:
    slip = next((s for s in scene.life.slips if s.kind == "allergy"), None)
    if slip is None or slip.wrong in scene.memory.corrected or scene.encounter.index < slip.encounter:
        return ""
    return slip.wrong if scene.encounter.kind != "phone" else ""


def history_items(scene: Scene) -> list[Text]:
    """The past medical history: chronic problems first, then what is over, then operations."""
    life, at = scene.life, scene.at
    items: list[Text] = []
    for course in life.problems(scene.encounter.start if scene.encounter.kind == "admission" else at):
        detail = _detail(scene, course)
        items.append((scene.problem(course, bare=True), *detail))
    over = [c for c in life.past(scene.encounter.start) if c.problem != scene.encounter.acute]
    seen: set[str] = set()
    for course in over[-4:]:
        if course.problem.key in seen or course.fact in scene.encounter.resolved_problems:
            continue
        seen.add(course.problem.key)
        cured = course.problem.key in _CURED_BY_ANTIBIOTICS and "pmh.over.infection" in scene.bank and scene.chance(0.6)
        slot = "pmh.over.infection" if cured else "pmh.over"
        items.append(scene.text(slot, problem=scene.problem(course, "historical", "resolved", bare=True)))
    done = [
        scene.timed(t, assertion="historical", text=t.value) for t in life.of_kind("procedure", scene.encounter.start)
    ]
    items += [scene.text("pmh.procedure", procedure=mention) for mention in done]
    slip = next((s for s in life.slips if s.kind == "problem" and s.encounter == scene.encounter.index), None)
    if (
        slip
        and scene.note_type in ("history and physical", "emergency department note")
        and slip.wrong not in scene.memory.slips_told
    ):
        scene.memory.slips_told.add(slip.wrong)
        items.insert(
            min(2, len(items)), (Mention(slip.text["abbr" if scene.voice.abbreviates else "say"], (Ref(slip.wrong),)),)
        )
    return items


def _detail(scene: Scene, course: Course) -> Text:
    problem = course.problem
    if not isinstance(problem, Condition) or not problem.labs or not scene.chance(0.3):
        return ()
    key = next(iter(problem.labs))
    last = [r for r in scene.life.results if r.lab.key == key and r.at < scene.at]
    if not last or (scene.encounter.kind == "admission" and last[-1].at > scene.encounter.start):
        return ()
    return scene.habit("pmh.detail", **scene.result(last[-1]))


def past_history(scene: Scene, *, heading: str = "pmh") -> None:
    """The list of problems and operations."""
    scene.heading(heading)
    items = history_items(scene)
    if not items:
        scene.line("pmh.none")
        return
    running = scene.in_line("pmh.joint", items)
    if running is not None:
        scene.out.sentence(running)
        return
    if scene.voice.style == "full" and scene.voice.bullet == "":
        scene.out.sentence((*join(items), "."))
        return
    scene.bullets(items)


def family(scene: Scene) -> None:
    """Who in the family had what."""
    scene.heading("family", inline=scene.voice.style == "terse")
    for t in scene.life.of_kind("family_history", scene.at):
        illness = Mention(t.name, (Ref(t.fact, "family"),))
        relative = Mention(t.value, (Ref(t.fact, "family"),))
        scene.say("family.one", relative=relative, illness=illness)
    if scene.chance(0.5):
        scene.say("family.negative")


def social(scene: Scene) -> None:
    """Home, work, tobacco and alcohol."""
    scene.heading("social", inline=scene.voice.style == "terse")
    scene.say("social.home")
    for t in scene.life.of_kind("social_history", scene.at):
        scene.say("social.habit", habit=scene.timed(t, text=t.value))
    if scene.life.person.archetype != "substance" and scene.chance(0.6):
        scene.say("social.drugs")


def code_status(scene: Scene) -> Mention:
    """The code status now."""
    now = scene.life.of_kind("code_status", scene.at)[0]
    text = {"full code": scene.rng.choice(("Full code", "Full Code", "FULL CODE", "full code"))}.get(now.name, "")
    return scene.timed(now, text=text)


def code_line(scene: Scene) -> None:
    """The code status under its heading."""
    scene.heading("code", inline=True)
    code = code_status(scene)
    scene.out.sentence(scene.text("code.line", code=code) if "code.line" in scene.bank else (code,), capital=False)
    scene.out.newline()


def devices(scene: Scene) -> list[Timed]:
    """Lines, tubes and other devices in place."""
    return scene.life.of_kind("device", scene.at)
