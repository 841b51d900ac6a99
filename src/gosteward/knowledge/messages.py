"""Messages whose cause leaves no trace on disk, so that no rule can find it: what they mean. Pure."""

from __future__ import annotations

from typing import NamedTuple

from gosteward.finding import Text


class Message(NamedTuple):
    """A text that people see.  key: a short name.  symptoms: how it reads.  meaning: what it is, and what to do."""

    key: str
    symptoms: tuple[str, ...]
    meaning: Text


MESSAGES = (
    Message(
        "stale-hash",
        ("bash: /usr/bin/go: No such file or directory", "bash: /usr/local/go/bin/go: No such file or directory"),
        Text(
            "If the file in the message is gone and another go is on PATH, this running bash remembers the old place: type `hash -r`, or start a new shell. Nothing on disk is wrong; do not create a link at the old place."
        ),
    ),
    Message(
        "session-older-than-change",
        ("go: command not found", "zsh: command not found: go", "fish: Unknown command: go"),
        Text(
            "If `gosteward path` shows go for this kind of session, the running one is older than the change: log out and in again, or start the shell anew. A desktop keeps the PATH of its login for all of its terminals."
        ),
    ),
    Message(
        "invalid-elf-header",
        ("invalid ELF header", "file too short", "wrong ELF class: ELFCLASS32"),
        Text(
            "This comes from the dynamic loader about a shared library, not from starting go: the library named in the message is damaged or for another CPU. A wrong architecture of go itself reads `Exec format error`."
        ),
    ),
    Message(
        "argument-list-too-long",
        ("Argument list too long", "fork/exec: argument list too long"),
        Text(
            "One environment string of 128 KiB or more, or more than a quarter of the stack limit in all, makes every program fail to start: look at the length of PATH and GOFLAGS with `env | awk '{print length, substr($0,1,40)}' | sort -n | tail`."
        ),
    ),
)
