"""Telling a hung engine from a busy one."""

from chains.models.engine_load import EngineLoad


class Stall:
    """Watches for progress: an engine that has requests at work and for `hang_s` makes no token of any hangs.

    vLLM answers `/health` and `/metrics` while its engine process hangs, and its figures stay as they were; so what
    we wait for ourselves counts as at work, too. A slow first token is no stall while others get theirs.
    """

    def __init__(self, hang_s: float) -> None:
        self._hang_s = hang_s
        self._tokens: tuple[int, int] | None = None
        self._answered = 0
        self._since: float | None = None

    def hangs(self, now: float, load: EngineLoad | None, *, reachable: bool, under_way: int, answered: int) -> bool:
        """Whether there was no progress for too long, at the time `now`, in seconds.

        `load` is what the server says now, None where it says nothing; one that is reachable and never tells its
        load cannot be judged. `under_way` requests of ours are waited for, and so many were `answered` so far.
        """
        tokens = (load.prompt_tokens, load.generated_tokens) if load else self._tokens
        at_work = under_way > 0 or (load is not None and load.running > 0)
        judged = load is not None or not reachable
        moved = (tokens, answered) != (self._tokens, self._answered)
        self._tokens, self._answered = tokens, answered
        if moved or not at_work or not judged or self._since is None:
            self._since = now
        return now - self._since >= self._hang_s
