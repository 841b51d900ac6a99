"""Start-up files of csh and tcsh, read line by line. Pure, linear time.

csh has no quoting worth the name; what counts here are `setenv NAME value`, `set path = (...)`, `alias`, `source` and an exit for
shells without a prompt.
"""

from __future__ import annotations

import re

from gosteward.shells.startup_facts import LINES_LIMIT, OLD_PATH, FileFacts, Sourced, literal_of, path_parts, wanted
from gosteward.snapshot import Location, StartupLine

_SETENV = re.compile(r"setenv\s+([A-Za-z_][A-Za-z0-9_]*)\s+(\S.*)?$")
_SET_PATH = re.compile(r"set\s+path\s*=\s*(\(.*|\S.*)$")
_ALIAS = re.compile(r"alias\s+(go|gofmt)\s+(\S.*)$")
_SOURCE = re.compile(r"source\s+(\S+)")
_CONDITION = re.compile(r"(?:if|else\s+if)\s*\(")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?(?::q)?")


def read(path: str, lines: list[str], *, home: str) -> FileFacts:
    """Facts of ~/.cshrc, ~/.tcshrc, ~/.login or /etc/csh.*."""
    found: list[StartupLine] = []
    sourced: list[Sourced] = []
    known = {"HOME": home, "home": home}
    early_return = 0
    guarded_depth = depth = 0
    for number, line in enumerate(lines, 1):
        text = _uncommented(line.strip())
        condition = _CONDITION.match(text)
        inline = condition is not None and not text.endswith("then")
        looks = condition is not None and ("$path" in text or "$PATH" in text)
        if condition and not inline and text.startswith("if"):
            depth += 1
            guarded_depth = guarded_depth or (depth if looks else 0)
        elif text == "endif":
            guarded_depth = 0 if guarded_depth == depth else guarded_depth
            depth = max(0, depth - 1)
        command = _behind_condition(text, condition.end()) if condition and inline else text
        if not early_return and re.match(r"if\s*\(\s*(?:!\s*\$\?prompt|\$\?prompt\s*==\s*0)\s*\)\s*exit", text):
            early_return = number
        place = Location(path=path, line=number, text=line.rstrip("\r")[:300])
        base = StartupLine(
            kind="", name="", location=place, reached=not early_return, carriage_return=line.endswith("\r"),
            guarded=bool(guarded_depth) or looks,
        )  # fmt: skip
        fact = _fact(base, command, known, sourced)
        if fact is not None and len(found) < LINES_LIMIT:
            found.append(fact)
    return FileFacts(tuple(found), early_return, tuple(dict.fromkeys(sourced)))


def _uncommented(text: str) -> str:
    if text.startswith("#"):
        return ""
    index = text.find(" #")
    return (
        text if index < 0 or text.count('"', 0, index) % 2 or text.count("'", 0, index) % 2 else text[:index].rstrip()
    )


def _behind_condition(text: str, index: int) -> str:
    """The command of `if ( ... ) command`."""
    depth = 1
    while index < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        index += 1
    return text[index:].strip()


def _fact(base: StartupLine, command: str, known: dict[str, str], sourced: list[Sourced]) -> StartupLine | None:
    setenv = _SETENV.match(command)
    if setenv:
        return _setenv(base, setenv[1], setenv[2] or "", known)
    set_path = _SET_PATH.match(command)
    if set_path:
        value = set_path[1]
        words = value.strip("() ").split()
        return _path(base, value, [_expanded(word, known) for word in words])
    alias = _ALIAS.match(command)
    if alias:
        return base._replace(kind="alias", name=alias[1], value=alias[2])
    source = _SOURCE.match(command)
    if source:
        target = _expanded(source[1].strip("\"'"), known)
        if target.startswith("/") and "$" not in target:
            sourced.append(Sourced(target))
        return base._replace(kind="source", name=target, value=source[1])
    return None


def _setenv(base: StartupLine, name: str, value: str, known: dict[str, str]) -> StartupLine | None:
    text = _expanded(value, known)
    known[name] = text
    if name == "PATH":
        return _path(base, value, text.split(":"))
    return base._replace(kind="variable", name=name, value=value, literal=literal_of(text)) if wanted(name) else None


def _path(base: StartupLine, value: str, entries: list[str]) -> StartupLine:
    parts = path_parts(entries)
    return base._replace(
        kind="path", name="PATH", value=value, adds=parts.adds, keeps=parts.keeps, at_end=parts.at_end,
        literal=literal_of(":".join(parts.adds), is_path=True),
    )  # fmt: skip


def _expanded(text: str, known: dict[str, str]) -> str:
    single = text[:1] == "'"
    quoted = text[:1] in ("'", '"')
    if quoted and text[-1:] == text[:1] and len(text) > 1:
        text = text[1:-1]
    if single:
        return text
    if not quoted and (text == "~" or text.startswith("~/")):
        text = known["HOME"] + text[1:]

    def value(match: re.Match[str]) -> str:
        return OLD_PATH if match[1] in ("path", "PATH") else known.get(match[1], match[0])

    return _REFERENCE.sub(value, text)[:65536]
