"""Fault sweep: `--fix` and `undo` of a plan with actions of every kind are killed, or get an error, at every file-system call in turn.

    crash_sweep.py [--every N] [--jobs N]        (root; needs strace)

Afterwards every action is done or not done, never half; the journal is readable; what a clean error leaves behind is nothing; the next
run heals what a kill left; then the plan runs to its end, and undoing all runs restores the host with all times.

KILL hits a call before it is done, so a call that changes nothing is the same as the one after it: calls that change something suffice.
Counters of `strace -e inject` are per name of a call. Source: strace(1); sqlite.org/testing.html, "I/O error testing".
Besides, the order of syncs is read from the trace: see fsync_order.py.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gosteward import actions as do
from gosteward.errors import StewardError
from gosteward.host.places import Accounts, Refused
from gosteward.repair import journal as journals
from gosteward.repair.executor import begin, changes_made, settle
from gosteward.repair.journal import Journal
from gosteward.repair.preparation import prepare
from gosteward.repair.undo import to_undo, undo
from gosteward.repair.world import World
from gosteward.snapshot import User

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
from fault_injection import CLEANING, TRACED, Point, faults, injected, points, under_strace  # noqa: E402
from fsync_order import violations  # noqa: E402

from toolchains.small_release import small_release  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UID = 61234
ACCOUNTS = Accounts(lambda uid: User(name=str(uid), uid=uid, gid=uid))
RELEASE = small_release("go1.26.90")
LIST = bytes.fromhex("0200000001000600ffffffff0200000032ef000004000400ffffffff10000000ffffffff20000400ffffffff")


def build(top: Path) -> None:
    """The host as it is found: something for every kind of action."""
    for name in ("opt", "etc", "bin", "go-broken/bin", "go/bin", "cache/a", "home"):
        (top / name).mkdir(parents=True)
    files = {
        "etc/rc": (b"a\nexport PATH=/bin\nz\n", 0o644), "etc/crlf": (b"#!/bin/sh\r\na\r\n", 0o755), "go-broken/bin/go": (b"half", 0o644),
        "go/bin/go": (b"go", 0o644), "go/VERSION": (b"go1.25", 0o600), "cache/a/object": (b"o", 0o644), "tool": (b"tool", 0o640),
        "listed": (b"l", 0o640), "home/.bashrc": (b"mine\n", 0o600),
    }  # fmt: skip
    for name, (content, mode) in files.items():
        (top / name).write_bytes(content)
        (top / name).chmod(mode)
        os.utime(top / name, (1_000_000_000, 1_000_000_000))
    os.setxattr(top / "etc/rc", "user.mark", b"kept")
    os.setxattr(top / "listed", "system.posix_acl_access", LIST)
    for name, target in (("bin/gofmt", "/gone/gofmt"), ("bin/stray", "stray"), ("home/sdk", "/gone")):
        os.symlink(target, top / name)
        os.utime(top / name, (1_000_000_000, 1_000_000_000), follow_symlinks=False)
    for name in ("home", "home/.bashrc", "home/sdk"):
        os.chown(top / name, UID, UID, follow_symlinks=False)


def plan(top: Path) -> dict[str, tuple[do.Action, tuple[str, ...]]]:
    """Name -> action, and the paths that it changes."""
    at = str(top)
    line = do.LineEdit(2, "export PATH=/bin", ("export PATH=/bin:/usr/local/go/bin",))
    archive = str(top.parent / f"{RELEASE.module_version}.zip")
    return {
        "unpack": (
            do.UnpackTree(f"{at}/opt/go1.26.90", archive, "module", "go1.26.90", "linux-amd64", RELEASE.h1),
            ("opt/go1.26.90",),
        ),
        "edit": (do.EditLines(f"{at}/etc/rc", (line,)), ("etc/rc",)),
        "line ends": (do.UnixLineEnds(f"{at}/etc/crlf"), ("etc/crlf",)),
        "write": (do.WriteFile(f"{at}/etc/profile.d/go.sh", "x\n"), ("etc/profile.d/go.sh",)),
        "directory": (do.MakeDirectory(f"{at}/var", 0o1777, UID, UID), ("var",)),
        "new link": (do.ReplaceLink(f"{at}/bin/go", "/usr/local/go/bin/go"), ("bin/go",)),
        "link": (do.ReplaceLink(f"{at}/bin/gofmt", "/usr/local/go/bin/gofmt", "/gone/gofmt"), ("bin/gofmt",)),
        "remove link": (do.RemoveLink(f"{at}/bin/stray", "stray"), ("bin/stray",)),
        "aside": (do.MoveAside(f"{at}/go-broken"), ("go-broken", ".go-broken.aside")),
        "mode": (do.SetMode(f"{at}/tool", 0o640, 0o750), ("tool",)),
        "tree": (do.OpenTree(f"{at}/go"), ("go",)),
        "owner": (do.SetOwner(f"{at}/cache", 0, UID, UID, tree=True), ("cache",)),
        "list": (do.WidenAcl(f"{at}/listed", "rx", UID), ("listed",)),
        "home edit": (do.EditLines(f"{at}/home/.bashrc", (do.LineEdit(do.LAST, "", ("new",)),)), ("home/.bashrc",)),
        "home write": (do.WriteFile(f"{at}/home/.config/env", "x\n"), ("home/.config/env",)),
        "home link": (do.ReplaceLink(f"{at}/home/sdk", "go", "/gone"), ("home/sdk",)),
    }


def looks(top: Path, *, times: bool = False) -> dict[str, tuple[Any, ...]]:
    """Path -> all that counts about it."""
    found = {}
    for path in sorted(top.rglob("*")):
        status = path.lstat()
        row: list[Any] = [stat.filemode(status.st_mode), status.st_uid, status.st_gid]
        if path.is_symlink():
            row.append(os.readlink(path))
        elif path.is_file():
            row.append(path.read_bytes())
        if times and not path.is_dir():
            row.append(status.st_mtime_ns)
        row += [
            (n, os.getxattr(path, n, follow_symlinks=False)) for n in sorted(os.listxattr(path, follow_symlinks=False))
        ]
        found[str(path.relative_to(top))] = tuple(row)
    return found


def fix(top: Path, place: str, done_already: frozenset[str] = frozenset()) -> None:
    """What `doctor --fix` does after its look at the host: a step that fails is taken back, the others are done."""
    with Journal(place).locked("fix") as journal:
        executor = begin(journal, ACCOUNTS, "fix")
        for name, (action, _) in plan(top).items():
            done: list[Any] = []
            if name in done_already:
                continue
            try:
                for change in prepare(action, World(ACCOUNTS)):
                    done.append(executor.apply(change, 1))
            except (OSError, Refused):
                for one in reversed(done):
                    with contextlib.suppress(OSError, Refused):
                        executor.apply(one.change.inverse(), 1, undoes=one.number)
        journal.append(executor.run, "ended")


def take_back(_: Path, place: str) -> None:
    """What `undo` does."""
    with Journal(place).locked("undo") as journal:
        number, made = to_undo(journal, ACCOUNTS, 1)
        undo(journal, ACCOUNTS, number, made)


def heal(place: str) -> Journal:
    """What every later run begins with."""
    with Journal(place).locked("settle") as journal:
        settle(journal, ACCOUNTS)
        return journal


class Bench:
    """One host after the other, in memory."""

    def __init__(self, phase: str) -> None:
        self.phase = phase
        self.work: Callable[[Path, str], None] = fix if phase == "fix" else take_back
        self.room = Path(tempfile.mkdtemp(prefix="sweep", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
        self.room.chmod(0o755)
        self.top, self.place = self.room / "host", str(self.room / "journal")
        self.old = self.new = self.old_with_times = {}
        (self.room / f"{RELEASE.module_version}.zip").write_bytes(RELEASE.zip())
        self._fresh()
        self.old, self.old_with_times = looks(self.top), looks(self.top, times=True)
        fix(self.top, self.place)
        self.new = looks(self.top)

    def _fresh(self) -> None:
        for path in (self.top, Path(self.place)):
            shutil.rmtree(path, ignore_errors=True)
        self.top.mkdir()
        self.top.chmod(0o755)
        build(self.top)

    def reset(self) -> None:
        self._fresh()
        if self.phase == "undo":
            fix(self.top, self.place)

    def run(self, *options: str) -> int:
        """The work under strace with these options. Returns how it ended."""

        def work() -> int:
            with contextlib.suppress(StewardError, OSError, Refused):
                self.work(self.top, self.place)
                return 0
            return 1

        return under_strace(work, *options)

    def trace(self) -> list[str]:
        """Lines of a run without faults."""
        self.reset()
        log = self.room / "trace"
        assert self.run("-o", str(log), "-e", TRACED) == 0
        return log.read_text().splitlines()

    def check(self, point: Point, fault: str, code: int) -> list[str]:
        """What is wrong after a run with a fault."""
        # A kill in the middle of a tree is healed by the next run; nothing else is ever seen half done.
        wrong = list(self._halves(("tree", "owner") if code < 0 else ()))
        left = [path for path in looks(self.top) if Path(path).name.startswith(".gosteward-")]
        if left and code >= 0 and point.call not in CLEANING | {"newfstatat", "lstat"}:
            wrong.append(f"left behind: {left}")
        try:
            journal = heal(self.place)
            wrong += self._journal(journal)
            wrong += self._halves()
            if self.phase == "fix":
                fix(self.top, self.place, self._done())
                if looks(self.top) != self.new:
                    wrong.append("a second fix does not end where a first one does")
                for run in range(journal.entries[-1].run + 1 if journal.entries else 1, 0, -1):
                    self._undo(run)
            else:
                self._undo(1)
        except (StewardError, OSError, Refused) as error:
            return [*wrong, f"healing failed: {type(error).__name__}: {error}"]
        if looks(self.top, times=True) != self.old_with_times:
            wrong.append("undo does not restore the host")
        return wrong

    def _undo(self, run: int) -> None:
        with Journal(self.place).locked("undo") as journal:
            if changes_made(journal, run):
                number, made = to_undo(journal, ACCOUNTS, run)
                undo(journal, ACCOUNTS, number, made)

    def _halves(self, but: tuple[str, ...] = ()) -> Iterator[str]:
        now = looks(self.top)
        for name, (_, paths) in plan(self.top).items():
            if name in but:
                continue
            states = [_part(state, paths) for state in (now, self.old, self.new)]
            if states[0] not in states[1:]:
                yield f"{name} is half done"
        known = self.old.keys() | self.new.keys()
        odd = [path for path in now if path not in known and "/.gosteward-" not in f"/{path}"]
        if odd:
            yield f"nobody knows {odd}"

    def _done(self) -> frozenset[str]:
        now = looks(self.top)
        return frozenset(n for n, (_, paths) in plan(self.top).items() if _part(now, paths) == _part(self.new, paths))

    def _journal(self, journal: Journal) -> Iterator[str]:
        ended = {entry.details["of"] for entry in journal.entries if entry.phase in ("done", "failed")}
        if {entry.number for entry in journal.entries if entry.phase == "intended"} - ended:
            yield "the journal has open lines"
        named = {name for entry in journal.entries for name in journals.CONTENT.findall(str(entry.details))}
        kept = set(os.listdir(f"{self.place}/contents"))
        if named != kept:
            yield f"contents are orphans or gone: {sorted(kept ^ named)}"
        if any(Path(path).name.startswith(".gosteward-") for path in looks(self.top)):
            yield "healing leaves a temporary file"


def _part(state: dict[str, tuple[Any, ...]], paths: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    return {path: row for path, row in state.items() if any(path == p or path.startswith(f"{p}/") for p in paths)}


def sweep(phase: str, every: int, offset: int) -> int:
    """Number of runs after which something was wrong."""
    bench = Bench(phase)
    try:
        lines = bench.trace()
        wrong = list(violations(lines, str(bench.top), bench.place))
        for text in wrong:
            print(f"{phase}: order of syncs: {text}")
        bad, start = len(wrong), time.monotonic()
        tries = [(point, fault) for point in points(lines) for fault in faults(point)]
        chosen = tries[offset::every]
        for point, fault in chosen:
            bench.reset()
            code = bench.run("-o", "/dev/null", *injected(point, fault))
            found = bench.check(point, fault, code)
            bad += bool(found)
            for text in found:
                print(f"{phase}: {fault} at {point.call} {point.number}: {text}\n    {point.text[:120]}", flush=True)
        print(f"{phase}: {len(chosen)} of {len(tries)} faults, {bad} bad, {time.monotonic() - start:.0f} s", flush=True)
        return bad
    finally:
        shutil.rmtree(bench.room, ignore_errors=True)


def main() -> int:
    """Exit code 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th fault")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("strace"):
        raise SystemExit("the sweep needs root and strace")
    children = []
    for job in range(options.jobs):
        child = os.fork()
        if not child:
            bad = [sweep(phase, options.every * options.jobs, job * options.every) for phase in ("fix", "undo")]
            os._exit(any(bad))
        children.append(child)
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


if __name__ == "__main__":
    sys.exit(main())
