"""Tokens of sh, bash and zsh source: words as written, operators, `[[ ... ]]` and `(( ... ))`. Pure, linear time.

Nothing is an error: a quote, bracket or here-document that is never closed reaches to the end of the text, as it does for a shell.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TOKENS_LIMIT = 100_000
# A `[[` without its `]]` is looked for so far and so often, then it is a word like any other.
TEST_LIMIT, OPEN_TESTS_LIMIT = 4000, 20
_PLAIN = re.compile(r"[^\s\"'\\$`|&;()<>]+|[\r\v\f]+")
_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_OPERATOR = re.compile(r";;&|;;|;&|&&|\|\||\|&|&>>|&>|<<<|<<-|<<|<&|>&|>>|>\||<>|[;&|()<>]")
_ARRAY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]\n]{0,100}\])?\+?=")
REDIRECTIONS = frozenset(("&>>", "&>", "<<<", "<<-", "<<", "<&", ">&", ">>", ">|", "<>", "<", ">"))
# What counts inside each kind of nesting, named by the text that closes it ("}q": a ${...} within double quotes).
_INSIDE = {
    ")": re.compile(r"[()\"'\\`]|\$\{|#"),
    "}": re.compile(r"[}\"'\\`]|\$[({]"),
    "}q": re.compile(r"[}\"\\`]|\$[({]"),
    '"': re.compile(r"[\"\\`]|\$[({]"),
    "`": re.compile(r"[`\\]"),
}


class Token(NamedTuple):
    """kind: "word", "operator", "newline", "test" (text: all of `[[ ... ]]`), "arithmetic", "end".  line, from 1, where it begins."""

    kind: str
    text: str
    line: int


def skip(text: str, index: int, closer: str) -> int:
    """Index behind the bracket or quote that closes what was opened before `index`; the end of the text if nothing does."""
    stack = [closer]
    while stack:
        top = stack[-1]
        match = _INSIDE[top].search(text, index)
        if match is None:
            return len(text)
        found, index = match[0], match.end()
        if found == top[0]:
            stack.pop()
        elif found == "\\":
            index += 1
        elif found == "'":
            index = _behind(text, "'", index)
        elif found == "#":
            if text[match.start() - 1] in " \t\n;(":
                index = _behind(text, "\n", index) - 1
        elif found == "${":
            stack.append("}q" if top in ('"', "}q") else "}")
        else:
            stack.append({"$(": ")", "(": ")"}.get(found, found))
    return min(index, len(text))


def _behind(text: str, mark: str, index: int) -> int:
    found = text.find(mark, index)
    return len(text) + (mark == "\n") if found < 0 else found + 1


def word_end(text: str, start: int, zsh: bool) -> int:
    """Index behind the word that begins at `start`."""
    index, end = start, len(text)
    while index < end:
        char = text[index]
        if char in " \t\n|&;)" or (char in "<>" and text[index + 1 : index + 2] != "("):
            break
        if char in "<>":
            if index > start:
                break
            index = skip(text, index + 2, ")")
        elif char == "(":
            if not _goes_on(text, start, index, zsh):
                break
            index = skip(text, index + 1, ")")
        elif char == "\\":
            index += 2
        elif char == "'":
            index = _behind(text, "'", index + 1)
        elif char in '"`':
            index = skip(text, index + 1, char)
        elif char == "$":
            index = _dollar_end(text, index)
        else:
            match = _PLAIN.match(text, index)
            index = match.end() if match else index + 1
    return min(index, end)


def _goes_on(text: str, start: int, index: int, zsh: bool) -> bool:
    """Whether a bracket within a word belongs to it: an array, an extended pattern, a zsh qualifier; but not `name()`."""
    if index == start:
        return False
    if text[index - 1] == "=":
        return _ARRAY.fullmatch(text, start, index) is not None
    return text[index - 1] in "@?*+!" or (zsh and text[index + 1 : index + 2] != ")")


def _dollar_end(text: str, index: int) -> int:
    following = text[index + 1 : index + 2]
    if following == "(":
        return skip(text, index + 2, ")")
    if following == "{":
        return skip(text, index + 2, "}")
    if following == "'":
        index += 2
        while index < len(text) and text[index] != "'":
            index += 2 if text[index] == "\\" else 1
        return index + 1
    return index + 1


class _Scanner:
    def __init__(self, text: str, zsh: bool) -> None:
        self.text = text
        self.zsh = zsh
        self.index = 0
        self.line = 1
        self.counted = 0
        self.tokens: list[Token] = []
        self.documents: list[tuple[str, bool]] = []
        self.document_next = ""
        self.open_tests = 0

    def line_of(self, index: int) -> int:
        self.line += self.text.count("\n", self.counted, index)
        self.counted = index
        return self.line

    def add(self, kind: str, start: int, end: int) -> None:
        self.tokens.append(Token(kind, self.text[start:end], self.line_of(start)))
        self.index = end

    def step(self) -> None:
        text, start = self.text, self.index
        blank = _BLANK.match(text, start)
        if blank:
            self.index = blank.end()
        elif text[start] == "\n":
            self.add("newline", start, start + 1)
            self.documents_end()
        elif text[start] == "#":
            end = text.find("\n", start)
            self.index = len(text) if end < 0 else end
        elif text.startswith("((", start) and self.at_command():
            self.add("arithmetic", start, skip(text, start + 1, ")"))
        elif text[start] in "<>" and text[start + 1 : start + 2] == "(":
            self.word(start)
        else:
            operator = _OPERATOR.match(text, start)
            if operator:
                if operator[0] in ("<<", "<<-"):
                    self.document_next = operator[0]
                self.add("operator", start, operator.end())
            else:
                self.word(start)

    def at_command(self) -> bool:
        last = self.tokens[-1] if self.tokens else None
        if last is None or last.kind == "newline":
            return True
        if last.kind == "operator":
            return last.text in (";", "&&", "||", "|", "&", "(", ";;")
        return last.text in ("if", "while", "until", "then", "else", "elif", "do", "!", "for", "{")

    def word(self, start: int) -> None:
        text = self.text
        end = max(word_end(text, start, self.zsh), start + 1)
        word = text[start:end]
        if word == "[[" and self.open_tests < OPEN_TESTS_LIMIT:
            close = _test_end(text[end : end + TEST_LIMIT])
            self.open_tests += close == 0
            if close:
                self.add("test", start, end + close)
                return
        if word.isdigit() and text[end : end + 1] in ("<", ">") and not self.document_next:
            self.index = end  # a descriptor before a redirection
            return
        self.add("word", start, end)
        if self.document_next:
            self.documents.append((re.sub(r"[\"'\\]", "", word), self.document_next == "<<-"))
            self.document_next = ""

    def documents_end(self) -> None:
        """Go over the here-documents that the last line announced."""
        for delimiter, tabs in self.documents[:20]:
            while self.index < len(self.text):
                end = self.text.find("\n", self.index)
                end = len(self.text) if end < 0 else end
                line = self.text[self.index : end]
                self.index = min(end + 1, len(self.text))
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
        self.documents = []


_TEST_PART = re.compile(r"\]\](?=[\s;&|)]|$)")


def _test_end(text: str) -> int:
    """Index behind the `]]` that closes a test; 0 if none does."""
    index, limit = 0, len(text)
    while index < limit:
        char = text[index]
        if char == "]" and text[index - 1 : index] in (" ", "\t", "\n") and _TEST_PART.match(text, index):
            return index + 2
        if char == "'":
            index = _behind(text, "'", index + 1)
        elif char in '"`':
            index = skip(text, index + 1, char)
        elif char == "\\":
            index += 2
        elif char == "$":
            index = _dollar_end(text, index)
        else:
            index += 1
    return 0


def tokens(text: str, *, zsh: bool = False) -> tuple[Token, ...]:
    """Every token of a script, with an "end" at the end; at most TOKENS_LIMIT of them."""
    scanner = _Scanner(text, zsh)
    while scanner.index < len(text) and len(scanner.tokens) < TOKENS_LIMIT:
        scanner.step()
    scanner.tokens.append(Token("end", "", scanner.line_of(min(scanner.index, len(text)))))
    return tuple(scanner.tokens)


def array_words(raw: str, *, zsh: bool = False) -> tuple[str, ...]:
    """The words of `(a b c)` as written."""
    inner = raw[1:-1] if raw.endswith(")") else raw[1:]
    return tuple(token.text for token in tokens(inner, zsh=zsh) if token.kind == "word")
