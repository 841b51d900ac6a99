"""Make a key that exports are signed with, or show what verifies it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.sumdb.signing import SigningKey

HELP = "print what verifies exports that are signed with the key in a file; with --new the key is made first"
SEED_BYTES = 32


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the key, for its owner alone; it is never replaced")
    parser.add_argument("--new", metavar="NAME", default="", help="make a key of this name, such as your host's")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    if options.new:
        _make(options.new, options.file)
    print(read(options.file).key.written)
    return HEALTHY


def _make(name: str, path: str) -> None:
    import os
    import secrets

    from gosteward.host import outgoing
    from gosteward.sumdb import signing

    if os.path.lexists(path):
        raise UsageError("it is there already, and a key is never replaced", subject=path)
    made = signing.made(name, secrets.token_bytes(SEED_BYTES))
    with outgoing.outgoing(path, mode=0o600) as file:
        file.append(f"{signing.written(made)}\n".encode())


def read(path: str) -> SigningKey:
    """The key in a file. Raises UsageError: it is none, or cannot be read.   PrivilegeError: others may read it."""
    from gosteward.host import secret_files
    from gosteward.sumdb import signing

    try:
        return signing.parse(secret_files.content(path, secret=True).decode("utf-8", "replace"))
    except UsageError as error:
        raise UsageError(error.what, subject=error.subject or path, hint=error.hint) from error
