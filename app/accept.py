"""Which of two forms a client prefers, by its `Accept` header (RFC 9110, section 12.5.1)."""


def prefers_events(accept: str) -> bool:
    """Whether server-sent events are asked for. In doubt it is JSON, and so it is for a wildcard."""
    json_q, json_named = _quality(accept, "application/json")
    events_q, events_named = _quality(accept, "text/event-stream")
    return events_named and events_q > 0 and (events_q > json_q or (events_q == json_q and not json_named))


def _quality(accept: str, media_type: str) -> tuple[float, bool]:
    """The weight of a media type, and whether it is named itself rather than by a wildcard."""
    ranges = {media_type: 3, media_type.partition("/")[0] + "/*": 2, "*/*": 1}
    best, weight = 0, 0.0
    for part in accept.split(","):
        name, *parameters = (p.strip().lower() for p in part.split(";"))
        rank = ranges.get(name, 0)
        if rank > best:
            best, weight = rank, _weight(parameters)
    return weight, best == 3


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
