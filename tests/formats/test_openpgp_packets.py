"""Certificates and signatures are taken apart before anything else reads them: what is not expected is refused, whatever it is."""

from __future__ import annotations

import base64
import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats.openpgp_packets import Packet, PacketError, certificates, merged, signature
from gosteward.knowledge import go_release_key
from growth import grows_linearly

if TYPE_CHECKING:
    from collections.abc import Callable

CERTIFICATE = go_release_key.certificate()
(GO,) = certificates(CERTIFICATE)
ONE = Packet(2, b"\4\0some signature")


def armoured(content: bytes, kind: str, checksum: bytes = b"=abcd\n") -> bytes:
    lines = base64.encodebytes(content)
    edges = [f"-----{edge} PGP {kind}-----\n".encode() for edge in ("BEGIN", "END")]
    return edges[0] + b"Version: GnuPG v2\n\n" + lines + checksum + edges[1]


def test_certificate_is_the_same_with_and_without_armour() -> None:
    text = armoured(CERTIFICATE, "PUBLIC KEY BLOCK")
    for written in (text, text.replace(b"\n", b"\r\n"), armoured(CERTIFICATE, "PUBLIC KEY BLOCK", b""), GO.written):
        assert certificates(written) == (GO,)


def test_lengths_of_all_kinds_are_read() -> None:
    body = b"\4" + b"x" * 199
    old = (b"\x88\xc8", b"\x89\0\xc8", b"\x8a\0\0\0\xc8")
    for head in (*old, b"\xc2\xc0\x08", b"\xc2\xff\0\0\0\xc8"):
        assert signature(head + body) == Packet(2, body)
    assert signature(b"\xc2\x02\4\0") == Packet(2, b"\4\0")
    for unknown in (b"\x8b" + body, b"\xc2\xe1" + body):  # to the end of the file; in parts
        with pytest.raises(PacketError):
            signature(unknown)


def test_two_states_of_a_certificate_give_all_that_either_says() -> None:
    older = GO._replace(components=GO.components[:4])
    revoked = GO.components[2]._replace(signatures=(*GO.components[2].signatures, Packet(2, b"\4\x28")))
    newer = GO._replace(components=(*GO.components[:2], revoked, *GO.components[4:]))
    both = merged(older, newer)
    assert set(both.keys) == set(GO.keys)
    assert both.revokes(GO.keys[1])
    assert not both.revokes(GO.keys[2])
    assert certificates(both.written) == (both,)
    assert merged(GO, GO) == GO


@pytest.mark.parametrize("more", [Packet(12, b"\0\0"), Packet(8, b"\1x"), Packet(14, b"\6key"), Packet(5, b"\4secret")])
def test_what_no_certificate_has_is_refused(more: Packet) -> None:
    for content in (GO.written + more.written, more.written + GO.written, more.written):
        with pytest.raises(PacketError):
            certificates(content)


def test_what_is_not_one_signature_is_refused() -> None:
    assert signature(ONE.written) == signature(armoured(ONE.written, "SIGNATURE")) == ONE
    text = armoured(ONE.written, "SIGNATURE")
    for content in (
        ONE.written * 2, text * 2, armoured(ONE.written * 2, "SIGNATURE"), GO.written, b"", b"<!DOCTYPE html>", text[:-3], text[40:],
        b"-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n" + text, Packet(8, ONE.written).written, text.replace(b"\n\n", b"\n"),
    ):  # fmt: skip
        with pytest.raises(PacketError):
            signature(content)


@pytest.mark.parametrize("read", [certificates, signature])
@given(content=st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: b"\x99\0\1\4" + tail))
def test_no_bytes_make_the_reader_fail_otherwise(read: Callable[[bytes], object], content: bytes) -> None:
    for text in (content, armoured(content, "SIGNATURE"), armoured(content, "PUBLIC KEY BLOCK")):
        with contextlib.suppress(PacketError):
            read(text)


def test_time_grows_with_the_size() -> None:
    primary = GO.components[0].packet.written
    assert grows_linearly(lambda count: certificates(primary + b"\x88\0" * count), 20_000)
    assert grows_linearly(lambda count: certificates(primary + b"\xb4\1a" * count), 20_000)
