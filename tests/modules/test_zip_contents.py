"""The h1 of a module's zip: the same however many threads hash it, and none for a damaged one."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import dirhash
from gosteward.host.inflating import engine_of
from gosteward.modules import zip_contents

if TYPE_CHECKING:
    from pathlib import Path

MODULE, VERSION = "example.com/large", "v1.2.3"
FILES = {f"d{number % 3}/f{number}.bin": os.urandom(zip_contents.LARGE // 8 + number) for number in range(11)}


def zip_of(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"{MODULE}@{VERSION}/{name}", data)
    return content.getvalue()


def h1_of(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return zip_contents.h1_of(descriptor, MODULE, VERSION, engine_of(""))
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("count", [1, 2, 3, 11])
def test_h1_is_that_of_the_files_in_any_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(zip_contents, "MOST_AT_ONCE", count)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(count)))
    content = zip_of(FILES)
    (tmp_path / "zip").write_bytes(content)
    assert h1_of(tmp_path / "zip") == dirhash.of_zip(content)


def test_damage_in_any_of_many_files_is_seen(tmp_path: Path) -> None:
    content = bytearray(zip_of(FILES))
    content[len(content) // 2] ^= 1
    (tmp_path / "zip").write_bytes(content)
    with pytest.raises(ArchiveError):
        h1_of(tmp_path / "zip")


@pytest.mark.parametrize("name", ["go.mod", "LICENSE"])
def test_what_go_reads_whole_has_a_limit_of_its_own(tmp_path: Path, name: str) -> None:
    (tmp_path / "zip").write_bytes(zip_of({name: bytes(zip_contents.MOST_SMALL + 1)}))
    with pytest.raises(ArchiveError, match="more than"):
        h1_of(tmp_path / "zip")
    (tmp_path / "zip").write_bytes(
        zip_of({name: bytes(zip_contents.MOST_SMALL), "d/" + name: bytes(zip_contents.MOST_SMALL + 1)})
    )
    assert h1_of(tmp_path / "zip").startswith("h1:")
