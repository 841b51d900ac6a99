"""What a policy says of licences, once the zip of a version is there to be looked into. Blocking, where it reads.

All licences at the top of a module count together: which of them somebody may choose nobody can tell from the files. Those of its dependencies are
theirs, and those of copied code below are not looked for.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import zip_members
from gosteward.golang.modulepaths import covers
from gosteward.host.inflating import Forward, content_of, engine_of
from gosteward.knowledge import licences
from gosteward.modules import zip_contents
from gosteward.modules.answers import FORBIDDEN, Refusal

if TYPE_CHECKING:
    from gosteward.formats.zip_members import Member
    from gosteward.host.inflating import Engine
    from gosteward.modules.policy import Licences

MOST_FILES = 20
_MOST_SHOWN = 100  # characters of a file's name


class LicenceFile(NamedTuple):
    """A file at the top of a module.  names: of the licences in it, () for unknown."""

    file: str
    names: tuple[str, ...]


def licences_in(archive: int, module: str, version: str) -> tuple[LicenceFile, ...]:
    """The licences of a module's zip, of which it is known that it is one.

    Args:
        archive: descriptor of the whole file.
    Raises:
        ArchiveError, OSError.
    """
    found = [one for one in zip_contents.listed(archive, module, version) if licences.FILES.fullmatch(one.name)]
    engine = engine_of("")
    return tuple(
        LicenceFile(one.name, _named(engine, archive, one) if number < MOST_FILES else ())
        for number, one in enumerate(found)
    )


def refusal(wanted: Licences, module: str, version: str, found: tuple[LicenceFile, ...]) -> Refusal | None:
    """Why the licences of a version refuse it; None if they do not."""
    reason = "" if covers(wanted.excepted, module) else _reason(wanted, found)
    if not reason:
        return None
    return Refusal(FORBIDDEN, f"{module}@{version} is refused by the policy: {reason} ({wanted.place})")


def _reason(wanted: Licences, found: tuple[LicenceFile, ...]) -> str:
    if not found and not wanted.passes_unknown:
        return "it has no file with a licence"
    for one in found:
        file = zip_members.shown(one.file[:_MOST_SHOWN])
        if not one.names and not wanted.passes_unknown:
            return f"the licence in its {file} is none that is known here"
        bad = next((name for name in one.names if _fits(wanted.patterns, name) != wanted.allows), "")
        if bad:
            return f"its {file} is {bad}, which is {'not among the allowed licences' if wanted.allows else 'denied'}"
    return ""


def _fits(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _named(engine: Engine, archive: int, member: Member) -> tuple[str, ...]:
    return licences.named(content_of(engine, Forward(archive), member)) if member.size <= licences.LONGEST else ()
