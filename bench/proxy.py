"""The module proxy beside its peers, all in one run: hits by kind of file and number of connections, then cold downloads.

    .venv/bin/python bench/proxy.py [--seconds 3] [--rounds 2] [--only info,zip-small] [--connections 1,16,64] [--peers DIR]

Needs `wrk` and `nginx` (packages of every distribution), and `go` for the cold part. Athens and goproxy are taken from PATH or --peers, where their
binaries are (`athens`, `goproxy`). Rows are servers: nginx with the same files is the ceiling. CPU is that of the server and all its
processes, in microseconds per request. One hot URL for each cell. Everything is on the loopback; every server's upstream is the same nginx.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE, VERSION = "example.com/bench", "v1.0.0"
SIZES = {"zip-small": 31_000, "zip-medium": 19_400_000, "zip-large": 80_000_000}
KINDS = ("info", "mod", "list", *SIZES)
TICKS = os.sysconf("SC_CLK_TCK")
# Against Athens in the same run: at least so many times its requests, at most so much of its CPU.
GOALS = dict.fromkeys(("info", "mod", "list", "zip-small"), (1.8, 0.4)) | {
    "zip-medium": (1.0, 0),
    "zip-large": (1.0, 0),
}


class Server(NamedTuple):
    """A server that runs.  base: URL under which modules are."""

    name: str
    base: str
    process: subprocess.Popen[bytes]


class Cell(NamedTuple):
    """What was measured.  rate: requests per second.   cpu: microseconds per request.   p99: milliseconds.   memory: resident MB."""

    rate: float
    cpu: float
    p99: float
    memory: float


def module_of(kind: str) -> str:
    return f"{MODULE}/{kind}" if kind in SIZES else f"{MODULE}/zip-small"


def path_of(kind: str) -> str:
    file = "list" if kind == "list" else f"{VERSION}.{kind if kind in ('info', 'mod') else 'zip'}"
    return f"{module_of(kind)}/@v/{file}"


def write_files(top: Path) -> None:
    """Modules in the layout of the protocol, and in that of Athens."""
    for kind, size in SIZES.items():
        module = module_of(kind)
        directory, of_athens = top / "files" / module / "@v", top / "athens" / module / VERSION
        directory.mkdir(parents=True)
        of_athens.mkdir(parents=True)
        (directory / f"{VERSION}.info").write_text(json.dumps({"Version": VERSION, "Time": "2026-01-02T03:04:05Z"}))
        (directory / f"{VERSION}.mod").write_text(f"module {module}\n\ngo 1.20\n")
        (directory / "list").write_text(f"{VERSION}\n")
        with zipfile.ZipFile(directory / f"{VERSION}.zip", "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(f"{module}@{VERSION}/go.mod", f"module {module}\n\ngo 1.20\n")
            archive.writestr(f"{module}@{VERSION}/data.bin", os.urandom(size))
        for ours, theirs in (
            (f"{VERSION}.info", f"{VERSION}.info"),
            (f"{VERSION}.mod", "go.mod"),
            (f"{VERSION}.zip", "source.zip"),
        ):
            os.link(directory / ours, of_athens / theirs)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def commands(top: Path, peers: str) -> dict[str, tuple[list[str], dict[str, str], int]]:
    """Command, environment and port of every server that is here; nginx is the first, and the upstream of the others."""
    ports = {name: free_port() for name in ("nginx", "gosteward", "athens", "goproxy")}
    upstream = f"http://127.0.0.1:{ports['nginx']}"
    (top / "nginx.conf").write_text(
        f"worker_processes 2; daemon off; pid {top}/nginx.pid; error_log {top}/nginx.log; user root;\n"
        "events { worker_connections 1024; }\n"
        "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=1000 inactive=60s;\n"
        f"types {{ }} default_type application/octet-stream; server {{ listen 127.0.0.1:{ports['nginx']}; root {top}/files; merge_slashes off; }} }}\n"
    )
    search = os.pathsep.join(filter(None, (peers, os.environ["PATH"])))
    gosteward = str(Path(sys.executable).with_name("gosteward"))
    found = {"nginx": (["nginx", "-c", f"{top}/nginx.conf"], {}, ports["nginx"])}
    found["gosteward"] = (
        [gosteward, "proxy", "serve", "--listen", f"127.0.0.1:{ports['gosteward']}", "--store", f"{top}/store", "--upstream", upstream, "--sumdb", "off"],
        {}, ports["gosteward"],
    )  # fmt: skip
    athens, goproxy = shutil.which("athens", path=search), shutil.which("goproxy", path=search)
    if athens:
        environment = {
            "ATHENS_STORAGE_TYPE": "disk", "ATHENS_DISK_STORAGE_ROOT": f"{top}/athens", "ATHENS_PORT": f"127.0.0.1:{ports['athens']}",
            "ATHENS_LOG_LEVEL": "error", "GO_ENV": "production", "ATHENS_GO_BINARY_ENV_VARS": f"GOPROXY={upstream};GOSUMDB=off;GOFLAGS=",
            "ATHENS_GO_BINARY_PATH": shutil.which("go") or "go",
        }  # fmt: skip
        found["athens"] = ([athens], environment, ports["athens"])
    if goproxy:
        command = [
            goproxy,
            "server",
            "--address",
            f"127.0.0.1:{ports['goproxy']}",
            "--cacher-dir",
            f"{top}/goproxy",
            "--temp-dir",
            str(top),
        ]
        found["goproxy"] = (command, {"GOPROXY": upstream, "GOSUMDB": "off"}, ports["goproxy"])
    return found


@contextmanager
def running(top: Path, peers: str) -> Iterator[list[Server]]:
    servers: list[Server] = []
    try:
        for name, (command, environment, port) in commands(top, peers).items():
            with (top / f"{name}.out").open("wb") as out:
                process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=top, stdout=out, stderr=out)
            servers.append(Server(name, f"http://127.0.0.1:{port}", process))
            wait_for(port, name, top)
        yield servers
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait()


def wait_for(port: int, name: str, top: Path) -> None:
    until = time.monotonic() + 30
    while not listens(port):
        if time.monotonic() > until:
            sys.exit(f"{name} does not listen:\n{(top / f'{name}.out').read_text()[-2000:]}")
        time.sleep(0.1)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def spent(pid: int) -> tuple[float, float]:
    """CPU seconds (with those of children that ended) and resident MB."""
    seconds = memory = 0.0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            memory += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * 4096 / 1e6
        except OSError:
            continue
        seconds += sum(map(int, fields[11:15])) / TICKS
    return seconds, memory


def measured(server: Server, path: str, connections: int, seconds: float) -> Cell:
    before, _ = spent(server.process.pid)
    threads = "1" if connections == 1 else "2"
    seconds *= {"zip-medium": 2, "zip-large": 4}.get(path.split("/")[2], 1)
    words = f"wrk -t {threads} -c {connections} -d {seconds:g}s --latency --timeout 20s {server.base}/{path}"
    out = subprocess.run(words.split(), capture_output=True, text=True, check=True).stdout
    after, memory = spent(server.process.pid)
    count = int(re.search(r"(\d+) requests in", out)[1])  # type: ignore[index]
    if "Non-2xx" in out:
        sys.exit(f"{server.name}, {path}:\n{out}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", out).groups()  # type: ignore[union-attr]
    p99 = float(value) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
    return Cell(rate, (after - before) / max(count, 1) * 1e6, p99, memory)


def hits(servers: list[Server], options: argparse.Namespace) -> bool:
    """Measure and print all cells. Returns whether goals were reached."""
    kinds, connections = options.only.split(","), [int(word) for word in options.connections.split(",")]
    for server in servers:
        for kind in kinds:
            urllib.request.urlopen(f"{server.base}/{path_of(kind)}").read()  # it is stored from now on
    print(
        f"{'kind':11} {'conn':>4} {'server':10} {'req/s':>9} {'CPU us':>9} {'p99 ms':>8} {'MB':>5} {'rate/Athens':>12} {'CPU/Athens':>11}   goal"
    )
    reached = True
    for kind in kinds:
        for count in connections:
            cells: dict[str, list[Cell]] = {server.name: [] for server in servers}
            for _ in range(options.rounds):
                for server in servers:
                    cells[server.name].append(measured(server, path_of(kind), count, options.seconds))
            medians = {name: Cell(*map(statistics.median, zip(*found))) for name, found in cells.items()}
            athens = medians.get("athens")
            for name, cell in medians.items():
                line = (
                    f"{kind:11} {count:4} {name:10} {cell.rate:9.0f} {cell.cpu:9.1f} {cell.p99:8.2f} {cell.memory:5.0f}"
                )
                if athens is not None and athens.rate and name != "athens":
                    rate, cpu = cell.rate / athens.rate, cell.cpu / athens.cpu
                    line += f" {rate:12.2f} {cpu:11.2f}"
                    if name == "gosteward":
                        least, most = GOALS[kind]
                        met = rate >= least and (not most or cpu <= most)
                        reached &= met
                        line += f"   >= {least}" + (f", <= {most}" if most else "") + ("" if met else "  MISSED")
                print(line, flush=True)
    return reached


class _Slow(ThreadingHTTPServer):
    """An upstream that takes a second before each answer, and counts."""

    daemon_threads = True

    def __init__(self, files: Path) -> None:
        self.files, self.asked = files, []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _Slow)
        server.asked.append(self.path)
        time.sleep(1)
        path = server.files / self.path.lstrip("/")
        body = path.read_bytes() if path.is_file() else b"not found"
        self.send_response(200 if path.is_file() else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def one_cold_module(top: Path, peers: str) -> None:
    """Eight clients ask for one large module that nobody has yet."""
    print("\neight clients, one module of 80 MB that is not there yet, an upstream that takes a second")
    upstream = _Slow(top / "files")
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{upstream.server_address[1]}"
    for name, (command, environment, port) in commands(top, peers).items():
        if name == "nginx":
            continue
        fresh = Path(tempfile.mkdtemp(dir=top))
        words = [w.replace(str(top), str(fresh)) if w.startswith(str(top)) else w for w in command]
        words = [url if w.startswith("http://") else w for w in words]
        changed = {k: re.sub(r"http://[\d.:]+", url, v).replace(f"{top}/", f"{fresh}/") for k, v in environment.items()}
        (fresh / "athens").mkdir(exist_ok=True)
        upstream.asked.clear()
        with (fresh / "out").open("wb") as out:
            process = subprocess.Popen(words, env={**os.environ, **changed}, cwd=fresh, stdout=out, stderr=out)
        try:
            wait_for(port, name, top)
            begun = time.monotonic()
            url_of_zip = f"http://127.0.0.1:{port}/{path_of('zip-large')}"
            with ThreadPoolExecutor(8) as clients:
                sizes = list(map(len, clients.map(fetched, [url_of_zip] * 8)))
            zips = sum(path.endswith(".zip") for path in upstream.asked)
            print(
                f"{name:10} {time.monotonic() - begun:6.2f} s, {zips} fetches of the zip; whole: {len(set(sizes)) == 1 and sizes[0] > SIZES['zip-large']}"
            )
        finally:
            process.terminate()
            process.wait()
    upstream.shutdown()


def fetched(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            content: bytes = answer.read()
            return content
    except OSError:
        return b""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each cell")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default=",".join(KINDS), help="kinds, with commas")
    parser.add_argument("--connections", default="1,16,64")
    parser.add_argument("--peers", default="", help="directory with athens and goproxy")
    options = parser.parse_args()
    for program in ("wrk", "nginx"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not here: apt-get install {program}")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as name:
        top = Path(name)
        top.chmod(0o755)
        write_files(top)
        print(f"load {os.getloadavg()[0]:.1f}")
        with running(top, options.peers) as servers:
            reached = hits(servers, options)
        one_cold_module(top, options.peers)
    print("goals: " + ("reached" if reached else "missed"))


if __name__ == "__main__":
    main()
