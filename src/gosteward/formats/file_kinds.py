"""What a file is, by its first bytes. Pure.

Sources: execve(2) and binfmt_script for what the kernel starts; the formats' own magic numbers.
"""

from __future__ import annotations

import re

_WRAPPER_SIZE = 1 << 14
_HANDS_ON = re.compile(
    r"""\s*(?:exec\s+)?(?:env\s+)?(?:\w{1,99}=[^\s;|&]{0,200}\s+){0,9}["']?(/[^\s"'$`*?;|&<>()]{1,500})["']?\s+.{0,300}(?:\$@|\$\*)"""
)
HEAD_SIZE = 1024
_LONGEST_LINE = 256  # BINPRM_BUF_SIZE: the kernel looks no further for an interpreter
_SHOWN = 60

_MAGIC = (
    (b"\x7fELF", "elf"),
    (b"#!", "script"),
    (b"MZ", "pe"),
    (b"\xfe\xed\xfa\xce", "macho"),
    (b"\xfe\xed\xfa\xcf", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\xca\xfe\xba\xbe", "macho"),
    (b"\x1f\x8b", "archive"),
    (b"PK\x03\x04", "archive"),
    (b"PK\x05\x06", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"BZh", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"!<arch>\n", "archive"),
)
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<meta", b"<!--", b"<?xml")


def kind_of(head: bytes) -> str:
    """Name the kind of a regular file as in `snapshot.Binary.kind`.

    Args:
        head: its first bytes, HEAD_SIZE of them if it has as many.
    Returns:
        "empty", "elf", "script", "pe", "macho", "archive", "html", or "text" for everything else.
    """
    if not head:
        return "empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "archive"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_PAGE_STARTS) and (not text.startswith((b"<?xml", b"<!--")) or b"<html" in text):
        return "html"
    return "text"


def interpreter_of(head: bytes) -> str:
    """The word behind `#!`: spaces and tabs end it, a carriage return does not. "" if there is none."""
    if not head.startswith(b"#!"):
        return ""
    line = head[2:_LONGEST_LINE].partition(b"\n")[0].strip(b" \t")
    word = line.replace(b"\t", b" ").partition(b" ")[0]
    return word.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def shown(head: bytes) -> str:
    """The beginning of a file as one line of printable text, with escapes for other characters."""
    text = re.sub(r"[ \t\r\n]+", " ", head[: 4 * _SHOWN].decode("utf-8", "replace")).strip(" ")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)[:_SHOWN]


def started_by(text: bytes) -> str:
    """The program that a shell script hands its own arguments to, and the line: "/opt/go/bin/go:3"; "" if that is not in plain sight.

    The last such line counts: in a script that ends in `exec`, what is above only prepares.
    """
    found = ""
    for number, line in enumerate(text[:_WRAPPER_SIZE].decode("utf-8", "surrogateescape").split("\n"), 1):
        call = _HANDS_ON.match(line[:1000])
        if call is not None:
            found = f"{call[1]}:{number}"
    return found
