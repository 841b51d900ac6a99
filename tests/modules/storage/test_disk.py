"""Files of the store: what a loss of power finds there is whole, as everything is on the disk before its name is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.modules.storage.disk import DiskStore

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PATH = "example.com/text/@v/v1.0.0.zip"


def test_content_is_synced_before_its_name_and_every_new_name_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskStore(str(tmp_path))
    store.prepare()
    done: list[tuple[str, str]] = []
    sync, rename = os.fsync, os.rename

    def syncing(descriptor: int) -> None:
        sync(descriptor)
        done.append(("synced", os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), tmp_path)))

    def renaming(source: str, target: str) -> None:
        rename(source, target)
        done.append((os.path.relpath(source, tmp_path), os.path.relpath(target, tmp_path)))

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "rename", renaming)
    incoming = store.incoming()
    incoming.write(b"content")
    incoming.keep(PATH)
    incoming.discard()
    (what, temporary), (source, target), *after = done
    assert (what, source, target) == ("synced", temporary, f"modules/{PATH}")
    assert {place for _, place in after} == {
        "modules/example.com/text/@v",
        "modules/example.com/text",
        "modules/example.com",
        "modules",
    }
