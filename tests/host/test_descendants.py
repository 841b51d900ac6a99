"""What a program left running ends with it; what was there before, and who shares our own group, goes on."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import os, subprocess, sys, time
from gosteward.host import checking

job = subprocess.Popen(["sleep", "60"])  # as a shell leaves one to the program that it becomes
other = subprocess.Popen(["sleep", "60"], start_new_session=True)
at = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
left = "setsid sleep 60 & echo $!"
code, said = checking.run_as(None, ("/bin/sh", "-c", left), {"PATH": os.environ["PATH"]}, at, 10.0)
orphan = int(said)
alive = [process.poll() is None for process in (job, other)]
print(code, *alive, os.path.exists(f"/proc/{orphan}"))
job.kill(), other.kill()
"""


def test_only_what_a_program_left_running_ends_with_it() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, env=environment, start_new_session=True
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, "0 True True False\n"), ran.stderr
