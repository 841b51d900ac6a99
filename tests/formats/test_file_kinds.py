"""The kind of a file by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats import file_kinds


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "empty"),
        (b"\x7fELF\x02\x01", "elf"),
        (b"#!/bin/sh\n", "script"),
        (b"MZ\x90\x00", "pe"),
        (b"\xcf\xfa\xed\xfe\x07", "macho"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"PK\x03\x04", "archive"),
        (b"\xfd7zXZ\x00", "archive"),
        (b"go/".ljust(257, b"\0") + b"ustar\x0000", "archive"),
        (b"\n <!DOCTYPE html>\n<html>", "html"),
        (b"\xef\xbb\xbf<HTML><head>", "html"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html>", "html"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "text"),
        (b'exec /usr/local/go/bin/go "$@"\n', "text"),
        (b"\0" * 64, "text"),
    ],
)
def test_kind(head: bytes, kind: str) -> None:
    assert file_kinds.kind_of(head) == kind


def test_carriage_return_stays_a_part_of_the_interpreters_name() -> None:
    assert file_kinds.interpreter_of(b"#!/bin/bash\r\nexec go\r\n") == "/bin/bash\r"
    assert file_kinds.interpreter_of(b"#! /usr/bin/env bash\n") == "/usr/bin/env"
    assert file_kinds.interpreter_of(b"#!") == ""


@given(st.binary(max_size=300))
def test_what_is_shown_is_one_printable_line_of_at_most_60_characters(head: bytes) -> None:
    file_kinds.kind_of(head)
    file_kinds.interpreter_of(b"#!" + head)
    text = file_kinds.shown(head)
    assert len(text) <= 60
    assert text.isprintable()
