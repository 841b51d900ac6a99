"""Make a token that lets in."""

from __future__ import annotations

import sys
from hashlib import sha256
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.formats import token_list

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "make a token: its line for the file of --tokens goes to the output, the token itself to the terminal (stderr)"
PREFIX = "gst_"  # so that who looks for secrets where they do not belong finds it
BYTES = 32


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="whom it is for: letters, digits and . _ @ -")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    import secrets

    if not token_list.NAME.fullmatch(options.name):
        hint = "up to 64 letters, digits and . _ @ -, of which the first is a letter or a digit"
        raise UsageError("this cannot name a token", subject=options.name, hint=hint)
    token = PREFIX + secrets.token_urlsafe(BYTES)
    words = flags.catalog(options.lang)
    shown = Text("token of {name}, which nobody can show again: {token}", name=options.name, token=token)
    print(words.text(shown), file=sys.stderr)
    print(token_list.line_of(options.name, sha256(token.encode()).digest()))
    return HEALTHY
