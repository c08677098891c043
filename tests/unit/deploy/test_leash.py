"""Nothing that was started outlives its owner, however the owner ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.child import Child, tail
from deploy.local.descendants import descendants

# A process tree as stubborn as can be: a child that ignores SIGTERM, and a grandchild in a session of its own whose
# parent has ended.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(600)
os.wait()
print("started", flush=True)
time.sleep(600)
"""
OWNER = """
import os, sys, time
from pathlib import Path
from deploy.local.child import Child
command = [sys.executable, "-c", sys.argv[1]]
child = Child("stubborn", command, environment=os.environ, log=Path(sys.argv[2]), grace_s=0.3)
print(child.pid, flush=True)
time.sleep(600)
"""


def eventually(condition: Callable[[], object], timeout_s: float = 10) -> bool:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def start(tmp_path: Path, script: str, grace_s: float = 0.3) -> Child:
    command = [sys.executable, "-c", script]
    return Child("child", command, environment=os.environ, log=tmp_path / "log" / "child.log", grace_s=grace_s)


def test_letting_go_ends_even_what_ignores_signals_and_left_the_session(tmp_path: Path) -> None:
    child = start(tmp_path, STUBBORN)
    assert eventually(lambda: "started" in child.log.read_text())
    family = descendants(child.pid)
    assert len(family) == 2
    child.let_go()
    child.wait()
    assert not [pid for pid in family if is_alive(pid)]


def test_a_killed_owner_leaves_nothing_behind(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    owner = subprocess.Popen([sys.executable, "-c", OWNER, STUBBORN, str(log)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    with owner.stdout:
        leash = int(owner.stdout.readline())
    assert eventually(lambda: log.exists() and "started" in log.read_text())
    family = descendants(leash) | {leash}
    assert len(family) == 3
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert eventually(lambda: not [pid for pid in family if is_alive(pid)])


@pytest.mark.parametrize("script", ["raise SystemExit(7)", "import os; os.kill(os.getpid(), 9)"])
def test_the_command_s_own_end_is_told(tmp_path: Path, script: str) -> None:
    child = start(tmp_path, script)
    assert child.wait() == (7 if "7" in script else 128 + 9)
    assert child.exit_code() == child.wait()
    child.let_go()


def test_a_command_that_ends_takes_its_background_processes_along(tmp_path: Path) -> None:
    child = start(tmp_path, "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)")
    assert child.wait() == 0
    child.let_go()
    assert not is_alive(int(child.log.read_text()))


def test_what_ends_itself_in_time_is_not_killed(tmp_path: Path) -> None:
    polite = (
        "import signal, sys, time\n"
        "def end(*_):\n    print('goodbye', flush=True)\n    sys.exit(3)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('started', flush=True)\ntime.sleep(600)"
    )
    child = start(tmp_path, polite, grace_s=10)
    assert eventually(lambda: "started" in child.log.read_text())
    child.let_go()
    assert child.wait() == 3
    assert "goodbye" in child.log.read_text()


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {i}\n" for i in range(30)))
    assert tail(log, 2) == "    line 28\n    line 29\n"
    assert tail(tmp_path / "none.log") == ""
