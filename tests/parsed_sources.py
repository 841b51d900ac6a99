"""The program's own files, each parsed once for all tests that look at how they are written.

What is kept of a file is a few sets of names: the trees of all files together are a hundred megabytes.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[1] / "src/gosteward"
FILES = sorted(SOURCE.rglob("*.py"))
MARKERS = {"Text", "words"}


class Facts(NamedTuple):
    """What stands in one file.

    Attributes:
        imported: names of whole packages, "os".   called: functions that are called by a bare name.
        methods: (what a call is made on, its name), ("os", "open"), where the first is a bare name.   attributes: all names behind a dot.
        globals: lines of `global`.   lengths: lines of each function.   explained: the module has a docstring.
        silent: public functions and classes without one.   templates: (text for people, line).
    """

    imported: frozenset[str]
    called: frozenset[str]
    methods: frozenset[tuple[str, str]]
    attributes: frozenset[str]
    globals: tuple[int, ...]
    lengths: tuple[int, ...]
    explained: bool
    silent: tuple[str, ...]
    templates: tuple[tuple[str, int], ...]


def name_of(path: Path) -> str:
    """As in "host/commands.py"."""
    return str(path.relative_to(SOURCE))


@functools.cache
def facts() -> dict[Path, Facts]:
    """All files."""
    return {path: of(path.read_text()) for path in FILES}


def of(text: str) -> Facts:
    """What stands in a text."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    return Facts(
        frozenset(_imported(nodes)),
        frozenset(node.func.id for node in calls if isinstance(node.func, ast.Name)),
        frozenset(
            (node.func.value.id, node.func.attr)
            for node in calls
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        ),
        frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        tuple(node.lineno for node in nodes if isinstance(node, ast.Global)),
        tuple(n.end_lineno - n.lineno + 1 for n in nodes if isinstance(n, defined) and n.end_lineno),
        bool(ast.get_docstring(tree)),
        tuple(_silent(tree)),
        tuple(_templates(nodes, calls)),
    )


def _imported(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _silent(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        if named and not node.name.startswith("_") and not ast.get_docstring(node):
            yield node.name


def _templates(nodes: list[ast.AST], calls: list[ast.Call]) -> Iterator[tuple[str, int]]:
    """First arguments of Text(...) and .words(...), also by the name of a variable; titles of rules."""
    assigned: dict[str, list[ast.expr]] = {}  # of what one name has in several functions all counts
    for node in nodes:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name):
                assigned.setdefault(target.id, []).append(node.value)
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        candidates = list(call.args[:1]) if name in MARKERS else []
        if name == "Rule":
            candidates = [k.value for k in call.keywords if k.arg == "title"]
        yield from ((text, call.lineno) for candidate in candidates for text in _texts(candidate, assigned))


def _texts(node: ast.expr, assigned: dict[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, assigned)
        yield from _texts(node.orelse, assigned)
    elif isinstance(node, ast.Name):
        for value in assigned.get(node.id, ()):
            if not isinstance(value, ast.Name):
                yield from _texts(value, assigned)
