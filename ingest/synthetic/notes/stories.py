"""What happened: the opening line, the presenting story, symptoms had and denied."""

from collections.abc import Sequence
from random import Random

from ingest.synthetic.catalog import Acute, Condition
from ingest.synthetic.scene import Scene
from ingest.synthetic.writer import Text, join

_PASSING = (
    "headache", "heartburn", "fatigue", "nausea", "constipation", "poor sleep", "muscle cramps", "back pain",
    "nasal congestion", "palpitations",
)  # fmt: skip


def main_problems(scene: Scene, limit: int = 5) -> Text:
    """The problems an author would name in the first line."""
    at = scene.encounter.start
    service = scene.encounter.service if scene.encounter.kind == "clinic" else ""
    known = scene.life.problems(at)
    mine = [c for c in known if isinstance(c.problem, Condition) and c.problem.service == service]
    return join([scene.problem(c) for c in (mine + [c for c in known if c not in mine])[:limit]])


def opener(scene: Scene, slot: str = "opener.admission") -> None:
    """Who this is and what brought them."""
    acute = _acute(scene)
    known = scene.life.problems(scene.encounter.start)
    complaint = join([scene.symptom(c, present=True) for c in acute.complaint])
    if known:
        scene.say(slot, problems=main_problems(scene), complaint=complaint)
    else:
        scene.say("opener.well", complaint=complaint)


def _acute(scene: Scene) -> Acute:
    if scene.encounter.acute is None:
        raise ValueError("this note belongs to an acute illness")
    return scene.encounter.acute


def presenting(scene: Scene) -> None:
    """The story of the illness, with what the patient has and has not."""
    acute = _acute(scene)
    scene.say(f"hpi.{acute.key}")
    scene.say("symptom.present", symptoms=join([scene.symptom(s, present=True) for s in acute.symptoms]))
    if scene.chance(0.6):
        scene.say(f"hpi.{acute.key}.more")
    denied(scene, acute.denies)


def denied(scene: Scene, names: Sequence[str]) -> None:
    """What the patient says is not there."""
    names = [*names]
    scene.rng.shuffle(names)
    if names:
        scene.say(
            "symptom.denied",
            symptoms=join([scene.symptom(n, present=False) for n in names], " or "),
        )


def review(scene: Scene) -> None:
    """The review of systems of a stable patient: what their problems make one ask about."""
    asked = [a for c in scene.life.problems(scene.at) if isinstance(c.problem, Condition) for a in c.problem.asks]
    usual = ["fever", "chest pain", "shortness of breath", "abdominal pain", "weight loss"]
    mine = set(scene.encounter.acute.symptoms + scene.encounter.acute.complaint) if scene.encounter.acute else set()
    names = [n for n in dict.fromkeys([*asked, *usual]) if n not in mine and not _contradicts(scene, n)]
    scene.rng.shuffle(names)
    _told_once(scene, names)
    denied(scene, names[: scene.rng.randint(3, 5)])


def _told_once(scene: Scene, names: list[str]) -> None:
    """Now and then something is there at this visit only; all notes of the visit agree on it."""
    if scene.encounter.kind not in ("clinic", "phone") or "visit.complaint" not in scene.bank:
        return
    lot = Random(f"{scene.life.person.subject_id}:{scene.encounter.index}")
    name = lot.choice([n for n in _PASSING if not _contradicts(scene, n)])
    if lot.random() < 0.4:
        names[:] = [n for n in names if n != name]
        scene.say("visit.complaint", symptoms=scene.symptom(name, present=True))


def _contradicts(scene: Scene, symptom: str) -> bool:
    """Whether today's reasons for change say the patient has it."""
    reasons = " ".join(c.why for c in scene.encounter.changes)
    return any(word in reasons for word in scene.catalog.words["clashes"].get(symptom, ()))
