"""Fault sweep over an ingest: a proxy that fetches, proves and stores is killed, or gets an error, at every file-system call in turn.

    ingest_sweep.py [--every N] [--jobs N] [PART ...]        (root; needs strace)

Each part is one thread of a proxy: the one that transfers, the one that asks the checksum database, and the event loop, from the start of the
proxy on. Clients ask for everything twice, so that files come and are then given from the store; a fault hits one call of that.

Meanwhile every answer is whole and right, or an error that does not say "not found", or cut. Every file of the store is the upstream's, byte by
byte. After an error the same proxy has everything, nothing unfinished, and no descriptor more than without a fault. After a kill, or a proxy
that could not start, another one on the same store has all of that.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import importlib
import json
import os
import pkgutil
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import gosteward
from gosteward.errors import StewardError
from gosteward.modules import proxy as proxies
from gosteward.modules.setting_up import Wanted, parts
from gosteward.serve.module_server import ModuleServer
from gosteward.serve.observation import Observation
from gosteward.serve.open_connections import Connections

sys.path[:0] = [str(Path(__file__).parents[1])]
from modules.care.stores import LARGE, Published, publish, web  # noqa: E402
from repair.fault_injection import CHANGING, READING, Point, faults, injected, points  # noqa: E402
from sumdb.log_server import Log, serving  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TRACED = f"trace={','.join(sorted(f'?{call}' for call in (*CHANGING, *READING, 'fallocate', 'sendfile')))}"
LOGGED, PRIVATE, BIG, VERSION = "example.com/Logged", "example.com/private/p", "example.com/big", "v1.2.3"
ABANDONED = "abandoned"
NOT_STARTED = 73
ALL_TIME = 10.0**9  # seconds that a list is believed
SECONDS = 20.0
CANNOT_BE_HAD = {500, 502, 503, 504, 507}
PARTS = {"transfer": "transfer_0", "prover": "prover", "loop": "MainThread"}


def all_there_is() -> Log:
    """A module that the log knows, one that it must not be asked for, one of megabytes; lists and branches."""
    log = Log(5)
    publish(log, LOGGED, VERSION, {"a.go": b"package a\n"})
    publish(log, PRIVATE, VERSION, {"a.go": b"package p\n"})
    publish(log, BIG, VERSION, {"large.bin": LARGE})
    log.files["/example.com/!logged/@v/list"] = f"{VERSION}\n".encode()
    log.files["/example.com/!logged/@latest"] = log.files["/example.com/!logged/@v/v1.2.3.info"]
    log.files["/example.com/private/p/@v/main.info"] = log.files["/example.com/private/p/@v/v1.2.3.info"]
    return log


class Proxy:
    """One that runs in a child.

    Attributes:
        port: that it listens on, 0 if it could not start.   threads: ids by name.
    """

    def __init__(self, pid: int, said: int) -> None:
        self.pid, self._said = pid, said
        self.port, self.threads = 0, dict[str, int]()

    def listen(self) -> None:
        """Wait until it has started, or ended."""
        text = os.read(self._said, 10_000)
        if text:
            self.port, self.threads = json.loads(text)

    def descriptors(self, store: str) -> list[str]:
        """What it has open below its store."""
        found = []
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f"/proc/{self.pid}/fd/{name}"))
        return sorted(path for path in found if path.startswith(f"{store}/"))

    def end(self) -> int:
        """End it, if it has not ended. Returns how it did."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.ended()

    def ended(self) -> int:
        os.close(self._said)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def started(store: str, published: Published, *, stopped: bool = False) -> Proxy:
    """A proxy in a child.  stopped: it waits for SIGCONT before it does anything."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child:
        os.close(theirs)
        return Proxy(child, ours)
    code = 70
    try:
        os.close(ours)
        if stopped:
            os.kill(os.getpid(), signal.SIGSTOP)
        os.dup2(os.open(f"{store}.stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        asyncio.run(_run(store, published, theirs))
    except StewardError:
        code = NOT_STARTED
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


async def _run(store: str, published: Published, to: int) -> None:
    proxies.THREADS = 1  # whose calls are those of all transfers
    wanted = Wanted(store, published.url, published.vkey, "example.com/private", ALL_TIME)
    made = parts(wanted, web(Path(store)), time.time)
    made.proxy.threads.submit(int).result()
    watched = Observation(made.proxy, None)
    application = ModuleServer(made.proxy, made.relay, None, watched.pages, watched.exchanges)
    clients = Connections(watched.application(application, hits=False), watched.failed)
    server = await asyncio.get_running_loop().create_server(clients.made, "127.0.0.1", 0)
    threads = {thread.name: thread.native_id for thread in threading.enumerate()}
    os.write(to, json.dumps([server.sockets[0].getsockname()[1], threads]).encode())
    os.close(to)
    await asyncio.Event().wait()


@contextlib.contextmanager
def traced(thread: int, *options: str) -> Iterator[None]:
    """One thread under strace."""
    tracer = subprocess.Popen(["strace", "-qq", "-y", *options, "-p", str(thread)], stderr=subprocess.DEVNULL)
    try:
        with contextlib.suppress(FileNotFoundError):
            while "TracerPid:\t0" in Path(f"/proc/{thread}/status").read_text():
                time.sleep(0.001)
                if tracer.poll() is not None:
                    raise SystemExit("strace cannot attach: it needs root, and a kernel that lets it trace")
        yield
    finally:
        tracer.terminate()
        tracer.wait()


def got(port: int, path: str) -> tuple[int, bytes]:
    """Status and body; 0 where there is no whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path.replace("!", "%21"))
        with connection.getresponse() as answer:
            return answer.status, answer.read()
    except TimeoutError:
        return -1, b"no answer in time"
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


class Bench:
    """A store that is filled again and again by one thread of a proxy."""

    def __init__(self, part: str, published: Published, top: str) -> None:
        self.part, self.published, self.top = part, published, top
        self.store = f"{top}/store"
        log = published.log
        lookup = "/lookup/example.com/!logged@v1.2.3"
        self.right = {**log.files, f"/sumdb/{log.signer.name}{lookup}": log.answer(lookup).body}
        self.usual: list[str] = []

    def reset(self) -> None:
        """An empty store, but for what a proxy that was killed left behind."""
        shutil.rmtree(self.store, ignore_errors=True)
        os.makedirs(f"{self.store}/incoming")
        Path(f"{self.store}/incoming/{ABANDONED}").write_bytes(b"half")

    def filled(self, *options: str) -> tuple[Proxy, list[str]]:
        """Start a proxy, one thread of which is traced, and ask for everything twice. Returns what was wrong with the answers."""
        self.reset()
        proxy = started(self.store, self.published, stopped=self.part == "loop")
        if self.part == "loop":
            os.waitpid(proxy.pid, os.WUNTRACED)
            with traced(proxy.pid, *options):
                os.kill(proxy.pid, signal.SIGCONT)
                proxy.listen()
                return proxy, self._asked_twice(proxy.port)
        proxy.listen()
        with traced(proxy.threads[PARTS[self.part]], *options):
            return proxy, self._asked_twice(proxy.port)

    def _asked_twice(self, port: int) -> list[str]:
        return [text for _ in range(2 if port else 0) for text in self._asked(port, CANNOT_BE_HAD | {0})]

    def _asked(self, port: int, allowed: set[int]) -> Iterator[str]:
        for path, body in self.right.items():
            status, found = got(port, path)
            ours = status == 500 and b"the proxy failed" in found  # a fault of its own that it did not foresee
            if ours or (status not in allowed and (status, found) != (200, body)):
                yield f"{path}: {status} {found[:200]!r}, {len(found)} of {len(body)} bytes"

    def tries(self) -> list[tuple[Point, str]]:
        """All faults, by a run without one."""
        log = f"{self.top}/trace"
        proxy, wrong = self.filled("-o", log, "-e", TRACED)
        wrong += self._asked(proxy.port, set())
        self.usual = proxy.descriptors(self.store)
        proxy.end()
        if wrong or self._unfinished():
            raise SystemExit(f"it does not even work: {wrong} {self._unfinished()}")
        found = points(Path(log).read_text(errors="replace").splitlines())
        # An error injected into close(2) keeps the descriptor, and with it a lock, which Linux never does.
        ours = [point for point in found if f"{self.store}/" in point.text and point.call != "close"]
        return [(point, fault) for point in ours for fault in _faults(point)]

    def spoiled(self, point: Point, fault: str) -> list[str] | None:
        """What is wrong after a fault; None if it did not hit the store."""
        log = f"{self.top}/injected"
        proxy, wrong = self.filled("-o", log, *injected(point, fault))
        lines = Path(log).read_text(errors="replace").splitlines()
        calls = [line for line in lines if line.startswith(f"{point.call}(")]
        hit = [line for line in calls if "(INJECTED)" in line] if "error" in fault else calls[point.number - 1 :]
        if not hit or self.store not in hit[0]:
            proxy.end()
            return None
        wrong += self._wrong_files()
        said = Path(f"{self.store}.stderr").read_text(errors="replace")
        wrong += [f"told as a bug: {said[-1_000:]}"] if "Traceback" in said else []
        if _is_alive(proxy.pid, dying="KILL" in fault):
            wrong += self._goes_on(proxy, point)
            proxy.end()
        else:
            code = proxy.ended()
            wrong += [f"it ended with {code}"] if code not in (NOT_STARTED, -signal.SIGKILL) else []
        return [*wrong, *self._heals()]

    def _goes_on(self, proxy: Proxy, point: Point) -> Iterator[str]:
        yield from (f"later: {text}" for text in self._asked(proxy.port, set()))
        until = time.monotonic() + SECONDS  # clients have it, the disk not yet
        while (found := self._left(proxy, point)) and time.monotonic() < until:
            time.sleep(0.005)
        yield from found

    def _left(self, proxy: Proxy, point: Point) -> list[str]:
        """What a transfer that is over has not taken away."""
        removes = point.call in {"unlink", "unlinkat"} or ABANDONED in point.text  # what is unfinished
        found = [] if removes else [f"left behind: {name}" for name in self._unfinished()]
        open_now = proxy.descriptors(self.store)
        return found + ([f"descriptors left open: {open_now}"] if len(open_now) > len(self.usual) else [])

    def _heals(self) -> Iterator[str]:
        proxy = started(self.store, self.published)
        proxy.listen()
        yield from (f"after the next start: {text}" for text in self._asked(proxy.port, set()))
        yield from (f"still there after the next start: {name}" for name in self._unfinished())
        proxy.end()
        yield from self._wrong_files()
        missing = [
            path
            for path in self.right
            if path.endswith((".mod", ".zip")) and not Path(f"{self.store}/modules{path}").exists()
        ]
        yield from (f"not stored after the next start: {path}" for path in missing)

    def _wrong_files(self) -> list[str]:
        top = Path(f"{self.store}/modules")
        files = [path for path in top.rglob("*") if not path.is_dir()]
        return [
            f"wrong file: {path}" for path in files if path.read_bytes() != self.right.get(f"/{path.relative_to(top)}")
        ]

    def _unfinished(self) -> list[str]:
        return os.listdir(f"{self.store}/incoming")


def _faults(point: Point) -> tuple[str, ...]:
    found = [fault for fault in faults(point) if fault != "error=EACCES"]
    return (*(["signal=KILL", "error=ENOSPC"] if point.call == "fallocate" else []), *found)


def _is_alive(pid: int, *, dying: bool) -> bool:
    """Whether a child runs.  dying: it is about to end: a thread that is killed takes a moment to take all others with it."""
    until = time.monotonic() + (SECONDS if dying else 0.0)
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= until:
            return True
        time.sleep(0.001)
    return False


def sweep(part: str, published: Published, top: str, share: tuple[int, int]) -> int:
    """Number of runs after which something was wrong.  share: every how many-th fault, beginning with which."""
    bench = Bench(part, published, top)
    tries = bench.tries()
    chosen, bad, missed, start = tries[share[1] :: share[0]], 0, 0, time.monotonic()
    for point, fault in chosen:
        found = bench.spoiled(point, fault)
        missed += found is None
        bad += bool(found)
        for text in found or ():
            print(f"{part}: {fault} at {point.call} {point.number}: {text[:600]}\n    {point.text[:160]}", flush=True)
    seconds = time.monotonic() - start
    print(f"{part}: {len(chosen)} of {len(tries)} faults, {missed} missed, {bad} bad, {seconds:.0f} s", flush=True)
    return bad


def work(names: Sequence[str], share: tuple[int, int], top: str) -> int:
    """What one worker does."""
    for module in pkgutil.walk_packages(gosteward.__path__, "gosteward."):
        if module.name.startswith(("gosteward.modules", "gosteward.serve", "gosteward.toolchains")):
            importlib.import_module(module.name)
    log, (ours, theirs) = all_there_is(), os.pipe()
    end = os.pipe()
    if not os.fork():  # a server in a process of its own: a fork of threads would be none
        os.close(end[1])
        with serving(log) as url:
            os.write(theirs, url.encode())
            os.read(end[0], 1)
        os._exit(0)
    os.close(end[0])
    published = Published(log, os.read(ours, 1_000).decode())
    return sum(sweep(name, published, top, share) for name in names)


def main() -> int:
    """Exit code 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th fault")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at once")
    parser.add_argument("parts", nargs="*", metavar="PART", help="; ".join(PARTS))
    options = parser.parse_args()
    names = options.parts or list(PARTS)
    if os.geteuid() != 0 or not shutil.which("strace"):
        raise SystemExit("the sweep needs root and strace")
    children = []
    with tempfile.TemporaryDirectory(prefix="sweep") as top:
        for number in range(options.jobs):
            child = os.fork()
            if not child:
                code = 1
                try:
                    own = f"{top}/{number}"
                    os.mkdir(own)
                    code = min(work(names, (options.every * options.jobs, number * options.every), own), 1)
                except Exception:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
                    os._exit(code)
            children.append(child)
        return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


if __name__ == "__main__":
    sys.exit(main())
