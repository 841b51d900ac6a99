"""What a command of sh, bash or zsh source has to do with PATH: does it look at it, does it set it, and how. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.shells.posix_tree import (
    Case,
    Chain,
    Group,
    If,
    Loop,
    Pipe,
    Simple,
    Test,
    appends,
    name_of,
    raw_words,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.shells.posix_tree import Node

DECLARATIONS = frozenset(("export", "declare", "typeset", "readonly", "local", "integer"))
_MENTIONS_PATH = re.compile(r"\$\{?\(?[^)\s}]{0,8}\)?(?:PATH|path)\b|printenv\s+PATH|(?:\+|\()path\b")


def mentions_path(raw: str) -> bool:
    """Whether a word names the value of PATH."""
    return _MENTIONS_PATH.search(raw) is not None


def looks_at_path(node: Node) -> bool:
    """Whether a condition looks at the present value of PATH."""
    if isinstance(node, Simple):
        return bool(node.words) and node.words[0] not in DECLARATIONS and any(map(mentions_path, node.words))
    if isinstance(node, (Test, Pipe)):
        return any(map(mentions_path, raw_words(node)))
    if isinstance(node, Chain):
        return any(looks_at_path(part) for _, part in node.parts)
    return isinstance(node, Group) and any(looks_at_path(part) for part in node.body)


def _inner(node: Node) -> Iterable[Node]:
    if isinstance(node, Chain):
        return tuple(part for _, part in node.parts)
    if isinstance(node, If):
        return (*(part for test, body in node.arms for part in (*test, *body)), *node.otherwise)
    if isinstance(node, Case):
        return tuple(part for _, body in node.arms for part in body)
    if isinstance(node, (Loop, Group)):
        return node.body
    return ()


def path_values(node: Node) -> list[tuple[str, bool]]:
    """Right-hand sides of PATH in a function's body, and whether they are appended; bounded by the depth of the tree."""
    if isinstance(node, Simple):
        words = node.assignments + (node.words[1:] if node.words[:1] and node.words[0] in DECLARATIONS else ())
        return [(value_of(word), appends(word)) for word in words if name_of(word) in ("PATH", "path")]
    return [found for part in _inner(node) for found in path_values(part)]


def sets_path(node: Node) -> bool:
    """Whether a command, or one in it, assigns PATH."""
    return bool(path_values(node))


def appends_first(body: tuple[Node, ...]) -> bool:
    """Whether a function that knows no `after` puts its argument behind the old PATH."""
    found = [value for part in body for value in path_values(part)]
    return len(found) == 1 and (found[0][1] or re.match(r"[\"'(]?\$\{?(?:PATH|path)\b", found[0][0]) is not None)


def checks_path(node: Node) -> bool:
    """Whether a condition anywhere in a command looks at the present value of PATH."""
    if isinstance(node, Case) and mentions_path(node.subject):
        return True
    return looks_at_path(node) or any(checks_path(part) for part in _inner(node))
