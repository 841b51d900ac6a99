"""Sources are built if they are proved, or for a reason; never if they are not what they should be."""

from __future__ import annotations

from hashlib import sha256

import pytest

from gosteward.knowledge import release_digests
from gosteward.knowledge.release_digests import Pinned
from gosteward.toolchains.proving.proofs import MismatchError, UnprovedError
from toolchains.godev_server import godev_server
from toolchains.small_release import small_release
from toolchains.source_builds.works import VERSION, Works
from toolchains.source_release import source_archive, source_release


def test_sources_that_nothing_proves_are_built_only_for_a_reason_and_compared_all_the_same(works: Works) -> None:
    archive = works.site.top / f"{VERSION}.src.tar.gz"
    archive.write_bytes(source_archive(works.release.files))
    with pytest.raises(UnprovedError):
        works.build(str(archive))
    result = works.build(str(archive), reason="from our own mirror")
    assert [proof.kind for proof in result.evidence.proofs] == ["log", "rebuilt"]


def test_sources_that_somebody_changed_are_not_built(works: Works) -> None:
    evil = source_release(VERSION, works.place, before="touch PLACE/evil")
    works.proxy.files[works.proxy.path(works.release, "zip")] = evil.zip()
    (works.place / "environment").unlink(missing_ok=True)
    with pytest.raises(MismatchError, match="nothing was built"):
        works.build()
    assert not (works.place / "environment").exists()


def test_a_file_that_no_proof_covers_is_not_built(works: Works) -> None:
    """The h1 of a tarball leaves out what the build removes or makes."""
    smuggled = works.release._replace(files={**works.release.files, "src/cmd/dist/dist": b"#!/bin/sh\n"})
    archive = works.site.top / works.release.name
    archive.write_bytes(smuggled.tar_gz())
    with pytest.raises(MismatchError, match="src/cmd/dist/dist"):
        works.build(str(archive))


def test_sources_of_a_server_need_two_proofs_and_one_that_speaks_against_them_is_enough_to_refuse(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, content = f"{VERSION}.src.tar.gz", source_archive(works.release.files)
    digest = sha256(content).hexdigest()
    kept = works.site.top / "cache/downloads" / name
    with godev_server(small_release(VERSION, "arm64")) as dev:  # it has no archive for this host
        dev.archives[name], dev.stated[name] = content, digest
        with pytest.raises(UnprovedError, match=r"not enough: stated \(.*missing: openpgp: .*; pinned: the table of"):
            works.build(source=dev.url)
        monkeypatch.setattr(release_digests, "pinned", {name: Pinned("0" * 64, "a test")}.get)
        with pytest.raises(MismatchError, match=r"the pinned SHA-256 is 0.*: nothing was built"):
            works.build(source=dev.url)
        assert not kept.exists()
        monkeypatch.setattr(release_digests, "pinned", {name: Pinned(digest, "a test")}.get)
        assert works.build(source=dev.url).version == VERSION
        kept.unlink()
        dev.stated[name] = "0" * 64
        with pytest.raises(MismatchError, match=r"in the list of releases is 0.*: nothing was built"):
            works.build("1.26.90", source=dev.url, suffix="x", patches=works.patch())
    assert not kept.exists()
