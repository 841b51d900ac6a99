"""Readers of what is known about releases: answers of a vulnerability database, and the document that carries it from host to host."""

from __future__ import annotations

from fuzz.json_mutation import mutated
from fuzz.target import Target
from gosteward.errors import DecodeError
from gosteward.golang import advisories, goversion
from gosteward.golang.advisories import AdvisoryError
from gosteward.knowledge import release_data, release_document

VERSIONS = [found for found in map(goversion.parse, ("go1.1", "go1.20", "go1.26.8", "go1.27rc3")) if found is not None]
SHIPPED = release_data.shipped()


def _entry(data: bytes) -> object:
    found = advisories.parse(data)
    for version in VERSIONS:
        fix = found.fixed_after(version)
        if fix is not None and not (found.affects(version) and version < fix):
            raise AssertionError("a fix that comes before the fault")
    return found, found.name, found.of_command, [found.affects(version) for version in VERSIONS]


def _index(data: bytes) -> object:
    return advisories.modified(data) if data[:1] == b"{" else advisories.listed(data)


def _document(data: bytes) -> object:
    found = release_document.parse(data)
    if release_document.parse(release_document.written(found)) != found:
        raise AssertionError("what is read is not what is written")
    both = release_data.merged(SHIPPED, found)
    return found, both.as_of, both.ended("go1.26.8"), both.vulnerabilities_of("go1.26.8")


ADVISORIES = {
    "advisory": Target(_entry, errors=(AdvisoryError,), longest=1 << 13, mutate=mutated),
    "advisory-index": Target(_index, errors=(AdvisoryError,), longest=1 << 13, mutate=mutated),
    "release-data": Target(_document, errors=(DecodeError,), longest=1 << 13, mutate=mutated),
}
