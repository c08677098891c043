"""Brings up the model beside the running service. Whatever fails here ends nothing: the service stays extractive."""

import time

from deploy.local.address import answers
from deploy.local.child import Child
from deploy.local.model import ModelPlan
from deploy.local.supervisor import HEARTBEAT_S, Supervisor, report

_ASK_S = 1.0


class ModelWatch:
    """Takes the steps of a plan one after another and says how they go."""

    def __init__(self, supervisor: Supervisor, plan: ModelPlan) -> None:
        self._supervisor = supervisor
        self._health = plan.health
        self._left = list(plan.steps)
        self._child: Child | None = None
        self._doing = ""
        self._ready = False
        self._started = self._asked = self._said = time.monotonic()
        supervisor.say(f"model: {plan.note}")

    def look(self) -> None:
        """Go on where there is something to do; called over and over."""
        if self._child is None:
            if self._left:
                self._begin()
        elif (code := self._child.exit_code()) is not None:
            self._end(self._child, code)
        elif not self._ready:
            self._wait()

    def _begin(self) -> None:
        step = self._left.pop(0)
        self._doing = step.doing
        self._child = self._supervisor.start("model", step.command)

    def _end(self, child: Child, code: int) -> None:
        self._child = None
        if code or not self._left:
            self._left = []
            self._supervisor.say(f"{report(child, code)}  Summaries are extractive from here on.")

    def _wait(self) -> None:
        now = time.monotonic()
        if not self._left and now - self._asked > _ASK_S:
            self._asked = now
            self._ready = answers(self._health)
        if self._ready:
            self._supervisor.say(
                f"model: ready after {now - self._started:.0f} s; summaries are abstractive from now on"
            )
        elif now - self._said > HEARTBEAT_S:
            self._said = now
            self._supervisor.say(f"model: {self._doing}, {now - self._started:.0f} s")
