"""`/index` tells what came into the store, in pages that follow each other, and nothing that may not be had."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from serve.serving import Served, Upstream, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIB = "example.com/lib"


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as found:
        for number in range(5):
            found.add(LIB, f"v1.{number}.0")
        yield found


def told(served: Served, query: str = "") -> list[dict[str, str]]:
    return [json.loads(line) for line in served.get(f"/index{query}").body.splitlines()]


def fetch(served: Served, *numbers: int) -> None:
    for number in numbers:
        assert served.get(f"/{LIB}/@v/v1.{number}.0.zip").status == 200


def test_what_was_fetched_is_told_page_by_page(tmp_path: Path, behind: Upstream) -> None:
    with proxy(tmp_path, behind.url) as served:
        assert served.get("/index").body == b""
        fetch(served, 3, 0, 1)
        fetch(served, 3)
        whole = told(served)
        assert [(one["Path"], one["Version"]) for one in whole] == [(LIB, "v1.3.0"), (LIB, "v1.0.0"), (LIB, "v1.1.0")]
        assert told(served, "?limit=1") == whole[:1]
        assert told(served, f"?since={whole[1]['Timestamp']}&limit=1") == whole[1:2]
        assert served.get("/index", "HEAD").headers["content-length"] == str(len(served.get("/index").body))
    with proxy(tmp_path, behind.url) as served:
        assert told(served) == whole


def test_what_is_gone_or_refused_is_left_out(tmp_path: Path, behind: Upstream) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f'[[rule]]\ndeny = ["{LIB}"]\nversions = ["v1.1.0"]\n')
    with proxy(tmp_path, behind.url) as served:
        fetch(served, 0, 1, 2)
        served.made.proxy.store.remove(f"{LIB}/@v/v1.0.0.zip")
    with proxy(tmp_path, behind.url, policy=policy) as served:
        assert [one["Version"] for one in told(served, "?limit=1")] == ["v1.2.0"]


@pytest.mark.parametrize(
    "query",
    ["?limit=0", "?limit=2001", "?limit=x", "?limit=-1", "?since=yesterday", "?since=2026-11-28", "?" + "a=1&" * 99],
)
def test_a_question_that_is_none_is_refused(tmp_path: Path, behind: Upstream, query: str) -> None:
    with proxy(tmp_path, behind.url) as served:
        assert served.get(f"/index{query}").status == 400
