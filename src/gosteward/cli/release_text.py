"""How `list` and `available` say what is known about a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gosteward.finding import Text

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.knowledge.release_data import ReleaseData
    from gosteward.probes.kept_release_data import Known

SHOWN = 3


def row(version: str, data: ReleaseData) -> dict[str, Any]:
    """The members of JSON documents."""
    known = data.vulnerabilities_of(version)
    ended = data.ended(version)
    return {
        "supported": not ended,
        "ended": ended,
        "vulnerabilities": [one.name for one in known],
        "repaired_by": data.repaired_by(version, known),
    }


def dated(data: ReleaseData) -> dict[str, Any]:
    """Members that say of which days that is."""
    releases, advisories = data.releases, data.advisories
    return {
        "known_as_of": data.as_of,
        "release_data": {
            "releases": {"as_of": releases.as_of, "source": releases.source},
            "advisories": {"as_of": advisories.as_of, "source": advisories.source},
        },
    }


def state(found: dict[str, Any], words: Catalog) -> str:
    """The same in words: whether a release gets fixes, the gravest vulnerabilities, and what has none of them."""
    ended, known = found["ended"], found["vulnerabilities"]
    said = f"{words.words('ended')} {ended}" if ended else words.words("supported")
    if not known:
        return said
    names = ", ".join(known[:SHOWN])
    if len(known) > SHOWN:
        names = words.text(Text("{names} and {more} more", names=names, more=str(len(known) - SHOWN)))
    text = Text("known vulnerabilities: {names}; repaired in {fixed}", names=names, fixed=found["repaired_by"])
    if not found["repaired_by"]:
        text = Text("known vulnerabilities: {names}", names=names)
    return f"{said}, {words.text(text)}"


def day(known: Known, words: Catalog) -> list[str]:
    """Of which day that is, and what is wrong with what was kept of later days."""
    lines = [words.text(known.damage)] if known.damage else []
    return [*lines, words.text(Text("as of {day}; `gosteward refresh` asks for what is newer", day=known.data.as_of))]
