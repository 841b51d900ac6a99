"""`gosteward COMMAND ...`: choose the command, and turn every end into an exit code and one clear line."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import TYPE_CHECKING

from gosteward.cli.garbage import collect_rarely
from gosteward.errors import OUR_BUG, TRY_AGAIN, StewardError, place_of

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

COMMANDS = (
    "doctor",
    "why",
    "explain",
    "path",
    "snapshot",
    "history",
    "undo",
    "install",
    "build",
    "upgrade",
    "use",
    "list",
    "uninstall",
    "verify",
    "available",
    "which",
    "exec",
    "pin",
    "prune",
    "bundle",
    "refresh",
    "settings",
    "proxy",
)
LONGEST_LINE = 1000
# A full or broken disk is no bug of ours, wherever it shows.
OF_THE_HOST = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
EPILOG = (
    "exit codes: 0 healthy or done; 1 findings at or above --fail-on; 2 usage; 3 something could not be judged; "
    "70 a bug of gosteward; 75 the host changed meanwhile, try again; 77 needs privilege"
)


def entry() -> None:
    """For the console script: run and exit."""
    _open_standard_streams()
    collect_rarely()
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing but KeyboardInterrupt's default ever escapes as a traceback."""
    if list(arguments) in (["--version"], ["-V"]):
        from gosteward import __version__

        print(f"gosteward {__version__}")
        return 0
    try:
        return _run(arguments)
    except StewardError as error:
        _say(f"gosteward: {error}")
        if error.hint:
            _say(f"hint: {error.hint}")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        from gosteward.cli.options import silence_output

        silence_output()  # whoever read our output has seen enough
        return 141
    except OSError as error:
        _say(f"gosteward: {error.strerror or error}: {error.filename or ''}".rstrip(": "))
        return TRY_AGAIN if error.errno in OF_THE_HOST else OUR_BUG
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug of ours, told in one line
        _say(f"gosteward: internal error: {type(error).__name__}: {error} ({place_of(error)})")
        _say("hint: this is a bug; report it with this line and the output of `gosteward snapshot --redact`")
        return OUR_BUG


def parser(only: str = "") -> ArgumentParser:
    """The whole command line, or with `only` what one command needs of it."""
    from argparse import ArgumentParser

    top = ArgumentParser(
        prog="gosteward",
        description="Makes a Go toolchain on a Linux host work, proves it, and keeps it so.",
        epilog=EPILOG,
    )
    top.add_argument("-V", "--version", action="store_true", help="show the version and exit")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in (only,) if only else COMMANDS:
        module = importlib.import_module(f"gosteward.cli.{name}")
        sub = commands.add_parser(name, help=module.HELP, description=module.__doc__, epilog=EPILOG)
        sub.set_defaults(run=module.run)
        module.add_arguments(sub)
    return top


def _run(arguments: Sequence[str]) -> int:
    asked = next((word for word in arguments if not word.startswith("-")), "")
    options = parser(asked if asked in COMMANDS else "").parse_args(arguments)
    code: int = options.run(options)
    sys.stdout.flush()
    return code


def _open_standard_streams() -> None:
    """Closed ones lead to nowhere; otherwise the next file that anybody opens would take their place."""
    try:
        spare = os.open(os.devnull, os.O_RDWR)
        while spare <= 2:
            spare = os.open(os.devnull, os.O_RDWR)
        os.close(spare)
        if sys.stdout is None:
            sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        if sys.stderr is None:
            sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    except OSError:  # not even /dev/null
        return


def _say(text: str) -> None:
    from gosteward.report.layout import visible

    print(visible(text[:LONGEST_LINE]), file=sys.stderr)
