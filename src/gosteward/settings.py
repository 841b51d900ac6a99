"""What a site or a user decides once for all commands that handle toolchains: types, and how their text is read. Pure.

    # /etc/gosteward/settings.toml
    [toolchains]
    sources = ["https://mirror.example/golang", "/srv/go"]   # as --from, in this order, before GOPROXY and go.dev
    only_sources = false                                     # ask nothing else than these
    root = "/opt/go"
    group = "devops"
    links = true
    adopt = false
    offline = false

Source: toml.io/en/v1.0.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from gosteward.errors import UsageError
from gosteward.formats import toml_document
from gosteward.formats.toml_document import printable
from gosteward.golang.proxyurls import masked

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLE = "toolchains"
LONGEST_FILE = 1 << 16
MOST_SOURCES = 32
DEFAULT = "default"
_HEADER = re.compile(r"\s*\[\s*(?P<name>[^\[\]#]+?)\s*\]")
# TOML's own words for where a file is wrong, which come behind what is wrong.

Value = Union[str, bool, "tuple[str, ...]"]


class Settings(NamedTuple):
    """The settings in force.

    Attributes:
        sources: URLs and whole paths, in order.   only_sources: no other server is asked.
        root: where trees are put, "" for the usual place.   group: as --group, "" for everybody.
        links: make links outside of the root.   adopt, offline: as the flags.
        origins: where a value comes from, by key: "/etc/gosteward/settings.toml:4", "GOSTEWARD_ROOT"; keys that are not in it have their default.
    """

    sources: tuple[str, ...] = ()
    only_sources: bool = False
    root: str = ""
    group: str = ""
    links: bool = True
    adopt: bool = False
    offline: bool = False
    origins: tuple[tuple[str, str], ...] = ()

    def origin(self, key: str) -> str:
        """Where a value comes from."""
        return dict(self.origins).get(key, DEFAULT)


class Chosen(NamedTuple):
    """A value that somebody chose.  origin: as of `Settings`."""

    key: str
    value: Value
    origin: str


KEYS: dict[str, type[object]] = {
    "sources": tuple, "only_sources": bool, "root": str, "group": str, "links": bool, "adopt": bool, "offline": bool
}  # fmt: skip
FORMS = {tuple: 'a list of texts, ["..."]', bool: "true or false", str: 'a text, "..."'}
ALLOWED = f"allowed in [{TABLE}]: {', '.join(KEYS)}"


def merged(chosen: Iterable[Chosen]) -> Settings:
    """The settings that follow from what was chosen; of several values for a key the last one counts."""
    found = {choice.key: choice for choice in chosen}
    values: dict[str, Any] = {choice.key: choice.value for choice in found.values()}
    return Settings(**values, origins=tuple((choice.key, choice.origin) for choice in found.values()))


def of_environment(sources: str, root: str) -> tuple[Chosen, ...]:
    """What the environment says.

    Args:
        sources: GOSTEWARD_FROM, one source or several with commas between them.   root: GOSTEWARD_ROOT; "" for a variable that is not set.

    Raises:
        UsageError: the root is no whole path, a source is neither that nor a URL.
    """
    texts = tuple(text.strip() for text in sources.split(",") if text.strip())
    given = (Chosen("sources", texts, "GOSTEWARD_FROM"), Chosen("root", root, "GOSTEWARD_ROOT"))
    return tuple(_checked(choice) for choice in given if choice.value)


def parse(text: str, path: str) -> tuple[Chosen, ...]:
    """Read a settings file.

    Args:
        path: of the file, for errors and origins.

    Raises:
        UsageError: it is no TOML, or has a key or a kind of value that is not known; it names the file and the line.
    """
    if len(text) > LONGEST_FILE:
        raise UsageError("the file is too long for settings", subject=path)
    document = toml_document.parsed(text, path, UsageError("not settings", subject=path, hint=ALLOWED))
    for name, value in document.items():
        if name != TABLE or not isinstance(value, dict):
            place = _place(text, path, name, top=True)
            raise UsageError("not a setting", subject=f"{place}: {printable(name)}", hint=ALLOWED)
    table = document.get(TABLE)
    chosen = [] if not isinstance(table, dict) else [_choice(key, value, text, path) for key, value in table.items()]
    return tuple(_checked(choice) for choice in chosen)


def _choice(key: str, value: object, text: str, path: str) -> Chosen:
    place = _place(text, path, key)
    kind = KEYS.get(key)
    if kind is None:
        raise UsageError("not a setting", subject=f"{place}: {printable(key)}", hint=ALLOWED)
    if kind is bool and isinstance(value, bool):
        return Chosen(key, value, place)
    if kind is str and isinstance(value, str):
        return Chosen(key, value, place)
    if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return Chosen(key, tuple(value), place)
    raise UsageError(f"{key} is {FORMS[kind]}", subject=f"{place}: {printable(masked(repr(value)))}")


def _checked(choice: Chosen) -> Chosen:
    """What can be said of a value without looking at the host. Raises UsageError."""
    value, place = choice.value, f"{choice.origin}: {choice.key}"
    for text in value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ():
        if not text.isprintable():
            raise UsageError("there is an invisible character in it", subject=place)
    if choice.key == "root" and isinstance(value, str):
        if not value.startswith("/"):
            raise UsageError("the root must be a whole path", subject=place, hint="it begins with /")
        return choice._replace(value=value.rstrip("/") or "/")
    if isinstance(value, tuple):
        if len(value) > MOST_SOURCES:
            raise UsageError(f"there are more than {MOST_SOURCES} sources", subject=place)
        for text in value:
            if not text.startswith(("http://", "https://", "/", "file:///")):
                raise UsageError("a source is a URL or a whole path", subject=f"{place}: {printable(masked(text))}")
    return choice


def _place(text: str, path: str, key: str, *, top: bool = False) -> str:
    """File and line of a key. TOML keeps no lines: the first one that looks like it, in its table."""
    names = (re.escape(key), re.escape(f'"{key}"'), re.escape(f"'{key}'"))
    word = re.compile(rf"\s*(?:\[+\s*)?(?:{TABLE}\s*\.\s*)?(?:{'|'.join(names)})\s*[=.\]]")
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = _HEADER.match(line)
        table = header["name"] if header is not None else table
        if word.match(line) and (top or table.partition(".")[0].strip() == TABLE or not table):
            return f"{path}:{number}"
    return path
