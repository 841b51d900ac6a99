"""Prefetching: what comes is what a client would have got, and what does not come is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from modules.care.stores import Published, go_sum, is_clean, outside, publish, ran, stored
from serve.serving import proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


def module_cache(top: Path, published: Published) -> Path:
    for path, content in published.log.files.items():
        file = top / f"cache/download{path}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return top


def test_a_go_sum_brings_all_that_a_build_reads_once(published: Published, tmp_path: Path) -> None:
    (tmp_path / "go.sum").write_text(go_sum(published))
    arguments = ("prefetch", tmp_path / "go.sum", "--store", tmp_path / "store", "--upstream", published.url)
    first = ran(*arguments, "--sumdb", published.vkey)
    assert (first.returncode, first.stdout) == (0, "9 files fetched, 0 there before\n")
    assert stored(tmp_path / "store") == published.log.files
    second = ran(*arguments, "--sumdb", published.vkey, "--offline", "--format", "json")
    assert json.loads(second.stdout) == {"schema": "gosteward.prefetch/1", "fetched": 0, "had": 9, "failed": []}
    with proxy(tmp_path, "off") as served:
        assert all(served.get(path).body == content for path, content in published.log.files.items())


def test_what_cannot_be_had_is_named_and_the_rest_comes(published: Published, tmp_path: Path) -> None:
    published.log.files["/example.com/text/@v/v1.2.3.zip"] = b"PK no zip"
    (tmp_path / "list").write_text("example.com/text@v1.2.3\nexample.com/large@v1.0.0\nexample.com/none@v1.0.0\n")
    arguments = ("prefetch", tmp_path / "list", "--store", tmp_path / "store", "--upstream", published.url)
    found = ran(*arguments, "--sumdb", published.vkey, "--format", "json")
    assert found.returncode == 1
    failed = {one["path"] for one in json.loads(found.stdout)["failed"]}
    assert failed == {"example.com/text/@v/v1.2.3.zip"} | {
        f"example.com/none/@v/v1.0.0.{kind}" for kind in ("info", "mod", "zip")
    }
    assert len(stored(tmp_path / "store")) == 5
    assert is_clean(tmp_path / "store")


@pytest.mark.parametrize("sumdb", ["log", "off"])
def test_what_is_not_as_go_sum_says_fails_even_if_it_is_there(published: Published, tmp_path: Path, sumdb: str) -> None:
    lines = go_sum(published)
    database = published.vkey if sumdb == "log" else "off"
    arguments = ("--store", tmp_path / "store", "--upstream", published.url, "--sumdb", database)
    good = lines.splitlines()[0].split()
    (tmp_path / "go.sum").write_text(f"{good[0]} {good[1]} h1:{'A' * 43}=\n")
    for _ in range(2):
        found = ran("prefetch", tmp_path / "go.sum", *arguments)
        assert found.returncode == 1
        assert "SECURITY ERROR" in found.stdout
    assert "/example.com/text/@v/v1.2.3.zip" not in stored(tmp_path / "store")
    (tmp_path / "go.sum").write_text(lines)  # and the wrong one has not become what holds from now on
    assert ran("prefetch", tmp_path / "go.sum", *arguments).returncode == 0


def test_a_module_cache_is_believed_no_more_than_an_upstream(published: Published, tmp_path: Path) -> None:
    cache = module_cache(tmp_path / "cache", published)
    (cache / "cache/download/example.com/large/@v/v1.0.0.zip").write_bytes(b"PK changed")
    (cache / "cache/download/example.com/text/@v/v1.2.3.info").unlink()
    (cache / "cache/download/example.com/text/@v/v1.2.3.info").symlink_to("/etc/hostname")
    asked = len(published.log.asked)
    found = ran(
        "prefetch", cache, "--store", tmp_path / "store", "--upstream", published.url, "--sumdb", published.vkey
    )
    assert found.returncode == 1
    assert [line.split(":")[0].strip() for line in found.stdout.splitlines()[2:]] == ["example.com/large/@v/v1.0.0.zip"]
    assert len(stored(tmp_path / "store")) == 7
    assert len(published.log.asked) > asked  # the log, and nothing else


def test_a_private_module_is_held_to_what_came_first(published: Published, tmp_path: Path) -> None:
    arguments = ("--store", tmp_path / "store", "--upstream", published.url, "--sumdb", published.vkey)
    private = ("--private", "example.com/own")
    publish(published.log, "example.com/own", "v1.0.0", {"a.go": b"package a\n"})
    assert ran("prefetch", "example.com/own@v1.0.0", *arguments, *private).returncode == 0
    (tmp_path / "store/modules/example.com/own/@v/v1.0.0.zip").unlink()
    publish(published.log, "example.com/own", "v1.0.0", {"a.go": b"package evil\n"})
    assert ran("prefetch", "example.com/own@v1.0.0", *arguments, *private).returncode == 1


@pytest.mark.parametrize("source", ["no-such-file", "example.com/a@main", "."])
def test_a_source_that_is_none_is_one_clear_error(published: Published, tmp_path: Path, source: str) -> None:
    where = tmp_path if source == "." else source
    found = ran("prefetch", where, "--store", tmp_path / "store", "--upstream", published.url, "--sumdb", "off")
    assert (found.returncode, found.stdout) == (2, "")
    assert "Traceback" not in found.stderr
