"""kill -9 in the midst of an import or a prefetch: nothing half is ever there, and doing it again makes it whole."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from gosteward.modules.care.exporting import export
from modules.care.stores import Published, command, environment, filled, is_clean, outside, ran, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KILLS = 12
PATIENCE = 30


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


def wait_for_work(store: Path, process: subprocess.Popen[bytes]) -> None:
    """Until something comes that is not whole yet, or all is done."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        if any(store.glob("incoming/*")) or any(store.glob("staging/*/*")):
            return
        time.sleep(0.001)


@pytest.mark.parametrize("action", ["import", "prefetch"])
def test_whatever_is_there_after_a_kill_is_whole_and_a_rerun_heals(
    published: Published, tmp_path: Path, action: str
) -> None:
    export(filled(tmp_path / "full", published), str(tmp_path / "all.tar"))
    (tmp_path / "list").write_text("example.com/text@v1.2.3\nexample.com/Upper/mod@v0.1.0\nexample.com/large@v1.0.0\n")
    words = [action, tmp_path / ("all.tar" if action == "import" else "list"), "--sumdb", published.vkey]
    words += ["--upstream", published.url] if action == "prefetch" else []
    caught = 0
    for number in range(KILLS):
        store = tmp_path / f"store{number % 4}"  # some of them anew, some over what is there
        with subprocess.Popen(
            command(*words, "--store", store), env=environment(), stdout=subprocess.DEVNULL
        ) as process:
            wait_for_work(store, process)
            time.sleep(random.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
        caught += process.returncode == -signal.SIGKILL
        if store.is_dir():
            assert all(published.log.files[path] == content for path, content in stored(store).items())
    assert caught
    for number in range(4):
        assert ran(*words, "--store", tmp_path / f"store{number}").returncode == 0
        assert stored(tmp_path / f"store{number}") == published.log.files
        assert is_clean(tmp_path / f"store{number}")
