"""X.509 certificates: issuer, subject and dates, as far as a diagnosis needs them. Pure; nothing is verified here.

    Certificate ::= SEQUENCE { tbs SEQUENCE { [0] version?, serial, algorithm, issuer, validity, subject, ... }, ... }

Source: RFC 5280, sections 4.1 and 4.1.2; ITU-T X.690 (DER).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

SIZE_LIMIT = 1 << 16
_PEM = re.compile(r"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]{1,90000}?)-----END")
_SEQUENCE, _SET, _OID, _VERSION = 0x30, 0x31, 0x06, 0xA0
_UTC_TIME, _GENERALIZED_TIME, _BMP_STRING = 0x17, 0x18, 0x1E
_NAMES = {b"\x55\x04\x03": "CN", b"\x55\x04\x0a": "O"}


class Certificate(NamedTuple):
    """Attributes: issuer, subject: encoded names, to be compared byte by byte; issuer_name, subject_name: for people;
    not_before, not_after: "2026-11-24T16:30:00Z", "" if unreadable.
    """

    issuer: bytes = b""
    subject: bytes = b""
    issuer_name: str = ""
    subject_name: str = ""
    not_before: str = ""
    not_after: str = ""


def parse(der: bytes) -> Certificate | None:
    """Read a certificate; None for bytes that are none. Raises nothing."""
    if len(der) > SIZE_LIMIT:
        return None
    try:
        _, outer, _ = _element(der, 0)
        _, tbs, _ = _element(outer, 0)
        place = 0
        if tbs[:1] == bytes((_VERSION,)):
            _, _, place = _element(tbs, 0)
        for _ in ("serial", "algorithm"):
            _, _, place = _element(tbs, place)
        issuer_start = place
        _, issuer, place = _element(tbs, place)
        issuer_end = place
        _, validity, place = _element(tbs, place)
        subject_start = place
        _, subject, place = _element(tbs, place)
        first, before, then = _element(validity, 0)
        second, after, _ = _element(validity, then)
    except (IndexError, ValueError):
        return None
    return Certificate(
        issuer=tbs[issuer_start:issuer_end],
        subject=tbs[subject_start:place],
        issuer_name=_name(issuer),
        subject_name=_name(subject),
        not_before=_time(first, before),
        not_after=_time(second, after),
    )


def from_file(content: bytes, most: int = 500) -> tuple[bytes, ...]:
    """Encoded certificates in a file with PEM blocks, or the content itself if it is one certificate in DER."""
    if content[:1] == bytes((_SEQUENCE,)):
        return (content,) if len(content) <= SIZE_LIMIT else ()
    blocks = _PEM.findall(content.decode("ascii", "replace"))[:most]
    return tuple(der for der in map(_decoded, blocks) if der)


def _decoded(block: str) -> bytes:
    try:
        return base64.b64decode("".join(block.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _element(data: bytes, place: int) -> tuple[int, bytes, int]:
    """Tag, content and end of the element at a place. Raises IndexError or ValueError where there is none."""
    tag, length = data[place], data[place + 1]
    place += 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("length")
        length = int.from_bytes(data[place : place + count], "big")
        place += count
    if place + length > len(data):
        raise ValueError("end")
    return tag, data[place : place + length], place + length


def _name(content: bytes) -> str:
    """Common name and organisation: "Corp TLS Inspection CA (Corp Ltd)"; what there is of them."""
    parts: dict[str, str] = {}
    try:
        place = 0
        while place < len(content):
            _, members, place = _element(content, place)
            _, pair, _ = _element(members, 0)
            _, oid, after = _element(pair, 0)
            tag, value, _ = _element(pair, after)
            if oid in _NAMES:
                parts.setdefault(_NAMES[oid], _text(tag, value))
    except (IndexError, ValueError):
        pass
    common, organisation = parts.get("CN", ""), parts.get("O", "")
    return f"{common} ({organisation})" if common and organisation else common or organisation


def _text(tag: int, value: bytes) -> str:
    text = value.decode("utf-16-be" if tag == _BMP_STRING else "utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)[:120]


def _time(tag: int, value: bytes) -> str:
    digits = value.decode("ascii", "replace").rstrip("Z")
    if tag == _UTC_TIME and len(digits) >= 12:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    if tag not in (_UTC_TIME, _GENERALIZED_TIME) or len(digits) < 14 or not digits[:14].isdigit():
        return ""
    d = digits
    return f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}Z"
