"""A newer certificate of Go's release key: taken only if it is the pinned one, and a key in it counts only if that one has signed it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.formats.openpgp_packets import certificates
from gosteward.formats.openpgp_status import SignatureUnjudgedError
from gosteward.host.local import LocalHost
from gosteward.host.own_directory import OwnDirectory
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.proving import openpgp, release_key
from toolchains.file_server import file_server
from toolchains.proving.test_openpgp import Signer, World, sign, signer, world
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from pathlib import Path

    from gosteward.toolchains.proving.release_key import KeyRefreshed

__all__ = ["signer", "world"]
ARCHIVE = small_release("go1.26.90").tar_gz()


def refreshed(world: World, source: str, shipped: bytes) -> KeyRefreshed:
    return release_key.refreshed(source, world.ring._replace(shipped=shipped), world.web(), LocalHost({}))


def kept(world: World) -> bytes | None:
    return OwnDirectory(f"{world.ring.state}/keys").read(openpgp.ADDED)


def test_sub_key_that_came_with_it_counts_from_then_on(world: World, signer: Signer, tmp_path: Path) -> None:
    shipped, new = signer.certificate(), signer.new_key()
    sign(world, signer.sign(ARCHIVE, new))
    file = tmp_path / "google.asc"
    other = signer.new_certificate("Linux Packages <other@example.com>")
    file.write_bytes(signer.certificate(other) + signer.certificate())
    assert world.unjudged(shipped=shipped, library="") == "unknown-key"
    found = refreshed(world, str(file), shipped)
    assert (found.primary, found.added) == (signer.primary, (new,))
    assert found.path == f"{world.ring.state}/keys/{openpgp.ADDED}"
    assert world.verified(shipped=shipped, library="").signing_key == new
    assert [c.primary for c in certificates(kept(world) or b"")] == [signer.primary]
    again = refreshed(world, str(file), shipped)
    assert (again.added, again.path) == ((), "")
    # An older one takes nothing away.
    file.write_bytes(shipped)
    refreshed(world, str(file), shipped)
    assert world.verified(shipped=shipped, library="").signing_key == new


def test_sub_key_that_the_pinned_key_has_not_signed_counts_for_nothing(
    world: World, signer: Signer, tmp_path: Path
) -> None:
    stranger = signer.new_certificate("Stranger <stranger@example.com>")
    (pinned,), (other,) = certificates(signer.certificate()), certificates(signer.certificate(stranger))
    stolen = other.components[0]._replace(packet=other.components[0].packet._replace(tag=14))
    file = tmp_path / "planted"
    file.write_bytes(pinned._replace(components=(*pinned.components, stolen)).written)
    assert refreshed(world, str(file), signer.certificate()).added == (stranger,)
    sign(world, signer.sign(ARCHIVE, stranger))
    with pytest.raises(SignatureUnjudgedError):
        world.verified(shipped=signer.certificate())
    sign(world, signer.sign(ARCHIVE, signer.keys["current"]))
    assert world.verified(shipped=signer.certificate()).signing_key == signer.keys["current"]


def test_another_certificate_or_none_changes_nothing(world: World, signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content in (signer.certificate(signer.new_certificate("X <x@example.com>")), b"<html>", b"", os.urandom(99)):
        file.write_bytes(content)
        with pytest.raises(SignatureUnjudgedError):
            refreshed(world, str(file), signer.certificate())
    with pytest.raises(UsageError):
        refreshed(world, str(tmp_path / "missing"), signer.certificate())
    with file_server() as server:
        server.files["/key"] = signer.certificate()
        with pytest.raises(UnreachableError):
            refreshed(world, f"{server.url}/other", signer.certificate())
        assert refreshed(world, f"{server.url}/key", signer.certificate()).path == ""
    assert kept(world) is None
