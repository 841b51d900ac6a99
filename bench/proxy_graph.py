"""`go mod download` of a large module graph through each server: cold, with nothing in it, and warm, when it has all."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from proxy_servers import Program, gosteward, load, makers, running, spent
from proxy_upstream import Behind, upstream

if TYPE_CHECKING:
    import argparse

    from proxy_servers import Maker

GRAPH = "github.com/gomods/athens@v0.18.0"  # 188 modules that it needs, and some 150 more of which the go.mod is read
# Against Athens, and against goproxy: at most so much of its time.
OF_ATHENS, OF_GOPROXY = 1 / 3, 1.0


class Download(NamedTuple):
    """One.  wall, cpu: seconds, of the server the latter.   asked: requests to the upstream.   stored: MB, and files, of the server."""

    wall: float
    cpu: float
    asked: float
    stored: float
    files: float


def go(words: list[str], directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"GOTOOLCHAIN": "local", "GOWORK": "off", **environment}
    environ = {**os.environ, **settings}
    return subprocess.run(["go", *words], cwd=directory, env=environ, capture_output=True, text=True, check=False)


def fill(mirror: Path, graph: str) -> Path:
    """Let a directory have all files that any server asks for; through the module proxy that go is set to, once.

    Returns: a directory with the go.mod.
    """
    project = mirror / "project"
    if (project / "filled").exists():
        return project
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    module_cache = {"GOMODCACHE": str(mirror / "modules"), "GOFLAGS": "-modcacherw"}
    lines = go_mod_of(graph, mirror, module_cache).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith(("module ", "toolchain ", "tool ")))
    (project / "go.mod").write_text(f"module example.com/graph\n{text}\n")
    taken(go(["mod", "download"], project, **module_cache | {"GOFLAGS": "-mod=mod -modcacherw"}))
    # Athens and goproxy fetch the zip of a version of which only the go.mod is asked for, too.
    top = mirror / "modules/cache/download"
    left = [path for path in top.rglob("*.mod") if not path.with_suffix(".zip").exists()]
    wanted = [f"{unescaped(str(p.parent.parent.relative_to(top)))}@{unescaped(p.name[:-4])}" for p in left]
    for first in range(0, len(wanted), 50):
        taken(go(["mod", "download", "-json", *wanted[first : first + 50]], mirror, **module_cache))
    for path in (mirror / "modules").iterdir():
        if path.name != "cache":
            shutil.rmtree(path)
    (project / "filled").touch()
    return project


def go_mod_of(graph: str, mirror: Path, module_cache: dict[str, str]) -> Path:
    if "@" not in graph:
        return Path(graph)
    found = go(["mod", "download", "-json", graph], mirror, **module_cache)
    if found.returncode:
        sys.exit(f"{graph} cannot be fetched:\n{found.stdout}{found.stderr}")
    return Path(json.loads(found.stdout)["GoMod"])


def unescaped(text: str) -> str:
    head, *rest = text.split("!")
    return head + "".join(part[0].upper() + part[1:] for part in rest)


def taken(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        sys.exit(f"go failed:\n{done.stderr[-3000:]}{done.stdout[-1000:]}")


def wanted(behind: Behind, options: argparse.Namespace) -> dict[str, Maker]:
    """How to make each server."""
    found = makers(behind.url, options.peers)
    found["gosteward+log"] = partial(gosteward, upstream=behind.url, sumdb=behind.key, name="gosteward+log")
    names = options.servers.split(",") if options.servers else list(found)
    return {name: make for name, make in found.items() if name in names}


def download(base: str, project: Path, scratch: str) -> float:
    """Seconds for everything, into an empty module cache."""
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        here = Path(name)
        for file in ("go.mod", "go.sum"):
            shutil.copy(project / file, here)
        begun = time.monotonic()
        taken(
            go(
                ["mod", "download"],
                here,
                GOPROXY=base,
                GOSUMDB="off",
                GOMODCACHE=f"{name}/m",
                GOFLAGS="-modcacherw",
            )
        )
        return time.monotonic() - begun


def stored(top: Path) -> tuple[float, int]:
    sizes = [path.stat().st_size for path in top.rglob("*") if path.is_file()]
    return sum(sizes) / 1e6, len(sizes)


def measured(program: Program, behind: Behind, project: Path, scratch: str) -> tuple[Download, Download]:
    """A cold one and a warm one."""
    found = []
    with running(program) as server:
        for _ in range(2):
            behind.asked()
            before = spent(server.pid).cpu
            wall = download(server.base, project, scratch)
            time.sleep(0.3)  # what goes on behind the last answer counts as well
            found.append(Download(wall, spent(server.pid).cpu - before, len(behind.asked()), *stored(program.top)))
    return found[0], found[1]


def graph(scratch: str, options: argparse.Namespace) -> bool:
    """Measure and print. Returns whether goals were reached."""
    mirror = Path(options.mirror or tempfile.mkdtemp())
    project = fill(mirror, options.graph)
    cold: dict[str, list[Download]] = {}
    warm: dict[str, list[Download]] = {}
    direct = []
    delay = f"{options.delay * 1e3:g} ms before each answer of the upstream"
    print(f"\n`go mod download` of {options.graph}, {delay}; {load()}", flush=True)
    with upstream(mirror / "modules/cache/download", options.delay, log=True) as behind:
        for number in range(options.rounds):
            if options.servers in ("", "none"):
                direct.append(download(behind.url, project, scratch))
                print(f"  round {number + 1}: none {direct[-1]:.1f} s; {load()}", flush=True)
            makers_now = list(wanted(behind, options).items())
            turn = number % len(makers_now)  # nobody is always the first
            for name, make in (*makers_now[turn:], *makers_now[:turn]):
                with tempfile.TemporaryDirectory(dir=options.disk or None) as directory:
                    first, second = measured(make(Path(directory)), behind, project, scratch)
                cold.setdefault(name, []).append(first)
                warm.setdefault(name, []).append(second)
                cpu = f"CPU {first.cpu:.1f} s and {second.cpu:.1f} s"
                print(
                    f"  round {number + 1}: {name} {first.wall:.1f} s, warm {second.wall:.1f} s, {cpu}; {load()}",
                    flush=True,
                )
    columns = f"{'asked':>5} {'MB':>5} {'files':>5} {'/Athens':>8} {'/goproxy':>8} {'CPU/Athens':>10}"
    print(f"{'':5} {'server':14} {'wall s':>7} {'CPU s':>6} {columns}")
    if direct:
        print(f"{'':5} {'none':14} {statistics.median(direct):7.2f}")
    reached = printed("cold", cold) & printed("warm", warm)
    if not options.mirror:
        shutil.rmtree(mirror)
    return reached


def printed(kind: str, rows: dict[str, list[Download]]) -> bool:
    """Print one kind. Returns whether its goals were reached."""
    reached = True
    for name, found in rows.items():
        middle = Download(*map(statistics.median, zip(*found)))
        athens, goproxy = ratio(found, rows.get("athens")), ratio(found, rows.get("goproxy"))
        line = f"{kind:5} {name:14} {middle.wall:7.2f} {middle.cpu:6.2f} {middle.asked:5.0f} {middle.stored:5.0f} {middle.files:5.0f}"
        line += f" {athens:8.2f} {goproxy:8.2f} {ratio(found, rows.get('athens'), 'cpu'):10.2f}"
        if name.startswith("gosteward") and kind == "cold":
            met = not athens > OF_ATHENS and not goproxy > OF_GOPROXY
            reached &= met
            line += f"   <= {OF_ATHENS:.2f}, <= {OF_GOPROXY}{'' if met else '  MISSED'}"
        print(line, flush=True)
    return reached


def ratio(ours: list[Download], theirs: list[Download] | None, what: str = "wall") -> float:
    """Median of the quotients within each round."""
    place = Download._fields.index(what)
    return statistics.median(a[place] / b[place] for a, b in zip(ours, theirs)) if theirs else float("nan")
