"""From a request to the sections that will be written."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from chains.evidence import ChainInput
from chains.focus import Focus, focus_plan, read_focus
from core.errors import InvalidRequest
from core.tracing import span
from prompts import SectionPlan, Template


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be written for one request, and since when (perf_counter seconds) it is being worked on.

    `focus` is what the caller asked about, and `latest_stay` says that passages come from the last stay in hospital
    alone.
    """

    input: ChainInput
    sections: tuple[SectionPlan, ...]
    focus: Focus | None
    started: float
    latest_stay: bool = False


def make_plan(chain_input: ChainInput, templates: Mapping[str, Template]) -> Plan:
    """Choose the template's sections, the focus before them where there is one.

    Raises:
        InvalidRequest: there is no such template.
    """
    request = chain_input.request
    if request.template not in templates:
        raise InvalidRequest(f"unknown template; there are {', '.join(templates)}")
    with span("plan", template=request.template) as planning:
        template = templates[request.template]
        sections = template.sections
        focus: Focus | None = None
        if request.focus and request.focus.strip():
            focus = read_focus(request.focus)
            sections = (focus_plan(focus), *sections)
        planning.say(sections=len(sections))
        return Plan(chain_input, sections, focus, time.perf_counter(), template.latest_stay)
