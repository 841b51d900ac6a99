"""Which program a command line really runs: behind env, nice, timeout, sudo and other programs that start another one. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ash", "ksh", "mksh", "fish"))
# Programs that run the command behind their own options: those options that take a value, and how many words come before the command.
WRAPPERS: dict[str, tuple[str, int]] = {
    "nice": ("n", 0),
    "ionice": ("cnpPu", 0),
    "nohup": ("", 0),
    "setsid": ("", 0),
    "timeout": ("ks", 1),
    "time": ("fo", 0),
    "exec": ("a", 0),
    "command": ("", 0),
    "builtin": ("", 0),
    "noglob": ("", 0),
    "flock": ("wE", 1),
    "chronic": ("", 0),
    "stdbuf": ("ioe", 0),
    "xargs": ("aEIiLnPsd", 0),
    "taskset": ("", 1),
    "chrt": ("TPD", 1),
    "unshare": ("", 0),
    "setarch": ("", 1),
    "linux32": ("", 0),
    "catchsegv": ("", 0),
    "cronic": ("", 0),
}
LONG_WITH_VALUE = frozenset(
    ("--adjustment", "--signal", "--kill-after", "--class", "--classdata", "--user", "--group", "--chdir", "--unset", "--wait", "--timeout")
)  # fmt: skip
OTHER_ACCOUNT = frozenset(("sudo", "doas", "su", "runuser", "setpriv", "chroot", "pkexec", "gosu", "su-exec"))
DEPTH_LIMIT = 8


class Started(NamedTuple):
    """The program that a command line runs in the end.

    Attributes:
        name: as written, "" if there is none.   arguments: the words behind it.
        assignments: NAME=value pairs that `env` adds.   clean: `env -i`: nothing else is passed on.   unset: names removed.
        elsewhere: sudo, su or a relative starts it: with another PATH than the caller's.
    """

    name: str
    arguments: tuple[str, ...] = ()
    assignments: tuple[tuple[str, str], ...] = ()
    clean: bool = False
    unset: tuple[str, ...] = ()
    elsewhere: bool = False


def started(words: tuple[str, ...]) -> Started:
    """Look through the wrappers.  words: of a simple command, expanded."""
    assignments: list[tuple[str, str]] = []
    unset: list[str] = []
    clean = elsewhere = False
    for _ in range(DEPTH_LIMIT):
        name = words[0].rpartition("/")[2] if words else ""
        if name == "env":
            words, more = _env(words[1:])
            clean = clean or more.clean
            assignments += more.assignments
            unset += more.unset
        elif name in OTHER_ACCOUNT:
            elsewhere = True
            words = _other_account(name, words[1:])
        elif name in WRAPPERS:
            options, positional = WRAPPERS[name]
            rest = _behind_options(words[1:], options)[positional:]
            words = ("sh", "-c", *rest[1:2]) if name == "flock" and rest[:1] == ("-c",) else rest
        else:
            break
    return Started(
        name=words[0] if words else "",
        arguments=words[1:],
        assignments=tuple(assignments),
        clean=clean,
        unset=tuple(unset),
        elsewhere=elsewhere,
    )


def _env(words: tuple[str, ...]) -> tuple[tuple[str, ...], Started]:
    assignments, unset, clean = [], [], False
    index = 0
    while index < len(words):
        word = words[index]
        if word in ("-i", "-", "--ignore-environment"):
            clean = True
        elif word in ("-u", "--unset", "-C", "--chdir"):
            index += 1
            if word in ("-u", "--unset") and index < len(words):
                unset.append(words[index])
        elif word.startswith("--unset="):
            unset.append(word.partition("=")[2])
        elif word in ("-S", "--split-string"):
            return (*" ".join(words[index + 1 : index + 2]).split(), *words[index + 2 :]), Started("")
        elif _ASSIGNMENT.match(word):
            name, _, value = word.partition("=")
            assignments.append((name, value))
        elif not word.startswith("-"):
            break
        index += 1
    return words[index:], Started("", assignments=tuple(assignments), clean=clean, unset=tuple(unset))


def _behind_options(words: tuple[str, ...], with_value: str) -> tuple[str, ...]:
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--":
            return words[index + 1 :]
        if not word.startswith("-") or word == "-":
            break
        if word == "-c":
            break
        takes = word in LONG_WITH_VALUE or (len(word) == 2 and word[1] in with_value)
        index += 2 if takes else 1
    return words[index:]


def _other_account(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    if name in ("su", "runuser"):
        for index, word in enumerate(words):
            if word in ("-c", "--command") or (
                word.startswith("-") and not word.startswith("--") and word.endswith("c")
            ):
                return ("sh", "-c", *words[index + 1 : index + 2])
        if name == "su" or "-u" not in words:
            return ()
    rest = _behind_options(words, "ugCphrtTUD")
    while rest and _ASSIGNMENT.match(rest[0]):
        rest = rest[1:]
    return rest[1:] if name in ("chroot", "gosu", "su-exec") else rest


class ShellCall(NamedTuple):
    """`sh -c TEXT` or `sh FILE`.  login, interactive: flags.   script: path of the file, "" where `text` is given."""

    shell: str
    text: str = ""
    script: str = ""
    login: bool = False
    interactive: bool = False


def shell_call(name: str, arguments: tuple[str, ...]) -> ShellCall | None:
    """Take apart the call of a shell; None if the program is none, or reads its standard input."""
    shell = name.rpartition("/")[2]
    if shell not in SHELLS:
        return None
    login = interactive = False
    index = 0
    while index < len(arguments):
        word = arguments[index]
        if word in ("-o", "+o", "-O", "--rcfile", "--init-file"):
            index += 2
            continue
        if word in ("--login", "--interactive"):
            login, interactive = login or word == "--login", interactive or word == "--interactive"
        elif word.startswith(("-", "+")) and not word.startswith("--") and len(word) > 1:
            login, interactive = login or "l" in word, interactive or "i" in word
            if "c" in word and word.startswith("-"):
                rest = [argument for argument in arguments[index + 1 :] if not argument.startswith("-")]
                return ShellCall(shell, text=rest[0] if rest else "", login=login, interactive=interactive)
        elif not word.startswith("--"):
            return ShellCall(shell, script=word, login=login, interactive=interactive)
        index += 1
    return None
