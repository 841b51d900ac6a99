"""Proofs that are kept, and verified without a network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.sumdb import encodings, keys, proof
from gosteward.sumdb.proof import LogProof
from gosteward.sumdb.refusals import ForgeryError, RefusalError, UnjudgedError
from growth import grows_linearly
from sumdb.log_server import Log, Signer, audit_path, record_of

TOOLCHAIN, RELEASE = "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64"
MODULE, VERSION = "example.com/m5", "v1.0.0"
# Written when the public database was asked through a module proxy: record 61743986 in a tree of 66332798.
REAL = (Path(__file__).parent / f"data/golang.org-toolchain@{RELEASE}.tlog-proof").read_text()
LOG = Log(300)
KNOWN = [keys.parse(LOG.signer.vkey)]


def proof_of(index: int, record: str = "", hashes: tuple[bytes, ...] | None = None, head: str = "") -> str:
    path = tuple(audit_path(index, LOG.levels[0])) if hashes is None else hashes
    return proof.written(LogProof(record or LOG.records[index], index, path, head or LOG.head()))


SOUND = proof_of(5)


def test_proof_of_a_go_release_from_the_public_log_is_verified_offline() -> None:
    logged = proof.verified(REAL, TOOLCHAIN, RELEASE, [keys.parse(keys.PUBLIC_DATABASE)])
    assert logged.zip_h1 == "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM="
    assert logged.mod_h1 == "h1:8wlg68NqwW7eMnI1aABk/C2pDYXj8mrMY4TyRfiLeS0="
    assert logged.record == 61743986
    assert logged.proof == REAL
    assert proof.written(proof.parse(REAL)) == REAL


def test_proof_holds_the_record_its_place_the_path_and_the_head() -> None:
    lines = SOUND.split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", f"extra {encodings.encoded(LOG.records[5].encode())}", "index 5"]
    assert proof.parse(SOUND) == LogProof(LOG.records[5], 5, tuple(audit_path(5, LOG.levels[0])), LOG.head())


FORGED = {
    "wrong key": ("signature", proof_of(5, head=Log(300).head().replace("300", "301"))),
    "signature by another key of the same name": ("signature", proof_of(5, head=Signer(seed=b"2").note(LOG.head().partition("\n\n")[0] + "\n"))),
    "foreign record": ("foreign-record", proof_of(6)),
    "record with another hash": ("record", proof_of(5, record_of(MODULE, VERSION, "x"))),
    "record with a line more": ("foreign-record", proof_of(5, LOG.records[5] + LOG.records[6])),
    "place of another record": ("record", SOUND.replace("index 5", "index 6")),
    "place behind the tree": ("uncovered", SOUND.replace("index 5", "index 300")),
    "path cut short": ("proof", proof_of(5, hashes=tuple(audit_path(5, LOG.levels[0])[:-1]))),
    "path too long": ("proof", proof_of(5, hashes=(*audit_path(5, LOG.levels[0]), b"x" * 32))),
    "no path": ("proof", proof_of(5, hashes=())),
    "head of another tree": ("record", proof_of(5, head=Log(300, "fork").head())),
    "head of a smaller tree": ("proof", proof_of(5, head=LOG.head(100))),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "text"), FORGED.values(), ids=FORGED.keys())
def test_forged_proof_is_refused(reason: str, text: str) -> None:
    proof.verified(SOUND, MODULE, VERSION, KNOWN)
    with pytest.raises(ForgeryError) as caught:
        proof.verified(text, MODULE, VERSION, KNOWN)
    assert caught.value.reason == reason
    assert caught.value.exit_code == 1


MALFORMED = {
    "empty": "",
    "other version": SOUND.replace("@v1", "@v2"),
    "no record": SOUND.replace(SOUND.split("\n")[1] + "\n", ""),
    "number with a zero before": SOUND.replace("index 5", "index 05"),
    "no number": SOUND.replace("index 5", "index "),
    "hash too short": SOUND.replace("index 5\n", "index 5\nAAAA\n"),
    "empty record": re.sub("extra .*", "extra ", SOUND),
    "record that is not UTF-8": re.sub("extra .*", "extra /w==", SOUND),
    "unused bits in base64": re.sub("extra .*", "extra Cm==", SOUND),
    "too many hashes": SOUND.replace("index 5\n", "index 5\n" + f"{encodings.encoded(bytes(32))}\n" * 64),
    "carriage returns": SOUND.replace("\n", "\r\n"),
    "head without signature": SOUND[: SOUND.rindex("—")],
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_proof_is_refused(text: str) -> None:
    with pytest.raises(UnjudgedError) as caught:
        proof.verified(text, MODULE, VERSION, KNOWN)
    assert caught.value.reason == "malformed"


@given(st.text(), st.integers(0, len(SOUND)), st.text(max_size=3))
def test_any_change_to_a_proof_is_refused_unless_it_says_the_same(noise: str, place: int, insertion: str) -> None:
    for text in (noise, SOUND[:place] + insertion + SOUND[place:], SOUND[:place] + insertion + SOUND[place + 1 :]):
        try:
            logged = proof.verified(text, MODULE, VERSION, KNOWN)
        except RefusalError:
            continue
        assert (logged.zip_h1, logged.mod_h1) == tuple(line.split(" ")[2] for line in LOG.records[5].splitlines())


def test_long_texts_take_no_more_time_than_they_are_long() -> None:
    def refused(count: int) -> None:
        for text in ("A\n" * count, proof.FIRST_LINE + "\nextra " + "A" * count + "\nindex 1\n\n"):
            with pytest.raises(RefusalError):
                proof.parse(text)

    assert grows_linearly(refused, 400_000)
