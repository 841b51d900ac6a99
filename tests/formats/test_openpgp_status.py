"""Signatures that gpgv has judged, by the real one: what it lets pass is refused here. Each case is named after the attack."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import FINDINGS
from gosteward.formats import openpgp_status
from gosteward.formats.openpgp_status import SignatureError, SignatureRefusedError, SignatureUnjudgedError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATED, SIGNED, EXPIRY, LATER = "20200101T000000", "20200601T000000", "2021-01-01", "20220601T000000"
SIGNED_SECONDS, EXPIRY_SECONDS = 1590969600, 1609502400
CONTENT = b"the bytes of an archive\n"


class World(NamedTuple):
    """A home of gpg with certificates, and what they signed."""

    home: Path
    primary: str
    keys: dict[str, str]

    def gpg(self, *arguments: str, at: str = SIGNED, answers: str = "") -> None:
        fixed = [
            "gpg",
            "--homedir",
            str(self.home),
            "--no-tty",
            "--faked-system-time",
            f"{at}!",  # the clock stands still
            "--pinentry-mode",
            "loopback",
        ]
        subprocess.run([*fixed, *arguments], input=answers, check=True, capture_output=True, text=True)

    def sign(self, name: str, key: str, *options: str, at: str = SIGNED) -> bytes:
        target = self.home / name
        self.gpg("--batch", "--local-user", f"{key}!", *options, "--output", str(target), "--detach-sign", str(self.home / "content"), at=at)  # fmt: skip
        return target.read_bytes()

    def add_key(self, kind: str = "ed25519", expiry: str = "never") -> str:
        self.gpg("--batch", "--passphrase", "", "--quick-add-key", self.primary, kind, "sign", expiry, at=CREATED)
        return fingerprints(self.home)[-1]

    def export(self, name: str, *keys: str) -> Path:
        ring = self.home / name
        self.gpg("--batch", "--output", str(ring), "--export", *keys)
        return ring


def fingerprints(home: Path) -> list[str]:
    listing = ["gpg", "--homedir", str(home), "--batch", "--list-keys", "--with-colons"]
    lines = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\n")
    return [line.split(":")[9] for line in lines if line.startswith("fpr:")]


def new_certificate(world: World, name: str) -> None:
    world.gpg("--batch", "--passphrase", "", "--quick-gen-key", name, "ed25519", "sign,cert", "never", at=CREATED)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    home = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))  # a short path: the agent's socket lies in it
    home.chmod(0o700)
    (home / "content").write_bytes(CONTENT)
    made = World(home, "", {})
    new_certificate(made, "Release <release@example.com>")
    made = made._replace(primary=fingerprints(home)[0])
    made.keys.update(current=made.add_key(), expiring=made.add_key(expiry=EXPIRY), revoked=made.add_key(), rsa=made.add_key("rsa2048"))  # fmt: skip
    # Like the real certificate, which has several that expired: they must not be taken for the one that signed.
    made.add_key(expiry="2020-03-01")
    made.add_key(expiry="2023-01-01")
    yield made
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def ring(world: World) -> Path:
    return world.export("ring.gpg", world.primary)


def status_of(ring: Path, signature: bytes, content: bytes = CONTENT) -> bytes:
    """What the real gpgv writes on the descriptor."""
    signed, signature_file = ring.with_name("judged"), ring.with_name("judged.sig")
    signed.write_bytes(content)
    signature_file.write_bytes(signature)
    command = ["gpgv", "--homedir", "/nonexistent", "--keyring", str(ring), "--status-fd", "1", str(signature_file), str(signed)]  # fmt: skip
    return subprocess.run(command, check=False, capture_output=True).stdout


def refused(status: bytes, primary: str) -> str:
    with pytest.raises(SignatureRefusedError) as caught:
        parse(status, primary)
    assert caught.value.exit_code == FINDINGS
    return caught.value.reason


def unjudged(status: bytes, primary: str) -> str:
    with pytest.raises(SignatureUnjudgedError) as caught:
        parse(status, primary)
    return caught.value.reason


def test_signature_by_a_sub_key_of_the_pinned_certificate_counts(world: World, ring: Path) -> None:
    found = parse(status_of(ring, world.sign("good", world.keys["current"], "--digest-algo", "SHA512")), world.primary)
    assert found == (world.primary, world.keys["current"], SIGNED_SECONDS, 0, "SHA512")


def test_release_signed_before_its_key_expired_counts_where_that_is_allowed(world: World, ring: Path) -> None:
    status = status_of(ring, world.sign("before", world.keys["expiring"]))
    assert parse(status, world.primary).key_expired_at == EXPIRY_SECONDS
    with pytest.raises(SignatureRefusedError):
        parse(status, world.primary, accept_expired_key=False)


def test_stolen_key_signs_after_it_expired(world: World) -> None:
    stale = world.export(
        "stale.gpg", world.primary
    )  # the certificate as it was before the thief gave the key more time
    world.gpg("--batch", "--passphrase", "", "--quick-set-expire", world.primary, "never", world.keys["expiring"])
    signature = world.sign("after", world.keys["expiring"], at=LATER)
    assert refused(status_of(stale, signature), world.primary) == "expired"


def test_stolen_key_was_revoked(world: World) -> None:
    signature = world.sign("revoked", world.keys["revoked"])
    # The sub-keys are numbered in the order in which they were added.
    answers = "key 3\nrevkey\ny\n1\n\ny\nsave\n"
    world.gpg("--command-fd", "0", "--passphrase", "", "--edit-key", world.primary, at=LATER, answers=answers)
    after = world.export("revoked.gpg", world.primary)
    assert refused(status_of(after, signature), world.primary) == "revoked"


def test_collision_of_a_weak_hash(world: World, ring: Path) -> None:
    signature = world.sign("sha1", world.keys["rsa"], "--digest-algo", "SHA1")
    assert refused(status_of(ring, signature), world.primary) == "weak-hash"


def test_another_certificate_in_the_ring_signs(world: World) -> None:
    new_certificate(world, "Stranger <stranger@example.com>")
    stranger = fingerprints(world.home)[-1]
    both = world.export("both.gpg", world.primary, stranger)
    foreign, own = world.sign("foreign", stranger), world.sign("own", world.keys["current"])
    assert refused(status_of(both, foreign), world.primary) == "foreign-key"
    for signatures in (own + foreign, foreign + own, own + own):  # a good one beside it does not help
        assert refused(status_of(both, signatures), world.primary) == "several"


def test_key_that_nobody_knows_signs(world: World, ring: Path) -> None:
    new_certificate(world, "Nobody <nobody@example.com>")
    signature = world.sign("nobody", fingerprints(world.home)[-1])
    assert unjudged(status_of(ring, signature), world.primary) == "unknown-key"


def test_other_bytes_than_the_signed_ones(world: World, ring: Path) -> None:
    signature = world.sign("other", world.keys["current"])
    assert refused(status_of(ring, signature, CONTENT + b"more"), world.primary) == "bad"


def test_signature_over_lines_instead_of_bytes(world: World, ring: Path) -> None:
    signature = world.sign("lines", world.keys["current"], "--textmode")
    dressed = CONTENT.replace(b"\n", b"\r\n")
    assert refused(status_of(ring, signature, dressed), world.primary) == "class"


def test_cut_signature(world: World, ring: Path) -> None:
    signature = world.sign("cut", world.keys["current"])
    for length in range(0, len(signature), 6):
        with pytest.raises(SignatureError):
            parse(status_of(ring, signature[:length]), world.primary)


GOOD = """[GNUPG:] NEWSIG
[GNUPG:] GOODSIG FD533C07C264648F {name}
[GNUPG:] VALIDSIG 0E225917414670F4442C250DFD533C07C264648F 2026-07-08 1783500000 0 4 0 1 10 00 {primary}
"""
STRANGER = "0E225917414670F4442C250DFD533C07C264648F"


def good(name: str = "Release", primary: str = openpgp_status.GO_RELEASE_KEY) -> bytes:
    return GOOD.format(name=name, primary=primary).encode()


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_name_in_a_key_that_imitates_a_line(separator: str) -> None:
    imitation = f"x{separator}[GNUPG:] VALIDSIG {STRANGER} 2026-07-08 1 0 4 0 1 10 00 {openpgp_status.GO_RELEASE_KEY}"
    assert parse(good(imitation)).made_at == 1783500000
    assert refused(good(imitation, STRANGER), openpgp_status.GO_RELEASE_KEY) == "foreign-key"


def test_text_that_was_cut_or_has_unknown_words_proves_nothing() -> None:
    whole = good()
    for end in range(len(whole)):
        with pytest.raises(SignatureError):
            parse(whole[:end])
    for more in (b"[GNUPG:] SURPRISE\n", b"gpgv: note\n", whole.split(b"\n")[1] + b"\n", whole.split(b"\n")[2] + b"\n"):
        assert unjudged(whole + more, openpgp_status.GO_RELEASE_KEY) == "malformed"


WORDS = st.sampled_from(["NEWSIG", "GOODSIG", "EXPKEYSIG", "VALIDSIG", "KEYEXPIRED", "BADSIG", "ERRSIG", "REVKEYSIG"])
ARGUMENTS = st.text("0123456789ABCDEF ", max_size=60) | st.text(max_size=20)
LINES = st.builds(lambda word, rest: f"[GNUPG:] {word} {rest}\n", WORDS, ARGUMENTS)


@given(st.lists(LINES, max_size=6).map("".join) | st.text(max_size=100))
def test_no_text_makes_the_reader_fail_otherwise(text: str) -> None:
    with pytest.raises(SignatureError):
        parse(text.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=200))
def test_bytes_in_front_or_behind_never_turn_a_refusal_into_a_proof(junk: bytes) -> None:
    for status in (junk + good(primary=STRANGER), good(primary=STRANGER) + junk):
        with pytest.raises(SignatureError):
            parse(status)
