"""Licences in a policy: a zip is judged once it is there as a whole, and nobody gets a byte of one that is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serve.serving import Fault, proxy, upstream
from serve.test_policing import LIB, World, read_again, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

APACHE = (Path(__file__).parents[2] / "LICENSE").read_bytes()
ALLOW = '[licences]\nallow = ["Apache-*", "MIT"]\nunknown = "deny"\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with upstream() as behind:
        made = World(tmp_path, behind)
        for version, files in (
            ("v1.0.0", {"LICENSE": APACHE}),
            ("v1.1.0", {"COPYING": b"Ask me."}),
            ("v1.2.0", {"docs/LICENSE": APACHE}),
        ):
            made.add(LIB, version)
            behind.add(LIB, version, {"lib.go": b"package lib\n" * 9_999, **files})
        made.policy(ALLOW)
        yield made


def test_only_allowed_licences_are_had_and_only_zips_are_judged(world: World) -> None:
    with proxy(world.top, world.behind.url, policy=world.file) as served:
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200
        for version, said in (
            ("v1.1.0", b"the licence in its COPYING is none that is known here"),
            ("v1.2.0", b"it has no file with a licence"),
        ):
            for _ in range(2):
                answer = served.get(f"/{LIB}/@v/{version}.zip")
                assert answer.status == 403
                assert said in answer.body
                assert b'(rule "licences", policy.toml:1)' in answer.body
            assert served.get(f"/{LIB}/@v/{version}.info").status == 200
        assert versions(served) == "v1.0.0 v1.1.0 v1.2.0"
        assert world.behind.asked.count(f"/{LIB}/@v/v1.1.0.zip") == 1  # it is kept, in case that the policy changes


def test_the_policy_that_holds_decides_about_what_is_stored(world: World) -> None:
    with proxy(world.top, world.behind.url, policy=world.file) as served:
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200
        read_again(served, world, '[licences]\ndeny = ["Apache-2.0"]\nunknown = "allow"\n')
        answer = served.get(f"/{LIB}/@v/v1.0.0.zip")
        assert answer.status == 403
        assert b"its LICENSE is Apache-2.0, which is denied" in answer.body
        assert served.get(f"/{LIB}/@v/v1.1.0.zip").status == 200
        read_again(served, world, f'{ALLOW}except = ["example.com"]\n')
        assert served.get(f"/{LIB}/@v/v1.2.0.zip").status == 200


def test_latest_and_branches_do_not_fetch_zips(world: World) -> None:
    world.behind.files[f"/{LIB}/@latest"] = b'{"Version":"v1.1.0"}'
    with proxy(world.top, world.behind.url, policy=world.file) as served:
        assert served.get(f"/{LIB}/@latest").status == 200
        assert f"/{LIB}/@v/v1.1.0.zip" not in world.behind.asked


def test_trouble_of_the_upstream_is_told_as_trouble(world: World) -> None:
    world.behind.faults[f"/{LIB}/@v/v1.0.0.zip"] = Fault(status=500)
    world.behind.faults[f"/{LIB}/@v/v1.1.0.zip"] = Fault(cut=200)
    with proxy(world.top, world.behind.url, policy=world.file) as served:
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 502
        assert served.get(f"/{LIB}/@v/v1.1.0.zip").status == 502
        assert served.get(f"/{LIB}/@v/v9.0.0.zip").status == 400
        world.behind.faults.clear()
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200
