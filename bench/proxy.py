"""The module proxy beside its peers, all in one run, rounds interleaved, medians.

    .venv/bin/python bench/proxy.py [--only hits,fair,module,graph] [--rounds 3] [--peers DIR] [--mirror DIR] [--disk DIR]
                                    [--kinds info,zip-small] [--connections 1,16,64] [--seconds 3]

Needs `wrk` and `nginx` (packages of every distribution), and `go`. Athens and goproxy are taken from PATH or --peers, where their binaries are
(`athens`, `goproxy`). Everything is on the loopback.

    hits    files that are there, by kind and number of connections, one hot URL for each cell. nginx with the same files is the ceiling; nginx+gs is
            the one that `gosteward proxy nginx` sets up, with our store. CPU: of the server and all its processes, for one request. In memory
    fair    64 clients that each take one zip of 80 MB
    module  8 clients for one module of 46 MB that is not there yet. Stores are on a disk
    graph   `go mod download` with an empty module cache, cold and warm. Stores are on a disk, what go writes is in memory. The upstream is one
            directory with a delay, which --mirror keeps; `none` asks it without a proxy. gosteward+log proves each file by a checksum database, too

Ratios are medians of the quotients within each round: on a machine where others work, too, nothing else is to be believed, and of these CPU the most.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from proxy_clients import cold_module, fairness
from proxy_graph import GRAPH, graph
from proxy_servers import (
    KINDS,
    Server,
    behind_nginx,
    forget_peak,
    load,
    makers,
    path_of,
    running,
    spent,
    static,
    write_files,
)

PARTS = ("hits", "fair", "module", "graph")
LONGER = {"zip-medium": 2, "zip-large": 4}
# Against Athens in the same run: at least so many times its requests, at most so much of its CPU (0: any).
GOALS = dict.fromkeys(("info", "mod", "list", "zip-small"), (1.8, 0.4)) | dict.fromkeys(
    ("zip-medium", "zip-large"), (1.0, 0.0)
)
OF_NGINX = 0.9  # of its requests, by nginx in front of our store


class Cell(NamedTuple):
    """What was measured.  rate: requests per second.   cpu: microseconds per request.   p99: milliseconds.   memory: resident MB, the most of it."""

    rate: float
    cpu: float
    p99: float
    memory: float


def measured(server: Server, kind: str, connections: int, seconds: int) -> Cell:
    forget_peak(server.pid)
    before = spent(server.pid)
    threads = "1" if connections == 1 else "2"
    seconds *= LONGER.get(kind, 1)
    words = f"wrk -t {threads} -c {connections} -d {seconds}s --latency --timeout 60s {server.base}/{path_of(kind)}"
    out = subprocess.run(words.split(), capture_output=True, text=True, check=True).stdout
    after = spent(server.pid)
    if "Non-2xx" in out:
        sys.exit(f"{server.name}, {kind}:\n{out}")
    count = int(re.search(r"(\d+) requests in", out)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", out).groups()  # type: ignore[union-attr]
    p99 = float(value) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
    return Cell(rate, (after.cpu - before.cpu) / max(count, 1) * 1e6, p99, after.peak)


def hits(servers: list[Server], options: argparse.Namespace) -> bool:
    """Measure and print all cells. Returns whether goals were reached."""
    kinds, connections = options.kinds.split(","), [int(word) for word in options.connections.split(",")]
    for server in servers:
        for kind in kinds:
            urllib.request.urlopen(f"{server.base}/{path_of(kind)}").read()  # it is stored from now on
    print(
        f"{'kind':11} {'conn':>4} {'server':10} {'req/s':>9} {'CPU us':>9} {'p99 ms':>8} {'MB':>5} {'rate/Athens':>12} {'CPU/Athens':>11}   goal; {load()}"
    )
    reached = True
    for kind in kinds:
        for count in connections:
            cells: dict[str, list[Cell]] = {server.name: [] for server in servers}
            for _ in range(options.rounds):
                for server in servers:
                    cells[server.name].append(measured(server, kind, count, options.seconds))
            reached &= printed(kind, count, cells)
    return reached


def printed(kind: str, count: int, cells: dict[str, list[Cell]]) -> bool:
    """Print one kind at one number of connections. Returns whether its goals were reached."""
    reached = True
    for name, found in cells.items():
        cell = Cell(*map(statistics.median, zip(*found)))
        line = f"{kind:11} {count:4} {name:10} {cell.rate:9.0f} {cell.cpu:9.1f} {cell.p99:8.2f} {cell.memory:5.0f}"
        if "athens" in cells and name != "athens":
            rate, cpu = ratio(found, cells["athens"], "rate"), ratio(found, cells["athens"], "cpu")
            line += f" {rate:12.2f} {cpu:11.2f}"
            if name == "gosteward":
                least, most = GOALS[kind]
                met = rate >= least and (not most or cpu <= most)
                reached &= met
                line += f"   >= {least}" + (f", <= {most}" if most else "") + ("" if met else "  MISSED")
        if name == "nginx+gs" and kind != "list":
            part = ratio(found, cells["nginx"], "rate")
            reached &= part >= OF_NGINX
            line += f"   {part:.2f} of nginx >= {OF_NGINX}{'' if part >= OF_NGINX else '  MISSED'}"
        print(line, flush=True)
    return reached


def ratio(ours: list[Cell], theirs: list[Cell], what: str) -> float:
    """Median of the quotients within each round."""
    place = Cell._fields.index(what)
    return statistics.median(a[place] / (b[place] or 1e-9) for a, b in zip(ours, theirs))


def with_servers(top: Path, options: argparse.Namespace, parts: list[str]) -> bool:
    """What is measured with servers that run side by side."""
    reached = True
    ceiling = static(top)
    ours, *others = (make(top) for make in makers(f"http://127.0.0.1:{ceiling.port}", options.peers).values())
    programs = [ceiling, ours, *others]
    programs.append(behind_nginx(top, top / "store", ours.port))
    wanted = options.servers.split(",") if options.servers else [one.name for one in programs]
    with ExitStack() as stack:
        servers = [stack.enter_context(running(one)) for one in programs]
        servers = [one for one in servers if one.name in wanted]
        if "hits" in parts:
            reached &= hits(servers, options)
        if "fair" in parts:
            reached &= fairness(servers, options)
    return reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=int, default=3, help="for each cell of hits, twice and four times as long for large zips"
    )
    parser.add_argument("--kinds", default=",".join(KINDS), help="of hits, with commas")
    parser.add_argument("--connections", default="1,16,64", help="of hits")
    parser.add_argument("--servers", default="", help="of hits, fair and graph: only these")
    parser.add_argument("--peers", default="", help="directory with athens and goproxy")
    parser.add_argument(
        "--graph",
        default=GRAPH,
        help=f"a go.mod, or MODULE@VERSION that has one, of which all is downloaded (default: {GRAPH})",
    )
    parser.add_argument("--mirror", default="", help="directory that keeps the modules of the graph")
    parser.add_argument("--delay", type=float, default=0.02, help="seconds before each answer of the graph's upstream")
    parser.add_argument(
        "--disk", default="", help="where the stores of cold servers are (default: the temporary directory)"
    )
    options = parser.parse_args()
    parts = options.only.split(",")
    for program in ("wrk", "nginx", "go"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not here")
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        top = Path(name)
        top.chmod(0o755)
        reached = True
        if set(parts) != {"graph"}:
            write_files(top)
        if {"hits", "fair"} & set(parts):
            reached &= with_servers(top, options, parts)
        if "module" in parts:
            reached &= cold_module(top, options)
        if "graph" in parts:
            reached &= graph(name, options)
    print("goals: " + ("reached" if reached else "missed"))


if __name__ == "__main__":
    main()
