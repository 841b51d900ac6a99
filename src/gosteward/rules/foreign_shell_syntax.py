"""GS125: a line that sets PATH or a variable of Go is written for another shell, or is misspelt, so it has no effect."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import EditLines, LineEdit
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.guarded_lines import guarded_line
from gosteward.reasoning.obstacles import claims, foreign_lines, misspelt, severity_of
from gosteward.reasoning.path_text import meant, plainly_quoted, unseen, visible
from gosteward.reasoning.reach import own_readers, plain, without_system
from gosteward.reasoning.remedies import line_edits, real

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Snapshot, StartupFile, StartupLine

RULE = Rule(
    id="GS125",
    slug="foreign-shell-syntax",
    title="a line is not written in the language of its file",
    severity="warning",
    needs=("contexts", "startup_files"),
    symptoms=(
        "PATH: command not found",
        "not a valid identifier",
        "setenv: command not found",
        "set: -g: invalid option",
        "Is a directory",
    ),
)
_STATEMENT = re.compile(r"(?:export\s+)?(?i:[PATH]{4})\s*\+?=|set\s+-|setenv\s+PATH\b|fish_add_path\b|set\s+path\b")
_SETS_ONE = re.compile(r"(?:set\s+(?:-[\w-]+\s+)*|setenv\s+|export\s+)?[A-Z_]+[\s=]+\S+")
_MISSPELT = re.compile(r"\b(?!PATH=)(?i:[PATH]{4})=")
_PLUS = re.compile(r"\bPATH\+=([\"']?)(:[^\"'\s;#]{1,1000})\1(?=\s|;|$)")
_DIRECTORY = re.compile(r"(?<![\w}/.])(?:\$HOME|~)?/[\w./@+-]{1,200}")


class _Line(NamedTuple):
    file: StartupFile
    line: StartupLine
    fault: str
    obstacle: Obstacle | None


def check(snapshot: Snapshot) -> Iterator[Finding]:
    first: dict[str, list[_Line]] = {}
    for item in _lines(snapshot):
        first.setdefault(item.file.path, []).append(item)
    for items in first.values():
        # The line that keeps go away is the one to read first.
        items.sort(key=lambda item: item.obstacle is None)
        yield _finding(snapshot, items)


def _lines(snapshot: Snapshot) -> Iterator[_Line]:
    obstacles = {(o.location.path, o.location.line): o for o in foreign_lines(snapshot)}
    for file in snapshot.startup_files:
        readers = own_readers(snapshot, file)
        for line in file.lines:
            fault = misspelt(line, readers)
            obstacle = obstacles.get((line.location.path, line.location.line))
            if not fault or fault == "dollar-in-environment-file" or line.carriage_return:
                continue
            # fish has a function named export, which serves single values well; of $PATH it takes one directory.
            spoilt = line.kind == "path" and any(without_system(c) for c in readers)
            if fault == "export-in-fish" and obstacle is None and not spoilt:
                continue
            if fault == "bash-in-sh" and obstacle is None:  # where sh is bash, the line does what it says
                continue
            if readers or fault == "export-in-environment-file":
                yield _Line(file, line, fault, obstacle)


def _finding(snapshot: Snapshot, items: list[_Line]) -> Finding:
    item = items[0]
    hit = item.obstacle.contexts if item.obstacle else ()
    edits = tuple({edit.line: edit for i in items for edit in _edits(snapshot, i)}.values())
    where = item.line.location
    readers = tuple(c.name for c in own_readers(snapshot, item.file))
    return Finding(
        rule=RULE,
        subject=where.path,
        message=_message(item),
        locations=tuple(i.line.location for i in items),
        evidence=(f"sed -n {where.line}p {quote(where.path)}",) if where.line else (),
        contexts=hit or readers,
        severity=severity_of(snapshot, hit) if hit else _harm(item.fault),
        explains=(
            *claims(snapshot, hit),
            Explains("GS111", f"{where.path}:{next(iter(item.line.adds), '')}"),
            Explains("GS114", where.path),
            Explains("GS115", f"{where.path}:empty"),
        ),
        risk="confirm" if edits else "manual",
        actions=(EditLines(real(item.file), edits),) if edits else (),
        advice=_advice(item.fault),
    )


def _harm(fault: str) -> str:
    return {"export-in-environment-file": "note", "export-in-fish": "error"}.get(fault, "warning")


def _edits(snapshot: Snapshot, item: _Line) -> tuple[LineEdit, ...]:
    """The line as it should be: only the fault in it changes, where the rest of it is in the right language."""
    where, text = item.line.location, item.line.location.text
    mended = {
        "invisible-character": visible(text),
        "smart-quotes": plainly_quoted(text, for_shell=True) if item.line.kind == "path" else _with_plain_quotes(text),
        "dollar-name": re.sub(r"\$(?:PATH|\{PATH\})(\+?=)", r"PATH\1", text, count=1),
        "misspelt-name": _MISSPELT.sub("PATH=", text, count=1),
        "spaces-around-equals": re.sub(rf"\b{re.escape(item.line.name)}\s*=\s*", f"{item.line.name}=", text, count=1),
        "semicolon": re.sub(r";\s*(?=/)", ":", text),
        "space-after-colon": re.sub(r":[ \t]+(?=[/$~])", ":", text),
        "bash-in-sh": _PLUS.sub(r'PATH="$PATH\2"', text),
        "export-in-environment-file": re.sub(r"^\s*export\s+", "", text),
    }.get(item.fault)
    if mended is not None:
        return line_edits(where, mended) if mended else ()
    return line_edits(where, *new) if (new := _translated(snapshot, item)) else ()


def _with_plain_quotes(text: str) -> str:
    return re.sub("[\u201c\u201d]", '"', re.sub("[\u2018\u2019]", "'", text))


def _translated(snapshot: Snapshot, item: _Line) -> tuple[str, ...]:
    """The same in the language of the file, where the line does nothing else."""
    text = item.line.location.text.strip()
    to_fish = item.file.dialect == "fish"
    if "#" in text or ";" in text or "&" in text:
        return ()
    if item.line.kind == "variable":
        value = item.line.value.strip()
        simple = re.fullmatch(r"[\w./$~:,@%+=-]{1,250}", value)
        form = f"set -gx {item.line.name} {value}" if to_fish else f"export {item.line.name}={value}"
        return (form,) if simple and _SETS_ONE.fullmatch(text) else ()
    given = tuple(dict.fromkeys(plain(d) for d in _DIRECTORY.findall(text)))
    if not given or not _STATEMENT.match(text):
        return ()
    if to_fish:
        return (f"fish_add_path {'--path --append' if item.line.at_end else '--global'} {' '.join(given)}",)
    absolute = (meant(directory, snapshot.user.home) for directory in given)
    lines = tuple(guarded_line(snapshot, "sh", directory) for directory in absolute)
    return lines if all(lines) else ()


def _message(item: _Line) -> Text:
    values = {"file": item.file.path, "line": item.line.location.text.strip()[:160] or item.line.name}
    if item.fault == "fish-in-posix":
        return Text(
            "`{line}` in {file} is written for fish; the shell that reads the file does something else with it",
            **values,
        )
    if item.fault == "csh-in-posix":
        return Text(
            "`{line}` in {file} is written for csh; the shell that reads the file knows no such command", **values
        )
    if item.fault == "export-in-fish":
        return Text("`{line}` in {file} is written for bash; fish takes the value apart in another way", **values)
    if item.fault == "spaces-around-equals":
        return Text("`{line}` in {file} has blanks beside the equals sign: the shell takes it for a command", **values)
    if item.fault == "smart-quotes":
        return Text("`{line}` in {file} has typographic quotes: they become part of the value", **values)
    if item.fault == "invisible-character":
        return Text(
            "`{line}` in {file} has a character that looks like a blank, or like nothing, and is part of a word for the shell ({character})",
            **values,
            character=unseen(item.line.location.text),
        )
    if item.fault == "dollar-name":
        return Text(
            "`{line}` in {file} has a dollar sign before the name that it sets: the shell puts the value of PATH there, and sets nothing",
            **values,
        )
    if item.fault == "misspelt-name":
        return Text("`{line}` in {file} sets another variable than PATH: its name is written in capitals", **values)
    if item.fault == "bash-in-sh":
        return Text(
            "`{line}` in {file} is written for bash; the sh of this host, which reads the file, knows no `+=` and no `[[`",
            **values,
        )
    if item.fault == "semicolon":
        return Text("`{line}` in {file} separates directories by a semicolon: the assignment ends there", **values)
    if item.fault == "space-after-colon":
        return Text("`{line}` in {file} has a blank behind a colon: the value ends there", **values)
    if item.fault == "export-in-environment-file":
        return Text(
            "`{line}` in {file}: pam_env accepts the word export, systemd and containers skip the line", **values
        )
    return Text("`{line}` in {file} is not in the syntax of that file", **values)


def _advice(fault: str) -> Text:
    if fault == "export-in-environment-file":
        return Text("The file holds NAME=value lines and is no script: leave the word export out.")
    if fault == "export-in-fish":
        return Text(
            "In fish write `fish_add_path --global DIRECTORY` for PATH, and `set -gx NAME value` for a variable."
        )
    return Text(
        'For bash, zsh and sh the form is `export PATH="$PATH:/usr/local/go/bin"`: no blanks beside =, colons between directories, plain quotes.'
    )
