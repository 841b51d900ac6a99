"""Certificates and tree heads: what is needed of them is read, and no bytes make the readers fail."""

from __future__ import annotations

import base64
import re

from hypothesis import example, given
from hypothesis import strategies as st

from gosteward.formats import certificates
from gosteward.golang import sumdb_head

# openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/O=Corp Ltd/CN=Corp Test CA'
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBqDCCAU+gAwIBAgIUEATpljBMGqlyJPDi91jWAuiwvlQwCgYIKoZIzj0EAwIw
KjERMA8GA1UECgwIQ29ycCBMdGQxFTATBgNVBAMMDENvcnAgVGVzdCBDQTAeFw0y
NjExMjQyMDIwMDZaFw0zNjExMjEyMDIwMDZaMCoxETAPBgNVBAoMCENvcnAgTHRk
MRUwEwYDVQQDDAxDb3JwIFRlc3QgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASmDwPDerQZ1sEWnp7WYZwcPZhHw5erZzG24j4mKQPNgvMFbM62at07uO8V8VIo
XpeESBumgAXUo41shngBqs0uo1MwUTAdBgNVHQ4EFgQU6OOuLZBPVT1mR+6AWH5w
S8RWLAIwHwYDVR0jBBgwFoAU6OOuLZBPVT1mR+6AWH5wS8RWLAIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAaVzh6onBNRjDqbxqyESHD3PCnETgJ
nZK9lJBgXy98pgIgeobYzLKwhrKHgrroz8hp+bCWyCRBjPmtO3ZJ4VdwaOo=
-----END CERTIFICATE-----
"""
DATE = re.compile("(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")


def test_names_and_dates_of_a_certificate() -> None:
    (der,) = certificates.from_file(CERTIFICATE.encode())
    found = certificates.parse(der)
    assert found is not None
    assert found.issuer_name == "Corp Test CA (Corp Ltd)"
    assert found.issuer == found.subject
    assert (found.not_before, found.not_after) == ("2026-11-24T20:20:06Z", "2036-11-21T20:20:06Z")
    assert certificates.from_file(der) == (der,)


@given(st.binary(max_size=300))
def test_names_are_bytes_of_the_certificate_and_dates_are_dates_or_nothing(data: bytes) -> None:
    (der,) = certificates.from_file(CERTIFICATE.encode())
    for damaged in (data, der[:150] + data + der[150:], der[: len(data)]):
        found = certificates.parse(damaged)
        if found is not None:
            assert found.issuer in damaged
            assert found.subject in damaged
            assert found.subject_name.isprintable()
            assert all(DATE.fullmatch(date) for date in (found.not_before, found.not_after))


@given(st.lists(st.binary(min_size=1, max_size=100), max_size=4))
def test_pem_blocks_come_out_as_they_went_in(contents: list[bytes]) -> None:
    blocks = [base64.encodebytes(content).decode() for content in contents]
    text = "".join(f"x\n-----BEGIN CERTIFICATE-----\n{block}-----END CERTIFICATE-----\n" for block in blocks)
    assert certificates.from_file(text.encode()) == tuple(contents)


HEAD = "go.sum database tree\n60\nBAcwJhvo6DqtWyjBgFTAyIBzcBmCGQUmnU9vPCY9oJ8=\n\n\u2014 sum.example {}\n"


def head(size: int, key: bytes) -> sumdb_head.Head:
    signature = base64.b64encode(key + b"signature").decode()
    found = sumdb_head.parse(HEAD.replace("60", str(size)).format(signature))
    assert found is not None
    return found


def test_a_smaller_tree_and_another_key_are_behind() -> None:
    assert not sumdb_head.behind(head(61, b"aaaa"), head(60, b"aaaa"))
    assert "60 seen before" in sumdb_head.behind(head(40, b"aaaa"), head(60, b"aaaa"))
    assert not sumdb_head.behind(head(40, b"aaaa"), head(60, b"aaaa"), tolerance=30)
    assert "signed by" in sumdb_head.behind(head(61, b"bbbb"), head(60, b"aaaa"))


@given(st.text(max_size=300))
@example("go.sum database tree\n9\n\n\u2014 a !\n")
def test_keys_are_words_of_the_text(text: str) -> None:
    found = sumdb_head.parse(text)
    if found is not None:
        assert 0 <= found.size < 10**18
        assert all(key.rpartition("+")[0] in text for key in found.keys)
