"""A TOML file of ours, or the line that is wrong in it. Pure."""

from __future__ import annotations

import re
import sys

from gosteward.errors import UsageError

_PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)\s*\Z")
_SHOWN = 80


def parsed(text: str, path: str, otherwise: UsageError) -> dict[str, object]:
    """The tables of a file.

    Args:
        path: of the file, for messages.   otherwise: raised for what no parser gets through: brackets in brackets, numbers of thousands of digits.
    Raises:
        UsageError: it is no TOML; it names the line.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        match = _PLACE.search(said)
        line = match["line"] if match is not None and match["line"] else str(text.count("\n") + 1)
        what = printable(_PLACE.sub("", said))
        raise UsageError(f"not TOML ({what})", subject=f"{path}:{line}", hint="toml.io has the rules") from error
    except (RecursionError, ValueError) as error:
        raise otherwise from error


def printable(text: str) -> str:
    """A part of the file, fit for a message."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return "".join(c if c.isprintable() else "?" for c in shown)
