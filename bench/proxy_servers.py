"""Servers for the benchmark of the module proxy: their files, how each is started, and what each spends."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Maker = Callable[[Path], "Program"]

MODULE, VERSION = "example.com/bench", "v1.0.0"
SIZES = {"zip-small": 31_000, "zip-medium": 19_400_000, "zip-large": 80_000_000}
KINDS = ("info", "mod", "list", *SIZES)
COLD = "zip-cold"  # 46 MB, compressed, of many files
MANY = (1_500, 41_000)  # files, bytes of each
TICKS = os.sysconf("SC_CLK_TCK")
MAIN = (
    "worker_processes 2; daemon off; pid {top}/nginx-{port}.pid; error_log {top}/nginx-{port}.log; user root; events {{ worker_connections 1024; }}\n"
    "http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; {rest} }}\n"
)
STATIC = (
    "open_file_cache max=1000 inactive=60s; types {{ }} default_type application/octet-stream;\n"
    "server {{ listen 127.0.0.1:{port}; root {files}; merge_slashes off; }}\n"
)


class Program(NamedTuple):
    """A server that can be started.  top: directory for its files."""

    name: str
    command: list[str]
    environment: dict[str, str]
    port: int
    top: Path


class Server(NamedTuple):
    """One that runs.  base: URL under which modules are."""

    name: str
    base: str
    pid: int


class Spent(NamedTuple):
    """By a process and all that it started.  cpu: seconds.   memory: resident MB.   peak: the most of it since `forget_peak`."""

    cpu: float
    memory: float
    peak: float


def module_of(kind: str) -> str:
    return f"{MODULE}/{kind}" if kind in SIZES or kind == COLD else f"{MODULE}/zip-small"


def path_of(kind: str) -> str:
    file = "list" if kind == "list" else f"{VERSION}.{kind if kind in ('info', 'mod') else 'zip'}"
    return f"{module_of(kind)}/@v/{file}"


def write_files(top: Path) -> None:
    """Modules in the layout of the protocol, and in that of Athens."""
    for kind in (*SIZES, COLD):
        module = module_of(kind)
        directory, of_athens = top / "files" / module / "@v", top / "athens" / module / VERSION
        directory.mkdir(parents=True)
        (directory / f"{VERSION}.info").write_text(json.dumps({"Version": VERSION, "Time": "2026-01-02T03:04:05Z"}))
        (directory / f"{VERSION}.mod").write_text(f"module {module}\n\ngo 1.20\n")
        (directory / "list").write_text(f"{VERSION}\n")
        write_zip(directory / f"{VERSION}.zip", f"{module}@{VERSION}", kind)
        if kind == COLD:
            continue
        of_athens.mkdir(parents=True)
        for ours, theirs in (("info", f"{VERSION}.info"), ("mod", "go.mod"), ("zip", "source.zip")):
            os.link(directory / f"{VERSION}.{ours}", of_athens / theirs)


def write_zip(path: Path, prefix: str, kind: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{prefix}/go.mod", f"module {prefix.partition('@')[0]}\n\ngo 1.20\n")
        if kind == COLD:
            for number in range(MANY[0]):
                archive.writestr(
                    f"{prefix}/d{number % 50}/f{number}.go", base64.b64encode(os.urandom(MANY[1] * 3 // 4))
                )
        else:
            archive.writestr(f"{prefix}/data.bin", os.urandom(SIZES[kind]), zipfile.ZIP_STORED)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def nginx(name: str, top: Path, rest: str, port: int) -> Program:
    conf = top / f"nginx-{port}.conf"
    conf.write_text(MAIN.format(top=top, port=port, rest=rest))
    return Program(name, ["nginx", "-c", str(conf)], {}, port, top)


def static(top: Path) -> Program:
    """An nginx with the files: the ceiling, and the upstream of the others where files are hot."""
    port = free_port()
    return nginx("nginx", top, STATIC.format(port=port, files=top / "files"), port)


def gosteward(top: Path, upstream: str, *, sumdb: str = "off", name: str = "gosteward") -> Program:
    port = free_port()
    command = [
        sys.executable, str(Path(sys.executable).with_name("gosteward")), "proxy", "serve", "--listen", f"127.0.0.1:{port}",
        "--store", f"{top}/store", "--upstream", upstream, "--sumdb", sumdb,
    ]  # fmt: skip
    return Program(name, command, {}, port, top)


def behind_nginx(top: Path, store: Path, service: int) -> Program:
    """An nginx as `gosteward proxy nginx` sets it up.  service: port of the proxy whose store that is."""
    port, program = free_port(), str(Path(sys.executable).with_name("gosteward"))
    command = [program, "proxy", "nginx", "--store", str(store)]
    command += ["--listen", f"127.0.0.1:{service}", "--port", f"127.0.0.1:{port}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return nginx("nginx+gs", top, printed, port)


def athens(top: Path, upstream: str, binary: str) -> Program:
    port = free_port()
    (top / "athens").mkdir(exist_ok=True)
    environment = {
        "ATHENS_STORAGE_TYPE": "disk", "ATHENS_DISK_STORAGE_ROOT": f"{top}/athens", "ATHENS_PORT": f"127.0.0.1:{port}",
        "ATHENS_LOG_LEVEL": "error", "GO_ENV": "production",
        "ATHENS_GO_BINARY_ENV_VARS": f"GOPROXY={upstream};GOSUMDB=off;GOFLAGS=;GOTOOLCHAIN=local",
        "ATHENS_GO_BINARY_PATH": shutil.which("go") or "go", "TMPDIR": str(top),
    }  # fmt: skip
    return Program("athens", [binary], environment, port, top)


def goproxy(top: Path, upstream: str, binary: str) -> Program:
    port = free_port()
    command = [
        binary,
        "server",
        "--address",
        f"127.0.0.1:{port}",
        "--cacher-dir",
        f"{top}/goproxy",
        "--temp-dir",
        str(top),
    ]
    return Program("goproxy", command, {"GOPROXY": upstream, "GOSUMDB": "off", "TMPDIR": str(top)}, port, top)


def makers(upstream: str, directory: str) -> dict[str, Maker]:
    """Ours, and the peers that are in a directory or on PATH, by name; each makes one with files of its own."""
    search = os.pathsep.join(filter(None, (directory, os.environ["PATH"])))
    found: dict[str, Maker] = {"gosteward": partial(gosteward, upstream=upstream)}
    for name, make in (("athens", athens), ("goproxy", goproxy)):
        binary = shutil.which(name, path=search)
        if binary:
            found[name] = partial(make, upstream=upstream, binary=binary)
    return found


@contextmanager
def running(program: Program) -> Iterator[Server]:
    """A server from its start to its end."""
    log = program.top / f"{program.name}.out"
    with log.open("wb") as out:
        process = subprocess.Popen(
            program.command, env={**os.environ, **program.environment}, cwd=program.top, stdout=out, stderr=out
        )
    try:
        wait_for(program.port, program.name, log)
        yield Server(program.name, f"http://127.0.0.1:{program.port}", process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, name: str, log: Path) -> None:
    until = time.monotonic() + 30
    while not listens(port):
        if time.monotonic() > until:
            sys.exit(f"{name} does not listen:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


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
        with suppress(OSError):
            parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def spent(pid: int) -> Spent:
    """CPU with that of children that ended."""
    seconds = memory = peak = 0.0
    for one in family(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            status = dict(line.split(":", 1) for line in Path(f"/proc/{one}/status").read_text().splitlines())
            seconds += sum(map(int, fields[11:15])) / TICKS
            memory += kilobytes(status, "VmRSS") / 1e3
            peak += kilobytes(status, "VmHWM") / 1e3
    return Spent(seconds, memory, peak)


def kilobytes(status: Mapping[str, str], name: str) -> int:
    return int(status.get(name, "0 kB").split()[0])


def forget_peak(pid: int) -> None:
    for one in family(pid):
        with suppress(OSError):
            Path(f"/proc/{one}/clear_refs").write_text("5")


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"
