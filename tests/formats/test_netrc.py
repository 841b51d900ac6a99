"""netrc files, as go 1.26 reads them: each expectation about what is sent was seen with a real go and a real server."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gosteward.formats.netrc import Entry, entries, entry_for, machines


def test_entries_are_complete_with_login_and_password() -> None:
    text = "machine a.example login dev password x\nmachine b.example\n  login dev\nmacdef init\nmachine c.example login x password y\n\nmachine d.example\nlogin z\npassword w\ndefault\nmachine e.example login x password y\n"
    assert machines(text) == {"a.example": True, "b.example": False, "d.example": True}


def test_default_with_a_password_is_for_no_machine_and_does_not_end_the_file() -> None:
    text = "default login anonymous password me@x\nmachine a.example login dev password x\n"
    assert entries(text) == (Entry("a.example", "dev", "x"),)


def test_a_macro_ends_at_an_empty_line_and_nowhere_else() -> None:
    text = "macdef init\nmachine a.example login evil password x\n \nmachine b.example login evil password x\n\nmachine c.example login dev password x"
    assert [entry.machine for entry in entries(text)] == ["c.example"]


def test_words_are_cut_where_go_cuts_them() -> None:
    assert entries("machine a.example\u3000login\x85dev password x\x1cy") == (Entry("a.example", "dev", "x\x1cy"),)


TEXT = "machine a.example login a password first\nmachine A.example login a password second\nmachine a.example:8443 login b password x\nmachine a.example/go login c password x\nmachine empty.example login d"


@pytest.mark.parametrize(
    ("place", "login"),
    [
        ("a.example", "a"),
        ("a.example/go/golang.org/toolchain/@v/list", "c"),
        ("a.example/gopher", "a"),
        ("a.example:8443/go", "b"),
        ("a.example:443/go", ""),
        ("b.a.example", ""),
        ("a.example.evil.example", ""),
        ("evil.example/a.example", ""),
        ("empty.example", ""),
        ("", ""),
    ],
)
def test_a_password_is_for_its_host_port_and_path(place: str, login: str) -> None:
    found = entry_for(place, entries(TEXT))
    assert (found.login if found else "") == login


def test_the_first_of_several_entries_counts() -> None:
    found = entry_for("a.example", entries(TEXT))
    assert found is not None
    assert found.password == "first"


@given(st.text(max_size=300))
@example("machine a\nlogin b password c")
def test_entries_are_words_of_the_text(text: str) -> None:
    assert all(word in text for entry in entries(text) for word in entry)
