"""Heads and proofs of the tree, against the definitions of RFC 6962."""

from __future__ import annotations

import base64
import contextlib
import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.sumdb import tlog
from gosteward.sumdb.refusals import ForgeryError, RefusalError, UnjudgedError
from gosteward.sumdb.tlog import TreeHead
from sumdb.log_server import audit_path, consistency, mth, sha256

LEAVES = [tlog.leaf_hash(str(number).encode()) for number in range(40)]
ROOT64 = base64.b64encode(b"r" * 32).decode()
HEAD = f"go.sum database tree\n71909756\n{ROOT64}\n"
sizes = st.integers(1, len(LEAVES))


@functools.cache
def head(size: int) -> TreeHead:
    return TreeHead(size, mth(LEAVES[:size]))


def refused(reason: str, function: object, *arguments: object) -> None:
    with pytest.raises(ForgeryError) as caught:
        function(*arguments)  # type: ignore[operator]
    assert caught.value.reason == reason


def test_hashes_are_those_of_rfc_6962() -> None:
    assert tlog.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tlog.leaf_hash(b"") == sha256(b"\0")
    assert tlog.node_hash(b"l" * 32, b"r" * 32) == sha256(b"\1", b"l" * 32, b"r" * 32)


def test_head_is_read_and_what_follows_it_ignored() -> None:
    assert tlog.parse_head(HEAD) == tlog.parse_head(f"{HEAD}another line\n") == TreeHead(71909756, b"r" * 32)
    assert tlog.parse_head(HEAD.replace("71909756", "0")).size == 0


@pytest.mark.parametrize("size", ["", "-1", "+1", "07", "1_0", "1 ", "٣", "9223372036854775808", "9" * 5000, "x"])
def test_head_with_another_form_of_number_is_refused(size: str) -> None:
    with pytest.raises(UnjudgedError):
        tlog.parse_head(HEAD.replace("71909756", size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD[:-1],
        HEAD.replace("tree\n", "tree v2\n"),
        f"\n{HEAD}",
        HEAD.replace(ROOT64, ROOT64[4:]),
        HEAD.replace("=", ""),
    ],
)
def test_other_text_is_no_head(text: str) -> None:
    with pytest.raises(UnjudgedError):
        tlog.parse_head(text)


@given(st.text(), st.text())
def test_any_text_is_a_head_or_refused(noise: str, behind: str) -> None:
    for text in (noise, f"go.sum database tree\n{noise}", f"go.sum database tree\n{noise}\n{behind}\n"):
        with contextlib.suppress(RefusalError):
            assert len(tlog.parse_head(text).root) == 32


def test_every_record_is_proved_in_every_tree_at_its_place_only() -> None:
    for size in range(1, 20):
        for index in range(size):
            proof = audit_path(index, LEAVES[:size])
            tlog.check_inclusion(LEAVES[index], index, head(size), proof)
            refused("proof", tlog.check_inclusion, LEAVES[index], index, head(size), [*proof, LEAVES[0]])
            if proof:
                refused("proof", tlog.check_inclusion, LEAVES[index], index, head(size), proof[:-1])
            refused("record", tlog.check_inclusion, LEAVES[-1], index, head(size), proof)
            for other in set(range(size)) - {index}:
                with pytest.raises(ForgeryError):
                    tlog.check_inclusion(LEAVES[index], other, head(size), proof)


def test_record_outside_of_the_tree_is_not_covered() -> None:
    for index in (-1, 3, 4):
        refused("uncovered", tlog.check_inclusion, LEAVES[0], index, head(3), audit_path(0, LEAVES[:3]))
    refused("uncovered", tlog.check_inclusion, LEAVES[0], 0, TreeHead(0, tlog.EMPTY_ROOT), [])


def test_every_tree_is_proved_to_continue_every_smaller_one_and_no_other() -> None:
    for newer in range(1, 20):
        for older in range(1, newer):
            proof = consistency(older, LEAVES[:newer])
            tlog.check_consistency(head(older), head(newer), proof)
            refused("proof", tlog.check_consistency, head(older), head(newer), proof[:-1])
            refused("proof", tlog.check_consistency, head(older), head(newer), [*proof, LEAVES[0]])
            refused("fork", tlog.check_consistency, TreeHead(older, b"x" * 32), head(newer), proof)
            refused("fork", tlog.check_consistency, head(older), TreeHead(newer, b"x" * 32), proof)


def test_same_size_needs_the_same_root_and_nothing_contradicts_an_empty_tree() -> None:
    tlog.check_consistency(head(7), head(7), [])
    tlog.check_consistency(TreeHead(0, tlog.EMPTY_ROOT), head(7), [])
    refused("fork", tlog.check_consistency, TreeHead(7, b"x" * 32), head(7), [])
    refused("fork", tlog.check_consistency, TreeHead(0, b"x" * 32), head(7), [])
    refused("proof", tlog.check_consistency, head(7), head(7), [b"x" * 32])
    refused("proof", tlog.check_consistency, head(8), head(7), [])


@given(sizes, st.data())
def test_truncated_and_lengthened_proofs_are_refused(size: int, data: st.DataObject) -> None:
    index, older = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    inclusion, continued = audit_path(index, LEAVES[:size]), consistency(older, LEAVES[:size]) if older < size else []
    extra = data.draw(st.sampled_from([b"x" * 32, LEAVES[0], head(size).root]))
    place = data.draw(st.integers(0, 6))
    for wrong in (inclusion[:place] + inclusion[place + 1 :], [*inclusion[:place], extra, *inclusion[place:]]):
        if wrong != inclusion:
            with pytest.raises(ForgeryError):
                tlog.check_inclusion(LEAVES[index], index, head(size), wrong)
    for wrong in (continued[:place] + continued[place + 1 :], [*continued[:place], extra, *continued[place:]]):
        if wrong != continued:
            with pytest.raises(ForgeryError):
                tlog.check_consistency(head(older), head(size), wrong)


@given(sizes, st.data())
def test_proof_with_a_changed_hash_is_refused(size: int, data: st.DataObject) -> None:
    index, older = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    for proof, check in (
        (audit_path(index, LEAVES[:size]), lambda p: tlog.check_inclusion(LEAVES[index], index, head(size), p)),
        (consistency(older, LEAVES[:size]), lambda p: tlog.check_consistency(head(older), head(size), p)),
    ):
        if proof:
            proof[data.draw(st.integers(0, len(proof) - 1))] = b"x" * 32
            with pytest.raises(ForgeryError):
                check(proof)
