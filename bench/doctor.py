"""What `gosteward doctor` costs, against what it cannot be faster than and against its peers, in pairs of the same run.

    make bench        or: .venv/bin/python bench/doctor.py [--runs 7] [--program .venv/bin/gosteward] [--before OTHER/gosteward]

A run starts every competitor once, in turn, so that a machine whose speed drifts is slow for all of them; figures are medians over the
runs, ratios are medians of the ratios within each run. CPU is user + system time of the process and all of its descendants.

| name | what it is |
|---|---|
| doctor | `gosteward doctor --offline --format json` of this checkout, of this host and user |
| bare home | the same for a user without start-up files of their own (`--user nobody`; as root only) |
| before | with `--before`: the same two of another gosteward, an older one for instance |
| bare shells | bash, dash, zsh and fish started 11 times without any start-up file, one after the other |
| slowest context | the slowest of the user's own shells with its start-up files |
| python | `python3 -I -c pass` |
| version | `gosteward --version` |
| mise doctor | if npm has it: @jdxcode/mise |
| ansible facts | if pip has it: ansible-core, `ansible localhost -m setup` |

goss (`goss validate`) is left out where the module proxy does not serve it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TOOLS = TOP / ".tools"
BARE = (
    "bash --noprofile --norc -c :", "bash --noprofile --norc -c :", "bash --noprofile --norc -c :", "bash --noprofile --norc -c :",
    "bash --noprofile --norc -c :", "dash -c :", "zsh -f -c :", "zsh -f -c :", "zsh -f -c :", "fish --no-config -c :", "fish --no-config -c :",
)  # fmt: skip
CONTEXTS = ("bash -lc :", "bash -ic :", "bash -lic :", "zsh -lic :", "fish -lic :")


def measure(commands: list[list[str]]) -> tuple[float, float]:
    """Wall and CPU seconds of commands, one after the other."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        # A session of its own, no terminal: an interactive shell would fight for ours.
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            start_new_session=True,
        )
    wall = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak_memory(command: list[str]) -> float:
    """Peak resident memory of the largest process, in MB."""
    pid = os.posix_spawn(
        command[0], command, dict(os.environ), file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    )
    _, _, usage = os.wait4(pid, 0)
    return usage.ru_maxrss / 1024


def peers() -> dict[str, list[list[str]]]:
    """Peers that can be installed here, into .tools."""
    found = {}
    mise = TOOLS / "node_modules/@jdxcode/mise-linux-x64/bin/mise"
    nested = TOOLS / "node_modules/@jdxcode/mise/node_modules/@jdxcode/mise-linux-x64/bin/mise"
    if not (mise.exists() or nested.exists()) and shutil.which("npm"):
        subprocess.run(["npm", "install", "--silent", "--prefix", str(TOOLS), "@jdxcode/mise"], check=False)
    for place in (mise, nested):
        if place.exists():
            place.chmod(0o755)
            found["mise doctor"] = [[str(place), "doctor"]]
    ansible = TOOLS / "ansible/bin/ansible"
    if not ansible.exists():
        subprocess.run([sys.executable, "-m", "venv", str(TOOLS / "ansible")], check=False)
        subprocess.run([str(TOOLS / "ansible/bin/pip"), "install", "--quiet", "ansible-core"], check=False)
    if ansible.exists():
        python = f"ansible_python_interpreter={sys.executable}"
        found["ansible facts"] = [
            [str(ansible), "-i", "localhost,", "-c", "local", "-e", python, "localhost", "-m", "setup"]
        ]
    return found


def installed(commands: tuple[str, ...]) -> list[list[str]]:
    """Those whose shell is here."""
    return [line.split() for line in commands if shutil.which(line.split()[0])]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--program", default=str(TOP / ".venv/bin/gosteward"))
    options.add_argument("--before", metavar="PROGRAM")
    options.add_argument("--no-peers", action="store_true", help="without those that have to be installed")
    given = options.parse_args()
    runs, program = given.runs, given.program
    ours = {"": program, "before": given.before} if given.before else {"": program}
    competitors = {"bare shells": installed(BARE)}
    for suffix, path in ours.items():
        doctor = [path, "doctor", "--offline", "--format", "json", "-o", "/dev/null"]
        competitors[f"doctor {suffix}".strip()] = [doctor]
        if os.geteuid() == 0:
            competitors[f"bare home {suffix}".strip()] = [[*doctor, "--user", "nobody"]]
    doctor = competitors["doctor"][0]
    competitors |= {
        "python": [[sys.executable, "-I", "-c", "pass"]],
        "version": [[program, "--version"]],
        **({} if given.no_peers else peers()),
    }
    slowest = max(installed(CONTEXTS), key=lambda command: min(measure([command])[0] for _ in range(2)))
    competitors["slowest context"] = [slowest]
    for commands in competitors.values():
        measure(commands)  # warm up: the page cache, byte code
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in competitors}
    for _ in range(runs):
        for name, commands in competitors.items():
            figures[name].append(measure(commands))
    print(f"{runs} runs, medians; ratio = doctor / it, within the same run; slowest context: {' '.join(slowest)}")
    print(f"{'':<16} {'wall s':>8} {'cpu s':>8} {'wall ratio':>11} {'cpu ratio':>10}")
    for name, rows in figures.items():
        wall, cpu = (statistics.median(row[i] for row in rows) for i in (0, 1))
        ratios = [statistics.median(a[i] / max(b[i], 1e-4) for a, b in zip(figures["doctor"], rows)) for i in (0, 1)]
        print(f"{name:<16} {wall:8.3f} {cpu:8.3f} {ratios[0]:11.2f} {ratios[1]:10.2f}")
    overhead = statistics.median(a[0] - b[0] for a, b in zip(figures["doctor"], figures["slowest context"]))
    print(f"doctor's wall time above the slowest context: {overhead:.3f} s (goal 0.25)")
    for name in ("doctor", "bare home"):
        if name in figures:
            wall, cpu = (statistics.median(row[i] for row in figures[name]) for i in (0, 1))
            print(f"{name}: {cpu:.3f} s CPU (goal 0.45), {wall:.3f} s wall")
    print(f"CPU of --version: {statistics.median(r[1] for r in figures['version']):.3f} s (goal 0.08)")
    print(f"doctor's peak memory: {peak_memory(doctor):.1f} MB (goal 60)")


if __name__ == "__main__":
    main()
