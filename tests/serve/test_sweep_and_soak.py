"""A part of the fault sweep over ingests (`make sweep` does all of it), and a short soak (`make soak` is a long one)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def ran(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, env=environment)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"), reason="the sweep needs root and strace")
def test_some_faults_of_an_ingest_leave_a_store_that_is_whole_and_right() -> None:
    done = ran(HERE / "ingest_sweep.py", "--every", "150", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_many_clients_get_what_is_right_and_leave_nothing_behind() -> None:
    done = ran(HERE / "soak.py", "--clients", "16", "--requests", "6")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all was right" in done.stdout
