"""The structure of sh, bash and zsh source: commands, chains, if, case, loops, functions. Pure, linear time.

The parser is forgiving: a stray `fi` is skipped, a compound command that is never closed ends with the text. What is nested deeper
than DEPTH_LIMIT is left out.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Union

from gosteward.shells.posix_tokens import REDIRECTIONS, Token, tokens

DEPTH_LIMIT = 25
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]\n]{0,100}\])?\+?=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FUNCTION_NAME = re.compile(r"[^\s\"'\\$`(){}=]+")
_CLOSERS = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}", "in"))


class Simple(NamedTuple):
    """A simple command.  assignments: `NAME=value` words in front, as written.   words: the rest.   last_line: where it ends."""

    line: int
    assignments: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    last_line: int = 0


class Test(NamedTuple):
    """`[[ ... ]]`.  text: as written, with its brackets."""

    line: int
    text: str


class Chain(NamedTuple):
    """Commands joined by && and ||.  parts: (connector, command); the first connector is ""."""

    line: int
    parts: tuple[tuple[str, Node], ...]


class Pipe(NamedTuple):
    """A pipeline, or a command with `!` in front."""

    line: int
    parts: tuple[Node, ...]
    negated: bool = False


class If(NamedTuple):
    """arms: (condition, body) of if and each elif.   otherwise: body of else."""

    line: int
    arms: tuple[tuple[tuple[Node, ...], tuple[Node, ...]], ...]
    otherwise: tuple[Node, ...] = ()


class Case(NamedTuple):
    """arms: (patterns, body)."""

    line: int
    subject: str
    arms: tuple[tuple[tuple[str, ...], tuple[Node, ...]], ...]


class Loop(NamedTuple):
    """kind: "for", "while", "until", "select".   name, words: of for (`words` is ("$@",) where it has none).   test: of while."""

    line: int
    kind: str
    name: str = ""
    words: tuple[str, ...] = ()
    test: tuple[Node, ...] = ()
    body: tuple[Node, ...] = ()


class Function(NamedTuple):
    """A function's definition."""

    line: int
    name: str
    body: tuple[Node, ...]


class Group(NamedTuple):
    """`{ ...; }`, or `( ... )` where `subshell` is set."""

    line: int
    body: tuple[Node, ...]
    subshell: bool = False


Node = Union[Simple, Test, Chain, Pipe, If, Case, Loop, Function, Group]


class _TooDeepError(Exception):
    """Nesting beyond DEPTH_LIMIT."""


def parse(text: str, *, zsh: bool = False) -> tuple[Node, ...]:
    """The top-level commands of a script, in order."""
    parser = _Parser(tokens(text, zsh=zsh), zsh)
    nodes: list[Node] = []
    while not parser.at_end():
        try:
            nodes += parser.body(frozenset(), 0)
        except _TooDeepError:
            nodes += parser.rescued
        parser.index += 1  # a closer of something that was never opened
    return tuple(nodes)


class _Parser:
    def __init__(self, found: tuple[Token, ...], zsh: bool) -> None:
        self.tokens = found
        self.zsh = zsh
        self.index = 0
        self.rescued: list[Node] = []

    @property
    def token(self) -> Token:
        return self.tokens[min(self.index, len(self.tokens) - 1)]

    def at_end(self) -> bool:
        return self.token.kind == "end"

    def take(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def word(self, *texts: str) -> bool:
        """Whether the next token is one of these reserved words."""
        return self.token.kind == "word" and self.token.text in texts

    def operator(self, *texts: str) -> bool:
        return self.token.kind == "operator" and self.token.text in texts

    def accept_word(self, text: str) -> bool:
        found = self.word(text)
        self.index += found
        return found

    def separators(self) -> None:
        while self.token.kind == "newline" or self.operator(";", "&"):
            self.index += 1

    def newlines(self) -> None:
        while self.token.kind == "newline":
            self.index += 1

    def body(self, stops: frozenset[str], depth: int) -> tuple[Node, ...]:
        """Commands up to a reserved word or operator in `stops`, which is not taken."""
        if depth > DEPTH_LIMIT:
            raise _TooDeepError
        nodes: list[Node] = []
        if depth == 0:
            self.rescued = nodes
        while True:
            self.separators()
            if self.at_end() or (self.token.kind in ("word", "operator") and self.token.text in stops):
                return tuple(nodes)
            if self.operator(")", ";;", ";&", ";;&") or self.word(*_CLOSERS):
                if depth == 0 or not stops:
                    return tuple(nodes)
                self.index += 1
                continue
            if nodes and "then" in stops and self.zsh and self.word("{"):
                return tuple(nodes)
            nodes.append(self.chain(depth))

    def chain(self, depth: int) -> Node:
        line = self.token.line
        parts: list[tuple[str, Node]] = [("", self.pipe(depth))]
        while self.operator("&&", "||"):
            connector = self.take().text
            self.newlines()
            parts.append((connector, self.pipe(depth)))
        return parts[0][1] if len(parts) == 1 else Chain(line, tuple(parts))

    def pipe(self, depth: int) -> Node:
        line, negated = self.token.line, False
        while self.word("!"):
            negated = not negated
            self.index += 1
        parts = [self.command(depth)]
        while self.operator("|", "|&"):
            self.index += 1
            self.newlines()
            parts.append(self.command(depth))
        return parts[0] if len(parts) == 1 and not negated else Pipe(line, tuple(parts), negated)

    def command(self, depth: int) -> Node:
        token = self.token
        if token.kind == "test":
            self.index += 1
            return self.redirected(Test(token.line, token.text))
        if token.kind == "arithmetic":
            self.index += 1
            return Simple(token.line, words=("((", token.text), last_line=token.line)
        if self.operator("("):
            self.index += 1
            body = self.body(frozenset((")",)), depth + 1)
            self.index += self.operator(")")
            return self.redirected(Group(token.line, body, subshell=True))
        compound = {
            "if": self.if_, "case": self.case, "for": self.loop, "select": self.loop, "foreach": self.loop,
            "while": self.loop, "until": self.loop, "{": self.group, "function": self.function,
        }.get(token.text)  # fmt: skip
        if token.kind == "word" and compound is not None and (token.text != "foreach" or self.zsh):
            self.index += 1
            return self.redirected(compound(token, depth + 1))
        if token.kind == "word" and self.is_definition():
            self.index += 3
            self.newlines()
            return Function(token.line, token.text, self.function_body(depth + 1))
        return self.simple()

    def redirected(self, node: Node) -> Node:
        """Go over redirections behind a compound command."""
        while self.operator(*REDIRECTIONS):
            self.index += 1
            self.index += self.token.kind == "word"
        return node

    def is_definition(self) -> bool:
        following = self.tokens[self.index + 1 : self.index + 3]
        return (
            len(following) == 2
            and following[0].text == "("
            and following[1].text == ")"
            and following[0].kind == following[1].kind == "operator"
            and _FUNCTION_NAME.fullmatch(self.token.text) is not None
        )

    def simple(self) -> Node:
        line = last = self.token.line
        assignments: list[str] = []
        words: list[str] = []
        start = self.index
        while True:
            if self.zsh and words + assignments and self.word("}"):
                break  # zsh needs no `;` before it
            if self.token.kind == "word":
                text = self.token.text
                target = assignments if not words and _ASSIGNMENT.match(text) else words
                target.append(text)
                last = self.token.line + text.count("\n")
                self.index += 1
            elif self.operator(*REDIRECTIONS):
                self.index += 1
                self.index += self.token.kind == "word"
            elif self.token.kind in ("test", "arithmetic"):
                words.append(self.take().text)
            else:
                break
        if self.index == start and not self.at_end():
            self.index += 1  # an operator where a command should be
        return Simple(line, tuple(assignments), tuple(words), last)

    def if_(self, token: Token, depth: int) -> Node:
        arms = []
        otherwise: tuple[Node, ...] = ()
        while True:
            test = self.body(frozenset(("then", "elif", "else", "fi")), depth)
            if self.zsh and self.word("{"):
                arms.append((test, self.braced(depth)))
            else:
                self.accept_word("then")
                arms.append((test, self.body(frozenset(("elif", "else", "fi")), depth)))
            if not self.accept_word("elif"):
                break
        if self.accept_word("else"):
            brace = self.zsh and self.word("{")
            otherwise = self.braced(depth) if brace else self.body(frozenset(("fi",)), depth)
        self.accept_word("fi")
        return If(token.line, tuple(arms), otherwise)

    def braced(self, depth: int) -> tuple[Node, ...]:
        self.index += 1
        body = self.body(frozenset(("}",)), depth)
        self.accept_word("}")
        return body

    def group(self, token: Token, depth: int) -> Node:
        body = self.body(frozenset(("}",)), depth)
        self.accept_word("}")
        return Group(token.line, body)

    def function(self, token: Token, depth: int) -> Node:
        name = self.take().text if self.token.kind == "word" and not self.word("{") else ""
        if self.operator("("):
            self.index += 1
            self.index += self.operator(")")
        self.newlines()
        return Function(token.line, name, self.function_body(depth))

    def function_body(self, depth: int) -> tuple[Node, ...]:
        if depth > DEPTH_LIMIT:
            raise _TooDeepError
        node = self.command(depth)
        return node.body if isinstance(node, Group) and not node.subshell else (node,)

    def case(self, token: Token, depth: int) -> Node:
        subject = self.take().text if self.token.kind == "word" else ""
        self.newlines()
        self.accept_word("in")
        arms = []
        while True:
            self.separators()
            if self.at_end() or self.accept_word("esac"):
                break
            patterns = self.patterns()
            body = self.body(frozenset((";;", ";&", ";;&", "esac")), depth)
            arms.append((patterns, body))
            if self.operator(";;", ";&", ";;&"):
                self.index += 1
        return Case(token.line, subject, tuple(arms))

    def patterns(self) -> tuple[str, ...]:
        found = []
        self.index += self.operator("(")
        while not self.at_end():
            token = self.take()
            if token.kind == "word":
                found.append(token.text)
            elif token.text == ")" or token.kind == "newline" or token.text != "|":
                break
        return tuple(found)

    def loop(self, token: Token, depth: int) -> Node:
        if token.text in ("while", "until"):
            test = self.body(frozenset(("do",)), depth)
            return Loop(token.line, token.text, test=test, body=self.loop_body(depth))
        name = ""
        words: tuple[str, ...] = ("$@",)
        if self.token.kind == "arithmetic":
            self.index += 1
        elif self.token.kind == "word":
            name = self.take().text
        self.newlines()
        if self.accept_word("in"):
            words = self.words_until_line_end()
        elif self.operator("("):
            self.index += 1
            words = self.words_until_line_end()
            self.index += self.operator(")")
        return Loop(token.line, "for", name=name, words=words, body=self.loop_body(depth))

    def words_until_line_end(self) -> tuple[str, ...]:
        found = []
        while self.token.kind == "word":
            found.append(self.take().text)
        return tuple(found)

    def loop_body(self, depth: int) -> tuple[Node, ...]:
        self.separators()
        if self.word("{"):
            return self.braced(depth)
        if self.accept_word("do"):
            body = self.body(frozenset(("done",)), depth)
            self.accept_word("done")
            return body
        if self.zsh:
            body = self.body(frozenset(("end",)), depth) if self.tokens[self.index - 1].kind == "newline" else ()
            if not body and not self.at_end():
                body = (self.chain(depth),)
            self.accept_word("end")
            return body
        return ()


def raw_words(node: Node) -> tuple[str, ...]:
    """All words of a command and, for groups, chains and pipes, of those in it: for a quick look whether something is mentioned."""
    if isinstance(node, Simple):
        return node.assignments + node.words
    if isinstance(node, Test):
        return (node.text,)
    if isinstance(node, Chain):
        return tuple(word for _, part in node.parts for word in raw_words(part))
    if isinstance(node, Pipe):
        return tuple(word for part in node.parts for word in raw_words(part))
    if isinstance(node, Group):
        return tuple(word for part in node.body for word in raw_words(part))
    return ()


def name_of(assignment: str) -> str:
    """The name in `NAME=value`, `NAME+=value` or `NAME[0]=value`; "" if it is none."""
    match = _NAME.match(assignment)
    return match[0] if match and _ASSIGNMENT.match(assignment) else ""


def value_of(assignment: str) -> str:
    """What stands behind the first `=`, as written."""
    return assignment.partition("=")[2]


def appends(assignment: str) -> bool:
    """Whether it is `NAME+=value`."""
    return assignment.partition("=")[0].endswith("+")
