"""Telling a hung engine from a busy one."""

from chains.models import EngineLoad, Stall


def load(tokens: int, *, running: int = 1) -> EngineLoad:
    return EngineLoad(running, 0, 0.0, 100, tokens)


def judge(looks: list[tuple[float, EngineLoad | None, bool, int, int]], hang_s: float = 10) -> list[bool]:
    """Each look is: when, the load, whether the server was reached, ours under way, ours answered."""
    stall = Stall(hang_s)
    return [
        stall.hangs(now, load, reachable=reached, under_way=ours, answered=answered)
        for now, load, reached, ours, answered in looks
    ]


def test_no_token_while_requests_run_is_a_hang_once_it_has_lasted() -> None:
    assert judge([(t, load(5), True, 0, 0) for t in (0, 5, 9.9, 10)]) == [False, False, False, True]


def test_an_engine_that_makes_tokens_does_not_hang() -> None:
    assert not any(judge([(t, load(int(t)), True, 3, 0) for t in range(0, 60, 6)]))


def test_an_idle_engine_does_not_hang_however_long_it_idles() -> None:
    assert not any(judge([(t, load(5, running=0), True, 0, 0) for t in range(0, 60, 6)]))


def test_the_time_begins_with_the_work_and_not_with_the_last_token() -> None:
    idle = [(t, load(5, running=0), True, 0, 0) for t in (0, 30)]
    assert judge([*idle, (31, load(5), True, 0, 0), (40, load(5), True, 0, 0)])[-1] is True
    assert judge([*idle, (31, load(5), True, 0, 0), (39, load(5), True, 0, 0)])[-1] is False


def test_requests_of_ours_count_where_the_engine_hung_before_it_saw_them() -> None:
    assert judge([(t, load(5, running=0), True, 2, 0) for t in (0, 10)]) == [False, True]


def test_an_answer_of_ours_is_progress() -> None:
    assert not any(judge([(t, load(5), True, 2, int(t)) for t in (0, 10, 20)]))


def test_a_server_that_is_not_reached_makes_no_progress() -> None:
    assert judge([(0, load(5), True, 2, 0), (5, None, False, 2, 0), (10, None, False, 2, 0)])[-1] is True
    assert judge([(t, None, False, 0, 0) for t in (0, 10, 20)])[-1] is False


def test_a_server_that_never_tells_its_load_is_not_judged() -> None:
    assert not any(judge([(t, None, True, 2, 0) for t in range(0, 60, 6)]))


def test_a_server_started_again_counts_from_nought_and_that_is_progress() -> None:
    assert judge([(0, load(50), True, 1, 0), (9, load(0), True, 1, 0), (12, load(0), True, 1, 0)])[-1] is False
