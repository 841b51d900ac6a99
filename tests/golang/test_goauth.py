"""GOAUTH, in the forms of `go help goauth`."""

from __future__ import annotations

import pytest

from gosteward.golang.goauth import Methods, methods


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", Methods(netrc=True)),
        ("netrc", Methods(netrc=True)),
        ("off", Methods(netrc=False)),
        ("off; netrc", Methods(netrc=False)),
        ("git /srv/app", Methods(netrc=False, programs=("git",))),
        ("/opt/helper --token s3cret; netrc", Methods(netrc=True, programs=("/opt/helper",))),
        (" ; ", Methods(netrc=False)),
    ],
)
def test_methods_are_told_apart(value: str, found: Methods) -> None:
    assert methods(value) == found
