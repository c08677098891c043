"""`python -m ingest.erase PATIENT`: forget a patient everywhere, prove it, and keep the next run from undoing it.

Exit codes: 0 erased and proved; 1 not complete, or something was found; 2 wrong usage or settings.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.errors import AnamnesisError, SettingsInvalid
from core.settings import Settings, load_settings
from core.telemetry import configure_logging, traits_of
from ingest.erase.certificate import FOLDER
from ingest.erase.run import Order, erase
from ingest.erase.search import Place
from ingest.erase.state import Entry, StateFile
from ingest.tombstones import Tombstones

EVALUATION = Path("var/evaluation")
LOGS = Path("var/log")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and print the certificate. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        configure_logging(settings.log.level, settings.log.format)
        if options.lift:
            return _lift(options, settings)
        if options.status:
            return _status(options, settings)
        return _erase(options, settings)
    except SettingsInvalid as e:
        print(f"erase: {e}", file=sys.stderr)
        return 2
    except AnamnesisError as e:
        print(f"erase: {e}", file=sys.stderr)
        return 1
    except Exception as e:
        # What it says may quote a chart.
        traits = traits_of(e)
        print(f"erase: failed ({traits['exception']} at {traits['at']}); run it again to complete it", file=sys.stderr)
        return 1


def _erase(options: argparse.Namespace, settings: Settings) -> int:
    if any(options.patient in words for words in (options.reason, options.requested_by)):
        raise SettingsInvalid("--reason and --requested-by are kept for good, so they may not name the patient")
    missing = [folder for folder in options.also if not folder.exists()]
    if missing:
        raise SettingsInvalid(f"--also {missing[0]}: there is no such folder or file")
    order = Order(
        options.patient,
        settings.index.dir,
        settings.state.dir,
        settings.ingest.quarantine_dir,
        requested_by=options.requested_by,
        reason=options.reason,
        keep=settings.index.keep,
        wait_s=options.wait,
        elsewhere=(
            # Reports hold other charts, synthetic ones too, and clinical phrases are alike.
            Place("evaluation reports", options.evaluations, own=False, verbatim=200),
            Place("logs", LOGS, own=False, verbatim=200),
            *(Place(f"also: {folder}", folder, own=False) for folder in options.also),
        ),
        remove_found=options.remove_found,
    )
    certificate = erase(order)
    try:
        print(certificate.as_text())
        print(f"written to {settings.state.dir / FOLDER / certificate.name}.txt and .json", flush=True)
    except BrokenPipeError:
        # The reader, `head` for instance, has seen enough; nothing may be flushed to it on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if certificate.complete else 1


def _lift(options: argparse.Namespace, settings: Settings) -> int:
    stone = Tombstones.read(settings.index.dir).lift(options.patient)
    if stone is None:
        print("there is no tombstone of this patient; nothing was changed")
        return 0
    state = StateFile(settings.state.dir)
    if state.exists:
        target = f"certificate {stone.number}"
        request = f"erasure-{stone.number}-lifted"
        entry = Entry(request, options.requested_by, "lift_erasure", options.reason, target, "ok")
        state.write(entry, wait_s=options.wait)
    print(f"lifted the tombstone of erasure {stone.number}: the next run of ingest takes this patient in again")
    return 0


def _status(options: argparse.Namespace, settings: Settings) -> int:
    stone = Tombstones.read(settings.index.dir).find(options.patient)
    print(f"erasure {stone.number}, asked for {stone.at}" if stone else "no tombstone of this patient")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest.erase",
        description="Remove a patient from the index with all kept generations, from the state and from reports; keep "
        "the next run of ingest from bringing them back; search everything for what is left; write a certificate.",
        epilog="Exit codes: 0 erased and proved, 1 not complete or something was found (run it again), 2 wrong usage "
        "or settings. docs/erasure.md says what is out of reach.",
    )
    add = parser.add_argument
    add("patient", metavar="PATIENT", type=_patient, help="the patient's id")
    add("--requested-by", default=_user(), type=_words, metavar="NAME", help="who asked for it, for the certificate")
    add("--reason", default="not given", type=_words, metavar="WORDS", help="why, without naming the patient")
    add("--wait", type=float, default=60.0, metavar="S", help="seconds to wait for readers, writers, the service (60)")
    add("--also", type=Path, action="append", default=[], metavar="DIR", help="search this folder or file too")
    add("--evaluations", type=Path, default=EVALUATION, metavar="DIR", help=f"evaluation reports ({EVALUATION})")
    add("--remove-found", action="store_true", help="remove files of --also and --evaluations that hold something")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--lift", action="store_true", help="lift the tombstone: the patient may come back")
    either.add_argument("--status", action="store_true", help="say whether a tombstone stands")
    return parser


def _patient(value: str) -> str:
    if not value.strip():
        raise argparse.ArgumentTypeError("a patient's id is needed")
    return value


def _words(value: str) -> str:
    if not value.strip() or len(value) > 500 or not value.isprintable():
        raise argparse.ArgumentTypeError("1 to 500 printable characters")
    return value


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"unknown, {datetime.now(UTC).date()}"


if __name__ == "__main__":
    sys.exit(main())
