#!/usr/bin/env python3
"""faultlab - judge a tool that diagnoses and repairs Go environments, against real failures.

    lab.py image                          build the base image once
    lab.py where                          say where it is
    lab.py list                           show the scenarios
    lab.py validate [ids]                 does every scenario break, and does its reference repair cure it?
    lab.py run --tool PATH [ids]          judge the tool: diagnose, harmless, repair, cleared, undo
    lab.py shell ID                       a shell inside one scenario, after its setup

Every scenario runs in a sandbox of its own: mount, pid, uts, ipc, net and cgroup namespaces over an
overlay of the base image whose upper layer is a tmpfs. All mounts live in the private mount namespace
of the sandbox, so nothing has to be cleaned up on the host: when the sandbox's process 1 ends, for
whatever reason, the kernel takes everything away.

Needs Linux, root, Python >= 3.11 and nothing but the standard library (debootstrap and go for `image`).
The format of a scenario is in README.md beside this file. The tool under test runs as real root inside
the sandbox, which guards against accidents, not against malice: use a machine that you can lose.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import ctypes
import dataclasses
import fcntl
import fnmatch
import glob
import hashlib
import json
import os
import re
import select
import shutil
import signal
import socket
import stat
import statistics
import struct
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

LAB_DIR = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("FAULTLAB_CACHE", "/var/cache/faultlab"))
IMAGE_VERSION = 4                      # raise it whenever the recipe in build_image() changes
BASE = CACHE / f"base-v{IMAGE_VERSION}"

TOOL_NAME = "gosteward"
TOOL_IN_ROOT = f"/opt/tool/{TOOL_NAME}"
TOOL_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
SCRIPT_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
# The tool may write here, and nowhere else. "~" stands for every home directory.
OWN_DIRS = (f"/var/lib/{TOOL_NAME}", f"/var/cache/{TOOL_NAME}", f"~/.local/state/{TOOL_NAME}", f"~/.cache/{TOOL_NAME}")

SEVERITIES = ("critical", "high", "medium", "low")
REPAIRS = ("auto", "assisted", "advice", "none")
JUDGED = ("error", "warning")          # severities of a finding that count; "info" never does
FINDING_FLAGS = re.IGNORECASE | re.DOTALL | re.MULTILINE
# Advice against something is not advice: `none` does not look at "do not chmod 777", up to the end of that clause.
NEGATED = re.compile(r"""\b(do not|don['’]t|never|must not|should not|instead of|rather than)\b[^.;:"\n]*""", re.IGNORECASE)


# ---------------------------------------------------------------------------------------------- scenarios

class LabError(Exception):
    """Something is wrong with a scenario, the image or the host, not with the tool under test."""


@dataclasses.dataclass(frozen=True)
class Expected:
    """One [finding] table: what one finding of the report must say, and what none may say."""
    all: tuple[re.Pattern[str], ...]
    none: tuple[re.Pattern[str], ...]
    first: bool

    def matching(self, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The findings that every regex of `all` matches."""
        return [f for f in findings if self.all and all(rx.search(finding_text(f)) for rx in self.all)]

    def lacking(self, finding: dict[str, Any]) -> list[str]:
        return [rx.pattern for rx in self.all if not rx.search(finding_text(finding))]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One folder <set>/<id>, read and checked."""
    id: str
    set: str
    dir: Path
    title: str
    category: str
    source: str
    severity: str
    repair: str
    user: str
    needs: tuple[str, ...]
    timeout_s: float
    expected: tuple[Expected, ...]          # more than one where a host has several independent faults
    keep: tuple[str, ...]
    must_contain: tuple[tuple[str, re.Pattern[str]], ...]
    must_not_contain: tuple[tuple[str, re.Pattern[str]], ...]

    @property
    def healthy(self) -> bool:
        return self.repair == "none"

    @property
    def repairable(self) -> bool:
        return self.repair in ("auto", "assisted")

    def script(self, name: str) -> str | None:
        path = self.dir / f"{name}.sh"
        return path.read_text() if path.is_file() else None


def load_scenario(folder: Path) -> Scenario:
    """Read scenario.toml and expect.toml; raise LabError that names the file on any mistake."""
    def toml(name: str) -> dict[str, Any]:
        try:
            return tomllib.loads((folder / name).read_text())
        except (OSError, tomllib.TOMLDecodeError) as e:
            raise LabError(f"{folder / name}: {e}") from None

    def regex(text: str, flags: int = re.MULTILINE) -> re.Pattern[str]:
        try:
            return re.compile(text, flags)
        except re.error as e:
            raise LabError(f"{folder}/expect.toml: {text!r}: {e}") from None

    def need(condition: bool, complaint: str) -> None:
        if not condition:
            raise LabError(f"{folder}: {complaint}")

    meta, expect = toml("scenario.toml"), toml("expect.toml")
    findings, repair = expect.get("finding", {}), expect.get("repair", {})
    findings = findings if isinstance(findings, list) else [findings]
    missing = {"id", "title", "category", "source", "severity", "repair"} - meta.keys()
    need(not missing, f"scenario.toml lacks {', '.join(sorted(missing))}")
    need(meta["id"] == folder.name, f"id {meta['id']!r} is not the folder's name")
    need(meta["severity"] in SEVERITIES, f"severity must be one of {SEVERITIES}")
    need(meta["repair"] in REPAIRS, f"repair must be one of {REPAIRS}")
    unknown = ((meta.keys() - {"id", "title", "category", "source", "severity", "repair", "user", "needs", "timeout_s"})
               | (expect.keys() - {"finding", "repair"}) | (repair.keys() - {"keep", "must_contain", "must_not_contain"})
               | {key for f in findings for key in f.keys() - {"all", "none", "first", "errors"}})
    need(not unknown, f"unknown keys: {', '.join(sorted(unknown))}")
    for finding in findings:
        need(finding.get("errors", 0) == 0, "[finding] errors can only be 0")
        if meta["repair"] == "none":
            need("all" not in finding, "a healthy control expects no finding")
        else:
            need(bool(finding.get("all")), "expect.toml: [finding] all is empty")
    for name in ("setup.sh", "symptom.sh"):
        need((folder / name).is_file(), f"no {name}")
    if meta["repair"] in ("auto", "assisted"):
        need((folder / "repair.sh").is_file(), "no repair.sh")
    return Scenario(
        id=meta["id"], set=folder.parent.name, dir=folder, title=meta["title"], category=meta["category"],
        source=meta["source"], severity=meta["severity"], repair=meta["repair"], user=meta.get("user", "dev"),
        needs=tuple(meta.get("needs", ())), timeout_s=float(meta.get("timeout_s", 30)),
        expected=tuple(Expected(tuple(regex(r, FINDING_FLAGS) for r in f.get("all", ())),
                                tuple(regex(r, FINDING_FLAGS) for r in f.get("none", ())), bool(f.get("first", False)))
                       for f in findings),
        keep=tuple(repair.get("keep", ())),
        must_contain=tuple((p, regex(r)) for p, r in repair.get("must_contain", ())),
        must_not_contain=tuple((p, regex(r)) for p, r in repair.get("must_not_contain", ())))


def find_scenarios(set_name: str, patterns: list[str]) -> list[Scenario]:
    """The scenarios of a set ("all", a name beside this file, or a folder) whose id matches a pattern."""
    if set_name == "all":
        folders = sorted({p.parent.parent for p in LAB_DIR.glob("*/*/scenario.toml")} - {LAB_DIR / "selftest"})
    elif "/" in set_name:
        folders = [Path(set_name).resolve()]
    else:
        folders = [LAB_DIR / set_name]
    names = [p.parent for folder in folders for p in sorted(folder.glob("*/scenario.toml"))]
    if patterns:
        names = [p for p in names if any(fnmatch.fnmatchcase(p.name, pattern) for pattern in patterns)]
    if not names:
        raise LabError(f"no scenario in set {set_name!r} matches {' '.join(patterns) or '*'}")
    return [load_scenario(p) for p in names]


def missing_needs(scenario: Scenario, base: Path) -> list[str]:
    """Features in `needs` that the image lacks: a command, or a fixture below /opt/fixtures."""
    places = ("usr/bin", "usr/sbin", "bin", "sbin", "opt/fixtures")
    return [n for n in scenario.needs if not any((base / place / n).exists() for place in places)]


# ---------------------------------------------------------------------------------------------- the sandbox, inside
# This part runs as `lab.py __sandbox` in a process of its own and never touches the host's file system.

CLONE_FLAGS = {"NEWNS": 0x20000, "NEWCGROUP": 0x2000000, "NEWUTS": 0x4000000, "NEWIPC": 0x8000000,
               "NEWPID": 0x20000000, "NEWNET": 0x40000000}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP = 1, 24
DROPPED_CAPS = {"SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_TIME": 25, "MKNOD": 27}   # would reach out of the sandbox
PSEUDO_DIRS = ("/proc", "/sys", "/dev", "/opt/tool")
OUTPUT_LIMIT = 8 << 20
SETTLE_S = 2.0                          # how long to wait for background children of a program that has ended


class Libc:
    """The few system calls that Python 3.11 does not offer."""
    _lib = ctypes.CDLL(None, use_errno=True)

    @classmethod
    def call(cls, name: str, *args: Any) -> None:
        if getattr(cls._lib, name)(*args) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}{args}: {os.strerror(number)}")

    @classmethod
    def mount(cls, source: str, target: str, kind: str | None, flags: int = 0, options: str = "") -> None:
        cls.call("mount", os.fsencode(source), os.fsencode(target), kind and kind.encode(),
                 ctypes.c_ulong(flags), options.encode() or None)


def sandbox_main(base: str, tool: str, channel_fd: int) -> NoReturn:
    """Enter new namespaces, become process 1 of them, build the root and serve requests until the runner is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl-C is for the runner, or for the shell inside
    Libc.call("unshare", sum(CLONE_FLAGS.values()))
    child = os.fork()
    if child:
        os.close(channel_fd)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    Libc.call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    channel = socket.socket(fileno=channel_fd)
    try:
        inside = Inside(channel, build_root(Path(base), tool))
        inside.reply({"ok": True})
        inside.serve()
    except BaseException as e:              # noqa: BLE001 - the runner must hear about it
        try:
            channel.sendall(json.dumps({"error": f"sandbox: {type(e).__name__}: {e}"}).encode() + b"\n")
        finally:
            os._exit(1)


def build_root(base: Path, tool: str) -> dict[str, int]:
    """Mount the scenario's root and pivot into it; returns descriptors of the two layers for the digests.

    pivot_root and not chroot: in a chroot the kernel refuses new user namespaces, which a tool under test may use.
    """
    os.umask(0)
    Libc.mount("none", "/", None, MS_REC | MS_PRIVATE)
    top = base.parent / "mnt"               # the same mount point for all: each sandbox has its own mount namespace
    Libc.mount("faultlab", str(top), "tmpfs", 0, "size=6g,mode=0755")
    upper, work, root, toolbox = (top / n for n in ("upper", "work", "root", "tool"))
    for folder in (upper, work, root, toolbox):
        folder.mkdir(mode=0o755)
    Libc.mount("overlay", str(root), "overlay", 0,
               f"lowerdir={base},upperdir={upper},workdir={work},redirect_dir=on,metacopy=on,index=off,xino=auto")
    if tool:
        if os.path.isdir(tool):
            shutil.copytree(tool, toolbox, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy(tool, toolbox / TOOL_NAME)
            (toolbox / TOOL_NAME).chmod(0o755)
        Libc.mount(str(toolbox), f"{root}/opt/tool", None, MS_BIND)
        Libc.mount("none", f"{root}/opt/tool", None, MS_BIND | MS_REMOUNT | MS_RDONLY)
    Libc.mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for name in filter(lambda n: os.path.exists(f"{root}/proc/{n}"), ("sys", "sysrq-trigger")):     # the host's knobs
        Libc.mount(f"{root}/proc/{name}", f"{root}/proc/{name}", None, MS_BIND)
        Libc.mount("none", f"{root}/proc/{name}", None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    Libc.mount("sysfs", f"{root}/sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    Libc.mount("tmpfs", f"{root}/dev", "tmpfs", MS_NOSUID, "size=64k,mode=0755")
    for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
        os.mknod(f"{root}/dev/{name}", stat.S_IFCHR | 0o666, os.makedev(1, minor))
    os.mknod(f"{root}/dev/tty", stat.S_IFCHR | 0o666, os.makedev(5, 0))
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                         ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")):
        os.symlink(target, f"{root}/dev/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"{root}/dev/{name}")
    Libc.mount("devpts", f"{root}/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5")
    Libc.mount("shm", f"{root}/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    Libc.mount("tmp", f"{root}/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    layers = {"lower": os.open(base, os.O_PATH | os.O_DIRECTORY), "upper": os.open(upper, os.O_PATH | os.O_DIRECTORY)}
    os.chdir(root)
    Libc.call("pivot_root", b".", b".")
    Libc.call("umount2", b".", MNT_DETACH)
    os.chdir("/")
    os.umask(0o022)
    socket.sethostname("faultlab")
    with socket.socket() as s:              # lo up: struct ifreq {name, flags}, SIOCGIFFLAGS, SIOCSIFFLAGS
        request = bytearray(fcntl.ioctl(s, 0x8913, struct.pack("16sH14x", b"lo", 0)))
        request[16] |= 1
        fcntl.ioctl(s, 0x8914, bytes(request))
    for number in DROPPED_CAPS.values():
        Libc.call("prctl", PR_CAPBSET_DROP, number, 0, 0, 0)
    return layers


class Inside:
    """Process 1 of a sandbox: runs programs, and looks at the file system through the layers of the overlay."""

    def __init__(self, channel: socket.socket, layers: dict[str, int]) -> None:
        self.channel = channel
        self.lower = f"/proc/self/fd/{layers['lower']}"
        self.upper = f"/proc/self/fd/{layers['upper']}"
        self.hashes: dict[tuple[int, int, int, int], str] = {}

    def reply(self, answer: dict[str, Any]) -> None:
        self.channel.sendall(json.dumps(answer).encode() + b"\n")

    def serve(self) -> NoReturn:
        with self.channel.makefile("rb") as requests:
            for line in requests:
                request = json.loads(line)
                operation = getattr(self, "do_" + request.pop("op"))
                try:
                    self.reply(operation(**request))
                except Exception as e:      # noqa: BLE001 - reported to the runner, which raises it
                    self.reply({"error": f"{type(e).__name__}: {e}"})
        os._exit(0)                         # the runner is gone: the kernel kills everything in this namespace

    # -- running programs

    def do_show_files(self, files: list[tuple[str, int, str]]) -> dict[str, Any]:
        """Make /scenario appear (path, mode and content of its files are given), or vanish when there are none."""
        if not files:
            Libc.call("umount2", b"/scenario", MNT_DETACH)
            os.rmdir("/scenario")
            return {}
        os.mkdir("/scenario")
        Libc.mount("scenario", "/scenario", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
        for name, mode, content in files:
            path = Path("/scenario", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes.fromhex(content))
            path.chmod(mode)
        Libc.mount("none", "/scenario", None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0755")
        return {}

    def do_run(self, argv: list[str], env: dict[str, str], timeout: float, role: str) -> dict[str, Any]:
        """Run a program to its end, and let what it left in the background settle (see settle())."""
        outputs = [os.memfd_create(name) for name in ("stdout", "stderr")]
        before = self.processes()
        start = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                if role != "shell":
                    os.setsid()
                    null = os.open("/dev/null", os.O_RDONLY)
                    for target, source in enumerate((null, *outputs)):
                        os.dup2(source, target)
                os.closerange(3, 4096)
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.chdir("/")
                os.execve(argv[0], argv, env)
            except OSError as e:
                os.write(2, f"{argv[0]}: {e.strerror}\n".encode())
            finally:
                os._exit(127 if not os.path.exists(argv[0]) else 126)
        timed_out = not self.wait(pid, timeout)
        if timed_out:
            self.kill(-pid)                 # the session's first process group, then the process itself
            self.kill(pid)
        _, status = os.waitpid(pid, 0)
        seconds = time.monotonic() - start
        left = self.settle(before, role)
        texts = []
        for fd in outputs:
            texts.append(os.pread(fd, OUTPUT_LIMIT, 0).decode(errors="replace"))
            os.close(fd)
        return {"rc": os.waitstatus_to_exitcode(status), "out": texts[0], "err": texts[1], "seconds": seconds,
                "timed_out": timed_out, "left_running": [f"{pid} {name}" for pid, name in sorted(left.items())]}

    def wait(self, pid: int, timeout: float) -> bool:
        """True when the process ended in time; ends the whole sandbox if the runner goes away meanwhile."""
        pidfd = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            poll.register(self.channel, select.POLLIN | select.POLLHUP)
            events = dict(poll.poll(timeout * 1000))
            if self.channel.fileno() in events:
                os._exit(0)
            return pidfd in events
        finally:
            os.close(pidfd)

    @staticmethod
    def kill(pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    @staticmethod
    def reap() -> None:
        """Collect orphans: process 1 inherits them."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    def settle(self, before: dict[int, str], role: str) -> dict[int, str]:
        """Wait a little for processes that a program left behind, because they may still write; returns those that stay.

        (Every `go` command may leave a child that writes telemetry counters.) Servers started by setup.sh and
        repair.sh stay; what symptom.sh leaves is ended.
        """
        deadline = time.monotonic() + SETTLE_S
        while True:
            self.reap()
            left = {pid: name for pid, name in self.processes().items() if pid not in before}
            waiting = [n for n in left.values() if n == "go"] if role in ("setup", "repair") else left
            if not waiting or role == "shell" or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        if role == "symptom":
            for pid in left:
                self.kill(pid)
        return left

    @staticmethod
    def processes() -> dict[int, str]:
        """Living processes other than this one, with their names."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as f:
                    name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
                if pid != "1" and rest.split()[0] != "Z":
                    found[int(pid)] = name
            except OSError:
                pass
        return found

    # -- looking at files

    def state(self, path: str) -> str | None:
        """One line that says all about a path that counts: type, mode, owner, link target, content, xattrs (so ACLs)."""
        try:
            st = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        parts = [stat.filemode(st.st_mode), f"{st.st_uid}:{st.st_gid}"]
        if stat.S_ISLNK(st.st_mode):
            parts.append("-> " + os.readlink(path))
        elif stat.S_ISREG(st.st_mode):
            parts.append("sha256=" + self.sha256(path, st))
        elif stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
            parts.append(f"{os.major(st.st_rdev)},{os.minor(st.st_rdev)}")
        try:
            for name in sorted(os.listxattr(path, follow_symlinks=False)):
                if not name.startswith("trusted.overlay."):
                    parts.append(f"{name}={os.getxattr(path, name, follow_symlinks=False).hex()}")
        except OSError:
            pass
        return " ".join(parts)

    def sha256(self, path: str, st: os.stat_result) -> str:
        key = (st.st_dev, st.st_ino, st.st_ctime_ns, st.st_size)
        if key not in self.hashes:
            with open(path, "rb") as f:
                self.hashes[key] = hashlib.file_digest(f, "sha256").hexdigest()
        return self.hashes[key]

    def do_snapshot(self) -> dict[str, Any]:
        """State of every path that may differ from the base image: what is in the upper layer, and other mounts.

        `whole` names directories that no longer merge with the lower layer (renamed or replaced): there, all
        paths are listed, so a path that is not listed does not exist.
        """
        entries: dict[str, str | None] = {}
        whole: list[str] = []

        def listdir(path: str) -> list[str]:
            try:
                return sorted(os.listdir(path))
            except (FileNotFoundError, NotADirectoryError):
                return []

        def everything(path: str) -> Iterator[str]:
            yield path
            if not os.path.islink(path) and path not in PSEUDO_DIRS:
                for name in listdir(path):
                    yield from everything(f"{path}/{name}")

        def merged(folder: str) -> None:
            for name in listdir(self.upper + folder):
                path = f"{folder}/{name}"
                if path in PSEUDO_DIRS:
                    continue
                entries[path] = self.state(path)
                raw = self.upper + path
                if os.path.islink(raw) or not os.path.isdir(raw):
                    continue
                marks = {n: os.getxattr(raw, n) for n in os.listxattr(raw)}
                if marks.get("trusted.overlay.opaque") == b"y" or "trusted.overlay.redirect" in marks:
                    whole.append(path)
                    entries.update((p, self.state(p)) for p in everything(path))
                    entries.update((p, None) for q in everything(self.lower + path)
                                   if not os.path.lexists(p := q.removeprefix(self.lower)))
                else:
                    merged(path)

        merged("")
        with open("/proc/self/mountinfo") as f:
            for line in f:
                fields, _, rest = line.partition(" - ")
                mount, options = fields.split()[4:6]
                mount = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), mount)
                if mount != "/" and not any(mount == p or mount.startswith(p + "/") for p in PSEUDO_DIRS):
                    entries[f"mount {mount}"] = f"{options} {rest.strip()}"
                    if os.path.isdir(mount):
                        whole.append(mount)
                    entries.update((p, self.state(p)) for p in everything(mount))
        return {"entries": entries, "whole": whole}

    def do_lower(self, paths: list[str]) -> dict[str, Any]:
        """State of paths in the base image."""
        return {path: self.state(self.lower + path) for path in paths}

    def do_glob(self, patterns: list[str]) -> dict[str, Any]:
        """State of all paths that match."""
        paths = {p for pattern in patterns for p in glob.glob(pattern, recursive=True, include_hidden=True)}
        return {path: self.state(path) for path in sorted(paths)}

    def do_read(self, path: str) -> dict[str, Any]:
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
                return {"text": f.read()}
        except (OSError, ValueError):
            return {"text": None}


# ---------------------------------------------------------------------------------------------- the sandbox, outside

@dataclasses.dataclass
class Ran:
    """What a program in the sandbox did."""
    rc: int
    out: str
    err: str
    seconds: float
    timed_out: bool
    left_running: list[str]

    def __str__(self) -> str:
        text = " | ".join((self.out + self.err).strip().splitlines()[-3:])
        return ("timed out" if self.timed_out else f"exit {self.rc}") + (f": {text[:300]}" if text else "")


@dataclasses.dataclass
class Snapshot:
    entries: dict[str, str | None]
    whole: list[str]

    def absent_by_parent(self, path: str) -> bool:
        """True if a path that is not listed cannot exist here, because of a directory above it."""
        if path.startswith("mount "):
            return True
        if any(path.startswith(w + "/") for w in self.whole):
            return True
        parent = os.path.dirname(path)
        while parent not in ("/", ""):
            known = self.entries.get(parent, "")
            if parent in self.entries and (known is None or not known.startswith("d")):
                return True
            parent = os.path.dirname(parent)
        return False


@dataclasses.dataclass(frozen=True)
class Change:
    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        def short(state: str | None) -> str:
            return "absent" if state is None else re.sub(r"(sha256=.{8})\w+", r"\1", state)
        return f"{self.path}: {short(self.before)} => {short(self.after)}"


class Sandbox:
    """A running sandbox; use it as a context manager."""

    def __init__(self, base: Path = BASE, tool: str = "") -> None:
        self.channel, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(LAB_DIR / Path(__file__).name), "__sandbox", str(base), tool, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),))
        theirs.close()
        self.replies = self.channel.makefile("rb")
        try:
            self.receive()
        except LabError:
            self.__exit__()
            raise

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.replies.close()
        self.channel.close()                # process 1 sees the end of the channel and goes, and all others with it
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def receive(self) -> dict[str, Any]:
        line = self.replies.readline()
        if not line:
            raise LabError(f"the sandbox ended by itself (exit {self.process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer and len(answer) == 1:
            raise LabError(answer["error"])
        return answer

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        self.channel.sendall(json.dumps({"op": op, **arguments}).encode() + b"\n")
        return self.receive()

    def run(self, argv: list[str], env: dict[str, str], timeout: float, role: str) -> Ran:
        """Run a program; role is setup, symptom, repair, tool or shell."""
        return Ran(**self.ask("run", argv=argv, env=env, timeout=timeout, role=role))

    def script(self, scenario: Scenario, name: str) -> Ran:
        """Run setup.sh, symptom.sh or repair.sh. The text goes in by -c, and the scenario's files/ are at
        /scenario/files meanwhile, so that the tool under test never sees a file of the lab."""
        text = scenario.script(name)
        assert text is not None
        shell = ["/bin/bash"] if name == "symptom" else ["/bin/bash", "-eu"]
        files = [(str(p.relative_to(scenario.dir)), p.stat().st_mode & 0o777, p.read_bytes().hex())
                 for p in sorted((scenario.dir / "files").rglob("*")) if p.is_file()]
        if files:
            self.ask("show_files", files=files)
        try:
            return self.run([*shell, "-c", text, f"{name}.sh"], SCRIPT_ENV, scenario.timeout_s, name)
        finally:
            if files:
                self.ask("show_files", files=[])

    def snapshot(self) -> Snapshot:
        return Snapshot(**self.ask("snapshot"))

    def changes(self, old: Snapshot, new: Snapshot) -> list[Change]:
        """Exact difference of two snapshots. A path that one of them does not list is as in the base image there."""
        paths = sorted(old.entries.keys() | new.entries.keys())
        unlisted = [p for p in paths if (p not in old.entries or p not in new.entries) and not p.startswith("mount ")]
        lower = self.ask("lower", paths=unlisted) if unlisted else {}

        def state(snapshot: Snapshot, path: str) -> str | None:
            if path in snapshot.entries:
                return snapshot.entries[path]
            return None if snapshot.absent_by_parent(path) else lower[path]

        found = (Change(p, state(old, p), state(new, p)) for p in paths)
        return [c for c in found if c.before != c.after]

    def foreign_changes(self, old: Snapshot, new: Snapshot) -> list[Change]:
        """The changes outside of the tool's own directories."""
        homes = {"/root": "0", **{h: s.split()[1].split(":")[0] for h, s in self.ask("glob", patterns=["/home/*"]).items()}}
        own = [d.replace("~", h) for d in OWN_DIRS for h in (homes if d.startswith("~") else [""])]

        def is_own(change: Change) -> bool:
            if any(change.path == d or change.path.startswith(d + "/") for d in own):
                return True
            # A new directory on the way to one of them, if it belongs to the owner of the home.
            for home, uid in homes.items():
                if change.path.startswith(home + "/") and any(d.startswith(change.path + "/") for d in own):
                    state = change.after or change.before or ""
                    return None in (change.before, change.after) and state.startswith("d") and state.split()[1].startswith(uid + ":")
            return False
        return [c for c in self.changes(old, new) if not is_own(c)]

    def texts(self, pattern: str) -> list[str]:
        """The text of every file that matches; a path without wildcards is its own match."""
        paths = self.ask("glob", patterns=[pattern])
        return [text for p in paths if (text := self.ask("read", path=p)["text"]) is not None]

    def broken_promises(self, scenario: Scenario, kept_before: dict[str, Any]) -> list[str]:
        """What [repair] keep, must_contain and must_not_contain forbid, after a repair."""
        kept = self.ask("glob", patterns=list(scenario.keep)) if scenario.keep else {}
        bad = [f"keep: {Change(p, kept_before.get(p), kept.get(p))}" for p in sorted(kept_before.keys() | kept.keys())
               if kept_before.get(p) != kept.get(p)]
        bad += [f"must_contain: {path} has no {rx.pattern!r}" for path, rx in scenario.must_contain
                if not any(map(rx.search, self.texts(path)))]
        bad += [f"must_not_contain: {path} has {rx.pattern!r}" for path, rx in scenario.must_not_contain
                if any(map(rx.search, self.texts(path)))]
        return bad


# ---------------------------------------------------------------------------------------------- judging a report

class Report:
    """The JSON report of one run of the doctor."""

    def __init__(self, ran: Ran) -> None:
        self.ran = ran
        self.problems: list[str] = []       # breaches of the contract
        self.findings: list[dict[str, Any]] = []
        if ran.timed_out or ran.rc not in (0, 1, 3):
            self.problems.append(f"doctor: {ran}")
            return
        try:
            data = json.loads(ran.out)
            if data["schema"] != f"{TOOL_NAME}.report/1":
                self.problems.append(f"schema is {data['schema']!r}")
            self.findings = [f for f in data["findings"] if f["severity"] in JUDGED]
            for f in self.findings:
                _ = f["rule"], f["title"], f["message"], f["locations"], f["repair"]
        except (ValueError, KeyError, TypeError) as e:
            self.problems.append(f"not a report ({type(e).__name__}: {e}): {ran}")
            return
        if bool(self.errors) != (ran.rc == 1) and ran.rc != 3:
            self.problems.append(f"exit {ran.rc} with {len(self.errors)} error finding(s)")

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [f for f in self.findings if f["severity"] == "error"]

    def complaints(self, scenario: Scenario) -> list[str]:
        """Why this is not the right diagnosis; empty when it is."""
        bad = list(self.problems)
        bad += [f"false: {rx.pattern!r} matches {f.get('rule')}: {f.get('title')}"
                for e in scenario.expected for rx in e.none for f in self.findings if rx.search(NEGATED.sub("", finding_text(f)))]
        if scenario.healthy:
            return bad + [f"false alarm: {f.get('rule')}: {f.get('title')}" for f in self.errors]
        for expected in scenario.expected:
            hits = expected.matching(self.findings)
            if not hits:
                nearest = min(self.findings, key=lambda f: len(expected.lacking(f)), default=None)
                bad.append("no finding" if nearest is None else
                           f"no finding matches; nearest is {nearest.get('rule')}, without {expected.lacking(nearest)}")
            elif expected.first and not (self.errors and any(self.errors[0] is f for f in hits)):
                bad.append("the finding is not the first error")
        return bad

    def still_there(self, scenario: Scenario) -> list[str]:
        """Expected findings that a report after the repair should no longer have."""
        return self.problems + [f"still there: {f.get('rule')}: {f.get('title')}"
                                for e in scenario.expected for f in e.matching(self.findings)]


def finding_text(finding: dict[str, Any]) -> str:
    """What the regexes see: the JSON dump, every string in it unescaped on a line of its own, and "path:line"."""
    def strings(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for v in value.values():
                yield from strings(v)
        elif isinstance(value, list):
            for v in value:
                yield from strings(v)

    places = [f"{p.get('path')}:{p.get('line')}" for p in finding.get("locations") or () if isinstance(p, dict)]
    return "\n".join([json.dumps(finding, ensure_ascii=False), *strings(finding), *places])


# ---------------------------------------------------------------------------------------------- validate and run

PASS, FAIL, NA, SKIP = "ok", "FAIL", "-", "skip"
COLUMNS = ("diagnose", "harmless", "repair", "cleared", "undo")


@dataclasses.dataclass
class Outcome:
    """The verdict on one scenario."""
    scenario: Scenario
    verdicts: dict[str, str] = dataclasses.field(default_factory=dict)
    notes: list[str] = dataclasses.field(default_factory=list)
    doctor_s: float | None = None
    fix_s: float | None = None
    phases: dict[str, float] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    broken: bool = False                    # the scenario itself does not do what it says
    report: list[dict[str, Any]] | None = None

    def judge(self, column: str, complaints: list[str]) -> None:
        if complaints or self.verdicts.get(column) != FAIL:
            self.verdicts[column] = FAIL if complaints else PASS
        shown = complaints[:6] + ([f"... and {len(complaints) - 6} more"] if len(complaints) > 6 else [])
        self.notes += [f"{column}: {c}" for c in shown]

    @property
    def passed(self) -> bool:
        return not self.broken and FAIL not in self.verdicts.values()

    def line(self) -> str:
        cells = "  ".join(f"{c} {self.verdicts.get(c, NA):<4}" for c in self.verdicts or COLUMNS)
        clock = f"{self.doctor_s:6.2f}s" if self.doctor_s is not None else f"{self.seconds:6.1f}s"
        head = f"{self.scenario.id:<26} {self.scenario.repair:<8} {'BROKEN ' if self.broken else ''}{cells} {clock}"
        return "\n".join([head, *(f"    {note}" for note in self.notes)])


def start_scenario(box: Sandbox, outcome: Outcome) -> bool:
    """Steps 1 and 2: make the fault, and see it."""
    scenario = outcome.scenario
    setup = box.script(scenario, "setup")
    if setup.rc != 0:
        outcome.notes.append(f"setup.sh: {setup}")
        outcome.broken = True
        return False
    if (setup.out + setup.err).strip():
        outcome.notes.append(f"setup.sh prints: {setup}")
    symptom = box.script(scenario, "symptom")
    if symptom.timed_out or (symptom.rc == 0) != scenario.healthy:
        outcome.notes.append(f"symptom.sh should {'pass' if scenario.healthy else 'fail'} after setup.sh; {symptom}")
        outcome.broken = True
    return not outcome.broken


BLANK_FINDING = {"rule": "rule-id", "severity": "error", "title": "", "message": "", "contexts": [], "evidence": [], "user": "dev",
                 "locations": [{"path": "/home/dev/x", "line": 1, "text": ""}], "repair": {"kind": "auto", "commands": []}}


def validate(scenario: Scenario, verbose: bool) -> Outcome:
    """Is the scenario itself right? Setup breaks it, the reference repair cures it and keeps its promises."""
    outcome = Outcome(scenario)
    with Sandbox() as box:
        setup = box.script(scenario, "setup")
        problems = [str(setup)] if setup.rc or (setup.out + setup.err).strip() else []
        outcome.judge("setup", problems)
        if setup.rc == 0:
            for _ in range(2):                  # twice: a symptom must not go away by looking at it
                symptom = box.script(scenario, "symptom")
                right = not symptom.timed_out and (symptom.rc == 0) == scenario.healthy
                outcome.judge("symptom", [] if right else [str(symptom)])
            outcome.notes += [f"expect.toml: {rx.pattern!r} matches a finding that says nothing"
                              for e in scenario.expected for rx in e.all if rx.search(finding_text(BLANK_FINDING))]
            if verbose:
                outcome.notes.append(f"symptom says: {symptom}")
            if scenario.script("repair") is not None:
                kept = box.ask("glob", patterns=list(scenario.keep))
                repair = box.script(scenario, "repair")
                complaints = [f"repair.sh: {repair}"] if repair.rc else []
                complaints += box.broken_promises(scenario, kept) if scenario.repairable else []
                after = box.script(scenario, "symptom")
                complaints += [f"symptom.sh after repair.sh: {after}"] if after.rc or after.timed_out else []
                outcome.judge("repair", complaints)
    return outcome


def judge_tool(scenario: Scenario, tool: str, tool_timeout: float, diagnose_only: bool = False) -> Outcome:
    """Steps 1 to 7 of the lab for one scenario, or 1 to 4."""
    outcome = Outcome(scenario, dict.fromkeys(COLUMNS, NA))
    doctor = [TOOL_IN_ROOT, "doctor", "--user", scenario.user, "--format", "json"]

    def call(argv: list[str]) -> Ran:
        ran = box.run(argv, TOOL_ENV, tool_timeout, "tool")
        if ran.left_running:
            outcome.notes.append(f"left running by {' '.join(argv[1:])}: {', '.join(ran.left_running)}")
        return ran

    with Sandbox(tool=tool) as box:
        if not start_scenario(box, outcome):
            return outcome

        fresh = box.snapshot()                                                          # 3 diagnose
        report = Report(call(doctor))
        outcome.doctor_s, outcome.report = report.ran.seconds, report.findings
        outcome.judge("diagnose", report.complaints(scenario))

        broken = box.snapshot()                                                         # 4 harmless
        outcome.judge("harmless", [f"doctor changed {c}" for c in box.foreign_changes(fresh, broken)])

        if diagnose_only:
            return outcome

        kept = box.ask("glob", patterns=list(scenario.keep)) if scenario.keep else {}   # 5 repair
        fix = call([*doctor, "--fix", "--yes"])
        outcome.fix_s, outcome.phases = fix.seconds, phases_of(fix)
        fixed = box.snapshot()
        touched = box.foreign_changes(broken, fixed)
        promises = box.broken_promises(scenario, kept)
        call([*doctor, "--fix", "--yes"])                                               # what is repaired needs no repair
        promises += [f"a second --fix changed {c}" for c in box.foreign_changes(fixed, box.snapshot())]
        symptom = box.script(scenario, "symptom")
        after_symptom = box.snapshot()
        if scenario.repairable:
            complaints = [f"symptom.sh still fails; {symptom}"] if symptom.rc or symptom.timed_out else []
            if fix.timed_out or fix.rc not in (0, 1, 3):
                complaints.append(f"--fix: {fix}")
            outcome.judge("repair", complaints + promises)
        else:
            complaints = [f"--fix changed {c}" for c in touched]
            if scenario.healthy and symptom.rc:
                complaints.append(f"symptom.sh fails after --fix; {symptom}")
            outcome.judge("harmless", complaints)

        if scenario.repairable:                                                         # 6 cleared
            again = Report(call(doctor))
            if again.problems or any(e.matching(report.findings) for e in scenario.expected):
                outcome.judge("cleared", again.still_there(scenario))
            checked = box.snapshot()
            outcome.judge("harmless", [f"second doctor changed {c}" for c in box.foreign_changes(after_symptom, checked)])

        if touched:                                                                     # 7 undo
            noise = {c.path for c in box.changes(fixed, after_symptom)}                 # what the symptom itself writes
            undo = call([TOOL_IN_ROOT, "undo", "--yes"])
            complaints = [f"undo: {undo}"] if undo.rc or undo.timed_out else []
            left_changes = box.foreign_changes(broken, box.snapshot())
            outcome.judge("undo", complaints + [f"not restored: {c}" for c in left_changes if c.path not in noise])
    return outcome


def phases_of(fix: Ran) -> dict[str, float]:
    """Seconds of each phase, as the tool itself says in its report; {} if it wrote none."""
    try:
        return {str(name): float(value) for name, value in json.loads(fix.out)["seconds"].items()}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}


def for_each(scenarios: list[Scenario], jobs: int, work: Any) -> list[Outcome]:
    """Run `work` on every scenario, a few at a time, and print each outcome as it comes."""
    printing = threading.Lock()

    def one(scenario: Scenario) -> Outcome:
        start = time.monotonic()
        missing = missing_needs(scenario, BASE)
        if missing:
            outcome = Outcome(scenario, {SKIP: ",".join(missing)})
        else:
            try:
                outcome = work(scenario)
            except LabError as e:
                outcome = Outcome(scenario, broken=True, notes=[str(e)])
        outcome.seconds = time.monotonic() - start
        with printing:
            print(outcome.line(), flush=True)
        return outcome

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            return list(pool.map(one, scenarios))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)          # what runs now comes to its end, in seconds
            raise


def percentile(values: list[float], share: float) -> float:
    """Nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * round(share * 100) // 100) - 1)]


def command_validate(args: argparse.Namespace) -> int:
    need_image()
    outcomes = for_each(find_scenarios(args.set, args.ids), args.jobs, lambda s: validate(s, args.verbose))
    good = sum(o.passed and SKIP not in o.verdicts for o in outcomes)
    skipped = sum(SKIP in o.verdicts for o in outcomes)
    print(f"valid {good}/{len(outcomes)}" + (f", skipped {skipped}" if skipped else "")
          + f"; slowest {max(o.seconds for o in outcomes):.1f}s, sum {sum(o.seconds for o in outcomes):.1f}s")
    return 0 if good + skipped == len(outcomes) else 1


def command_run(args: argparse.Namespace) -> int:
    need_image()
    if not os.path.exists(args.tool):
        raise LabError(f"{args.tool}: no such tool")
    tool = os.path.realpath(args.tool)
    outcomes = for_each(find_scenarios(args.set, args.ids), args.jobs, lambda s: judge_tool(s, tool, args.tool_timeout, args.diagnose_only))
    judged = [o for o in outcomes if not o.broken and SKIP not in o.verdicts]

    def share(column: str, among: list[Outcome]) -> str:
        counted = [o.verdicts[column] for o in among if o.verdicts[column] != NA]
        return f"{counted.count(PASS)}/{len(counted)}"

    faults = [o for o in judged if not o.scenario.healthy]
    healthy = [o for o in judged if o.scenario.healthy]
    clocks = [o.doctor_s for o in judged if o.doctor_s is not None]
    alarms = sum(o.verdicts["diagnose"] == FAIL for o in healthy)
    totals = {"diagnosed": share("diagnose", faults), "repaired": share("repair", faults), "cleared": share("cleared", faults),
              "harmless": share("harmless", judged), "undone": share("undo", judged),
              "false alarms on healthy": f"{alarms}/{len(healthy)}"}
    if clocks:
        totals["doctor"] = f"median {statistics.median(clocks):.2f}s, p95 {percentile(clocks, .95):.2f}s"
    repairs = [o.fix_s for o in judged if o.fix_s is not None and o.scenario.repairable]
    if repairs:
        totals["fix"] = f"median {statistics.median(repairs):.2f}s, p95 {percentile(repairs, .95):.2f}s"
    for label, count in (("skipped", sum(SKIP in o.verdicts for o in outcomes)), ("BROKEN scenarios", sum(o.broken for o in outcomes))):
        if count:
            totals[label] = str(count)
    print("\n" + ", ".join(f"{k} {v}" for k, v in totals.items()))
    if args.json:
        rows = [{"id": o.scenario.id, "set": o.scenario.set, "repair": o.scenario.repair, "severity": o.scenario.severity,
                 "broken": o.broken, **o.verdicts, "doctor_s": o.doctor_s, "fix_s": o.fix_s, "phases": o.phases, "seconds": o.seconds, "notes": o.notes,
                 "findings": o.report} for o in outcomes]
        Path(args.json).write_text(json.dumps({"totals": totals, "scenarios": rows}, indent=1) + "\n")
    return 0 if enough(outcomes, args.repaired) else 1


def enough(outcomes: list[Outcome], repaired: float) -> bool:
    """Whether everything passed, but for that share (in percent) of the repairs that may stay a person's work."""
    tried = [o for o in outcomes if o.verdicts.get("repair") in (PASS, FAIL)]
    failed = [o for o in tried if FAIL in (o.verdicts["repair"], o.verdicts["cleared"])]
    strict = all(not o.broken and FAIL not in (v for c, v in o.verdicts.items() if c not in ("repair", "cleared")) for o in outcomes)
    return strict and 100 * len(failed) <= (100 - repaired) * len(tried)


def command_list(args: argparse.Namespace) -> int:
    for s in find_scenarios(args.set, args.ids):
        print(f"{s.set}/{s.id:<26} {s.category:<10} {s.severity:<8} {s.repair:<8} {s.title}")
    return 0


def command_shell(args: argparse.Namespace) -> int:
    need_image()
    scenario, = find_scenarios(args.set, [args.id])
    tool = os.path.realpath(args.tool) if args.tool else ""
    with Sandbox(tool=tool) as box:
        if setup := box.script(scenario, "setup"):
            print(f"{scenario.id}: {scenario.title}\nsetup.sh: {setup}\nTool: {TOOL_IN_ROOT}; leave with exit.", file=sys.stderr)
        return box.run(["/bin/bash", "--norc"], {**SCRIPT_ENV, "TERM": os.environ.get("TERM", "dumb"), "PS1": f"{scenario.id} \\w# "},
                       7 * 86400, "shell").rc


# ---------------------------------------------------------------------------------------------- the base image

PACKAGES = ("bash-completion zsh fish dash sudo cron openssh-server openssh-client python3 acl attr procps ca-certificates "
            "gcc libc6-dev pkg-config make git curl systemd iproute2 xz-utils less").split()
GO_MAIN = "go1.26.8"                   # the release at /usr/local/go
GO_OTHER = "go1.25.4"                  # the second release, at /opt/fixtures/go-other
DEB_SETS = {"golang-1.19": "golang-go", "cross-arm64": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", "cgo": "gcc libc6-dev", "gccgo": "gccgo-12"}


def need_image() -> None:
    if not BASE.is_dir():
        raise LabError(f"no image at {BASE}; build it with: lab.py image")


def command_image(args: argparse.Namespace) -> int:
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "mnt").mkdir(exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if BASE.is_dir() and not args.force:
            print(f"{BASE} is there already")
            return 0
        start = time.monotonic()
        partial = CACHE / (BASE.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        build_image(partial)
        if BASE.is_dir():
            old = CACHE / f"{BASE.name}.old-{os.getpid()}"
            BASE.rename(old)                # running sandboxes keep their lower layer: renamed, not changed
            partial.rename(BASE)
            print(f"the former image is kept as {old}: remove it when no sandbox uses it")
        else:
            partial.rename(BASE)
        print(f"{BASE} built in {time.monotonic() - start:.0f}s")
    return 0


def command_where(args: argparse.Namespace) -> int:
    need_image()
    print(BASE)
    return 0


def build_image(root: Path) -> None:
    """Debian bookworm, a user, two Go releases, and fixtures. Go is on nobody's PATH. Releases come from the module proxy, whatever Go asks it."""
    def run(*argv: str | Path) -> None:
        print("+", " ".join(map(str, argv))[:160], flush=True)
        subprocess.run(list(map(str, argv)), check=True, stdout=subprocess.DEVNULL)

    def inside(script: str) -> None:
        """A shell in the new root, with /proc and the caller's network."""
        run("unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root / 'proc'}", "chroot", root,
                   "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
                   "DEBIAN_FRONTEND=noninteractive", "/bin/bash", "-euc", script)

    debs = CACHE / "debs"
    debs.mkdir(exist_ok=True)
    run("debootstrap", "--variant=minbase", f"--cache-dir={debs}", f"--include={','.join(PACKAGES)}", "bookworm", root, debian_mirror())
    fixtures = root / "opt/fixtures"
    fixtures.mkdir(parents=True)
    (root / "opt/tool").mkdir()

    # Packages that a scenario may install: dpkg -i /opt/fixtures/<set>/*.deb (packed again by zstd: half the time)
    for name, packages in DEB_SETS.items():
        store = debs / name                 # kept between builds, so that a second build needs no download
        target = fixtures / name
        (target / "partial").mkdir(parents=True)
        if store.is_dir():
            shutil.copytree(store, target, dirs_exist_ok=True)
        inside("mount -t tmpfs tmpfs /dev 2>/dev/null && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9; "
               f"apt-get -qq -o Dir::Cache::archives=/opt/fixtures/{name} -o APT::Sandbox::User=root install --download-only "
               f"--no-install-recommends --reinstall -y {packages} >/dev/null; "
               f"apt-get -qq -o Dir::Cache::archives=/opt/fixtures/{name} autoclean >/dev/null")     # versions of an earlier build
        shutil.rmtree(target / "partial")
        (target / "lock").unlink(missing_ok=True)
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(target, store)
        inside(f"cd /opt/fixtures/{name}; for f in *.deb; do dpkg-deb -R $f /tmp/deb; dpkg-deb -Zzstd -z1 -b /tmp/deb $f >/dev/null; rm -r /tmp/deb; done")

    # Go: a release, another one, and the first one for arm64.
    unzip_toolchain(toolchain_zip(GO_MAIN, "linux-amd64"), root / "usr/local/go", ("",))
    unzip_toolchain(toolchain_zip(GO_MAIN, "linux-arm64"), fixtures / "go-arm64", ("bin/", "pkg/tool/", "VERSION"))
    unzip_toolchain(toolchain_zip(GO_OTHER, "linux-amd64"), fixtures / "go-other", ("",))
    # What go leaves of a release that it fetched for itself: the archive, and what the checksum database said of it.
    toolchain_zip(GO_MAIN, "linux-amd64", fixtures / "gomodcache")

    # A warm build cache, so that `go build` in a scenario takes a second: cp -r /opt/fixtures/gocache ~dev/.cache/go-build
    inside("""
        mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9
        mkdir /tmp/w && cd /tmp/w && /usr/local/go/bin/go mod init example.com/w 2>/dev/null
        printf 'package main\\nimport ("fmt"; "net/http")\\nfunc main() { fmt.Println(http.StatusOK) }\\n' > main.go
        export GOCACHE=/opt/fixtures/gocache GOTOOLCHAIN=local
        for cgo in 0 1; do CGO_ENABLED=$cgo /usr/local/go/bin/go build -o /dev/null . ; done
        mkdir c && printf 'package main\\n/*\\n#include <stdlib.h>\\n*/\\nimport "C"\\nfunc main() { C.abs(1) }\\n' > c/main.go
        /usr/local/go/bin/go build -o /dev/null ./c
        rm -rf /tmp/w /root/.config /root/.cache /root/go
    """)

    # People and places, the same in every build.
    inside("""
        groupadd devops && useradd -m -u 1000 -s /bin/bash -G devops dev
        echo faultlab > /etc/hostname
        printf '127.0.0.1 localhost faultlab\\n::1 localhost\\n' > /etc/hosts
        printf 'nameserver 127.0.0.1\\n' > /etc/resolv.conf
        echo 0123456789abcdef0123456789abcdef > /etc/machine-id
        mkdir -p /run/sshd && chmod 755 /run/sshd
        apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /var/cache/ldconfig/aux-cache
    """)
    for name, text in HELPERS.items():
        path = fixtures / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


def debian_mirror() -> str:
    """The Debian mirror that this machine's apt uses (FAULTLAB_MIRROR overrides)."""
    if chosen := os.environ.get("FAULTLAB_MIRROR"):
        return chosen
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(CODENAME)", "Created-By: Packages"],
                             capture_output=True, text=True, check=True).stdout
    for line in targets.splitlines():
        site, origin, codename = (line.split() + ["", "", ""])[:3]
        if origin == "Debian" and "-" not in codename:
            return site
    raise LabError("apt names no Debian mirror: set FAULTLAB_MIRROR")


def toolchain_zip(version: str, platform: str, cache: Path | None = None) -> Path:
    """A Go release from the module proxy, checked by the checksum database; in a module cache of its own, which keeps only what was downloaded."""
    empty = CACHE / "empty"
    empty.mkdir(exist_ok=True)
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod -modcacherw"}
    if cache:
        environment |= {"GOMODCACHE": str(cache), "GOPATH": str(cache / "gopath")}
    answer = subprocess.run(["go", "mod", "download", "-json", f"golang.org/toolchain@v0.0.1-{version}.{platform}"], cwd=empty,
                            env=environment, check=True, capture_output=True, text=True)
    if cache:
        for other in ("gopath", "golang.org"):
            shutil.rmtree(cache / other)
    return Path(json.loads(answer.stdout)["Zip"])


def unzip_toolchain(archive: Path, target: Path, wanted: tuple[str, ...]) -> None:
    """Unpack a toolchain module: it has no execute bits, and go.mod files are named _go.mod."""
    with zipfile.ZipFile(archive) as z:
        for info in z.infolist():
            name = info.filename.split("/", 2)[2]       # golang.org/toolchain@v.../NAME
            if info.is_dir() or not name.startswith(wanted):
                continue
            path = target / re.sub(r"(^|/)_go\.mod$", r"\1go.mod", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(z.read(info))
            path.chmod(0o755 if name.startswith(("bin/", "pkg/tool/")) or name.endswith((".bash", ".rc", ".pl", ".sh", "_exec")) else 0o644)


# Programs in /opt/fixtures/bin that enter contexts which a chroot has no daemon for, or no time.
HELPERS = {
    "as-cron": '''\
#!/bin/bash
# as-cron USER [NUMBER]: run the job on line NUMBER (default: the first job) of the user's crontab, as Debian's cron does:
# HOME, LOGNAME, SHELL=/bin/sh, PATH=/usr/bin:/bin, then the NAME=value lines above the job, literally; no PAM PATH.
set -u
user=$1 want=${2:-}
tab=/var/spool/cron/crontabs/$user
home=$(getent passwd "$user" | cut -d: -f6)
declare -A env=([HOME]=$home [LOGNAME]=$user [SHELL]=/bin/sh [PATH]=/usr/bin:/bin [LANG]=C.UTF-8)
number=0
while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    if [[ $line =~ ^[[:space:]]*\\"?([A-Za-z_][A-Za-z_0-9]*)\\"?[[:space:]]*=[[:space:]]*(.*)$ ]]; then
        name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]%%[[:space:]]}
        case $value in \\"*\\"|\\'*\\') value=${value:1:-1} ;; esac
        env[$name]=$value
        continue
    fi
    [ -n "$want" ] && [ "$want" != "$number" ] && continue
    if [[ $line =~ ^[[:space:]]*@[a-z]+[[:space:]]+(.*)$ ]]; then command=${BASH_REMATCH[1]}
    else read -r _ _ _ _ _ command <<< "$line"; fi
    break
done < "$tab"
[ -n "${command:-}" ] || { echo "as-cron: no job" >&2; exit 125; }
args=()
for name in "${!env[@]}"; do args+=("$name=${env[$name]}"); done
gid=$(id -g "$user")
cd "$home"
exec setpriv --reuid "$user" --regid "$gid" --init-groups env -i "${args[@]}" "${env[SHELL]}" -c "$command"
''',
    "as-unit": '''\
#!/usr/bin/python3 -I
"""as-unit UNIT: run the ExecStart= of a service as systemd would: drop-ins merged, PATH of the system manager,
Environment=, EnvironmentFile=, User=, WorkingDirectory=; nothing of the caller's environment."""
import glob, os, pwd, re, shlex, sys
unit = sys.argv[1] if "." in sys.argv[1] else sys.argv[1] + ".service"
files = [p for d in ("/etc", "/run", "/usr/local/lib", "/usr/lib") for p in [f"{d}/systemd/system/{unit}"] if os.path.exists(p)][:1]
drops = {}
for d in ("/usr/lib", "/usr/local/lib", "/run", "/etc"):
    for p in glob.glob(f"{d}/systemd/system/{unit}.d/*.conf") + glob.glob(f"{d}/systemd/system/service.d/*.conf"):
        drops[os.path.basename(p)] = p
if not files:
    sys.exit(f"as-unit: no {unit}")
keys = {}
def manager_environment():
    found = {}
    for p in ["/etc/systemd/system.conf", *sorted(glob.glob("/etc/systemd/system.conf.d/*.conf"))]:
        if os.path.exists(p):
            for line in open(p):
                if line.startswith("DefaultEnvironment="):
                    found.update(w.split("=", 1) for w in shlex.split(line.split("=", 1)[1]) if "=" in w)
    return found
for path in files + [drops[n] for n in sorted(drops)]:
    section = ""
    text = re.sub(r"\\\\\\n", " ", open(path).read())
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith(("#", ";")):
            name, value = (x.strip() for x in line.split("=", 1))
            if value == "": keys[name] = []
            else: keys.setdefault(name, []).append(value)
env = {"LANG": "C.UTF-8", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "INVOCATION_ID": "0" * 32}
env.update(manager_environment())
user = keys.get("User", [None])[-1]
if user:
    pw = pwd.getpwnam(user)
    env.update(HOME=pw.pw_dir, USER=user, LOGNAME=user, SHELL=pw.pw_shell)
for value in keys.get("Environment", []):
    env.update(w.split("=", 1) for w in shlex.split(value) if "=" in w)
for value in keys.get("EnvironmentFile", []):
    path = value.lstrip("-")
    if not os.path.exists(path):
        if value.startswith("-"): continue
        sys.exit(f"as-unit: {path}: no such file")
    for line in open(path):
        if re.match(r"[A-Za-z_]\\w*=", line):
            name, text = line.rstrip("\\n").split("=", 1)
            env[name] = " ".join(shlex.split(text)) if text[:1] in "\\"'" else text
cwd = keys.get("WorkingDirectory", ["/"])[-1].lstrip("-")
os.chdir(pw.pw_dir if cwd == "~" and user else cwd)
argv = [re.sub(r"\\$\\{(\\w+)\\}", lambda m: env.get(m[1], ""), w).replace("$$", "$") for w in shlex.split(keys["ExecStart"][-1].lstrip("-+!:@"))]
if user:
    os.initgroups(user, pw.pw_gid); os.setgid(pw.pw_gid); os.setuid(pw.pw_uid)
if "/" not in argv[0]:      # systemd looks in its own fixed list, never in the unit's PATH
    hits = [f"{d}/{argv[0]}" for d in "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(":") if os.access(f"{d}/{argv[0]}", os.X_OK)]
    if not hits: sys.exit(f"as-unit: Failed to locate executable {argv[0]} (203/EXEC)")
    argv[0] = hits[0]
try:
    os.execve(argv[0], argv, env)
except OSError as e:
    sys.exit(f"as-unit: Failed to execute {argv[0]}: {e.strerror} (203/EXEC)")
''',
    "goproxy-add": '''\
#!/usr/bin/python3 -I
"""goproxy-add PROXYDIR MODULE VERSION SOURCEDIR: put a module into a file-system proxy (GOPROXY=file://PROXYDIR)."""
import os, sys, zipfile
proxy, module, version, source = sys.argv[1:]
folder = f"{proxy}/{module}/@v"
os.makedirs(folder, exist_ok=True)
with open(f"{folder}/list", "a") as f:
    f.write(version + "\\n")
with open(f"{folder}/{version}.info", "w") as f:
    f.write('{"Version": "%s", "Time": "2026-01-02T03:04:05Z"}' % version)
with open(f"{source}/go.mod") as s, open(f"{folder}/{version}.mod", "w") as f:
    f.write(s.read())
with zipfile.ZipFile(f"{folder}/{version}.zip", "w") as z:
    for top, dirs, names in os.walk(source):
        for name in sorted(names):
            path = os.path.join(top, name)
            z.write(path, f"{module}@{version}/{os.path.relpath(path, source)}")
''',
    "as-ssh": '''\
#!/bin/bash
# as-ssh USER COMMAND...: run it through a real sshd on the loopback (UsePAM as configured in /etc/ssh/sshd_config).
set -u
user=$1; shift
dir=$(mktemp -d /run/as-ssh.XXXXXX) && chmod 711 "$dir"
trap 'kill "$sshd" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
ssh-keygen -q -t ed25519 -N '' -f "$dir/key" && cp "$dir/key.pub" "$dir/auth" && chmod 644 "$dir/auth"
mkdir -p /run/sshd
/usr/sbin/sshd -D -e -p 2222 -o ListenAddress=127.0.0.1 -o AuthorizedKeysFile="$dir/auth" -o StrictModes=no -o PidFile=none \\
    2>"$dir/log" & sshd=$!
for _ in {1..100}; do (: < /dev/tcp/127.0.0.1/2222) 2>/dev/null && break; sleep 0.02; done
ssh -q -F none -i "$dir/key" -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \\
    "$user@127.0.0.1" "$@" </dev/null
''',
}


# ---------------------------------------------------------------------------------------------- command line

def main() -> int:
    if sys.argv[1:2] == ["__sandbox"]:
        sandbox_main(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    parser = argparse.ArgumentParser(prog="lab.py", description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Any, help_text: str, ids: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text)
        sub.set_defaults(function=function)
        if ids:
            sub.add_argument("--set", default="dev", help='a folder of scenarios beside lab.py, a path, or "all" (default: dev)')
            sub.add_argument("ids", nargs="*", help="scenario ids or patterns (default: all of the set)")
        return sub

    image = command("image", command_image, "build the base image", ids=False)
    image.add_argument("--force", action="store_true", help="build it again")
    command("where", command_where, "say where the base image is", ids=False)
    command("list", command_list, "show the scenarios")
    check = command("validate", command_validate, "check the scenarios themselves")
    check.add_argument("-v", "--verbose", action="store_true", help="show what the symptom says")
    run = command("run", command_run, "judge a tool")
    run.add_argument("--tool", required=True, help=f"executable, or a folder with {TOOL_NAME} in it")
    run.add_argument("--diagnose-only", action="store_true", help="judge the diagnosis and its harmlessness, no repair")
    run.add_argument("--repaired", type=float, default=100, metavar="PERCENT", help="how many of the repairs must succeed (100)")
    run.add_argument("--json", metavar="OUT", help="write all details here")
    run.add_argument("--tool-timeout", type=float, default=60, metavar="S", help="limit for one call of the tool (default 60)")
    shell = command("shell", command_shell, "look around in one scenario", ids=False)
    shell.add_argument("--set", default="dev")
    shell.add_argument("--tool", help="put this tool in")
    shell.add_argument("id")
    for sub in (check, run):
        sub.add_argument("-j", "--jobs", type=int, default=2, help="scenarios at a time (default 2)")
    args = parser.parse_args()
    if os.geteuid() != 0 and args.function is not command_list:
        parser.error("needs root: it makes namespaces and mounts")
    try:
        return int(args.function(args))
    except LabError as e:
        print(f"lab.py: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:                 # lab.py list | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
