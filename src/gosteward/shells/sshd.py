"""sshd_config: what the SSH server itself adds to the environment of a session. Pure.

The first value of a keyword wins; Include is read in place. Source: sshd_config(5).
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells.assignment import Assignment, shown
from gosteward.shells.words import unquoted_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

INCLUDE_DEPTH = 8
FILES_LIMIT = 60


class SshdSettings(NamedTuple):
    """What matters for PATH.

    Attributes:
        use_pam: UsePAM.   user_environment: PermitUserEnvironment allows ~/.ssh/environment (a pattern list counts as yes).
        set_env: SetEnv pairs, as (file, assignment).
    """

    use_pam: bool = False
    user_environment: bool = False
    set_env: tuple[tuple[str, Assignment], ...] = ()


class _Line(NamedTuple):
    path: str
    number: int
    text: str
    words: list[str]


def settings(
    path: str,
    read: Callable[[str], list[str]],
    listdir: Callable[[str], list[str]],
    user: str,
    groups: tuple[str, ...] = (),
) -> SshdSettings:
    """Settings that apply to a user.

    Args:
        path: of sshd_config.   read: lines of a file, [] if absent.   listdir: names in a directory.
        user, groups: names that `Match` is asked about; criteria other than User, Group and All never match.
    """
    first: dict[str, _Line] = {}
    applies = True
    for line in _lines(path, read, listdir, 0, [FILES_LIMIT]):
        keyword = line.words[0].lower()
        if keyword == "match":
            applies = _matches(line.words[1:], user, groups)
        elif applies and keyword not in first:
            first[keyword] = line
    set_env = []
    if "setenv" in first:
        line = first["setenv"]
        for word in line.words[1:]:
            name, equals, value = word.partition("=")
            if equals:
                set_env.append((line.path, Assignment(name=name, value=value, line=line.number, text=shown(line.text))))
    return SshdSettings(
        use_pam=_word(first, "usepam", "no") == "yes",
        user_environment=_word(first, "permituserenvironment", "no") != "no",
        set_env=tuple(set_env),
    )


def _word(first: dict[str, _Line], keyword: str, default: str) -> str:
    line = first.get(keyword)
    return line.words[1].lower() if line is not None and len(line.words) > 1 else default


def _lines(
    path: str, read: Callable[[str], list[str]], listdir: Callable[[str], list[str]], depth: int, budget: list[int]
) -> Iterator[_Line]:
    budget[0] -= 1
    if depth > INCLUDE_DEPTH or budget[0] < 0:
        return
    for number, text in enumerate(read(path), 1):
        stripped = text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        keyword, _, rest = stripped.replace("\t", " ").partition(" ")
        if "=" in keyword:
            keyword, _, value = stripped.partition("=")
            rest = value
        words = [keyword.strip(), *unquoted_words(rest.strip().lstrip("=").strip())]
        if words[0].lower() == "include":
            for pattern in words[1:]:
                for included in _glob(pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}", listdir):
                    yield from _lines(included, read, listdir, depth + 1, budget)
            continue
        yield _Line(path=path, number=number, text=text, words=words)


def _glob(pattern: str, listdir: Callable[[str], list[str]]) -> list[str]:
    directory, _, name = pattern.rpartition("/")
    if "*" not in name and "?" not in name:
        return [pattern]
    return [
        f"{directory}/{entry}" for entry in listdir(directory) if fnmatch.fnmatchcase(entry, name) and entry[0] != "."
    ]


def _matches(criteria: list[str], user: str, groups: tuple[str, ...]) -> bool:
    if [word.lower() for word in criteria] == ["all"]:
        return True
    if not criteria or len(criteria) % 2:
        return False
    for keyword, patterns in zip(criteria[::2], criteria[1::2]):
        names = {"user": (user,), "group": groups}.get(keyword.lower(), ())
        if not any(_in_list(name, patterns) for name in names):
            return False
    return True


def _in_list(name: str, patterns: str) -> bool:
    hit = False
    for pattern in patterns.split(","):
        if pattern.startswith("!"):
            if fnmatch.fnmatchcase(name, pattern[1:]):
                return False
        elif fnmatch.fnmatchcase(name, pattern):
            hit = True
    return hit


def environment_file(lines: Iterable[str]) -> tuple[Assignment, ...]:
    """~/.ssh/environment: NAME=value, everything literal, blanks in front skipped, `#` only at the start of a line."""
    found = []
    for number, line in enumerate(lines, 1):
        name, equals, value = line.lstrip().partition("=")
        if equals and name and not name.startswith("#"):
            found.append(Assignment(name=name, value=value, line=number, text=shown(line)))
    return tuple(found)
