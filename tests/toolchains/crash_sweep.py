"""Fault sweep over whole commands: `install`, `use`, `upgrade`, `uninstall` are killed, or get an error, at every file-system call in turn.

    crash_sweep.py [--every N] [--jobs N] [SCENARIO ...]        (root; needs strace)

Afterwards the journal is readable, every tree under the name of a release is whole, no link of ours leads nowhere, and whatever `go` the links lead
to runs. An error leaves what was there before, or all that was asked for. The same command again ends with all of it there; then undoing every run
restores the host. An error is never told as a bug of ours.

Each worker has a mount namespace, so the commands work on their real places: /opt/go, /usr/local, /etc/profile.d, /var/lib/gosteward. They are run as
they are typed, by `cli.main` in a fork of this process, which has imported all of gosteward before: half a second less for each of thousands. What
`uninstall` looks for in the host's sessions and jobs is left out: that takes seconds, and changes nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import pkgutil
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gosteward
from gosteward import examination
from gosteward.cli import main as cli
from gosteward.golang import distribution
from gosteward.host import tree_hashing
from gosteward.repair.journal import Journal
from gosteward.snapshot import Snapshot

sys.path[:0] = [str(Path(__file__).parents[1])]
from repair.fault_injection import (  # noqa: E402
    CHANGING,
    CLEANING,
    TRACED,
    Point,
    faults,
    injected,
    points,
    under_strace,
)
from toolchains.godev_server import godev_server, toolchain_proxy  # noqa: E402
from toolchains.small_release import small_release  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OLD, NEW = small_release("go1.26.90"), small_release("go1.26.91")
STATE, CACHE = "/var/lib/gosteward", "/var/cache/gosteward"
COPIED = tuple(place for place in ("/etc/profile.d", "/etc/zsh", "/etc/fish") if os.path.isdir(place))
CHANGED = ("/opt", "/usr/local", *COPIED)
OURS = re.compile(f'[<"](?:{"|".join((*CHANGED, STATE, CACHE))})[/>"]')
LINKS = ("/opt/go/current", "/usr/local/bin/go", "/usr/local/bin/gofmt", "/usr/local/go")
ROOT = "/opt/go"
NOWHERE = "http://127.0.0.1:9"
NOTHING = "nothing to undo"
Looks = dict[str, tuple[Any, ...]]


class Scenario(NamedTuple):
    """A command to spoil.  before: commands that come first.   log: whether a checksum database can be reached."""

    line: str
    before: tuple[str, ...] = ()
    log: bool = True


SCENARIOS = {
    "install": Scenario("install 1.26.90"),
    "install beside": Scenario("install 1.26.91", ("install 1.26.90",)),
    "install and use": Scenario("install 1.26.91 --use", ("install 1.26.90",)),
    "install of a bundle": Scenario("install 1.26.90 --from {bundle} --offline"),
    "install without a log": Scenario("install 1.26.90 --from {godev} --allow-unverified lab", log=False),
    "upgrade": Scenario("upgrade", ("install 1.26.90",)),
    "use": Scenario("use 1.26.91", ("install 1.26.90", "install 1.26.91")),
    "uninstall": Scenario("uninstall 1.26.91", ("install 1.26.90", "install 1.26.91")),
    "uninstall of the last": Scenario("uninstall 1.26.90", ("install 1.26.90",)),
}


class Ran(NamedTuple):
    """How a command ended.  code: negative for a signal.   said: both outputs."""

    code: int
    said: str


class Servers(NamedTuple):
    """Where releases come from: a module proxy with its checksum database, one like go.dev, and a bundle."""

    proxy: str
    vkey: str
    godev: str
    bundle: str


def looks() -> Looks:
    """Path -> all that counts about it, of everything that the commands may change outside of directories of our own."""
    found: Looks = {}
    for top in CHANGED:
        for path in sorted(Path(top).rglob("*")):
            status = path.lstat()
            row: list[Any] = [stat.filemode(status.st_mode), status.st_uid, status.st_gid]
            if path.is_symlink():
                row.append(os.readlink(path))
            elif path.is_file():
                row.append(_record(path) if path.suffix == ".json" else path.read_bytes())
            found[str(path)] = tuple(row)
    return found


def _record(path: Path) -> object:
    """What of a record does not depend on when it was written, and by which run."""
    with contextlib.suppress(ValueError, KeyError):
        found = json.loads(path.read_bytes())
        proofs = [(proof["kind"], proof["value"]) for proof in found["proofs"]]
        return found["schema"], found["version"], found["platform"], proofs, found["unverified_reason"]
    return path.read_bytes()


def units(state: Looks) -> dict[str, Looks]:
    """What is there whole or not at all: every tree is one, everything else is a file or link of its own."""
    found: dict[str, Looks] = {}
    for path, row in state.items():
        tree = re.match(rf"{ROOT}/\.?go1[^/]*", path)
        found.setdefault(tree[0] if tree else path, {})[path] = row
    return found


class Bench:
    """A host of our own, which a scenario is played on again and again."""

    def __init__(self, scenario: Scenario, servers: Servers, store: str) -> None:
        self.line = scenario.line.format(bundle=servers.bundle, godev=servers.godev)
        proxy, base = (servers.proxy, "") if scenario.log else ("off", f" {NOWHERE}")
        self.environment = {
            "HOME": "/nonexistent", "PATH": os.environ["PATH"], "GOENV": "off", "GOPROXY": proxy, "GOSUMDB": f"{servers.vkey}{base}",
            "no_proxy": "127.0.0.1",
        }  # fmt: skip
        self.log = tempfile.mkdtemp(dir=store)
        self._restore(f"{store}/new")
        for line in scenario.before:
            self._expect(self.run(line), 0)
        self.base = self._last_run()
        save(f"{self.log}/saved")
        self.old = looks()
        self._expect(self.run(self.line), 0)
        self.new = looks()
        for path in sorted(Path(ROOT).glob("go1.*")):
            self._expect_whole(path)

    def _expect(self, ran: Ran, code: int) -> None:
        if ran.code != code:
            raise SystemExit(f"`{self.line}` does not even work: {ran}")

    def _expect_whole(self, tree: Path) -> None:
        """What is taken for whole below is the release."""
        top = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
        found = tree_hashing.hash_tree(top)
        os.close(top)
        release = {r.version: r for r in (OLD, NEW)}[tree.name]
        entries = distribution.module_form(found.entries, release.version, "linux-amd64")
        if distribution.module_h1(entries, release.version, "linux-amd64") != release.h1 or found.oddities:
            raise SystemExit(f"{tree} is not the release")

    def _last_run(self) -> int:
        return max((entry.run for entry in Journal(STATE).read().entries), default=0)

    def reset(self) -> None:
        """Let the host be as it was before the command."""
        self._restore(f"{self.log}/saved")

    def _restore(self, saved: str) -> None:
        for place in (*CHANGED, STATE, CACHE):
            for entry in os.scandir(place):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
        for place in (*CHANGED, STATE, CACHE):
            subprocess.run(["cp", "-a", f"{saved}{place}/.", place], check=True)

    def run(self, line: str, *strace: str) -> Ran:
        """A command, as it is typed."""
        output = f"{self.log}/output"

        def work() -> int:
            descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for standard in (1, 2):
                os.dup2(descriptor, standard)
            sys.argv[:] = ["gosteward", *line.split()]
            os.environ.clear()
            os.environ.update(self.environment)
            code = cli.main(sys.argv[1:])
            sys.stdout.flush()
            return code

        code = under_strace(work, *strace) if strace else _forked(work)
        return Ran(code, Path(output).read_text(errors="replace"))

    def trace(self) -> list[str]:
        """Lines of a run without faults."""
        self.reset()
        log = f"{self.log}/trace"
        self._expect(self.run(self.line, "-o", log, "-e", TRACED), 0)
        return Path(log).read_text(errors="replace").splitlines()

    def spoiled(self, point: Point, fault: str) -> list[str] | None:
        """What is wrong after a run with a fault; None if it did not hit a place of ours, since the host is never quite the same."""
        self.reset()
        log = f"{self.log}/injected"
        ran = self.run(self.line, "-o", log, *injected(point, fault))
        calls = [line for line in Path(log).read_text(errors="replace").splitlines() if line.startswith(point.call)]
        hit = [line for line in calls if "(INJECTED)" in line] if "error" in fault else calls[point.number - 1 :]
        if not hit or not OURS.search(hit[0]):
            return None
        return [*self._outcome(point, ran), *self._whole(), *self._healed(ran)]

    def _outcome(self, point: Point, ran: Ran) -> Iterator[str]:
        if ran.code == 70 or "internal error" in ran.said or "Traceback" in ran.said:
            yield f"it is told as a bug: {ran}"
        now = looks()
        if ran.code >= 0 and point.call not in CLEANING | {"newfstatat", "lstat", "openat", "getdents64"}:
            yield from (f"left behind: {path}" for path in now if "/.gosteward-" in path)
        plain = {path: row for path, row in now.items() if "/.gosteward-" not in path}
        # What could not be looked at counts as not there: then a link or a file of a shell is left out, and the same command again makes it.
        if ran.code == 0 and plain != self.new and point.call in CHANGING:
            yield f"it says that all is done, and {_differences(plain, self.new)}"
        if ran.code > 0 and plain not in (self.old, self.new):
            yield f"it is neither as before nor as asked: {_differences(plain, self.old)}: {ran}"

    def _whole(self) -> Iterator[str]:
        now, old, new = map(units, (looks(), self.old, self.new))
        for path, unit in now.items():
            if "/.gosteward-" not in path and unit not in (old.get(path), new.get(path)):
                yield f"{path} is half there, or nobody knows it"
        for link in LINKS:
            if os.path.islink(link) and not os.path.exists(link):
                yield f"{link} leads nowhere"
        if os.path.exists("/usr/local/bin/go"):
            said = subprocess.run(["/usr/local/bin/go", "version"], capture_output=True, text=True, check=False).stdout
            if said not in {f"go version {release.version} linux/amd64\n" for release in (OLD, NEW)}:
                yield f"the go of /usr/local/bin says {said!r}"
        try:
            Journal(STATE).read()
        except gosteward.errors.StewardError as error:
            yield f"the journal cannot be read: {error}"

    def _healed(self, spoiled: Ran) -> Iterator[str]:
        done = looks() == self.new
        again = self.run(self.line)
        gone = done and "uninstall" in self.line and again.code == 2
        if again.code and not gone:
            yield f"the same command again fails: {again}; first {spoiled}"
        if looks() != self.new:
            yield f"the same command again does not heal: {_differences(looks(), self.new)}"
        for number in range(self._last_run(), self.base, -1):
            undone = self.run(f"undo {number} --yes")
            if undone.code and NOTHING not in undone.said:
                yield f"undo {number} fails: {undone}"
        if looks() != self.old:
            yield f"undo does not restore the host: {_differences(looks(), self.old)}"


def _differences(state: Looks, wanted: Looks) -> str:
    gone = [path for path in wanted if path not in state]
    more = [path for path in state if path not in wanted]
    other = [
        f"{path} {state[path]} for {row}"[:300] for path, row in wanted.items() if path in state and state[path] != row
    ]
    return f"missing {gone[:5]}, more {more[:5]}, other {other[:3]}"


def _forked(work: Any) -> int:
    child = os.fork()
    if not child:
        code = 1
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def prepare(store: str) -> None:
    """Let this process, which is alone in its mount namespace, have places of its own where the commands write."""
    _mount(store)
    for place in (*CHANGED, STATE, CACHE):
        own = f"{store}/own{place}"
        os.makedirs(own)
        if place in COPIED:
            subprocess.run(["cp", "-a", f"{place}/.", own], check=True)
        elif place == "/usr/local":
            _linked(place, own, store)
        os.makedirs(place, 0o700 if place in (STATE, CACHE) else 0o755, exist_ok=True)
        _mount(place, own)


def _linked(place: str, own: str, store: str) -> None:
    """Programs and modules of this host are found as before, but for a go."""
    seen = f"{store}/seen"
    os.mkdir(seen)
    _mount(seen, place)
    for directory in ("", "/bin"):
        os.makedirs(own + directory, exist_ok=True)
        for name in set(os.listdir(seen + directory)) - {"go", "gofmt", "bin"}:
            os.symlink(f"{seen}{directory}/{name}", f"{own}{directory}/{name}")


def _mount(place: str, what: str = "") -> None:
    subprocess.run(["mount", "--bind", what, place] if what else ["mount", "-t", "tmpfs", "none", place], check=True)


def save(saved: str) -> None:
    """Keep all that the commands may change."""
    for place in (*CHANGED, STATE, CACHE):
        os.makedirs(saved + place)
        subprocess.run(["cp", "-a", f"{place}/.", saved + place], check=True)


def serve() -> Servers:
    """Servers in a process of their own, which ends with this one: a fork of threads would be none."""
    ours, theirs = os.pipe(), os.pipe()
    if not os.fork():
        os.close(ours[0]), os.close(theirs[1])
        with toolchain_proxy(OLD, NEW) as proxy, godev_server(OLD, NEW) as godev:
            os.write(ours[1], json.dumps([proxy.url, proxy.vkey, godev.url]).encode())
            os.read(theirs[0], 1)
        os._exit(0)
    os.close(ours[1]), os.close(theirs[0])
    proxy, vkey, godev = json.loads(os.read(ours[0], 10_000))
    return Servers(proxy, vkey, godev, "")


def bundled(servers: Servers, store: str) -> Servers:
    """The same with a bundle, made by the command on a host that is forgotten again."""
    bundle = f"{store}/go.bundle"
    Bench(Scenario(f"bundle create {bundle} 1.26.90"), servers, store)
    return servers._replace(bundle=bundle)


def sweep(name: str, servers: Servers, store: str, part: tuple[int, int]) -> int:
    """Number of runs after which something was wrong.  part: every how many-th fault, beginning with which."""
    bench = Bench(SCENARIOS[name], servers, store)
    ours = [point for point in points(bench.trace()) if OURS.search(point.text)]
    tries = [(point, fault) for point in ours for fault in faults(point) if fault != "error=EACCES"]
    chosen, bad, missed, start = tries[part[1] :: part[0]], 0, 0, time.monotonic()
    for point, fault in chosen:
        found = bench.spoiled(point, fault)
        missed += found is None
        bad += bool(found)
        for text in found or ():
            print(f"{name}: {fault} at {point.call} {point.number}: {text[:1500]}\n    {point.text[:120]}", flush=True)
    seconds = time.monotonic() - start
    print(f"{name}: {len(chosen)} of {len(tries)} faults, {missed} missed, {bad} bad, {seconds:.0f} s", flush=True)
    return bad


def work(names: Sequence[str], part: tuple[int, int], cpu: int) -> int:
    """What one worker does."""
    # One that writes, so that the calls of every run are those of the trace.
    os.sched_setaffinity(0, {cpu})
    for module in pkgutil.walk_packages(gosteward.__path__, "gosteward."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    examination.snapshot_of = lambda _: (Snapshot(), None)  # type: ignore[assignment,return-value]
    store = os.environ["SWEEP_STORE"]
    prepare(store)
    save(f"{store}/new")
    servers = bundled(serve(), store)
    return sum(sweep(name, servers, store, part) for name in names)


def main() -> int:
    """Exit code 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th fault")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at once")
    parser.add_argument("--worker", type=int, default=-1, help=argparse.SUPPRESS)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="; ".join(SCENARIOS))
    options = parser.parse_args()
    names = options.scenarios or list(SCENARIOS)
    if options.worker >= 0:
        cpus = sorted(os.sched_getaffinity(0))
        part = options.every * options.jobs, options.worker * options.every
        return min(work(names, part, cpus[options.worker % len(cpus)]), 1)
    if os.geteuid() != 0 or not shutil.which("strace"):
        raise SystemExit("the sweep needs root and strace")
    with tempfile.TemporaryDirectory(prefix="sweep") as store:
        command = ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv, "--jobs", str(options.jobs)]
        environment = {**os.environ, "SWEEP_STORE": store}
        workers = [subprocess.Popen([*command, "--worker", str(n)], env=environment) for n in range(options.jobs)]
        return max(worker.wait() for worker in workers)


if __name__ == "__main__":
    sys.exit(main())
