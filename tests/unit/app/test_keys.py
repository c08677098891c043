"""API keys and those who guess them."""

import pytest
from argon2 import PasswordHasher

from app.auth.__main__ import main
from app.auth.keys import KeyRing, make_key
from app.auth.throttle import Throttle, TooManyAttempts
from core.errors import SettingsInvalid

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ring(**keys: str) -> KeyRing:
    return KeyRing({name: QUICK.hash(key) for name, key in keys.items()})


async def test_a_key_is_known_with_and_without_the_callers_name_in_it() -> None:
    keys = ring(ada="ada.one", bob="two")
    assert [await keys.caller_with(k) for k in ("ada.one", "two", "ada.two", "one", "", "x" * 600)] == [
        "ada",
        "bob",
        None,
        None,
        None,
        None,
    ]


async def test_a_callers_key_is_nobody_elses() -> None:
    keys = ring(ada="one", bob="two")
    assert await keys.accepts("ada", "one")
    assert not await keys.accepts("bob", "one")
    assert not await keys.accepts("eve", "one")


async def test_a_key_is_hashed_once() -> None:
    keys = ring(ada="one")
    assert keys.remembered("one") is None
    await keys.caller_with("one")
    assert keys.remembered("one") == "ada"
    await keys.caller_with("wrong")
    assert keys.remembered("wrong") is None


def test_a_key_in_the_clear_is_refused_without_being_repeated() -> None:
    with pytest.raises(SettingsInvalid, match="'ada' is no argon2 hash") as refusal:
        KeyRing({"ada": "hunter2"})
    assert "hunter2" not in str(refusal.value)


async def test_the_command_makes_a_key_that_the_setting_admits(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert main(["hash-key", "ward-7"]) == 0
    shown, setting = capsys.readouterr().out.splitlines()
    hashes = json.loads(setting.partition("=")[2].strip("'"))
    assert await KeyRing(hashes).caller_with(shown.rpartition(" ")[2]) == "ward-7"


def test_the_command_refuses_a_name_that_a_setting_could_not_hold() -> None:
    with pytest.raises(SystemExit):
        main(["hash-key", "a b"])


def test_made_keys_differ() -> None:
    assert make_key("ada")[0] != make_key("ada")[0]


def test_a_source_waits_after_too_many_failures_and_no_other_does() -> None:
    clock = Clock()
    throttle = Throttle(limit=3, window_s=60, clock=clock)
    for _ in range(3):
        throttle.check("a")
        throttle.failed("a")
        clock.now += 10
    with pytest.raises(TooManyAttempts) as refusal:
        throttle.check("a")
    throttle.check("b")
    assert refusal.value.retry_after_s == 31
    clock.now = 61
    throttle.check("a")


def test_a_success_forgets_the_failures() -> None:
    throttle = Throttle(limit=1)
    throttle.failed("a")
    throttle.succeeded("a")
    throttle.check("a")
