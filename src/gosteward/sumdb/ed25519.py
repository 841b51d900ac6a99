"""Ed25519: whether a signature is good, and signatures of our own. Pure, and about 2 ms.

Signing takes the same steps for every key and text, but Python's arithmetic takes a time that depends on the numbers: sign only where nobody can
measure that often, as for one file that somebody takes away, and never for whoever asks over a network.

A point (x, y) of -x^2 + y^2 = 1 + d x^2 y^2 is kept as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z. What is added is kept as
(Y - X, Y + X, 2Z, 2dT). The formulas hold for all points, equal and opposite ones and the neutral one too.

Sources: RFC 8032, sections 5.1.3 (decoding), 5.1.4 (addition and doubling), 5.1.5 (public keys), 5.1.6 (signing) and 5.1.7 (verification,
without the cofactor, as Go's crypto/ed25519).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Point = tuple[int, int, int, int]
    Addend = tuple[int, int, int, int]

KEY_SIZE = 32
SIGNATURE_SIZE = 64
_P = (1 << 255) - 19
_ORDER = (1 << 252) + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_NEUTRAL = (0, 1, 1, 0)
_BASE_BYTES = b"\x58" + b"\x66" * 31
_WINDOW = 4  # bits of both factors that one addition takes


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of a message is good.

    Args:
        public_key: 32 bytes.   signature: 64 bytes.
    Returns:
        False for a wrong signature, and for a key or signature that is no canonical encoding.
    Raises:
        nothing.
    """
    return _is_good(public_key, message, signature)


@lru_cache(maxsize=64)  # one tree head comes with thousands of proofs
def _is_good(public_key: bytes, message: bytes, signature: bytes) -> bool:
    key, base = _point(public_key), _point(_BASE_BYTES)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or base is None or len(signature) != SIGNATURE_SIZE or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    # Only the canonical encoding of R can equal the bytes that come out here.
    return _encoded(_sum_of_products(scalar, base, challenge, _opposite(key))) == signature[:32]


def public_key(seed: bytes) -> bytes:
    """The 32 bytes of the public key.  seed: 32 bytes, the private key."""
    return _encoded(_product(_secrets(seed)[0]))


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64 bytes of a signature, always the same for the same text.

    Args:
        seed: 32 bytes, the private key.
    Raises:
        ArithmeticError: this machine calculates wrongly: a wrong signature would give the key away, and is kept back.
    """
    scalar, prefix = _secrets(seed)
    public = _encoded(_product(scalar))
    once = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % _ORDER
    commitment = _encoded(_product(once))
    challenge = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % _ORDER
    signature = commitment + ((once + challenge * scalar) % _ORDER).to_bytes(32, "little")
    if not verify(public, message, signature):
        raise ArithmeticError("a signature that was just made is wrong")
    return signature


def _secrets(seed: bytes) -> tuple[int, bytes]:
    """The factor of the base point that a private key stands for, and what its signatures are made different with."""
    if len(seed) != KEY_SIZE:
        raise ValueError("a private key has 32 bytes")
    digest = hashlib.sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254, digest[32:]


def _product(factor: int) -> Point:
    """A multiple of the base point, in the same steps for every factor below 2^256."""
    base = _point(_BASE_BYTES)
    table = _multiples(base) if base is not None else []
    total: Point = _NEUTRAL
    for shift in range(256 - _WINDOW, -1, -_WINDOW):
        total = _added(_doubled(total, _WINDOW), table[factor >> shift & ((1 << _WINDOW) - 1)])
    return total


def _point(encoding: bytes) -> Point | None:
    """The point that 32 bytes stand for; None where they stand for none, or not in the canonical way."""
    if len(encoding) != KEY_SIZE:
        return None
    number = int.from_bytes(encoding, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == _P - u:
        x = x * _ROOT_OF_MINUS_1 % _P
    if v * x * x % _P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


def _encoded(point: Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, _P - 2, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(KEY_SIZE, "little")


def _opposite(point: Point) -> Point:
    x, y, z, t = point
    return (-x % _P, y, z, -t % _P)


def _sum_of_products(a: int, first: Point, b: int, second: Point) -> Point:
    """a * first + b * second, both factors below 2^256."""
    multiples, others = _multiples(first), _multiples(second)
    total: Point = _NEUTRAL
    for shift in range(256 - _WINDOW, -1, -_WINDOW):
        total = _doubled(total, _WINDOW)
        for factor, table in ((a, multiples), (b, others)):
            digit = factor >> shift & ((1 << _WINDOW) - 1)
            if digit:
                total = _added(total, table[digit])
    return total


def _multiples(point: Point) -> list[Addend]:
    """0 to 15 times a point, ready to be added."""
    one, multiple, found = _addend(point), _NEUTRAL, []
    for _ in range(1 << _WINDOW):
        found.append(_addend(multiple))
        multiple = _added(multiple, one)
    return found


def _addend(point: Point) -> Addend:
    x, y, z, t = point
    return ((y - x) % _P, (y + x) % _P, 2 * z % _P, 2 * _D * t % _P)


def _added(point: Point, addend: Addend) -> Point:
    x, y, z, t = point
    difference, total, double_z, scaled_t = addend
    a, b = (y - x) * difference % _P, (y + x) * total % _P
    c, d = t * scaled_t % _P, z * double_z % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _doubled(point: Point, times: int) -> Point:
    """2^times * point.  T is not read by doublings, so only the last one makes it."""
    x, y, z, t = point
    e = h = 0
    for _ in range(times):
        a, b = x * x % _P, y * y % _P
        h = a + b
        e = h - (x + y) ** 2 % _P
        g = a - b
        f = 2 * z * z % _P + g
        x, y, z = e * f % _P, g * h % _P, f * g % _P
    return (x, y, z, e * h % _P if times else t)
