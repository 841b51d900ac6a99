"""Verifying a store: what is wrong goes to the quarantine, is served no more, and comes anew."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gosteward.cli.main import main
from gosteward.modules.care.scrubbing import BAD, OK, UNJUDGED, scrub
from modules.care.stores import (
    Published,
    command,
    environment,
    filled,
    looked_after,
    outside,
    ran,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEXT = "example.com/text/@v/v1.2.3"


@pytest.fixture
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a bit of a zip": ("example.com/large/@v/v1.0.0.zip", flip),
    "a cut zip": (f"{TEXT}.zip", lambda path: path.write_bytes(path.read_bytes()[:-10])),
    "an empty zip": (f"{TEXT}.zip", lambda path: path.write_bytes(b"")),
    "a changed go.mod": (f"{TEXT}.mod", lambda path: path.write_bytes(b"module example.com/evil\n")),
    "another version": (f"{TEXT}.info", lambda path: path.write_bytes(b'{"Version":"v6.6.6"}')),
    "no JSON": (f"{TEXT}.info", lambda path: path.write_bytes(b"\0" * 50)),
    "a link": (f"{TEXT}.mod", link),
    "what is none of a module": ("example.com/text/@v/evil.html", lambda path: path.write_bytes(b"<html>")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_wrong_goes_to_the_quarantine_and_the_rest_stays(
    published: Published, tmp_path: Path, damage: str
) -> None:
    store = filled(tmp_path / "store", published)
    assert scrub(store).exit_code == 0
    path, change = DAMAGE[damage]
    change(tmp_path / f"store/modules/{path}")
    kept = {name: content for name, content in stored(tmp_path / "store").items() if name != f"/{path}"}
    assert [one.path for one in scrub(store, move=False).of(BAD)] == [path]
    found = ran("verify", "--offline", "--store", tmp_path / "store", "--sumdb", published.vkey, "--format", "json")
    (bad,) = json.loads(found.stdout)["files"]
    assert (found.returncode, bad["path"], bad["status"]) == (1, path, "bad")
    assert (tmp_path / "store" / bad["moved"]).is_symlink() or (tmp_path / "store" / bad["moved"]).is_file()
    assert stored(tmp_path / "store") == kept
    assert scrub(store).exit_code == 0


@pytest.mark.parametrize("action", [("verify",), ("export", "x.tar")])
def test_a_store_that_is_not_there_is_no_store_without_faults(tmp_path: Path, action: tuple[str, ...]) -> None:
    assert main(["proxy", *action, "--store", f"{tmp_path}/mistyped", "--offline", "--sumdb", "off"]) == 2
    assert not list(tmp_path.iterdir())


def test_private_modules_are_compared_with_what_was_recorded(published: Published, tmp_path: Path) -> None:
    store = filled(tmp_path / "store", published, sumdb="off")
    assert len(scrub(store).of(OK)) == 9
    flip(tmp_path / f"store/modules/{TEXT}.mod")
    assert [one.path for one in scrub(store).of(BAD)] == [f"{TEXT}.mod"]


def test_without_a_proof_the_log_is_asked_and_offline_it_is_not_known(published: Published, tmp_path: Path) -> None:
    filled(tmp_path / "store", published)
    for proof in (tmp_path / "store/proofs/log").glob("proof-*"):
        proof.unlink()
    offline = scrub(looked_after(tmp_path / "store", published))
    assert (len(offline.of(UNJUDGED)), offline.exit_code) == (6, 3)
    assert len(stored(tmp_path / "store")) == 9
    assert scrub(looked_after(tmp_path / "store", published, offline=False)).exit_code == 0


def test_reading_all_of_it_is_no_use(published: Published, tmp_path: Path) -> None:
    store = filled(tmp_path / "store", published)
    for path in (tmp_path / "store/modules").rglob("*.zip"):
        os.utime(path, (1e9, 1e9))
    scrub(store)
    assert {path.stat().st_atime for path in (tmp_path / "store/modules").rglob("*.zip")} == {1e9}


@contextmanager
def serving(store: Path, published: Published) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = command(
        "serve", "--listen", address, "--store", store, "--upstream", published.url, "--sumdb", published.vkey
    )
    with subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def body(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        content: bytes = answer.read()
        return content


def test_a_service_that_holds_the_wrong_one_in_memory_forgets_it_and_fetches_the_right_one(
    published: Published, tmp_path: Path
) -> None:
    filled(tmp_path / "store", published)
    right, evil = published.log.files[f"/{TEXT}.mod"], b"module example.com/evil\n"
    (tmp_path / f"store/modules/{TEXT}.mod").write_bytes(evil)
    with serving(tmp_path / "store", published) as url:
        assert (
            body(f"{url}/{TEXT}.mod") == evil
        )  # disks are not read twice for each client: this is what `verify` is for
        assert ran("verify", "--store", tmp_path / "store", "--sumdb", published.vkey, "--offline").returncode == 1
        until = time.monotonic() + 20
        while body(f"{url}/{TEXT}.mod") != right and time.monotonic() < until:
            time.sleep(0.1)
        assert body(f"{url}/{TEXT}.mod") == right
    assert stored(tmp_path / "store")[f"/{TEXT}.mod"] == right
