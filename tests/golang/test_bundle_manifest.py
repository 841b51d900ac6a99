"""Manifests of bundles: what is written is read, always in the same bytes, and no value that cannot be comes through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gosteward.errors import DecodeError
from gosteward.golang import bundle_manifest
from gosteward.golang.bundle_manifest import BundledRelease, Manifest
from gosteward.golang.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Callable

H1 = f"h1:{'A' * 43}="


def release(version: str, goarch: str = "amd64", form: str = "module") -> BundledRelease:
    platform = Platform(goarch)
    file = bundle_manifest.file_of(version, platform, form)
    return BundledRelease(version, platform, form, file, 7, "ab" * 32, H1, 300, "c2sp.org/tlog-proof@v1\n— x\n")


ARM = release("go1.26.8", "arm", "archive")
MANIFEST = Manifest("2026-11-28T06:32:17Z", "log.example", "0badcafe", "a head — x\n", (release("go1.26.10"), ARM))


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(bundle_manifest.written(MANIFEST))
    change(document)
    return json.dumps(document).encode()


def test_what_is_written_is_read_in_the_order_of_versions_whatever_order_it_came_in() -> None:
    text = bundle_manifest.written(MANIFEST)
    found = bundle_manifest.parse(text)
    assert found == MANIFEST._replace(releases=(ARM, release("go1.26.10")))
    assert bundle_manifest.written(found) == text
    assert ARM.file == "go1.26.8.linux-armv6l.tar.gz"


def test_what_a_later_version_adds_is_passed_over() -> None:
    def add(document: dict[str, Any]) -> None:
        document["tables"] = [{"name": "tables/releases.json", "weight": 0.5}]
        document["releases"][0]["channel"] = "stable"

    assert len(bundle_manifest.parse(changed(add)).releases) == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", "go1.26.8/../x"), ("version", "go1.26.9"), ("version", 1), ("platform", "linux-amd64"), ("platform", "windows-amd64"),
        ("form", "bundle"), ("form", ["module"]), ("form", "module"), ("file", "../x"), ("file", "/etc/passwd"), ("size", 0), ("size", -1),
        ("size", True), ("size", 7.0), ("size", "7"), ("size", 1 << 40), ("sha256", "AB" * 32), ("sha256", "ab" * 31), ("h1", "h1:x"),
        ("h1", H1 + "\n"), ("record", -1), ("record", 1 << 63), ("proof", ""), ("proof", "x" * (1 << 15)), ("proof", None),
    ],
)  # fmt: skip
def test_values_of_a_release_that_cannot_be(key: str, value: object) -> None:
    with pytest.raises(DecodeError, match="no manifest of a bundle"):
        bundle_manifest.parse(changed(lambda document: document["releases"][0].update({key: value})))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"\xff", b"{", b'{"schema": "gosteward.bundle/1"}', b"[" * 100_000, b'{"a":' * 100_000,
        b'{"size": ' + b"9" * 100_000 + b"}", b'{"schema": 1, "schema": 2}', b" " * ((4 << 20) + 1),
        changed(lambda d: d.update(schema="gosteward.bundle/2")), changed(lambda d: d.update(releases=[])),
        changed(lambda d: d.update(releases=d["releases"] * 2)), changed(lambda d: d.update(releases=d["releases"] * 200)),
        changed(lambda d: d.update(releases=[3])), changed(lambda d: d.update(log=[])), changed(lambda d: d["log"].update(name="a\x1b[31mb")),
        changed(lambda d: d["log"].update(key_hash="xyz")), changed(lambda d: d.update(created_at="yesterday")),
    ],
)  # fmt: skip
def test_what_is_no_manifest_gets_one_clear_error(content: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        bundle_manifest.parse(content)
    assert caught.value.exit_code == 2
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400
