"""An archive is known by its name, and where that was changed by what is in it; what is none is never taken for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.toolchains.origins import given_files
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = small_release("go1.26.90")


@pytest.mark.parametrize("name", ["go.zip", "v0.0.1-go1.26.90.linux-amd64.zip", "My Go.bin", "a.tar.gz"])
def test_a_module_zip_is_known_under_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(RELEASE.zip())
    (tmp_path / "link").symlink_to(name)
    for path in (tmp_path / name, tmp_path / "link"):
        offer = given_files.offer_in(str(path))
        assert offer is not None
        assert (offer.version, offer.platform.module, offer.form) == ("go1.26.90", "linux-amd64", "module")
        assert offer.path == str(tmp_path / name)


@pytest.mark.parametrize("name", [RELEASE.name, f"{RELEASE.name}.1", "go1.26.90.linux-amd64 (1).tar.gz"])
def test_a_tarball_is_known_by_what_browsers_make_of_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(RELEASE.tar_gz())
    offer = given_files.offer_in(str(tmp_path / name))
    assert offer is not None
    assert (offer.version, offer.form) == ("go1.26.90", "archive")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("go.tar.gz", RELEASE.tar_gz(), "nothing says which release this archive holds"),
        ("m.zip", b"PK\x03\x04" + bytes(26) + b"example.com/m@v1.0.0/go.mod", "nothing says which release"),
        ("cut.zip", b"PK\x03\x04", "nothing says which release"),
        ("go.zip", b"<html>Sign in</html>", "this is no archive, although its name says so"),
    ],
)
def test_what_holds_no_known_release_is_told(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        given_files.offer_in(str(tmp_path / name))


@given(content=st.binary(max_size=64) | st.binary(max_size=400).map(lambda more: b"PK\x03\x04" + more))
def test_any_file_is_an_archive_or_none(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    try:
        given_files.offer_in(str(path))
    except UsageError:
        assert content.startswith((b"PK", b"\x1f\x8b"))


def test_a_word_means_a_file_only_where_it_is_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("1.26", "latest", RELEASE.name):
        (tmp_path / name).write_bytes(b"")
    assert [given_files.path_of(word) for word in ("1.26", "latest", "missing.zip")] == ["", "", ""]
    assert given_files.path_of(RELEASE.name) == str(tmp_path / RELEASE.name)
    assert given_files.path_of("go.mod") == str(tmp_path / "go.mod")
