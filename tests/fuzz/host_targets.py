"""Readers of what the kernel, the account database and servers say, and of snapshots that somebody else has recorded."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from fuzz.json_mutation import mutated
from fuzz.target import Target, lines_of, text_of
from gosteward import fetch, report, symptoms
from gosteward.catalogs import catalog_for, parse_po
from gosteward.errors import DecodeError
from gosteward.host import accounts
from gosteward.judgement import judge
from gosteward.probes import c_library, limits, machine, memory, mounts, processor
from gosteward.recording import decode_snapshot, encode
from gosteward.redaction import line_without_secrets, redacted, without_secrets
from gosteward.rules import all_checks
from gosteward.snapshot import Snapshot, User

DEV = User(name="dev", uid=1000, gid=1001, groups=(27,))
GROUPS = limits.Groups(ids=frozenset({1001, 27}), names=frozenset({"dev", "sudo"}))
CHECKS = all_checks()
CATALOGS = (catalog_for("en"), catalog_for("zh"))
RECORDED = ("machines/[a-z]*-*.json",)
KNOWN = (("GS301", "go: command not found"), ("GS302", "cannot execute: required file not found"))


def _limits(data: bytes) -> object:
    found = limits.parse(lines_of(data), "/x")
    return found, limits.effective(found, DEV, GROUPS, spare_root=True)


def _processor(data: bytes) -> object:
    features = processor.features_of(lines_of(data))
    return processor.amd64_level(features), processor.arm_level(features, "armv7l"), processor.handler_of(text_of(data))


def _memory(data: bytes) -> object:
    lines = lines_of(data)
    return memory.meminfo(lines), memory.control_groups(lines), memory._kills(lines)


def _accounts(data: bytes) -> object:
    lines = lines_of(data)
    return accounts.passwd_entries(lines), accounts.groups_of(lines, "dev")


def _c_library(data: bytes) -> object:
    return c_library.glibc_version(data), c_library.musl_version(data)


def _decoded(data: bytes) -> Snapshot:
    """A snapshot, or the one that is in a recorded case of a rule."""
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise DecodeError("not JSON") from None
    value = value.get("snapshot", value) if isinstance(value, dict) else value
    if not isinstance(value, dict):
        raise DecodeError("not a snapshot")
    return decode_snapshot(value)


def _snapshot(data: bytes) -> object:
    snapshot = _decoded(data)
    masked = redacted(snapshot)
    assert redacted(masked) == masked, "masking once masks all"
    assert decode_snapshot(json.loads(json.dumps(encode(snapshot)))) == snapshot
    return masked


def _judged(data: bytes) -> object:
    snapshot = _decoded(data)
    found = report.Report(snapshot, judge(snapshot, CHECKS))
    return [report.render(found, name, words) for words in CATALOGS for name in report.FORMATS]


def _secrets(data: bytes) -> object:
    text = text_of(data)
    return without_secrets(text), line_without_secrets(text)


def _answer(data: bytes) -> object:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        theirs.sendall(data)
        theirs.close()
        request = fetch.Request(deadline=time.monotonic() + 5)
        return fetch.held(fetch._answer(ours, request, fetch.Url("http")), 1 << 12)


TARGETS = {
    "mount-table": Target(lambda data: mounts.parse(lines_of(data)), words="- / rw,relatime ext4 \\040 shared:1 0:35"),
    "limits": Target(_limits, lines=True, words="* - hard soft as nofile unlimited @sudo : @: dev 100: #"),
    "processor": Target(
        _processor, words="flags : avx2 bmi1 Features neon enabled interpreter magic 7f454c46 flags: F"
    ),
    "os-release": Target(lambda data: machine.os_release(lines_of(data)), words="ID= VERSION_ID= ' \" \\ #"),
    "memory": Target(_memory, words="MemTotal: kB 0::/ 9:memory:/ oom_kill .. max"),
    "accounts": Target(_accounts, words=": x 0 1000 4294967295 /home/dev /bin/sh dev , + @nis"),
    "c-library": Target(
        _c_library, words="GNU C Library stable release version 2.36 GLIBC_2. \0 1.2.5 -git-1-g0123abc"
    ),
    "snapshot": Target(_snapshot, RECORDED, errors=(DecodeError,), longest=1 << 16, mutate=mutated),
    "judged-snapshot": Target(
        _judged, (*RECORDED, "rules/*/fires_*.json"), errors=(DecodeError,), longest=1 << 16, mutate=mutated
    ),
    "secrets": Target(
        _secrets, words="https:// @ : TOKEN= PASSWORD password login Bearer basic ghp_ ?key= & ' \" GOAUTH API_KEY"
    ),
    "http-answer": Target(
        _answer,
        errors=(fetch.FetchError,),
        words="HTTP/1.1 200 \r\n Content-Length: Transfer-Encoding: chunked 0\r\n\r\n Location: ; 5 ffffffff",
    ),
    "message": Target(
        lambda data: symptoms.matches(text_of(data), KNOWN), words="go: command not found / ~/ . required"
    ),
    "catalog": Target(lambda data: parse_po(text_of(data)), errors=(ValueError,), words='msgid msgstr " \\n \\ #'),
}
