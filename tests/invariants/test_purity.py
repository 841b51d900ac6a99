"""What may touch the operating system, start processes, or speak to the network: each through one door."""

from __future__ import annotations

import builtins
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from gosteward.golang import proxyurls
from parsed_sources import FILES, SOURCE, facts, name_of

if TYPE_CHECKING:
    from pathlib import Path

PURE_ROOMS = ("rules", "report", "snapshot", "knowledge", "reasoning", "golang", "formats", "sumdb")
PURE_FILES = {
    "judgement.py",
    "finding.py",
    "actions.py",
    "redaction.py",
    "symptoms.py",
    "ranking.py",
    "outcome.py",
    "repair/planner.py",
    "modules/answers.py",
    "modules/policed_vulnerabilities.py",
    "modules/policy.py",
    "modules/policy_file.py",
    "modules/requests.py",
    "modules/route_secrets.py",
    "modules/storage/redis_place.py",
    "modules/storage/shared_values.py",
    "modules/care/export_manifest.py",
    "modules/care/wanted_modules.py",
    "modules/checkout/judging.py",
    "modules/checkout/questions.py",
    "modules/upstreams.py",
}
FORBIDDEN = {
    "os", "io", "pathlib", "shutil", "tempfile", "glob", "subprocess", "socket", "ssl", "http", "time", "random", "secrets", "threading",
    "multiprocessing", "asyncio", "ctypes", "mmap", "signal", "fcntl",
}  # fmt: skip
IMPURE_CALLS = {"open", "input", "exec", "eval", "__import__", "breakpoint"}
PROCESS_STARTERS = {
    "fork",
    "forkpty",
    "posix_spawn",
    "posix_spawnp",
    "system",
    "popen",
    "execv",
    "execve",
    "execvp",
    "execvpe",
    "spawnv",
    "Popen",
}


def is_pure(path: Path) -> bool:
    return path.relative_to(SOURCE).parts[0] in PURE_ROOMS or name_of(path) in PURE_FILES


def importing(*packages: str) -> set[str]:
    """The files that import one of them."""
    return {name_of(path) for path, of in facts().items() if of.imported & set(packages)}


def test_pure_code_has_no_door_to_the_outside() -> None:
    doors = {}
    for path, of in facts().items():
        # Package folders find their modules by presence; that is their only business with the import system.
        allowed = {"importlib", "pkgutil"} if path.name == "__init__.py" else set()
        used = (of.imported - allowed) & FORBIDDEN | of.called & IMPURE_CALLS & set(dir(builtins))
        if is_pure(path) and used:
            doors[name_of(path)] = used
    assert not doors


def test_processes_start_behind_few_doors_only() -> None:
    starters = {}
    for path, of in facts().items():
        used = of.attributes & PROCESS_STARTERS
        if used or "subprocess" in of.imported:
            starters[name_of(path)] = used
    # Sandboxed shells, the one command that `why` is asked to run, what judges or makes a part of a repair, and make.bash, whose output goes to a log.
    # The go command that checks out modules, from many threads, and the process between it and us, which ends it whatever becomes of us.
    assert set(starters) == {
        "host/commands.py", "host/foreground.py", "host/checking.py", "host/building.py", "host/confined.py", "host/keeper.py",
    }, starters  # fmt: skip


CHANGING = {
    "rename", "replace", "renames", "unlink", "remove", "rmdir", "removedirs", "mkdir", "makedirs", "mkfifo", "mknod", "symlink", "link",
    "chmod", "fchmod", "lchmod", "chown", "fchown", "lchown", "utime", "setxattr", "removexattr", "truncate", "ftruncate", "write", "pwrite",
}  # fmt: skip
# The door itself, in two files, and the one for whole trees; the journal; files of ours; the sandbox, which builds a world of its own; pipes to children; -o FILE;
# files that are made to be taken away; the store of a module proxy, and the socket that it listens on.
# A directory that several proxies share. Where modules are checked out, by an account that may not write elsewhere; the pipe by which that is reported.
CHANGERS = {
    "host/writing.py", "host/system_calls.py", "repair/journal.py", "host/isolation.py", "host/commands.py", "host/channels.py",
    "host/own_directory.py", "host/outgoing.py", "host/tree_writing.py", "cli/options.py",
    "modules/storage/disk.py", "serve/running.py", "modules/shared/in_directory.py", "modules/checkout/workplace.py", "host/keeper.py",
}  # fmt: skip


def test_files_change_behind_one_door_only() -> None:
    """A call on `os`, or anything of shutil; what opens a file for writing is found by its flags."""
    changers = {}
    for path, of in facts().items():
        called = {name for where, name in of.methods if where in ("os", "shutil")}
        flags = of.attributes & {"O_CREAT", "O_TRUNC", "O_APPEND"}
        if called & (CHANGING | {"rmtree", "move", "copy", "copytree"}) or flags:
            changers[name_of(path)] = called | flags
    assert set(changers) == CHANGERS, changers


def test_the_network_is_reached_through_one_file_only() -> None:
    spoken = importing("socket", "http", "asyncio")
    # tls.py speaks TLS over a connection that connections.py opened; fetch.py only names what it gets from there in its types.
    # Servers listen in serve/; what waits in their event loop, and the command that starts it, opens no connection.
    serving = {name for name in spoken if name.startswith("serve/")}
    assert spoken - serving == {
        "connections.py",
        "fetch.py",
        "tls.py",
        "modules/flights.py",
        "modules/changing.py",
        "modules/policed_answers.py",
        "modules/vulnerabilities/mirror.py",
        "cli/proxy_actions/serve.py",
    }
    for name in ("fetch.py", "tls.py"):
        assert not re.search(r"socket\.socket\(|create_connection", (SOURCE / name).read_text())
    # What listens makes handshakes of its own, from the other side.
    assert importing("ssl") <= {"connections.py", "fetch.py", "tls.py", "serve/tls_listening.py"}
    # What proxies share is in a Redis, which its own client speaks to.
    assert importing("redis") == {"modules/storage/redis_link.py"}
    # What they share as objects is in S3, which obstore speaks to.
    assert importing("obstore") == {"modules/shared/in_bucket.py"}
    opened = {name_of(p) for p in FILES if "urllib.request" in p.read_text()}
    assert not opened


def test_the_names_of_public_servers_stand_in_one_file() -> None:
    known = (*proxyurls.PUBLIC_PROXIES, *proxyurls.KNOWN_DATABASES)
    texts = {path: path.read_text() for path in SOURCE.rglob("*") if path.suffix in (".py", ".po")}
    spelled = {name_of(path) for path, text in texts.items() if any(name in text for name in known)}
    assert spelled == {"golang/proxyurls.py"}


AUDIT = """
import sys
touched = []
def hook(event, arguments):
    if event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "socket.connect", "socket.__new__", "os.listdir",
                 "os.scandir", "os.chmod", "os.remove", "os.rename", "os.mkdir", "os.putenv"):
        touched.append((event, str(arguments)[:200]))
    if event == "open":
        name, mode, flags = arguments
        if isinstance(name, str) and not name.endswith((".py", ".pyc", ".so", ".pth")) and "lib/python" not in name:
            touched.append((event, str(name)))
import importlib, os, pkgutil
import gosteward
names = [m.name for m in pkgutil.walk_packages(gosteward.__path__, "gosteward.") if m.name != "gosteward.__main__"]
listing = os.listdir
sys.addaudithook(hook)
for name in names:
    importlib.import_module(name)
allowed = ("os.listdir", "os.scandir")
print([t for t in touched if t[0] not in allowed])
print(len(names))
"""


def test_importing_does_no_work() -> None:
    ran = subprocess.run([sys.executable, "-I", "-B", "-c", AUDIT], capture_output=True, text=True, check=True)
    touched, count = ran.stdout.splitlines()
    assert touched == "[]"
    assert int(count) > 50


def test_no_module_keeps_state_that_changes() -> None:
    offenders = [f"{name_of(path)}:{line}" for path, of in facts().items() for line in of.globals]
    assert not offenders
