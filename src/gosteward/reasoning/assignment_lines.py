"""How a line that gives a variable a value reads without it, or with another value, in the syntax of its file. Pure.

A line does nothing but that, or more: of `export A=1 GOROOT=/opt/go B=2` the other two are kept. Where it is not certain what a line would
do afterwards (quotes that are not closed, a here-document, a line that goes on in the next one), there is no answer.

Sources: sh(1p) "Shell Command Language"; systemd.syntax(7); pam_env.conf(5); crontab(5); sshd_config(5); fish's `set`; tcsh(1) `setenv`.
"""

from __future__ import annotations

import re
from shlex import quote
from shlex import split as shell_split

from gosteward.reasoning.command_spans import KEYWORDS, commands_in

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
_DECLARING = ("export", "declare", "typeset", "readonly", "local")
_TESTS = ("[", "[[", "test")
_UNIT_WORD = re.compile(r"""(?:[^\s"'\\]+|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+""")
_UNIT_KEY = re.compile(r"\s*(?:(?:Default|Manager)?Environment\s*=|SetEnv\s)\s*", re.IGNORECASE)
_SCHEDULE = re.compile(r"\s*-?(?:@\w+|[-0-9*/,A-Za-z~?#L]+(?:\s+[-0-9*/,A-Za-z~?#L]+){4})\s+")
_USER = re.compile(r"[a-z_][a-z0-9_-]*\s+")


def without(text: str, name: str, syntax: str) -> tuple[str, ...] | None:
    """The lines that take the place of one that sets a variable; () where nothing remains of it, None where nobody can tell.

    Args:
        text: the whole line.
        syntax: "shell", "fish", "fish-variables", "csh", "lines" (NAME=value, a line each), "crontab", "words" (systemd's Environment=
            and sshd's SetEnv), "pam-rules".
    """
    if text.rstrip().endswith("\\"):
        return None
    if syntax == "shell":
        return _without_in_shell(text, name)
    if syntax == "words":
        return _without_word(text, name)
    if syntax == "crontab" and not _of_line(name).match(text):
        return _without_in_job(text, name)
    return () if _whole(syntax, name).fullmatch(text) else None


def with_value(text: str, name: str, before: str, after: str, syntax: str) -> str | None:
    """The line with another value for the variable; None where nobody can tell how to write it.

    Args:
        before: the value as a program sees it today.
    """
    if text.rstrip().endswith("\\"):
        return None
    if syntax == "shell" or (syntax == "crontab" and not _of_line(name).match(text)):
        return _with_value_in_shell(text, name, before, after)
    if syntax == "words":
        found = [m for m in _unit_words(text) if _names(m[0].lstrip("\"'"), name)]
        return _replaced(text, found[0].span(), before, after) if len(found) == 1 else None
    match = _of_line(name).match(text) if syntax in ("lines", "crontab") else _whole(syntax, name).match(text)
    return (
        _replaced(text, (match.end() if syntax in ("lines", "crontab") else 0, len(text)), before, after)
        if match
        else None
    )


def _replaced(text: str, span: tuple[int, int], before: str, after: str) -> str | None:
    part = text[span[0] : span[1]]
    if part.count(before) != 1 or not _fits(before, after):
        return None
    return text[: span[0]] + part.replace(before, after) + text[span[1] :]


def _fits(before: str, after: str) -> bool:
    """Whether a value may stand where another one stands, whatever quotes are around it."""
    return _PLAIN.fullmatch("".join(set(after) - set(before))) is not None


def _of_line(name: str) -> re.Pattern[str]:
    return re.compile(rf"""\s*(?:export\s+)?["']?{re.escape(name)}["']?\s*=\s*""")


def _whole(syntax: str, name: str) -> re.Pattern[str]:
    """A line that does nothing but to set the variable."""
    word = re.escape(name)
    if syntax == "fish":
        return re.compile(rf"\s*set\s+(?:-\S+\s+)*{word}(?:\s[^;&|()]*)?")
    if syntax == "fish-variables":
        return re.compile(rf"SETUVAR\s+(?:--\S+\s+)*{word}:.*")
    if syntax == "csh":
        return re.compile(rf"\s*(?:if\s*\([^()]*\)\s*)?setenv\s+{word}(?:\s[^;&|`]*)?")
    if syntax == "pam-rules":
        return re.compile(rf"\s*{word}(?:\s.*)?")
    return re.compile(_of_line(name).pattern + ".*")


def _names(word: str, name: str) -> bool:
    return word.startswith((f"{name}=", f"{name}+="))


def _unit_words(text: str) -> list[re.Match[str]]:
    key = _UNIT_KEY.match(text)
    return list(_UNIT_WORD.finditer(text, key.end())) if key else []


def _without_word(text: str, name: str) -> tuple[str, ...] | None:
    words = _unit_words(text)
    kept = [m[0] for m in words if not _names(m[0].lstrip("\"'"), name)]
    if len(kept) == len(words):
        return None
    key = _UNIT_KEY.match(text)
    return (f"{key[0] if key else ''}{' '.join(kept)}",) if kept else ()


def _without_in_job(text: str, name: str) -> tuple[str, ...] | None:
    """A crontab's job; in the system's crontab a user stands before the command."""
    schedule = _SCHEDULE.match(text)
    if schedule is None:
        return None
    user = _USER.match(text, schedule.end())
    for start in (schedule.end(), user.end() if user else 0):
        rest = _without_in_shell(text[start:], name) if start else None
        if rest:
            return (text[:start] + rest[0],)
    return None


class _Hit:
    """A command that sets the variable: the words that do, and whether anything else is in it."""

    def __init__(self, words: tuple[tuple[int, int], ...], *, whole: bool) -> None:
        self.words = words
        self.whole = whole


def _hit(texts: tuple[str, ...], spans: tuple[tuple[int, int], ...], name: str) -> _Hit | None:
    declaring = bool(texts) and texts[0] in _DECLARING
    started = declaring or texts[:1] == ("env",)
    found, others = [], 0
    for number, (word, span) in enumerate(zip(texts, spans)):
        assigns = re.match(r"[A-Za-z_][A-Za-z0-9_]*\+?=", word) is not None
        if (_names(word, name) and (declaring or not started or texts[0] == "env")) or (
            declaring and word == name and texts[0] == "export"
        ):
            found.append(span)
        elif not (declaring and (number == 0 or word.startswith(("-", "+")))):
            others += 1
            started = started or not assigns
    return _Hit(tuple(found), whole=not others) if found else None


def _without_in_shell(text: str, name: str) -> tuple[str, ...] | None:
    commands = commands_in(text)
    hits = [_hit(c.texts, c.words, name) for c in commands or ()]
    if commands is None or not any(hits) or any(c.condition and hit for c, hit in zip(commands, hits)):
        return None
    tests = all(
        (hit is not None and hit.whole) or c.texts[:1] in [(t,) for t in _TESTS] for c, hit in zip(commands, hits)
    )
    simple = all(c.behind in ("", ";", "&&") and not c.keywords for c in commands)
    last = hits[-1]
    if simple and all(hit is not None and hit.whole for hit in hits):
        return ()
    if simple and tests and last is not None and last.whole and all(c.behind == "&&" for c in commands[:-1]):
        return ()
    spans: list[tuple[int, int, str]] = []
    for number, (command, hit) in enumerate(zip(commands, hits)):
        if hit is None:
            continue
        if not hit.whole:
            rest = [word for word, span in zip(command.texts, command.words) if span not in hit.words]
            if rest[0] in KEYWORDS:
                return None  # it is no word of the grammar only because an assignment stands before it
            spans += [(*_with_blanks(text, span, command.end), "") for span in hit.words]
        elif not simple:
            spans.append((command.start, command.end, ":"))
        elif number and commands[number - 1].behind == "&&":
            spans.append((commands[number - 1].end, command.end, ""))
        elif command.behind:
            spans.append((command.start, commands[number + 1].start, ""))
        else:
            spans.append((commands[number - 1].end, command.end, ""))
    for start, end, new in reversed(spans):
        text = text[:start] + new + text[end:]
    return (text.rstrip(),)


def _with_blanks(text: str, span: tuple[int, int], end: int) -> tuple[int, int]:
    """A word with the blanks behind it; of the last word of a command, those before it."""
    start, stop = span
    if stop < end:
        return start, stop + len(text[stop:]) - len(text[stop:].lstrip(" \t"))
    return len(text[:start].rstrip(" \t")), stop


def _with_value_in_shell(text: str, name: str, before: str, after: str) -> str | None:
    commands = commands_in(text)
    found = [
        span
        for c in commands or ()
        for span, word in zip(c.words, c.texts)
        if _names(word, name) and _hit(c.texts, c.words, name)
    ]
    if len(found) != 1:
        return None
    start, end = found[0][0] + len(name) + 1, found[0][1]
    raw = text[start:end]
    if raw.count(before) == 1 and _fits(before, after):
        return text[:start] + raw.replace(before, after) + text[end:]
    if "$" in raw or "`" in raw or _words(raw) != [before]:
        return None
    readable = "'" in after and not set(after) & set('"$`\\!')
    return text[:start] + (f'"{after}"' if readable else quote(after)) + text[end:]


def _words(raw: str) -> list[str]:
    try:
        return shell_split(raw)
    except ValueError:
        return []
