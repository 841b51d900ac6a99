"""Lines for start-up files that put a directory on PATH, and only once, however many shells are started in each other. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.reasoning.reach import added

if TYPE_CHECKING:
    from gosteward.snapshot import Snapshot, StartupFile, StartupLine

C_SHELLS = ("csh", "tcsh")
_PLAIN = re.compile(r"(?:\$HOME)?[\w./+@%,=-]*", re.ASCII)
_SPECIAL = re.compile(r"[\\\"$`]")
_SPECIAL_IN_FISH = re.compile(r"[\\\"$]")
_OLD = r"\$\{?(?:PATH|path)\b(?::\+[:$PATH{}]{1,10})?\}?"
_OLD_FIRST = re.compile(rf"[\"'(\s]*{_OLD}")
_OLD_LAST = re.compile(rf"{_OLD}[\"')\s]*\Z")


def in_home(snapshot: Snapshot, directory: str) -> str:
    """A directory below the user's home written with $HOME, so that the line is right for whoever reads it."""
    home = snapshot.user.home
    return f"$HOME{directory[len(home) :]}" if len(home) > 1 and directory.startswith(f"{home}/") else directory


def guarded_line(snapshot: Snapshot, shell: str, directory: str, *, in_front: bool = False) -> str:
    """A line for a start-up file that adds a directory behind the others, or in front of them, where it is not there yet.

    Returns:
        "" for a directory that PATH cannot name (a colon or a line feed is in it), or that csh cannot quote.
    """
    if ":" in directory or not directory.isprintable():
        return ""
    text = _quotable(in_home(snapshot, directory), shell)
    plain = _PLAIN.fullmatch(text) is not None
    if shell == "fish":
        word = text if plain else f'"{text}"'
        # Without --path it would stand in front of PATH in any case.
        return f"fish_add_path --path {'--prepend' if in_front else '--append'} {word}"
    value = f"{text}:${{PATH}}" if in_front else f"${{PATH}}:{text}"
    if shell in C_SHELLS:
        return f'if ( ":${{PATH}}:" !~ *:{text}:* ) setenv PATH "{value}"' if plain else ""
    value = f"{text}:$PATH" if in_front else f"$PATH:{text}"
    return guarded_command(snapshot, directory, f'export PATH="{value}"')


def guarded_command(snapshot: Snapshot, directory: str, command: str) -> str:
    """A command of sh, bash or zsh that runs only where a directory is not on PATH yet."""
    text = _quotable(in_home(snapshot, directory), "sh")
    pattern = text if _PLAIN.fullmatch(text) and "$" not in text else f'"{text}"'
    return f'case ":$PATH:" in *:{pattern}:*) ;; *) {command} ;; esac'


def _quotable(text: str, shell: str) -> str:
    """The text as it stands within double quotes."""
    head = "$HOME" if text.startswith("$HOME/") else ""
    special = _SPECIAL_IN_FISH if shell == "fish" else _SPECIAL
    return head + special.sub(r"\\\g<0>", text[len(head) :])


def guarded_copy(snapshot: Snapshot, file: StartupFile, line: StartupLine) -> tuple[str, ...]:
    """Guarded lines that together do what a line does, in an order that gives the same PATH.

    Returns:
        () where that cannot be told: directories on both sides of the old value, a loop, a variable of unknown value, another fault.
    """
    directories = added(snapshot, file, line)
    known = all(d.startswith("/") and "$" not in d and "\0" not in d for d in directories)
    sound = line.keeps and not line.literal and not line.syntax and file.dialect != "csh"
    if not directories or not known or not sound or len(directories) > 10:
        return ()
    # A function call, or `+=`, says nothing of the old value.
    of_old = re.search(_OLD, line.value) is not None
    fits = (_OLD_FIRST.match if line.at_end else _OLD_LAST.search)(line.value) is not None if of_old else line.at_end
    if not fits or len(re.findall(r"\$\{?(?:PATH|path)\b", line.value)) > 2:
        return ()
    shell = "fish" if file.dialect == "fish" else "sh"
    ordered = directories if line.at_end else tuple(reversed(directories))
    lines = tuple(guarded_line(snapshot, shell, d, in_front=not line.at_end) for d in ordered)
    return lines if all(lines) else ()
