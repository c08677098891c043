"""What comes next of several batches."""

from app.batch.agenda import Agenda
from app.batch.store import Unfinished


def taken(agenda: Agenda, times: int) -> list[tuple[str, int] | None]:
    return [agenda.next() for _ in range(times)]


def test_a_callers_batches_come_in_order_and_their_items_too() -> None:
    agenda = Agenda()
    agenda.add(Unfinished("one", "a", (0, 2)))
    agenda.add(Unfinished("two", "a", (0,)))
    assert taken(agenda, 4) == [("one", 0), ("one", 2), ("two", 0), None]


def test_the_caller_with_the_fewest_under_way_comes_next() -> None:
    agenda = Agenda()
    agenda.add(Unfinished("long", "a", tuple(range(100))))
    assert taken(agenda, 3) == [("long", 0), ("long", 1), ("long", 2)]
    agenda.add(Unfinished("short", "b", (0, 1, 2, 3, 4)))
    assert taken(agenda, 3) == [("short", 0), ("short", 1), ("short", 2)]
    agenda.done("long", 1)
    assert agenda.next() == ("long", 3)


def test_what_is_dropped_is_not_begun_and_what_is_under_way_still_counts() -> None:
    agenda = Agenda()
    agenda.add(Unfinished("one", "a", (0, 1)))
    agenda.next()
    agenda.drop("one")
    assert (agenda.next(), len(agenda), agenda.under_way("one")) == (None, 1, [0])
    agenda.done("one", 0)
    assert len(agenda) == 0


def test_a_batch_is_added_once() -> None:
    agenda = Agenda()
    agenda.add(Unfinished("one", "a", (0, 1)))
    agenda.next()
    agenda.add(Unfinished("one", "a", (0, 1)))
    assert taken(agenda, 2) == [("one", 1), None]


def test_what_is_left_is_all_that_is_pending_or_under_way() -> None:
    agenda = Agenda()
    agenda.add(Unfinished("b", "ward", (0, 1, 2)))
    assert agenda.left == 3
    chosen = agenda.next()
    assert chosen and agenda.left == 3
    agenda.done(*chosen)
    assert agenda.left == 2
    agenda.drop("b")
    assert agenda.left == 0
