"""Filling, checking and emptying a store while clients are served from it: they notice nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gosteward.modules.care.collecting import Limits, collect
from gosteward.modules.care.exporting import export
from gosteward.modules.care.importing import import_file
from gosteward.modules.care.scrubbing import BAD, scrub
from modules.care.stores import filled, is_clean, looked_after, outside, stored
from serve.serving import proxy

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 12


def test_clients_get_the_right_bytes_whatever_is_done_to_the_store_meanwhile(tmp_path: Path) -> None:
    with outside() as published:
        export(filled(tmp_path / "full", published), str(tmp_path / "all.tar"))
        files = dict(published.log.files)
        with proxy(tmp_path, published.url, published.vkey) as served, ThreadPoolExecutor(4) as clients:
            cared = looked_after(tmp_path / "store", published)
            going_on = True

            def download() -> list[str]:
                wrong = []
                while going_on:
                    for path, content in files.items():
                        answer = served.get(path)
                        if (answer.status, answer.body) != (200, content):
                            wrong.append(f"{path}: {answer.status} {answer.body[:200]!r}")
                return wrong

            downloads = [clients.submit(download) for _ in range(3)]
            try:
                for _ in range(ROUNDS):
                    collect(cared.store, Limits(size=0))
                    import_file(cared, str(tmp_path / "all.tar"))
                    assert not scrub(cared).of(BAD)
                    collect(cared.store, Limits(size=0))
                    cared.store.prepare()
            finally:
                going_on = False
            assert [line for one in downloads for line in one.result()] == []
        import_file(cared, str(tmp_path / "all.tar"))
        assert stored(tmp_path / "store") == files
        assert is_clean(tmp_path / "store")
