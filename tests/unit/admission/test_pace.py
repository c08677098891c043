"""How fast places come free."""

import pytest

from app.admission.pace import Pace


def measured(*held_s: float) -> Pace:
    pace, now = Pace(), 0.0
    for seconds in held_s:
        pace.begin(now)
        pace.end(now, now + seconds)
        now += seconds
    return pace


def test_nothing_is_claimed_before_anything_was_measured() -> None:
    pace = Pace()
    assert pace.wait_s(3, 4, 0.0) is None
    assert pace.retry_after_s(50, 4, 0.0) == 2


@pytest.mark.parametrize(("queued", "places", "answer"), [(32, 8, 8), (0, 8, 1), (10_000, 1, 120), (9, 4, 5)])
def test_retry_after_is_when_the_queue_will_have_been_served(queued: int, places: int, answer: int) -> None:
    assert measured(2.0, 2.0).retry_after_s(queued, places, 100.0) == answer


def test_a_change_of_pace_is_followed() -> None:
    slow, fast = measured(*[8.0] * 5), measured(*[8.0] * 5, *[1.0] * 20)
    assert slow.wait_s(3, 4, 1000.0) == pytest.approx(8.0)
    assert fast.wait_s(3, 4, 1000.0) == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize(("before", "after"), [(10.0, 2.0), (2.0, 10.0)])
def test_after_a_change_of_pace_the_estimate_is_late_for_about_ten_summaries(before: float, after: float) -> None:
    def left_of_the_change(summaries: int) -> float:
        held = measured(*[before] * 5, *[after] * summaries).held_s(1000.0)
        assert held is not None
        return (held - after) / (before - after)

    assert left_of_the_change(1) == pytest.approx(0.8)
    assert left_of_the_change(10) == pytest.approx(0.1, abs=0.02)


def test_places_that_do_not_come_free_count_by_how_long_they_are_held() -> None:
    pace = measured(1.0, 1.0)
    for _ in range(4):
        pace.begin(10.0)
    assert pace.wait_s(3, 4, 10.5) == pytest.approx(1.0)
    assert pace.wait_s(3, 4, 70.0) == pytest.approx(60.0)
    for _ in range(4):
        pace.end(10.0, 70.0)
    assert pace.held_s(500.0) == pytest.approx(pace.held_s(71.0))
