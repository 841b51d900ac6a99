"""What in a start-up file, or in a command that it ran, could make a traced bash behave unlike one that is left alone. Pure.

A trace shows in `$-` and SHELLOPTS, in PS4 and BASH_XTRACEFD, in descriptor 9, in the command line of the shell, and in the time that
it takes; the replay of root's start-up also in BASH_LINENO. Names are searched in the whole text of a file, whether that part of it ran
or not; what is harmless is taken out first.
"""

from __future__ import annotations

import re

from gosteward.shells.xtrace import RS

COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
# One letter that is not x: whether the shell is interactive, as nearly every .bashrc asks.
LETTER = r"[a-wyzA-Z]"
FLAGS = r'"?\$(?:-|\{-\})"?'
WITHOUT = rf'"?\$\{{-#\*{LETTER}\}}"?'
ASKS_FOR_A_LETTER = re.compile(
    rf"\[\[?\s{{1,9}}{FLAGS}\s{{1,9}}(?:==?|!=)\s{{1,9}}\*{LETTER}\*\s{{1,9}}\]\]?|\[\[\s{{1,9}}{FLAGS}\s{{1,9}}=~\s{{1,9}}{LETTER}\s{{1,9}}\]\]"
    rf"|{FLAGS}\s{{1,9}}!?==?\s{{1,9}}{WITHOUT}|{WITHOUT}\s{{1,9}}!?==?\s{{1,9}}{FLAGS}"
)
CASE = re.compile(rf"\bcase\s{{1,9}}{FLAGS}\s{{1,9}}in\b")
CASE_LIMIT = 2000
PATTERN = re.compile(r"(?:\A|;;&?|;&)\s*\(?([^()]{1,100})\)")
HARMLESS_PATTERN = re.compile(rf"\*(?:{LETTER}\*)?")
# Up to nine options of a command.
OPTIONS = r"\s{1,9}(?:[-+]\S{1,40}\s{1,9}){0,9}"
ENDS = r"\s{0,9}(?:[|;&<>)\n\"'`]|$)"
# Words that begin where no other word ends, and signs; apart, because each kind is searched faster alone.
TELLING_WORDS = re.compile(
    # Options of the shell.
    rf"\b(?:xtrace|SHELLOPTS|BASHOPTS|set{OPTIONS}[-+][A-Za-z]*x|set\s{{1,9}}[-+]o(?:\s{{1,9}}posix\b|{ENDS})|shopt\s{{1,9}}-[a-z]*o[a-z]*{ENDS}"
    rf"|(?:ba|da|k|z)?sh{OPTIONS}-[A-Za-z]*x"
    # Variables, and the command line.
    r"|PS4|BASH_XTRACEFD|POSIXLY_CORRECT|BASH_EXECUTION_STRING|BASH_ARG[CV]|BASH_LINENO|caller\b|ps\b.{0,100}(?:\$\$|PPID)"
    # Descriptors; time.
    rf"|9[<>]|lsof\b|SECONDS\b|EPOCH(?:SECONDS|REALTIME)\b|TMOUT\b|timeout\b|read{OPTIONS}-[A-Za-z]*t)"
)
TELLING_SIGNS = re.compile(
    r"\$(?:-|_(?!\w)|\{(?:#?-|![A-Za-z_]\w{0,100}(?!\w|@\}|\*\}|\[[@*]\]\})))"
    r"|/dev/fd\b|/proc/(?:self|thread-self|\$|[0-9])|[<>]&\s{0,9}(?:9|\$|-)|\{\w{1,100}\}[<>]"
)
# All that a trace shows of it: what stands behind is in a file, or in the text of an `eval`, and searched there.
TRACED_CASE = re.compile(RS + r"case \S{1,100} in\n")
RUNS_EXEC = re.compile(RS + r"(?:(?:builtin|command) ){0,9}exec\b")


def in_text(text: str) -> str:
    """The first word in a start-up file that could tell a traced bash from another one; "" if there is none."""
    text = _without_harmless_cases(ASKS_FOR_A_LETTER.sub("", COMMENT.sub("", text)))
    found = TELLING_WORDS.search(text) or TELLING_SIGNS.search(text)
    return found.group()[:60] if found else ""


def in_commands(text: str) -> str:
    """The same in commands as a trace shows them, each behind a 0x1e; and an `exec`, which moves descriptors or replaces the shell."""
    return "exec" if RUNS_EXEC.search(text) else in_text(TRACED_CASE.sub("", text))


def _without_harmless_cases(text: str) -> str:
    """The text without the head of each `case $- in *i*) ... ;; *) ... esac` whose patterns ask for letters other than x."""
    parts, position = [], 0
    for head in CASE.finditer(text):
        inside, closed, _ = text[head.end() : head.end() + CASE_LIMIT].partition("esac")
        if not closed or CASE.search(inside):
            continue
        if all(HARMLESS_PATTERN.fullmatch(pattern) for pattern in PATTERN.findall(inside)):
            parts.append(text[position : head.start()])
            position = head.end()
    return "".join([*parts, text[position:]])
