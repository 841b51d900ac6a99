"""Ed25519 against the vectors of RFC 8032 and against OpenSSL."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from gosteward.sumdb import ed25519

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = {
    "test 1": (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "test 2": (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "test 3": (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    "test SHA(abc)": (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
}
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()


def openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_vectors_of_the_rfc_are_good_and_nothing_else_is(vector: tuple[str, str, str, str]) -> None:
    _, public, message, signature = (bytes.fromhex(text) for text in vector)
    assert ed25519.verify(public, message, signature)
    assert not ed25519.verify(public, message + b"x", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 127), st.integers(1, 255))
def test_judges_as_openssl_does(seed: bytes, message: bytes, place: int, change: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519.verify(public, message, signature)
    changed = bytearray(signature + public)
    if place < len(changed):
        changed[place] ^= change
    signature, public = bytes(changed[:64]), bytes(changed[64:])
    assert ed25519.verify(public, message, signature) == openssl(public, message, signature)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_signs_as_the_rfc_says(vector: tuple[str, str, str, str]) -> None:
    seed, public, message, signature = (bytes.fromhex(text) for text in vector)
    assert ed25519.public_key(seed) == public
    assert ed25519.sign(seed, message) == signature


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_signs_as_openssl_does(seed: bytes, message: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    assert ed25519.public_key(seed) == key.public_key().public_bytes_raw()
    assert ed25519.sign(seed, message) == key.sign(message)


def test_a_wrong_signature_is_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would give the key away, together with the right one of the same text."""
    monkeypatch.setattr(ed25519, "_is_good", lambda *_: False)
    with pytest.raises(ArithmeticError):
        ed25519.sign(b"k" * 32, b"x")


def test_a_signature_has_one_form_only() -> None:
    signature = KEY.sign(b"x")
    scalar = int.from_bytes(signature[32:], "little")
    same_for_the_formula = signature[:32] + (scalar + ORDER).to_bytes(32, "little")
    assert not ed25519.verify(PUBLIC, b"x", same_for_the_formula)
    assert not ed25519.verify(PUBLIC, b"x", signature[:-1])
    assert not ed25519.verify(PUBLIC, b"x", signature + b"\0")
    assert not ed25519.verify(PUBLIC[:-1], b"x", signature)


@pytest.mark.parametrize("encoding", [P, P + 1, 2**255 - 1, 1 | 1 << 255, P - 1 | 1 << 255])
def test_second_encodings_of_a_point_are_refused(encoding: int) -> None:
    """Some are points of small order, under which S = 0 with the neutral point as R fits any message."""
    second = encoding.to_bytes(32, "little")
    assert not ed25519.verify(second, b"x", (1).to_bytes(32, "little") + bytes(32))
    assert not ed25519.verify((1).to_bytes(32, "little"), b"x", second + bytes(32))


def test_points_off_the_curve_are_no_keys() -> None:
    off = [
        n
        for n in range(2, 40)
        if pow((n * n - 1) * pow(-121665 * pow(121666, -1, P) * n * n + 1, -1, P), (P - 1) // 2, P) == P - 1
    ]
    assert len(off) > 10
    assert not any(ed25519._point(n.to_bytes(32, "little")) for n in off)
