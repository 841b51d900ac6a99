"""Proofs to keep: a text that shows for ever, without a network, that the hashes of a module version are in the log. Pure.

    c2sp.org/tlog-proof@v1
    extra BASE64(the record)
    index 46009294
    BASE64(hash)
    ...

    go.sum database tree
    ...

    — NAME SIGNATURE

Source: c2sp.org/tlog-proof. The record in `extra` is not trusted: its hash is the leaf that the proof is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.sumdb import encodings, lookup, note, tlog
from gosteward.sumdb.encodings import HASH_SIZE
from gosteward.sumdb.refusals import malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.sumdb.keys import Key

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
LARGEST = 2_000_000  # characters


class LogProof(NamedTuple):
    """What a proof says.

    Attributes:
        record: text of the record.   number: its place in the log.   hashes: of the inclusion proof, from the leaf upward.
        head: signed note of the tree head.
    """

    record: str
    number: int
    hashes: tuple[bytes, ...]
    head: str


class LoggedHashes(NamedTuple):
    """The hashes of a module version, proved to be in the log.

    Attributes:
        zip_h1, mod_h1: "h1:...", of the zip and of the go.mod.   record: its number in the log.
        head: signed note of the tree head that it was proved by, to be remembered.   proof: text that `verified` reads.
    """

    module: str
    version: str
    zip_h1: str
    mod_h1: str
    record: int
    head: str
    proof: str


def written(proof: LogProof) -> str:
    """The text of a proof."""
    lines = [FIRST_LINE, f"extra {encodings.encoded(proof.record.encode())}", f"index {proof.number}"]
    lines += [encodings.encoded(digest) for digest in proof.hashes]
    return "\n".join(lines) + "\n\n" + proof.head


def parse(text: str) -> LogProof:
    """Read a proof; nothing in it is verified.

    Raises:
        UnjudgedError: it has another form.
    """
    body, blank, head = text.partition("\n\n")
    lines = body.split("\n") if blank and len(text) <= LARGEST else []
    if len(lines) < 3 or lines[0] != FIRST_LINE or len(lines) > 3 + MOST_HASHES:
        raise malformed("proof")
    number = encodings.number(_behind("index ", lines[2]))
    hashes = tuple(h for h in map(encodings.canonical, lines[3:]) if h is not None and len(h) == HASH_SIZE)
    if number is None or len(hashes) != len(lines) - 3:
        raise malformed("proof")
    return LogProof(_record(_behind("extra ", lines[1])), number, hashes, head)


def verified(text: str, module: str, version: str, known: Sequence[Key]) -> LoggedHashes:
    """Verify a proof for a module version, without a network.

    Args:
        known: the keys of the database.
    Raises:
        UnjudgedError: it is malformed.
        ForgeryError: it is not signed by the key, not about this module version, or proves nothing.
    """
    proof = parse(text)
    # 1. The head is signed by the key.
    head = tlog.parse_head(note.opened(proof.head, known))
    # 2. The record has the two lines of this module version, and no other.
    hashes = lookup.hashes(proof.record, module, version)
    # 3. The record is in the tree of that head.
    tlog.check_inclusion(tlog.leaf_hash(proof.record.encode()), proof.number, head, proof.hashes)
    return LoggedHashes(module, version, hashes.zip_h1, hashes.mod_h1, proof.number, proof.head, text)


def _behind(word: str, line: str) -> str:
    return line[len(word) :] if line.startswith(word) else ""


def _record(base64: str) -> str:
    raw = encodings.canonical(base64)
    try:
        record = raw.decode() if raw is not None else ""
    except UnicodeDecodeError:
        record = ""
    if not lookup.is_record(record):
        raise malformed("proof")
    return record
