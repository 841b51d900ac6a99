"""The client against a log that is honest, grows, lies, or is not there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gosteward import fetch
from gosteward.golang import proxyurls
from gosteward.sumdb import client, keys, note, proof, tlog
from gosteward.sumdb.client import Answer, Server, TileCache
from gosteward.sumdb.refusals import ForgeryError, UnjudgedError
from sumdb.log_server import Log, Signer, record_of, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.sumdb.proof import LoggedHashes

MODULE, VERSION = "example.com/m5", "v1.0.0"
LOOKUP = f"/lookup/{MODULE}@{VERSION}"
KNOWN = [keys.parse(Signer().vkey)]


def ask(log: Log, remembered: str = "", cache: TileCache = client.NO_CACHE, module: str = MODULE) -> LoggedHashes:
    log.asked.clear()
    return client.logged(module, VERSION, Server(log.answer), KNOWN, remembered, cache)


def refused(log: Log, reason: str, remembered: str = "", cache: TileCache = client.NO_CACHE) -> ForgeryError:
    with pytest.raises(ForgeryError) as caught:
        ask(log, remembered, cache)
    assert caught.value.reason == reason
    return caught.value


def unjudged(log: Log, reason: str, remembered: str = "") -> UnjudgedError:
    with pytest.raises(UnjudgedError) as caught:
        ask(log, remembered)
    assert caught.value.reason == reason
    assert caught.value.exit_code == 3
    return caught.value


class Kept(dict):  # type: ignore[type-arg]
    """A cache of tiles in memory."""

    @property
    def cache(self) -> TileCache:
        return TileCache(self.get, self.__setitem__)


def lookup_with(change: Callable[[bytes], bytes]) -> Callable[[str, Answer], Answer]:
    return lambda path, answer: answer._replace(body=change(answer.body)) if path.startswith("/lookup") else answer


def size_of(head: str) -> int:
    return tlog.parse_head(note.opened(head, KNOWN)).size


@pytest.mark.parametrize("size", [6, 255, 256, 257, 511, 512, 513, 600])
def test_hashes_are_those_of_the_record_and_the_proof_holds_without_the_log(size: int) -> None:
    log = Log(size)
    logged = ask(log)
    assert (
        record_of(MODULE, VERSION) == f"{MODULE} {VERSION} {logged.zip_h1}\n{MODULE} {VERSION}/go.mod {logged.mod_h1}\n"
    )
    assert (logged.record, size_of(logged.head)) == (5, size)
    assert proof.verified(logged.proof, MODULE, VERSION, KNOWN) == logged


def test_few_requests_are_enough_also_for_a_large_log_and_one_once_the_tiles_are_there() -> None:
    log, kept = Log(66_000), Kept()
    old = log.head(40_000)
    assert size_of(ask(log, old, kept.cache).head) == 66_000
    assert len(log.asked) == 7
    kept_again: dict[str, bytes] = {}
    ask(log, log.head(), TileCache(kept.get, kept_again.__setitem__))
    assert log.asked == [LOOKUP]
    assert not kept_again


def test_tiles_are_asked_for_at_once_where_that_can_be_done() -> None:
    log, batches = Log(600), []

    def get_all(paths: list[str]) -> list[Answer]:
        batches.append(paths)
        return [log.answer(path) for path in paths]

    client.logged(MODULE, VERSION, Server(log.answer, get_all), KNOWN)
    assert [path for batch in batches for path in batch] == ["/tile/8/0/000", "/tile/8/0/002.p/88", "/tile/8/1/000.p/2"]
    assert len([batch for batch in batches if batch]) == 1


def test_log_over_http_through_a_module_proxy_is_proved() -> None:
    log = Log(600)
    with serving(log) as url:

        def get(path: str) -> Answer:
            target = proxyurls.parse(f"{url}/sumdb/{log.signer.name}{path}")
            assert target is not None
            answer = fetch.fetch(target, fetch.Request(time.monotonic() + 30))
            return Answer(answer.status, answer.body)

        assert client.logged(MODULE, VERSION, Server(get), KNOWN).record == 5


def test_head_moves_forward_only() -> None:
    log = Log(100)
    old = ask(log).head
    log.grow(500)
    new = ask(log, old).head
    assert (size_of(old), size_of(new)) == (100, 600)
    # An answer from a cache has an older head, which is no crime: the record is proved in the newer tree.
    log.tampered = lookup_with(lambda body: body.partition(b"\n\n")[0] + b"\n\n" + old.encode())
    assert ask(log, new).head == new


def test_partial_tile_that_was_filled_meanwhile_is_cut_from_the_full_one_and_kept_as_partial() -> None:
    log, kept = Log(100), Kept()
    old = log.head()
    log.grow(500)
    log.partial_tiles = False
    log.tampered = lookup_with(lambda body: body.partition(b"\n\n")[0] + b"\n\n" + old.encode())
    assert size_of(ask(log, "", kept.cache).head) == 100
    assert log.asked == [LOOKUP, "/tile/8/0/000.p/100", "/tile/8/0/000"]
    assert list(kept) == ["tile/8/0/000.p/100"]  # nobody has proved the rest of the full one


def test_full_tile_in_the_cache_serves_for_a_partial_one() -> None:
    log, kept = Log(600), Kept()
    ask(log, "", kept.cache)
    head = log.head(200)
    log.tampered = lookup_with(lambda body: body.partition(b"\n\n")[0] + b"\n\n" + head.encode())
    assert size_of(ask(log, "", kept.cache).head) == 200
    assert log.asked == [LOOKUP]


def test_damaged_cache_is_mended_and_nobody_blamed() -> None:
    log, kept = Log(600), Kept()
    ask(log, "", kept.cache)
    sound = dict(kept)
    for path, content in sound.items():
        for damaged in (content[:-1] + bytes([content[-1] ^ 1]), content[:-32], b""):
            kept[path] = damaged
            assert ask(log, "", kept.cache).record == 5
            assert kept == sound


def test_extension_lines_and_witnesses_of_a_head_are_no_harm() -> None:
    log = Log(600)
    log.extension = "some day\n"
    log.tampered = lookup_with(lambda body: body + Signer("witness.example", b"w").line("x").encode())
    assert ask(log).record == 5


# Attacks.


def test_empty_lookup_answer() -> None:
    """CVE-2026-42501: no line was no objection."""
    log = Log(600)
    for body in (b"", b"\n", log.head().encode(), b"5\n\n" + log.head().encode(), b"5\n\n\n" + log.head().encode()):
        log.tampered = lookup_with(lambda _, body=body: body)
        unjudged(log, "malformed")


def test_smuggled_head_lines() -> None:
    """CVE-2026-56864: lines behind the tree head, which is signed but not about them, were taken for the record."""
    log = Log(600)
    log.extension = record_of(MODULE, VERSION, "evil")
    assert ask(log).zip_h1 in record_of(MODULE, VERSION)
    log.places[LOOKUP] = log.add("example.com/other", VERSION)
    refused(log, "foreign-record")


def test_foreign_record() -> None:
    log = Log(600)
    for text in (record_of("example.com/other", VERSION), record_of(MODULE, VERSION).splitlines(keepends=True)[0]):
        log.add(MODULE, VERSION, text)
        refused(log, "foreign-record")
        assert log.asked == [LOOKUP]


def test_record_that_is_not_in_the_log() -> None:
    log, kept = Log(600), Kept()
    log.records[5] = record_of(MODULE, VERSION, "evil")
    refused(log, "record", "", kept.cache)


def test_record_under_the_number_of_another() -> None:
    log = Log(600)
    log.tampered = lookup_with(lambda body: b"6" + body[1:])
    refused(log, "record")


@pytest.mark.parametrize("number", [b"600", b"601", b"9223372036854775807"])
def test_number_that_the_head_does_not_cover(number: bytes) -> None:
    log = Log(600)
    log.tampered = lookup_with(lambda body: number + body[1:])
    refused(log, "uncovered")


@pytest.mark.parametrize("tile", ["/tile/8/0/000", "/tile/8/0/002.p/88", "/tile/8/1/000.p/2"])
@pytest.mark.parametrize("place", [0, 5 * 32, -1])
def test_forged_tile_of_both_levels(tile: str, place: int) -> None:
    """CVE-2026-56865: a tile that no parent vouches for must neither be believed nor kept."""
    log, kept = Log(600), Kept()

    def forged(path: str, answer: Answer) -> Answer:
        body = bytearray(answer.body)
        if path == tile:
            body[place % len(body)] ^= 1
        return answer._replace(body=bytes(body))

    log.tampered = forged
    refused(log, "tile", "", kept.cache)
    assert not kept


def test_forged_tile_of_the_record_with_a_forged_tile_above() -> None:
    log, kept = Log(600), Kept()
    evil = Log(5)
    evil.add(MODULE, VERSION, seed="evil")
    evil.grow(594)
    log.tampered = lambda path, answer: (
        evil._honest(path) if path in ("/tile/8/0/000", "/tile/8/1/000.p/2") else answer
    )
    log.records[5] = evil.records[5]
    refused(log, "tile", "", kept.cache)
    assert not kept


@pytest.mark.parametrize("change", [lambda b: b[:-32], lambda b: b[:-1], lambda _: b"", lambda b: b + bytes(32)])
def test_tile_of_another_length(change: Callable[[bytes], bytes]) -> None:
    log = Log(600)
    log.tampered = lambda path, answer: answer._replace(body=change(answer.body)) if "tile" in path else answer
    refused(log, "tile")


def test_fork_is_proved_by_both_heads() -> None:
    log, evil = Log(300), Log(300, "evil")
    evil.places = log.places
    old = ask(log).head
    evil.grow(300)
    error = refused(evil, "fork", old)
    older, newer = (tlog.parse_head(note.opened(head, KNOWN)) for head in error.heads)
    assert (older.size, newer.size) == (300, 600)
    # What everybody can verify: the newer tree has another beginning.
    root, *hashes = error.evidence
    tlog.check_consistency(older._replace(root=root), newer, hashes)
    assert root != older.root


def test_fork_of_the_same_size_needs_no_tile() -> None:
    evil = Log(300, "evil")
    error = refused(evil, "fork", Log(300).head())
    assert error.heads == (Log(300).head(), evil.head())
    assert evil.asked == [LOOKUP]


def test_fork_is_seen_also_with_the_tiles_of_the_other_log_in_the_cache() -> None:
    log, kept = Log(300), Kept()
    old = ask(log, "", kept.cache).head
    before = dict(kept)
    error = refused(Log(600, "evil"), "fork", old, kept.cache)
    assert error.heads[0] == old
    shorter = Log(200, "evil")
    assert refused(shorter, "fork", old, Kept(before).cache).heads == (shorter.head(), old)


def test_fork_to_a_shorter_log_without_any_tile() -> None:
    evil = Log(200, "evil")
    evil.tampered = lambda path, answer: Log(300, "evil")._honest(path) if "tile" in path else answer
    assert refused(evil, "tile", Log(300).head()).heads == (evil.head(), Log(300).head())


def met(log: Log, remembered: str, *heads: str) -> LoggedHashes:
    log.asked.clear()
    return client.logged(MODULE, VERSION, Server(log.answer), KNOWN, remembered, met=heads)


@pytest.mark.parametrize("size", [600, 601, 1000])
def test_heads_that_were_met_without_the_log_are_all_proved_to_be_of_it(size: int) -> None:
    log = Log(size)
    heads = [log.head(count) for count in (7, 256, 300, 599, 600)]
    assert size_of(met(log, log.head(400), *heads).head) == size
    assert size_of(met(log, "", *heads).head) == size


def test_a_head_that_was_met_and_is_newer_than_the_answer_is_the_one_to_remember() -> None:
    log = Log(600)
    newest = log.head()
    old = log.head(300)
    log.tampered = lookup_with(lambda body: body.partition(b"\n\n")[0] + b"\n\n" + old.encode())
    assert met(log, log.head(200), newest).head == newest
    unjudged(Log(300), "behind", newest)


@pytest.mark.parametrize("size", [7, 300, 599])
def test_fork_that_was_met_is_proved_by_both_heads(size: int) -> None:
    log, evil = Log(600), Log(size, "evil")
    for remembered in ("", log.head(400), log.head()):
        with pytest.raises(ForgeryError) as caught:
            met(log, remembered, log.head(200), evil.head(), log.head(500))
        assert (caught.value.reason, caught.value.heads) == ("fork", (evil.head(), log.head()))


def test_fork_that_was_met_and_is_longer_than_the_log_is_not_believed() -> None:
    log, evil = Log(600), Log(600, "evil")
    evil.grow(1)
    with pytest.raises(UnjudgedError) as caught:  # until the log has grown
        met(log, log.head(300), evil.head())
    assert caught.value.reason == "behind"
    log.grow(500)
    with pytest.raises(ForgeryError) as forked:
        met(log, log.head(300), evil.head())
    assert forked.value.heads == (evil.head(), log.head())


def test_two_heads_of_one_size_need_no_log_to_exclude_each_other() -> None:
    log, evil = Log(300), Log(300, "evil")
    client.refuse_contradiction(log.head(), ("", log.head(), log.head(200), evil.head(100)), KNOWN)
    with pytest.raises(ForgeryError) as caught:
        client.refuse_contradiction(evil.head(), (log.head(200), log.head()), KNOWN)
    assert (caught.value.reason, caught.value.heads) == ("fork", (log.head(), evil.head()))


def test_rollback_is_told_from_a_lie() -> None:
    error = unjudged(Log(200), "behind", Log(300).head())
    assert "200 records, 300 were seen" in str(error)


def test_wrong_key() -> None:
    log = Log(600)
    for signer in (Signer(seed=b"2"), Signer("other.example")):
        log.signer = signer
        refused(log, "signature")


def test_signature_by_another_key_under_the_hash_of_ours() -> None:
    log, thief = Log(600), Signer(seed=b"2")
    thief.hash = log.signer.hash
    log.signer = thief
    refused(log, "signature")


def test_head_that_was_changed_after_it_was_signed() -> None:
    log = Log(600)
    log.tampered = lookup_with(lambda body: body.replace(b"\n600\n", b"\n601\n"))
    refused(log, "signature")


# Not judged.


@pytest.mark.parametrize(("status", "body"), [(404, b""), (410, b""), (404, b"not found: example.com/m5@v1.0.0\n")])
def test_not_found_is_not_said_to_be_absent_from_the_log(status: int, body: bytes) -> None:
    log = Log(600)
    log.tampered = lambda _path, _answer: Answer(status, body)
    error = unjudged(log, "not-found")
    assert error.status == status
    assert error.subject == LOOKUP


@pytest.mark.parametrize("status", [204, 302, 403, 429, 500, 502])
def test_other_status_is_no_answer(status: int) -> None:
    log = Log(600)
    log.tampered = lambda _, answer: answer._replace(status=status)
    unjudged(log, "status")
    log.tampered = lambda path, answer: answer._replace(status=status) if "tile" in path else answer
    unjudged(log, "status")


def test_tile_that_is_missing_leaves_the_question_open() -> None:
    log = Log(600)
    log.tampered = lambda path, answer: Answer(404, b"") if "tile/8/1" in path else answer
    unjudged(log, "not-found")


def test_text_of_a_server_is_shown_without_its_control_characters() -> None:
    log = Log(600)
    log.tampered = lambda _path, _answer: Answer(500, b"\x1b[2Jgone\r\n" + b"x" * 5000)
    assert "answered 500 ([2Jgone xxx" in str(unjudged(log, "status"))
    assert len(str(unjudged(log, "status"))) < 400


@pytest.mark.parametrize("head", ["x", Log(3).head()[:-1], Log(3).head().replace("\n3\n", "\n4\n")])
def test_remembered_head_that_is_damaged_blames_no_server(head: str) -> None:
    unjudged(Log(600), "remembered", head)


def test_trouble_on_the_way_is_the_callers_own() -> None:
    def get(path: str) -> Answer:
        raise TimeoutError(path)

    with pytest.raises(TimeoutError, match=LOOKUP):
        client.logged(MODULE, VERSION, Server(get), KNOWN)
