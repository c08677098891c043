"""The order in which a summary's events came, in few words, and the events again from these and the summary."""

from collections.abc import Iterator, Sequence

import orjson
from pydantic import TypeAdapter

from app.state import Replay
from core.records import ChainEvent, EvidenceEvent, SectionEvent, SectionPreview, StatementEvent, Summary, SummaryEvent

_SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)


def order_of(events: Sequence[ChainEvent]) -> str | None:
    """The order of the events between the first and the last: `[section, statement]` by place, or `[section]` alone.

    None where they are not what would be made of the summary, so that it cannot be read again as it was.
    """
    first, last = events[0], events[-1]
    if not isinstance(first, EvidenceEvent) or not isinstance(last, SummaryEvent):
        return None
    places = {section.key: place for place, section in enumerate(last.summary.sections)}
    order: list[list[int]] = []
    for event in events[1:-1]:
        if isinstance(event, StatementEvent):
            section = places.get(event.section, -1)
            statements = last.summary.sections[section].statements if section >= 0 else ()
            order.append([section, statements.index(event.statement) if event.statement in statements else -1])
        elif isinstance(event, SectionEvent):
            order.append([places.get(event.key, -1)])
    written = orjson.dumps(order).decode()
    same = -1 not in {i for item in order for i in item} and list(_events(last.summary, first.note_ids, order))
    return written if same == list(events[:-1]) else None


def events_of(replay: Replay) -> list[ChainEvent]:
    """All events of a kept summary, as they came."""
    summary = _SUMMARY.validate_json(replay.body)
    return [*_events(summary, replay.note_ids, orjson.loads(replay.events)), SummaryEvent(summary)]


def _events(summary: Summary, note_ids: tuple[str, ...], order: Sequence[Sequence[int]]) -> Iterator[ChainEvent]:
    previews = tuple(SectionPreview(section.key, section.title) for section in summary.sections)
    yield EvidenceEvent(summary.summary_id, previews, summary.coverage.notes_considered, note_ids)
    for item in order:
        section = summary.sections[item[0]]
        if len(item) == 1:
            yield SectionEvent(section.key, section.outcome)
        else:
            yield StatementEvent(section.key, section.statements[item[1]])
