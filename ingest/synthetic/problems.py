"""The problems of one patient as they come and go."""

from dataclasses import replace
from datetime import datetime

from ingest.synthetic.catalog import Acute, Condition
from ingest.synthetic.regimen import FactIds
from ingest.synthetic.state import Course


class ProblemList:
    """The growing list of problems."""

    def __init__(self, new_fact: FactIds) -> None:
        self._new_fact = new_fact
        self.all: dict[str, Course] = {}

    def add(self, problem: Condition | Acute, onset: datetime, known: datetime) -> Course:
        """A problem that has come up."""
        course = Course(self._new_fact("prob"), problem, onset, known)
        self.all[course.fact] = course
        return course

    def resolve(self, course: Course, at: datetime, successor: str = "") -> None:
        """A problem that is over, or has become another one."""
        self.all[course.fact] = replace(course, resolved=at, superseded_by=successor)

    def open(self) -> list[Course]:
        """Problems not yet over."""
        return [c for c in self.all.values() if c.resolved is None]

    def keys(self, at: datetime) -> set[str]:
        """Keys of the problems active at a time, whether charted yet or not."""
        return {c.problem.key for c in self.open() if c.onset <= at}

    def find(self, key: str) -> Course | None:
        """The open problem with that key."""
        return next((c for c in self.open() if c.problem.key == key), None)
