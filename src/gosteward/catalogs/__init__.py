"""Translations: gettext catalogs (.po), one folder per language, read when a language other than English is asked for.

The text of a template is its key. A catalog is read as it is written, so that translators need no build step; a file per rule
family keeps changes apart. Source: GNU gettext manual, "The Format of PO Files" (the part of it that our catalogs use:
comments, msgid, msgstr, continued strings, the escapes \\n \\t \\" \\\\).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text, fill

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("en", "zh")
FILES = (
    "interface",
    "modcache",
    "bundle",
    "dropins",
    "build",
    "advisories",
    "relfacts",
    "sweep",
    "credentials",
    "proxy",
    "access",
    "storecare",
    "exports",
    "lab",
    "doctor",
    "s3",
    "policy",
    "routes",
    "vulndb",
    "serve",
    "repair",
    "gs1",
    "gs2",
    "gs3",
    "gs4",
    "gs5",
    "gs6",
    "gs7",
    "gs8",
    "gs9",
)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class Catalog(NamedTuple):
    """Messages of one language."""

    language: str = "en"
    messages: Mapping[str, str] = {}

    def text(self, text: Text) -> str:
        """A message with its values, translated."""
        return fill(self.words(text.template), text.values)

    def words(self, template: str) -> str:
        """A template, translated; English where a translation is missing."""
        return self.messages.get(template) or template


def catalog_for(language: str) -> Catalog:
    """The catalog of a language in LANGUAGES."""
    messages: dict[str, str] = {}
    if language != "en":
        import pkgutil  # here, as English needs none of it

        for name in FILES:
            data = pkgutil.get_data(__name__, f"{language}/{name}.po")
            messages.update(parse_po((data or b"").decode("utf-8")))
    return Catalog(language, messages)


def parse_po(text: str) -> dict[str, str]:
    """Read msgid/msgstr pairs.

    Raises:
        ValueError: a line is none of comment, keyword or string; names the line number.
    """
    messages: dict[str, str] = {}
    parts: dict[str, str] = {}
    keyword = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word in ("msgid", "msgstr"):
            if word == "msgid" and parts.get("msgid"):
                messages[parts["msgid"]] = parts.get("msgstr", "")
            if word == "msgid":
                parts = {}
            keyword, line = word, rest.strip()
            parts[keyword] = ""
        if not keyword or len(line) < 2 or line[0] != '"' or line[-1] != '"':
            raise ValueError(f"line {number} is not part of a catalog: {raw[:60]}")
        parts[keyword] += _unescape(line[1:-1])
    if parts.get("msgid"):
        messages[parts["msgid"]] = parts.get("msgstr", "")
    return messages


def _unescape(text: str) -> str:
    pieces = []
    characters = iter(text)
    for character in characters:
        if character == "\\":
            follower = next(characters, "\\")
            pieces.append(_ESCAPES.get(follower, follower))
        else:
            pieces.append(character)
    return "".join(pieces)
