"""Release data as a document of the schema "gosteward.release-data/1": in the state directory, in bundles, on servers of a site. Pure.

    {"schema": "gosteward.release-data/1",
     "releases": {"as_of": "2026-11-28T07:00:00Z", "source": "https://goproxy.example",
                  "lines": [{"line": "1.26", "released": "2026-02", "ended": "", "newest": "go1.26.11"}]},
     "advisories": {"as_of": "2026-11-05T23:49:57Z", "source": "golang/vulndb",
                    "entries": [{"id": "GO-2026-6602", "aliases": ["CVE-2026-94447"], "packages": ["cmd/go"],
                                 "ranges": [["0", "1.26.9"], ["1.27.0-0", "1.27.2"]]}]}}

Whoever wrote it may be anybody: what is read here is of the right form, and may still be wrong.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gosteward.errors import DecodeError
from gosteward.golang import advisories, goversion
from gosteward.golang.advisories import Advisory, Range, point, shown
from gosteward.knowledge.release_data import SOURCE_LIMIT, Advisories, ReleaseData, Releases
from gosteward.knowledge.releases import Line

SCHEMA = "gosteward.release-data/1"
SIZE_LIMIT = 4 << 20
MOST_LINES = 200
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_LINE = re.compile(r"1\.(\d{1,4})", re.ASCII)


def written(data: ReleaseData) -> bytes:
    """The document, always the same for the same values."""
    lines = [{**line._asdict(), "line": f"1.{line.minor}"} for line in data.releases.lines]
    for line in lines:
        del line["minor"]
    document = {
        "schema": SCHEMA,
        "releases": {"as_of": data.releases.as_of, "source": data.releases.source, "lines": lines},
        "advisories": {
            "as_of": data.advisories.as_of,
            "source": data.advisories.source,
            "entries": [a._asdict() for a in data.advisories.entries],
        },
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def parse(content: bytes) -> ReleaseData:
    """Read a document. What it has besides the known fields is passed over.

    Raises:
        DecodeError: it is none, or has a value that cannot be.
    """
    try:
        found = _document(content)
        return ReleaseData(_releases(_dictionary(found, "releases")), _advisories(_dictionary(found, "advisories")))
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise DecodeError(
            f"no release data ({reason})", hint="it may be damaged, or of a later version of gosteward"
        ) from None


def _document(content: bytes) -> dict[str, Any]:
    if len(content) > SIZE_LIMIT:
        raise ValueError(f"more than {SIZE_LIMIT} bytes")
    found = json.loads(content.decode(), parse_int=lambda _: None, parse_float=lambda _: None)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"it is not of the schema {SCHEMA}")
    return found


def _releases(part: dict[str, Any]) -> Releases:
    lines = tuple(map(_line, _list(part, "lines", MOST_LINES)))
    if not lines or list(lines) != sorted({line.minor: line for line in lines}.values()):
        raise ValueError("its lines are not in order, or there are none")
    return Releases(_matching(part, "as_of", _TIME), _source(part), lines)


def _line(row: object) -> Line:
    fields = _object(row)
    minor = int(_matching(fields, "line", _LINE)[2:])
    newest, ended = _text(fields, "newest"), _text(fields, "ended")
    parsed = goversion.parse(newest)
    if newest and (parsed is None or parsed.minor != minor or parsed.stage != 2 or shown(parsed) != newest):
        raise ValueError("newest is no release of its line")
    if ended and not _MONTH.fullmatch(ended):
        raise ValueError("ended is no month")
    return Line(minor, _matching(fields, "released", _MONTH), ended, newest)


def _advisories(part: dict[str, Any]) -> Advisories:
    entries = tuple(map(_advisory, _list(part, "entries", advisories.MOST_ENTRIES)))
    if len({one.id for one in entries}) != len(entries):
        raise ValueError("it has an entry twice")
    return Advisories(_matching(part, "as_of", _TIME), _source(part), entries)


def _advisory(row: object) -> Advisory:
    fields = _object(row)
    return Advisory(
        _matching(fields, "id", advisories.ID),
        _texts(fields, "aliases", advisories.ALIAS),
        _texts(fields, "packages", advisories.PACKAGE),
        tuple(map(_range, _list(fields, "ranges", advisories.MOST_RANGES))),
    )


def _range(pair: object) -> Range:
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
        raise ValueError("a range is no pair of versions")
    if point(pair[0]) is None or (pair[1] and point(pair[1]) is None):
        raise ValueError("a range has no version of Go")
    return Range(*pair)


def _source(part: dict[str, Any]) -> str:
    return "".join(c if c.isprintable() else "?" for c in _text(part, "source")[:SOURCE_LIMIT])


def _object(row: object) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError("a row that is no object")  # noqa: TRY004 - of a text, not of an argument
    return row


def _dictionary(document: dict[str, Any], key: str) -> dict[str, Any]:
    return _object(document.get(key))


def _text(document: dict[str, Any], key: str) -> str:
    found = document.get(key)
    if not isinstance(found, str):
        raise ValueError(f"{key} is no text")  # noqa: TRY004 - of a text, not of an argument
    return found


def _matching(document: dict[str, Any], key: str, form: re.Pattern[str]) -> str:
    found = _text(document, key)
    if not form.fullmatch(found):
        raise ValueError(f"{key} has another form")
    return found


def _list(document: dict[str, Any], key: str, most: int) -> list[Any]:
    found = document.get(key)
    if not isinstance(found, list) or len(found) > most:
        raise ValueError(f"{key} is no list, or too long a one")
    return found


def _texts(document: dict[str, Any], key: str, form: re.Pattern[str]) -> tuple[str, ...]:
    found = _list(document, key, advisories.MOST_PACKAGES)
    if not all(isinstance(text, str) and form.fullmatch(text) for text in found):
        raise ValueError(f"{key} has another form")
    return tuple(found)
