"""sshd_config: what the SSH server itself adds to the environment of a session. Pure.

The first value of a keyword wins, and what a Match block that applies says wins over the part that is for everybody. Include is read in
place; a Match block in an included file ends with that file. Source: sshd_config(5); servconf.c of OpenSSH; compared with `sshd -T`.
"""

from __future__ import annotations

import fnmatch
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells.assignment import Assignment, shown
from gosteward.shells.startup_facts import wanted
from gosteward.shells.words import unquoted_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

INCLUDE_DEPTH = 8
FILES_LIMIT = 60
# Whether lines apply: those of no Match block (for everybody), those of `Match all`, those of a block that applies, of one that does
# not, and of one that depends on where the client is.
EVERYBODY, ALL, YES, NO, PERHAPS = "everybody", "all", "yes", "no", "perhaps"
# Criteria that depend on the connection.
CONNECTION = ("host", "address", "localaddress", "localport", "rdomain", "version")


class SshdSettings(NamedTuple):
    """What matters for PATH.

    Attributes:
        use_pam: UsePAM.   user_environment: PermitUserEnvironment allows ~/.ssh/environment (a pattern list counts as yes).
        set_env: SetEnv pairs, as (file, assignment), each name once.
        doubtful: a Match block that depends on where the client is sets PATH or a variable that Go looks at.
    """

    use_pam: bool = False
    user_environment: bool = False
    set_env: tuple[tuple[str, Assignment], ...] = ()
    doubtful: bool = False


class _Line(NamedTuple):
    path: str
    number: int
    text: str
    words: list[str]
    applies: str = EVERYBODY


class _Reading(NamedTuple):
    """Where lines come from, and whom they are asked about."""

    read: Callable[[str], list[str]]
    listdir: Callable[[str], list[str]]
    user: str
    groups: tuple[str, ...]
    seen: list[str]


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
        user, groups: names that `Match` is asked about.
    """
    first: dict[str, _Line] = {}
    matched: _Line | None = None
    doubtful = False
    for line in _lines(path, _Reading(read, listdir, user, groups, []), 0, EVERYBODY):
        keyword = line.words[0].lower()
        if line.applies in (EVERYBODY, ALL):
            first.setdefault(keyword, line)
        if keyword == "setenv" and matched is None:
            matched = line if line.applies in (ALL, YES) else None
            doubtful = doubtful or (line.applies == PERHAPS and any(wanted(a.name) for a in _pairs(line)))
    set_env = matched or first.get("setenv")
    return SshdSettings(
        use_pam=_word(first, "usepam", "no") == "yes",
        user_environment=_word(first, "permituserenvironment", "no") != "no",
        set_env=tuple((set_env.path, pair) for pair in _pairs(set_env)) if set_env is not None else (),
        doubtful=doubtful,
    )


def files(path: str, read: Callable[[str], list[str]], listdir: Callable[[str], list[str]]) -> tuple[str, ...]:
    """The configuration and every file that it includes, in order."""
    reading = _Reading(read, listdir, "", (), [])
    for _ in _lines(path, reading, 0, EVERYBODY):
        pass
    return tuple(dict.fromkeys(reading.seen))


def assignments(path: str, lines: list[str]) -> tuple[Assignment, ...]:
    """Every SetEnv pair of one file, in whichever Match block."""
    found = _lines(path, _Reading(lambda _: lines, lambda _: [], "", (), []), INCLUDE_DEPTH, EVERYBODY)
    return tuple(pair for line in found if line.words[0].lower() == "setenv" for pair in _pairs(line))


def _pairs(line: _Line) -> tuple[Assignment, ...]:
    """Of two pairs with one name the first counts."""
    found: dict[str, Assignment] = {}
    for word in line.words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            found.setdefault(name, Assignment(name=name, value=value, line=line.number, text=shown(line.text)))
    return tuple(found.values())


def _word(first: dict[str, _Line], keyword: str, default: str) -> str:
    line = first.get(keyword)
    return line.words[1].lower() if line is not None and len(line.words) > 1 else default


def _lines(path: str, reading: _Reading, depth: int, applies: str) -> Iterator[_Line]:
    """The lines of a file and of those that it includes. `applies`: of the line that includes it."""
    if depth > INCLUDE_DEPTH or len(reading.seen) >= FILES_LIMIT:
        return
    reading.seen.append(path)
    around = applies
    for number, text in enumerate(reading.read(path), 1):
        stripped = text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        keyword, _, rest = stripped.replace("\t", " ").partition(" ")
        if "=" in keyword:
            keyword, _, value = stripped.partition("=")
            rest = value
        rest = rest.strip().lstrip("=").strip()
        words = [keyword.strip(), *takewhile(lambda word: not word.startswith("#"), unquoted_words(rest))]
        if words[0].lower() == "match":
            applies = _within(around, _matches(words[1:], reading.user, reading.groups))
        elif words[0].lower() == "include":
            for pattern in words[1:]:
                for included in _glob(pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}", reading.listdir):
                    yield from _lines(included, reading, depth + 1, applies)
        else:
            yield _Line(path=path, number=number, text=text, words=words, applies=applies)


def _within(around: str, inner: str) -> str:
    """Whether a Match block applies in a file that a line of another block includes."""
    if NO in (around, inner):
        return NO
    return PERHAPS if around == PERHAPS else inner


def _glob(pattern: str, listdir: Callable[[str], list[str]]) -> list[str]:
    directory, _, name = pattern.rpartition("/")
    if "*" not in name and "?" not in name:
        return [pattern]
    return [
        f"{directory}/{entry}" for entry in listdir(directory) if fnmatch.fnmatchcase(entry, name) and entry[0] != "."
    ]


def _matches(criteria: list[str], user: str, groups: tuple[str, ...]) -> str:
    """ALL, YES, NO or PERHAPS; a line that sshd refuses counts as NO."""
    if [word.lower() for word in criteria] == ["all"]:
        return ALL
    answer = YES if criteria else NO
    left = iter(criteria)
    for word in left:
        keyword, equals, patterns = word.partition("=")
        keyword = keyword.lower()
        if keyword == "invalid-user":
            return NO
        patterns = patterns if equals else next(left, "")
        if keyword in CONNECTION and patterns:
            answer = PERHAPS
            continue
        names = {"user": (user,), "group": groups}.get(keyword, ())
        if not any(_in_list(name, patterns) for name in names):
            return NO
    return answer


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
