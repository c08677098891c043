"""Makes API keys: `python -m app.auth hash-key NAME` prints a new key and the setting that admits it."""

import argparse
import getpass
import json
import re
import sys
from collections.abc import Sequence

from argon2 import PasswordHasher

from app.auth.keys import make_key

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a key's hash and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.auth", description="Make API keys for the service.")
    command = parser.add_subparsers(dest="command", required=True)
    hash_key = command.add_parser("hash-key", help="make a key for a caller, or hash one that you type")
    hash_key.add_argument("name", help="who will use it: letters, digits, _ and -; this name stands in the audit log")
    hash_key.add_argument("--ask", action="store_true", help="ask for the key instead of making one")
    options = parser.parse_args(arguments)
    if not _NAME.fullmatch(options.name):
        parser.error("a name has 1 to 64 letters, digits, _ or -")
    if options.ask:
        hashed = PasswordHasher().hash(getpass.getpass("key: "))
    else:
        key, hashed = make_key(options.name)
        print(f"key, shown only now: {key}")
    print(f"ANAMNESIS_SERVICE__API_KEYS='{json.dumps({options.name: hashed})}'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
