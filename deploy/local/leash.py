"""Run one command so that nothing of it can outlive its owner.

    python -m deploy.local.leash GRACE_S COMMAND...

The owner holds the other end of this process's standard input. When that end closes, because the owner let go or was
killed, or when a signal says so, every descendant of this process is asked to end (SIGTERM) and after GRACE_S seconds
made to (SIGKILL). As the reaper of its subtree (Linux's PR_SET_CHILD_SUBREAPER) it keeps hold of orphans and of
processes that made a session of their own. Its exit status is the command's, or 128 and the signal that ended it.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

from deploy.local.descendants import descendants, send

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_S = 0.2


def main(arguments: list[str]) -> int:
    """Run the command to its end or to the owner's."""
    grace_s, command = float(arguments[0]), arguments[1:]
    _become_reaper()
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda n, _frame: stopped.append(n))
    child = _spawn(command)
    status: int | None = None
    while status is None and not stopped and not _owner_is_gone():
        status = _reap(child)
    return _exit_code(_end_all(child, status, grace_s))


def _end_all(child: int, status: int | None, grace_s: float) -> int | None:
    """End what is left and answer the status of `child`."""
    me = os.getpid()
    deadline = time.monotonic() + grace_s
    send(descendants(me), signal.SIGTERM)
    while left := descendants(me):
        found = _reap(child)
        status = found if status is None else status
        if time.monotonic() > deadline:
            send(left, signal.SIGKILL)
        time.sleep(0.02)
    found = _reap(child)
    return found if status is None else status


def _become_reaper() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _spawn(command: list[str]) -> int:
    quiet = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    return os.posix_spawnp(command[0], command, os.environ, file_actions=[quiet])


def _owner_is_gone() -> bool:
    readable, _, _ = select.select([0], [], [], _LOOK_S)
    return bool(readable) and os.read(0, 1) == b""


def _reap(child: int) -> int | None:
    """Collect every process that has ended; the wait status of `child` when it is among them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                status = ended[1]
    return status


def _exit_code(status: int | None) -> int:
    if status is None:
        return 1
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
