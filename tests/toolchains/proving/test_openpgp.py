"""The signature beside an archive, judged by the real gpgv and the real Sequoia: only one by the pinned certificate over these bytes counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward.formats.openpgp_packets import certificates, merged
from gosteward.formats.openpgp_status import GO_RELEASE_KEY, SignatureRefusedError, SignatureUnjudgedError
from gosteward.golang.platforms import Platform
from gosteward.host.local import LocalHost
from gosteward.host.own_directory import OwnDirectory
from gosteward.knowledge import go_release_key
from gosteward.snapshot import User
from gosteward.toolchains.origins.sources import Index, Offer
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving import openpgp, proofs
from gosteward.toolchains.proving.openpgp import Ring
from gosteward.toolchains.proving.transparency import Log
from toolchains.godev_server import GoDev, godev_server
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATED, SIGNED, LATER = "20200101T000000", "20200601T000000", "20220601T000000"
SIGNED_SECONDS = 1590969600
RELEASE = small_release("go1.26.90")
LIBRARY_ONLY = {"programs": ()}
GPGV_ONLY = {"library": ""}


class Signer(NamedTuple):
    """A home of gpg."""

    home: Path
    primary: str
    keys: dict[str, str]
    signatures: dict[str, bytes]

    def gpg(self, *arguments: str, at: str, answers: bytes = b"") -> bytes:
        fixed = ("--homedir", str(self.home), "--batch", "--no-tty", "--faked-system-time", at, "--pinentry-mode", "loopback", "--passphrase", "")  # fmt: skip
        return subprocess.run(["gpg", *fixed, *arguments], input=answers, check=True, capture_output=True).stdout

    def sign(self, content: bytes, key: str, *options: str, at: str = SIGNED) -> bytes:
        return self.gpg("--armor", *options, "--local-user", f"{key}!", "--detach-sign", at=at, answers=content)

    def fingerprints(self) -> list[str]:
        listing = self.gpg("--list-keys", "--with-colons", at=CREATED).decode().split("\n")
        return [line.split(":")[9] for line in listing if line.startswith("fpr:")]

    def certificate(self, primary: str = "") -> bytes:
        return self.gpg("--export", primary or self.primary, at=LATER)

    def new_certificate(self, name: str) -> str:
        before = set(self.fingerprints())
        self.gpg("--quick-gen-key", name, "rsa2048", "sign,cert", "never", at=CREATED)
        return next(f for f in self.fingerprints() if f not in before)

    def new_key(self, kind: str = "rsa2048", expiry: str = "never") -> str:
        before = set(self.fingerprints())
        self.gpg("--quick-add-key", self.primary, kind, "sign", expiry, at=CREATED)
        return next(f for f in self.fingerprints() if f not in before)

    def revoke(self, number: int) -> None:
        fixed = ("--homedir", str(self.home), "--no-tty", "--faked-system-time", LATER, "--pinentry-mode", "loopback", "--command-fd", "0")  # fmt: skip
        answers = f"key {number}\nrevkey\ny\n1\n\ny\nsave\n"
        subprocess.run(["gpg", *fixed, "--passphrase", "", "--edit-key", self.primary], input=answers, text=True, check=True, capture_output=True)  # fmt: skip


@pytest.fixture(scope="module")
def signer() -> Iterator[Signer]:
    home = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))  # a short path: the agent's socket lies in it
    home.chmod(0o700)
    made = Signer(home, "", {}, {})
    made = made._replace(primary=made.new_certificate("Release <release@example.com>"))
    made.keys.update(current=made.new_key(), expired=made.new_key(expiry="2021-01-01"), revoked=made.new_key())
    made.signatures["revoked"] = made.sign(RELEASE.tar_gz(), made.keys["revoked"])
    made.revoke(3)
    yield made
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
    shutil.rmtree(home, ignore_errors=True)


class World(NamedTuple):
    """A mirror, and what was downloaded from it."""

    dev: GoDev
    place: Path
    ring: Ring

    def web(self) -> Web:
        return Web(LocalHost({}), User(uid=os.geteuid(), gid=os.getegid()))

    def downloaded(self) -> tuple[str, str, str]:
        url, downloads = f"{self.dev.url}/{RELEASE.name}", OwnDirectory(f"{self.ring.cache}/downloads")
        found = self.web().download(url, downloads, RELEASE.name, limit=1 << 20)
        return url, f"{downloads.path}/{RELEASE.name}", found.sha256

    def verified(self, **changed: object) -> openpgp.Signature:
        return openpgp.verified(*self.downloaded(), self.web(), self.ring._replace(**changed))

    def refused(self, **changed: object) -> str:
        with pytest.raises(SignatureRefusedError) as caught:
            self.verified(**changed)
        return caught.value.reason

    def unjudged(self, **changed: object) -> str:
        with pytest.raises(SignatureUnjudgedError) as caught:
            self.verified(**changed)
        return caught.value.reason

    def gathered(self) -> proofs.Evidence:
        url, archive, digest = self.downloaded()
        offer = Index(self.web(), self.dev.url).offer("go1.26.90", Platform("amd64"))
        assert offer is not None
        assert offer.url == url
        nobody = Log(self.web(), [f"{self.dev.url}/sumdb"], self.ring.state, self.ring.cache)
        return proofs.gathered(offer, digest, self.web(), nobody, archive, self.ring)


@pytest.fixture
def world(signer: Signer, tmp_path: Path) -> Iterator[World]:
    ring = Ring(str(tmp_path / "cache"), str(tmp_path / "state"), signer.primary, signer.certificate())
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "state").mkdir(mode=0o700)
    with godev_server(RELEASE, sign=lambda content: signer.sign(content, signer.keys["current"])) as dev:
        yield World(dev, tmp_path, ring)


def sign(world: World, signature: bytes) -> None:
    world.dev.signatures[RELEASE.name] = signature


@pytest.mark.parametrize("judge", [GPGV_ONLY, LIBRARY_ONLY], ids=["gpgv", "pysequoia"])
def test_signature_by_a_sub_key_of_the_pinned_certificate_counts(
    world: World, signer: Signer, judge: dict[str, object]
) -> None:
    found = world.verified(**judge)
    assert (found.primary, found.signing_key, found.key_expired_at) == (signer.primary, signer.keys["current"], 0)
    sign(world, signer.sign(RELEASE.tar_gz(), signer.keys["expired"]))
    found = world.verified(**judge)
    assert (found.signing_key, found.made_at) == (signer.keys["expired"], SIGNED_SECONDS)


def test_signature_is_one_of_two_proofs_that_are_enough(world: World, signer: Signer) -> None:
    world.dev.stated[RELEASE.name] = ""
    world.dev.statuses[f"{RELEASE.name}.sha256"] = 404
    alone = world.gathered()
    assert [proof.kind for proof in alone.proofs] == ["openpgp"]
    assert not alone.enough
    del world.dev.statuses[f"{RELEASE.name}.sha256"]
    proof, other = world.gathered().proofs
    assert (proof.kind, other.kind, proof.value) == ("openpgp", "stated", sha256(RELEASE.tar_gz()).hexdigest())
    assert (signer.primary in proof.by, signer.keys["current"] in proof.by, "2020-06-01" in proof.by) == (True, True, True)  # fmt: skip
    assert world.gathered().enough


@pytest.mark.parametrize("judge", [GPGV_ONLY, LIBRARY_ONLY], ids=["gpgv", "pysequoia"])
def test_signature_beside_a_local_archive_counts_and_refuses(
    world: World, signer: Signer, judge: dict[str, object]
) -> None:
    archive, beside = world.place / RELEASE.name, world.place / f"{RELEASE.name}.asc"
    archive.write_bytes(RELEASE.tar_gz())
    offer = Offer("go1.26.90", Platform("amd64"), "archive", path=str(archive), source=str(archive))
    nobody = Log(world.web(), [f"{world.dev.url}/sumdb"], world.ring.state, world.ring.cache)
    ring = world.ring._replace(**judge)

    def proved() -> list[str]:
        digest = sha256(archive.read_bytes()).hexdigest()
        return [proof.kind for proof in proofs.gathered(offer, digest, world.web(), nobody, ring=ring).proofs]

    assert proved() == []
    beside.write_bytes(signer.sign(RELEASE.tar_gz(), signer.keys["current"]))
    assert proved() == ["openpgp"]
    archive.write_bytes(small_release("go1.26.90", **{"bin/go": b"#!/bin/sh\nevil\n"}).tar_gz())
    if judge == GPGV_ONLY:  # the other one gives no reasons
        with pytest.raises(proofs.MismatchError, match="not over these bytes"):
            proved()
    else:
        assert proved() == []
    assert not list((world.place / "cache/openpgp").glob("*.archive"))


@pytest.mark.parametrize("judge", [{}, GPGV_ONLY], ids=["both", "gpgv"])
def test_archive_that_was_tampered_with_is_refused(world: World, judge: dict[str, object]) -> None:
    world.dev.archives[RELEASE.name] = small_release("go1.26.90", **{"bin/go": b"#!/bin/sh\nevil\n"}).tar_gz()
    assert world.refused(**judge) == "bad"
    world.dev.stated[RELEASE.name] = sha256(world.dev.archives[RELEASE.name]).hexdigest()
    world.dev.sizes[RELEASE.name] = len(world.dev.archives[RELEASE.name])
    with pytest.raises(proofs.MismatchError, match="not over these bytes"):
        world.gathered()


@pytest.mark.parametrize("judge", [{}, GPGV_ONLY], ids=["both", "gpgv"])
def test_weak_hash_wrong_class_and_a_key_that_was_revoked_are_refused(
    world: World, signer: Signer, judge: dict[str, object]
) -> None:
    key, archive = signer.keys["current"], RELEASE.tar_gz()
    sign(world, signer.sign(archive, key, "--digest-algo", "SHA1"))
    assert world.refused(**judge) == "weak-hash"
    sign(world, signer.sign(archive, key, "--textmode"))
    assert world.refused(**judge) in ("class", "bad")
    sign(world, signer.signatures["revoked"])
    assert world.refused(**judge) == "revoked"


@pytest.mark.parametrize("judge", [{}, GPGV_ONLY, LIBRARY_ONLY], ids=["both", "gpgv", "pysequoia"])
def test_signature_by_anybody_else_proves_nothing(world: World, signer: Signer, judge: dict[str, object]) -> None:
    stranger = signer.new_certificate(f"Stranger <{len(judge)}{'library' in judge}@example.com>")
    archive = RELEASE.tar_gz()
    sign(world, signer.sign(archive, stranger))
    unknown = world.unjudged(**judge)
    assert unknown == ("no-program" if judge is LIBRARY_ONLY else "unknown-key")
    both = signer.certificate() + signer.certificate(stranger)
    assert world.unjudged(**judge, shipped=both) == unknown
    assert world.unjudged(**judge, shipped=signer.certificate(stranger)) == "ring"
    # A sub-key that nobody bound to the certificate, as if it were in the file that was added.
    (pinned,), (other,) = certificates(signer.certificate()), certificates(signer.certificate(stranger))
    stolen = other.components[0].packet._replace(tag=14)
    grafted = pinned._replace(components=(*pinned.components, other.components[0]._replace(packet=stolen)))
    with pytest.raises((SignatureUnjudgedError, SignatureRefusedError)):
        world.verified(**judge, shipped=grafted.written)
    sign(world, signer.sign(archive, stranger) + signer.sign(archive, signer.keys["current"]))
    assert world.unjudged(**judge) == "no-signature"


def test_what_is_no_signature_is_a_reason_and_never_an_error(world: World) -> None:
    signature = world.dev.signatures.pop(RELEASE.name)
    assert world.unjudged() == "no-signature"  # go.dev has a page for what it does not know
    for broken in (b"", b"x", b"\xff" * 99, signature[:200], signature.replace(b"\n\n", b"\n\n!"), signature * 2000):
        sign(world, broken)
        assert world.unjudged() == "no-signature"
    world.dev.statuses[f"{RELEASE.name}.asc"] = 404
    evidence = world.gathered()
    assert [proof.kind for proof in evidence.proofs] == ["stated"]
    assert any(reason.startswith("openpgp: the server answers 404") for reason in evidence.missing)


def test_without_a_program_that_only_root_can_change_nothing_is_known(world: World) -> None:
    planted = world.place / "gpgv"
    planted.write_text("#!/bin/sh\necho hello > pwned\n")
    planted.chmod(0o777)
    assert world.unjudged(library="", programs=("/nonexistent/gpgv", str(planted))) == "no-program"
    assert not list(world.place.rglob("pwned"))


def test_environment_and_settings_of_the_caller_have_no_say(
    world: World, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = world.place / "home"
    hostile.mkdir(mode=0o700)
    stranger = signer.new_certificate("Thief <thief@example.com>")
    for name in ("trustedkeys.gpg", "trustedkeys.kbx", "pubring.gpg"):
        (hostile / name).write_bytes(signer.certificate(stranger))
    (hostile / "gpgv").write_text("#!/bin/sh\ntouch pwned\n")
    (hostile / "gpgv").chmod(0o755)
    foreign = signer.sign(RELEASE.tar_gz(), stranger)
    assert world.verified().signing_key == signer.keys["current"]
    for name in ("HOME", "GNUPGHOME", "PATH"):
        monkeypatch.setenv(name, str(hostile))
    assert world.verified(library="").signing_key == signer.keys["current"]
    sign(world, foreign)
    assert world.unjudged(library="") == "unknown-key"


def test_newer_certificate_in_the_state_directory_adds_to_ours(world: World, signer: Signer) -> None:
    shipped, new = signer.certificate(), signer.new_key()
    sign(world, signer.sign(RELEASE.tar_gz(), new))
    keys = OwnDirectory(f"{world.ring.state}/keys")
    assert world.unjudged(shipped=shipped, library="") == "unknown-key"
    keys.put("go.asc", signer.gpg("--armor", "--export", signer.primary, at=LATER))
    assert world.verified(shipped=shipped, library="").signing_key == new
    # An older one takes nothing away.
    keys.put("go.asc", shipped)
    assert world.verified(shipped=signer.certificate(), library="").signing_key == new
    for other in (signer.certificate(signer.new_certificate("Other <other@example.com>")), b"<html>"):
        keys.put("go.asc", other)
        assert world.unjudged(shipped=signer.certificate()) == "ring"


def test_archive_that_changes_behind_our_back_is_not_judged(world: World) -> None:
    url, archive, digest = world.downloaded()
    OwnDirectory(f"{world.ring.cache}/downloads").put(RELEASE.name, b"other bytes")
    with pytest.raises(SignatureUnjudgedError) as caught:
        openpgp.verified(url, archive, digest, world.web(), world.ring)
    assert caught.value.reason == "changed"


def test_shipped_certificate_is_the_pinned_one_and_knows_who_signs_releases(world: World, tmp_path: Path) -> None:
    (shipped,) = certificates(go_release_key.certificate())
    assert shipped.primary == GO_RELEASE_KEY
    listed = [line.split()[0] for line in (go_release_key.__doc__ or "").split("\n") if line.startswith("    ")]
    assert list(shipped.keys[1:]) == listed
    assert not any(shipped.revokes(key) for key in shipped.keys)
    (tmp_path / "file").write_bytes(shipped.written)
    shown = subprocess.run(["gpg", "--homedir", str(tmp_path), "--show-keys", "--with-colons", str(tmp_path / "file")], check=True, capture_output=True, text=True).stdout  # fmt: skip
    assert [line.split(":")[9] for line in shown.split("\n") if line.startswith("fpr:")] == list(shipped.keys)
    assert merged(shipped, shipped) == shipped
    # The real signature of go1.27.1.src.tar.gz: it is by a key that the certificate has, and over other bytes than ours.
    sign(world, (Path(__file__).parents[1] / "data/go1.27.1.src.tar.gz.asc").read_bytes())
    assert world.refused(primary=GO_RELEASE_KEY, shipped=b"") == "bad"
