"""Certificates and detached signatures of OpenPGP, taken apart into packets. Pure; nothing here verifies anything.

gpgv believes its ring, and reads whatever a signature file holds: compressed packets, several signatures, notes of an earlier gpg about
what it had verified (tag 12). So both are taken apart here first, and gpgv gets only what is expected.

    certificate   primary key (tag 6), user names (13), sub-keys (14); behind each, the signatures about it (2)
    signature     one packet (2)

Source: RFC 9580, 4.2 (headers of packets), 5.2 (signatures), 5.5.4 (fingerprints), 6.2 (armour), 10.1 (certificates).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import NOT_JUDGED, StewardError

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE_LIMIT = 1 << 20
SIGNATURE, PRIMARY_KEY, USER_NAME, SUB_KEY = 2, 6, 13, 14
_REVOCATIONS = (0x20, 0x28)  # of a key, of a sub-key
_LONGEST_KEY = 1 << 13
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{1,200}={0,2}")


class PacketError(StewardError):
    """Bytes are not the certificate or the signature that they should be."""

    exit_code = NOT_JUDGED


class Packet(NamedTuple):
    """A packet.  tag: its kind."""

    tag: int
    body: bytes

    @property
    def written(self) -> bytes:
        """The packet with a header of the old format, which every reader knows."""
        return bytes([0x80 | self.tag << 2 | 2]) + len(self.body).to_bytes(4, "big") + self.body

    @property
    def fingerprint(self) -> str:
        """Of a key (version 4), 40 hexadecimal digits in capitals."""
        written = b"\x99" + len(self.body).to_bytes(2, "big") + self.body
        return hashlib.sha1(written, usedforsecurity=False).hexdigest().upper()


class Component(NamedTuple):
    """A key or a user's name, with the signatures about it."""

    packet: Packet
    signatures: tuple[Packet, ...]


class Certificate(NamedTuple):
    """A certificate.  components: the first is the primary key."""

    components: tuple[Component, ...]

    @property
    def primary(self) -> str:
        """Fingerprint of the primary key."""
        return self.components[0].packet.fingerprint

    @property
    def keys(self) -> tuple[str, ...]:
        """Fingerprints of all keys, the primary one first."""
        return tuple(c.packet.fingerprint for c in self.components if c.packet.tag in (PRIMARY_KEY, SUB_KEY))

    @property
    def written(self) -> bytes:
        """Its packets, as in a keyring."""
        return b"".join(p.written for c in self.components for p in (c.packet, *c.signatures))

    def revokes(self, fingerprint: str) -> bool:
        """Whether it says, true or not, that a key or the primary key was revoked."""
        about = (c for c in self.components if c.packet.tag in (PRIMARY_KEY, SUB_KEY))
        concerned = (c for c in about if c.packet.fingerprint in (self.primary, fingerprint))
        return any(s.body[1:2] and s.body[1] in _REVOCATIONS for c in concerned for s in c.signatures)


def certificates(content: bytes) -> tuple[Certificate, ...]:
    """Read the certificates of a file, armoured or not.

    Raises:
        PacketError: it holds anything else.
    """
    found: list[list[tuple[Packet, list[Packet]]]] = []
    for packet in _packets(_bare(content, "PUBLIC KEY BLOCK")):
        if packet.tag in (PRIMARY_KEY, SUB_KEY) and (packet.body[:1] != b"\4" or len(packet.body) > _LONGEST_KEY):
            raise PacketError("a key is of a version that is not known here")
        if packet.tag == PRIMARY_KEY:
            found.append([(packet, [])])
        elif not found or packet.tag not in (SIGNATURE, SUB_KEY, USER_NAME):
            raise PacketError(f"a packet of kind {packet.tag} is no part of a certificate")
        elif packet.tag == SIGNATURE:
            found[-1][-1][1].append(packet)
        else:
            found[-1].append((packet, []))
    return tuple(Certificate(tuple(Component(about, tuple(made)) for about, made in parts)) for parts in found)


def merged(first: Certificate, second: Certificate) -> Certificate:
    """All that two states of one certificate say: keys, names and signatures of either. Whoever reads it judges by their dates."""
    found: dict[Packet, dict[Packet, None]] = {}
    for component in (*first.components, *second.components):
        found.setdefault(component.packet, {}).update(dict.fromkeys(component.signatures))
    order = {PRIMARY_KEY: 0, SUB_KEY: 2}
    packets = sorted(found, key=lambda packet: order.get(packet.tag, 1))
    return Certificate(tuple(Component(packet, tuple(found[packet])) for packet in packets))


def signature(content: bytes) -> Packet:
    """Read a detached signature, armoured or not.

    Raises:
        PacketError: it is anything but one signature.
    """
    found = list(_packets(_bare(content, "SIGNATURE")))
    if len(found) != 1 or found[0].tag != SIGNATURE:
        raise PacketError("it is not one signature")
    return found[0]


def _bare(content: bytes, kind: str) -> bytes:
    """The bytes within an armour; bytes without one are what they are."""
    if len(content) > SIZE_LIMIT:
        raise PacketError("it is too long for OpenPGP")
    if content[:1] >= b"\x80":  # the first bit of every packet is set, and no text starts so
        return content
    lines = [line.rstrip() for line in content.strip().split(b"\n")]
    edges = [f"-----{edge} PGP {kind}-----".encode() for edge in ("BEGIN", "END")]
    if len(lines) < 3 or [lines[0], lines[-1]] != edges or b"" not in lines:
        raise PacketError(f"it is no PGP {kind.lower()}")
    body = lines[lines.index(b"") + 1 : -1]
    if body and body[-1][:1] == b"=":  # the checksum is against errors of lines, which TCP has its own for
        body.pop()
    if not all(map(_BASE64.fullmatch, body)):
        raise PacketError("the armour is damaged")
    try:
        return base64.b64decode(b"".join(body), validate=True)
    except binascii.Error as error:
        raise PacketError("the armour is damaged") from error


def _packets(content: bytes) -> Iterator[Packet]:
    place = 0
    while place < len(content):
        head = content[place]
        if not head & 0x80:
            raise PacketError("it does not consist of packets")
        tag, size_at = (head & 0x3F, _new_size) if head & 0x40 else (head >> 2 & 0xF, _old_size)
        start, size = size_at(content, place)
        if start + size > len(content):
            raise PacketError("it is cut off")
        yield Packet(tag, content[start : start + size])
        place = start + size


def _old_size(content: bytes, place: int) -> tuple[int, int]:
    """Where the body of a packet starts, and its length."""
    octets = (1, 2, 4, 0)[content[place] & 3]
    if not octets:
        raise PacketError("a packet has no length")
    return place + 1 + octets, int.from_bytes(content[place + 1 : place + 1 + octets], "big")


def _new_size(content: bytes, place: int) -> tuple[int, int]:
    first = int.from_bytes(content[place + 1 : place + 2], "big")
    if first < 192:
        return place + 2, first
    if first < 224:
        return place + 3, ((first - 192) << 8) + int.from_bytes(content[place + 2 : place + 3], "big") + 192
    if first < 255:
        raise PacketError("a packet comes in parts")
    return place + 6, int.from_bytes(content[place + 2 : place + 6], "big")
