"""Where a start-up file of sh, bash or zsh sends away shells that have no terminal: `case $- in *i*) ;; *) return;; esac`. Pure."""

# ruff: noqa: ARG002 - the functions of a table, and the answers of a protocol, all take the same arguments

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.shells import posix_tests
from gosteward.shells.posix_expansion import UNKNOWN, expand
from gosteward.shells.posix_tree import Case, Chain, Group, If, Pipe, Simple, Test

if TYPE_CHECKING:
    from gosteward.shells.posix_tree import Node

STOPPERS = frozenset(("return", "exit", "logout"))


class Unattended:
    """A shell without a terminal, of which nothing else is known.

    Args:
        known: variables that the file has set so far; the dictionary may grow while the file is read.
    """

    def __init__(self, known: dict[str, str], home: str, zsh: bool) -> None:
        self.known = known
        self.home = home
        self.zsh = zsh

    def value(self, name: str) -> str | None:
        if name in ("PS1", "PROMPT", "SSH_TTY", "SSH_CONNECTION_TTY"):
            return None
        if name == "-":
            return "569X" if self.zsh else "hBc"
        if name == "BASH_VERSION" and not self.zsh:
            return "5.2"
        return self.known.get(name, UNKNOWN)

    def output(self, command: str) -> str:
        return "not a tty" if command.strip() == "tty" else UNKNOWN

    def home_of(self, user: str) -> str:
        return self.home if not user else ""

    def file_test(self, test: str, path: str) -> bool | None:
        return None

    def option(self, name: str) -> bool | None:
        return False if name in ("interactive", "terminal") else None

    def stop_of(self, node: Node) -> int:
        """Line of the return or exit by which a shell without a terminal leaves the file in this command; 0 if it goes on."""
        if isinstance(node, Simple):
            return node.line if node.words[:1] and node.words[0] in STOPPERS else 0
        if isinstance(node, Group) and not node.subshell:
            return self.stop_in(node.body)
        if isinstance(node, Chain):
            return self.stop_of_chain(node)
        if isinstance(node, If):
            for test, body in node.arms:
                holds = self.holds(test[-1]) if test else None
                if holds is None:
                    return 0
                if holds:
                    return self.stop_in(body)
            return self.stop_in(node.otherwise)
        return self.stop_of_case(node) if isinstance(node, Case) else 0

    def stop_in(self, nodes: tuple[Node, ...]) -> int:
        return next((line for line in map(self.stop_of, nodes) if line), 0)

    def stop_of_chain(self, node: Chain) -> int:
        status: bool | None = True
        for connector, part in node.parts:
            if (connector == "&&" and status is False) or (connector == "||" and status):
                continue
            if status is None:
                return 0
            line = self.stop_of(part)
            if line:
                return line
            status = self.holds(part)
        return 0

    def stop_of_case(self, node: Case) -> int:
        subject = expand(node.subject, self)
        for patterns, body in node.arms:
            found: bool | None = False
            for pattern in patterns:
                found = posix_tests.either(found, posix_tests.matches(subject, pattern, self))
            if found is None:
                return 0
            if found:
                return self.stop_in(body)
        return 0

    def holds(self, node: Node) -> bool | None:
        """Whether a condition holds in a shell without a terminal."""
        if isinstance(node, Test):
            return posix_tests.bracket(node.text, self)
        if isinstance(node, Pipe) and len(node.parts) == 1:
            held = self.holds(node.parts[0])
            return posix_tests.negated(held) if node.negated else held
        if isinstance(node, Chain):
            status: bool | None = True
            for connector, part in node.parts:
                right = self.holds(part)
                status = posix_tests.either(status, right) if connector == "||" else posix_tests.both(status, right)
            return status
        if not isinstance(node, Simple) or not node.words:
            return None
        if node.words[0] in ("[", "test"):
            return posix_tests.test(node.words[1:], self)
        return False if node.words[0] == "tty" else None
