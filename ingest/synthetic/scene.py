"""What the author of one note has before them, and the ways to put it into words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from ingest.synthetic.catalog import Acute, Catalog, Condition
from ingest.synthetic.ledger import Ledger
from ingest.synthetic.phrasing import Bank, fill
from ingest.synthetic.state import Course, Encounter, Life, Prescription, Result, Sensitivity, Timed, Vitals
from ingest.synthetic.voices import Voice
from ingest.synthetic.writer import Mention, NoteWriter, Piece, Ref, Text, plain_text


@dataclass(slots=True)
class Memory:
    """What later notes of the same chart may copy, and what has been said already."""

    paragraphs: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    slips_told: set[str] = field(default_factory=set)
    corrected: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Scene:
    """One note in the making."""

    life: Life
    encounter: Encounter
    at: datetime
    note_type: str
    voice: Voice
    bank: Bank
    catalog: Catalog
    rng: Random
    ledger: Ledger
    memory: Memory
    topic: str
    out: NoteWriter = field(init=False)
    base: dict[str, Piece | Text] = field(init=False)
    used: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.out = NoteWriter(self.voice.width)
        self.base = self._base()

    def _base(self) -> dict[str, Piece | Text]:
        woman = self.life.person.sex == "F"
        age = self.life.person.age(self.at)
        shown = str(age) if age < 90 else "___"
        article = "an" if str(age).startswith("8") or age in (11, 18) else "a"
        return {
            "he": "she" if woman else "he",
            "his": "her" if woman else "his",
            "him": "her" if woman else "him",
            "himself": "herself" if woman else "himself",
            "mr": "Ms. ___" if woman else "Mr. ___",
            "man": "woman" if woman else "man",
            "gentleman": "woman" if woman else "gentleman",
            "sex": "F" if woman else "M",
            "female": "female" if woman else "male",
            "age": shown,
            "an_age": f"{article if age < 90 else 'a'} {shown}",
            "days": str(max(1, self.encounter.days)),
            "day": str((self.at.date() - self.encounter.start.date()).days + 1),
            "work": self.life.person.occupation,
            "lives": self.life.person.lives,
            "shift": "0700" if 7 <= self.at.hour < 19 else "1900",
        }

    # --- words -----------------------------------------------------------------

    def text(self, slot: str, **slots: "Piece | Text") -> Text:
        """One of this author's phrases for a slot, filled."""
        return fill(self.bank.pick(slot, self.voice, self.rng, self.used), {**self.base, **slots}, self.rng)

    def say(self, slot: str, **slots: "Piece | Text") -> None:
        """Write it as a sentence."""
        self.out.sentence(self.text(slot, **slots))

    def in_line(self, slot: str, items: Sequence[Text]) -> Text | None:
        """Items in one running line, as this author parts them; None where each stands on a line of its own."""
        marks = [plain_text(self.habit(slot, n=str(n))) for n, _ in enumerate(items, 1)] if slot in self.bank else []
        if not marks or marks[0] == "\n":
            return None
        pieces: list[Piece] = [marks[0].lstrip(" ;,")]
        for mark, item in zip(("", *marks[1:]), items, strict=True):
            pieces += [mark, *item]
        return tuple(pieces)

    def line(self, slot: str, **slots: "Piece | Text") -> None:
        """Write it as a line of its own."""
        self.out.line(self.text(slot, **slots), capital=True)

    def habit(self, slot: str, **slots: "Piece | Text") -> Text:
        """The author's one way of putting it."""
        return fill(self.bank.habit(slot, self.voice), {**self.base, **slots}, self.rng)

    def heading(self, name: str, *, inline: bool = False) -> None:
        """Begin a section under this author's own heading."""
        self.out.blank()
        words = self.habit(f"heading.{name}")
        self.out.write(words)
        if inline:
            self.out.write((" " if plain_text(words).endswith((":", "-")) else ": ",))
        else:
            self.out.newline()

    def bullets(self, items: Sequence[Text]) -> None:
        """Items as a list in the author's manner."""
        for n, item in enumerate(items, 1):
            self.out.line((self.voice.bullet.format(n=n), *item), capital=self.voice.bullet == "")

    def paragraph(self) -> None:
        """Leave an empty line."""
        self.out.blank()

    def chance(self, odds: float) -> bool:
        """True so often."""
        return self.rng.random() < odds

    # --- facts -----------------------------------------------------------------

    def name_of(self, problem: Condition | Acute) -> str:
        """A problem in the words of this author."""
        names = problem.abbr if self.voice.abbreviates and self.chance(0.85) else problem.say
        return names[0] if self.chance(0.6) else self.rng.choice(names)

    def problem(self, course: Course, assertion: str = "present", action: str = "", *, bare: bool = False) -> Mention:
        """A problem as a mention; `bare` without its article, for lists."""
        name = self.name_of(course.problem)
        if bare:
            name = name.removeprefix("a ").removeprefix("an ")
        return Mention(name, (Ref(course.fact, assertion, action),))

    def drug_name(self, item: Prescription) -> str:
        """Generic name, now and then the brand."""
        drug = item.drug
        if drug.also and self.voice.abbreviates and self.chance(0.4):
            return self.rng.choice(drug.also)
        generic_only = item.fact in self.life.wrong_drugs
        brand = self.chance(0.12 if self.voice.abbreviates else 0.05) and not generic_only
        return drug.brand if brand else drug.name

    def drug(
        self, item: Prescription, action: str = "", assertion: str = "present", *, name: str = ""
    ) -> dict[str, Piece | Text]:
        """Slots of one prescription: drug, dose, route, freq, form, prn, and rx for all of it."""
        refs = (Ref(item.fact, assertion, action),)
        column = self.voice.column
        words = self.catalog.words
        route = words["routes"][item.drug.route][column]
        frequency = words["frequencies"].get(item.dose.frequency, [item.dose.frequency] * 6)[column]
        spelled = column % 2 == 1
        strength = item.dose.strength.replace(" tab", " tablet") if spelled else item.dose.strength
        if column == 2 and item.dose.unit in ("mg", "mcg", "g") and self.voice.style == "terse":
            strength = strength.replace(" ", "")
        prn = f" {'as needed for' if spelled else 'PRN'} {item.drug.prn}" if item.drug.prn else ""
        named = Mention(name or self.drug_name(item), refs)
        dose = Mention(strength, refs)
        slots: dict[str, Piece | Text] = {
            "drug": named,
            "dose": dose,
            "route": route,
            "freq": Mention(frequency, refs),
            "prn": prn,
            "form": item.drug.form,
            "sig": self._sig(item, spelled=spelled),
            "rx": (named, " ", dose, " ", route, " ", Mention(frequency + prn, refs)),
            "rxshort": (named, " ", dose, " ", Mention(frequency, refs)),
        }
        if "drug.order" in self.bank and item.dose.unit != "%":
            first = self.habit("drug.order", **slots)
            slots["rx"] = (*first, " ", route, " ", Mention(frequency + prn, refs))
            slots["rxshort"] = (*first, " ", Mention(frequency, refs))
        return slots

    def _sig(self, item: Prescription, *, spelled: bool) -> str:
        """How to take it: "take 1 tablet by mouth", "inject under the skin"."""
        form, sigs = item.drug.form, self.catalog.words["sigs"]
        counted = item.drug.route == "PO" and form.endswith(("tablet", "capsule")) and item.dose.unit != "tab"
        chosen: str = sigs["counted" if counted else item.drug.route][spelled]
        return chosen.format(form=form, short="cap" if form == "capsule" else "tab")

    def allergy(self, s: Sensitivity, assertion: str = "present", action: str = "") -> dict[str, Piece | Text]:
        """Slots of an allergy; only for one with an allergen."""
        if s.allergen is None:
            raise ValueError("no allergen")
        refs = (Ref(s.fact, assertion, action),)
        name = self.rng.choice((s.allergen.name, *s.allergen.also)) if self.voice.abbreviates else s.allergen.name
        return {"allergen": Mention(name, refs), "reaction": Mention(s.reaction, refs)}

    def result(self, r: Result) -> dict[str, Piece | Text]:
        """Slots of a result: lab, value, unit (led by a space), lv for both."""
        refs = (Ref(r.fact),)
        name = Mention(r.lab.say[-1] if self.voice.abbreviates and len(r.lab.say) > 1 else r.lab.say[0], refs)
        gap = "" if r.lab.unit == "%" else " "
        unit = f"{gap}{r.lab.unit}" if r.lab.unit and (not self.voice.abbreviates or r.lab.unit == "%") else ""
        return {
            "lab": name,
            "value": Mention(r.text + unit, refs),
            "bare": Mention(r.text, refs),
            "lv": (name, " ", Mention(r.text + unit, refs)),
        }

    def symptom(self, name: str, *, present: bool) -> Mention:
        """A symptom as asked about at this encounter."""
        answer = "yes" if present else "no"
        fact = self.ledger.observe(
            f"{self.life.person.subject_id}-sym-{self.encounter.index}-{name.replace(' ', '_')}-{answer}",
            "symptom",
            name,
            "present" if present else "absent",
            self.encounter.start,
        )
        return Mention(name, (Ref(fact, "present" if present else "negated"),))

    def timed(self, t: Timed, action: str = "", assertion: str = "present", *, text: str = "") -> Mention:
        """A device, procedure, habit or code status."""
        shown = text or (self.rng.choice(t.synonyms) if t.synonyms and self.chance(0.5) else t.value)
        return Mention(shown, (Ref(t.fact, assertion, action),))

    def vital(self, v: Vitals, name: str, value: str) -> Mention:
        """One vital sign."""
        fact = self.ledger.observe(
            f"{self.life.person.subject_id}-vit-{v.at:%Y%m%d%H%M}-{name.replace(' ', '_')}", "vital", name, value, v.at
        )
        return Mention(value, (Ref(fact),))

    def latest_vitals(self) -> Vitals | None:
        """The last vital signs taken before this note."""
        taken = [v for v in self.encounter.vitals if v.at <= self.at]
        return taken[-1] if taken else (self.encounter.vitals[0] if self.encounter.vitals else None)

    def new_results(self) -> list[Result]:
        """Results of the last day, or of this visit; of each lab the last."""
        since = self.at.replace(hour=0, minute=0) if self.encounter.kind == "admission" else self.encounter.start
        since = (
            min(since, self.encounter.start) if self.encounter.kind != "admission" else max(since, self.encounter.start)
        )
        if self.encounter.kind in ("clinic", "phone"):
            since = self.encounter.start.replace(hour=0, minute=0)
        return list({r.lab.key: r for r in self.life.results_between(since, self.at)}.values())

    def stay_results(self, key: str) -> list[Result]:
        """All values of one lab in this encounter so far."""
        return [r for r in self.life.results_between(self.encounter.start, self.at) if r.lab.key == key]

    def acute_course(self) -> Course | None:
        """The illness of this stay."""
        return next(
            (
                self.life.courses[f]
                for f in self.encounter.new_problems
                if self.life.courses[f].problem == self.encounter.acute
            ),
            None,
        )
