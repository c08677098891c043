"""The accepted results: one committed file a profile, against which the gate compares."""

from pathlib import Path

from core.errors import AnamnesisError
from mlops.evaluation.gate import judge
from mlops.evaluation.run import Profile, Run
from mlops.evaluation.stored import read_run, write_run

FOLDER = Path(__file__).parent / "accepted"
MAX_BYTES = 1 << 20


class NotAccepted(AnamnesisError):
    """A run cannot become the accepted one."""

    code = "not_accepted"


def accepted_path(profile: Profile, folder: Path = FOLDER) -> Path:
    """Where the accepted run of a profile lies."""
    return folder / f"{profile}.json"


def read_accepted(profile: Profile, folder: Path = FOLDER) -> Run:
    """The accepted run of a profile.

    Raises:
        NotAccepted: nothing was accepted yet.
        NotARun: the file is damaged.
    """
    path = accepted_path(profile, folder)
    if not path.exists():
        raise NotAccepted(f"no results of profile {profile} were accepted yet; look at the report, then `make accept`")
    return read_run(path)


def accept(run: Run, folder: Path = FOLDER) -> Path:
    """Make a run the accepted one of its profile, and return the file to commit.

    Raises:
        NotAccepted: a task broke off, a check was switched off, a hard metric misses its bar, nothing was measured,
            or the file would be larger than a megabyte. Such a run is never the measure of others.
    """
    if run.crashes:
        raise NotAccepted(f"tasks broke off: {', '.join(crash.task for crash in run.crashes)}; mend them and run anew")
    if run.without_checks:
        raise NotAccepted(f"checks were switched off: {', '.join(run.without_checks)}; run with all of them")
    if not run.measured:
        raise NotAccepted("nothing was measured")
    if hard := [f for f in judge(run, run).findings if f.rule == "hard"]:
        raise NotAccepted(f"{hard[0].task}/{hard[0].metric} of {hard[0].system}: {hard[0].why}")
    path = accepted_path(run.profile, folder)
    fresh = path.with_suffix(".new")
    write_run(fresh, run, examples=False)
    if (size := fresh.stat().st_size) > MAX_BYTES:
        fresh.unlink()
        raise NotAccepted(f"the file would hold {size:,} bytes, more than {MAX_BYTES:,}: observe fewer units")
    fresh.replace(path)
    return path
