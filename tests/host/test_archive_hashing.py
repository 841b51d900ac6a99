"""Hashes of archives: the same tree has the same h1 in both forms, wherever the archive lies, and damage is named."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from gosteward.formats.zip_members import ArchiveError
from gosteward.host.archive_hashing import Hashed, Part, digest_of, hash_archive
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = small_release()
FORMS = {"module": RELEASE.zip(), "archive": RELEASE.tar_gz()}


def hashed(
    path: Path, form: str, content: bytes, before: bytes = b"", behind: bytes = b"", version: str = "go1.26.90"
) -> Hashed:
    path.write_bytes(before + content + behind)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        part = Part(descriptor, len(before), len(content))
        assert digest_of(part) == hashlib.sha256(content).hexdigest()
        return hash_archive(part, form, version, "linux-amd64")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("form", FORMS)
def test_both_forms_have_the_h1_that_the_log_names_also_as_a_part_of_a_file(tmp_path: Path, form: str) -> None:
    wanted = Hashed(hashlib.sha256(FORMS[form]).hexdigest(), RELEASE.h1)
    assert hashed(tmp_path / "x", form, FORMS[form]) == wanted
    assert hashed(tmp_path / "x", form, FORMS[form], b"before" * 1000, b"behind" * 1000) == wanted


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "change", [lambda d: d[:-9], lambda d: b"", lambda d: d[:400] + b"\xff\xfe" + d[402:], lambda d: d + b"more"]
)
def test_damage_is_named(tmp_path: Path, form: str, change: object) -> None:
    with pytest.raises(ArchiveError):
        hashed(tmp_path / "x", form, change(FORMS[form]))  # type: ignore[operator]


def test_a_tarball_with_a_file_that_no_h1_covers_is_refused(tmp_path: Path) -> None:
    evil = small_release(**{"bin/evil": b"#!/bin/sh\n"})
    with pytest.raises(ArchiveError, match="no release has such a file: bin/evil"):
        hashed(tmp_path / "x", "archive", evil.tar_gz())


def test_a_file_that_becomes_shorter_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(FORMS["module"][:1000])
    descriptor = os.open(tmp_path / "x", os.O_RDONLY)
    try:
        with pytest.raises(ArchiveError):
            digest_of(Part(descriptor, 0, 2000))
    finally:
        os.close(descriptor)
