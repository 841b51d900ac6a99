"""What a .info states is what Go reads there."""

from __future__ import annotations

import pytest

from gosteward.golang.cached_names import stated_version

ORIGIN = b'{"VCS":"git","URL":"https://example.com/x","Hash":"0123"}'


@pytest.mark.parametrize(
    "info",
    [
        b'{"Version":"v1.0.0"}',
        b'{"Version":"v1.0.0","Time":"2020-01-02T03:04:05Z"}',
        b'{"Version":"v1.0.0","Time":"0001-01-01T00:00:00.5+02:00","Origin":' + ORIGIN + b"}",
        b'{"Version":"v1.0.0","Name":"x","Short":"x","Origin":null,"more":[1]}',
        b'{"version":"v1.0.0","Version":"v1.0.0"}',
    ],
)
def test_what_go_reads(info: bytes) -> None:
    assert stated_version(info) == "v1.0.0"


@pytest.mark.parametrize(
    "info",
    [
        b'{"Version":"v1.0.0","version":"v0.9.0"}',  # the last one counts, in any case
        b'{"Version":"v1.0.0","Ver\xc5\xbfion":"v0.9.0"}',
        b'{"Version":"v1.0.0","VERSION":1}',
        b'{"Version":"v1.0.0","Time":"yesterday"}',
        b'{"Version":"v1.0.0","time":7}',
        b'{"Version":"v1.0.0","Origin":"x"}',
        b'{"version":"v1.0.0"',
        b'["v1.0.0"]',
        b"[" * 60_000,
    ],
)
def test_what_go_would_read_otherwise_or_not_at_all_states_nothing(info: bytes) -> None:
    assert stated_version(info) == ""
