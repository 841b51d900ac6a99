"""Private modules through the real command, by a real go: out of a repository that asks for a password, and without a rest where it is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from modules.checkout.git_servers import HOST, PASSWORD, USER, GitServer, Repository, git_server
from serve.guarded import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
MODULE = f"{HOST}/team/text"
ACCOUNT = "nobody"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    with git_server(tmp_path) as served:
        served.metas["/team/text"] = f"{MODULE} git https://{MODULE}.git"
        repository = Repository(tmp_path, "team/text")
        repository.commit(
            {"go.mod": f"module {MODULE}\n\ngo 1.20\n", "text.go": "package text\n\nconst Word = 1\n"}, "v1.0.0"
        )
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GOFLAGS", "-mod=vendor")
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        (home / ".netrc").write_text(f"machine {HOST} login {USER} password {PASSWORD}\n")
        (home / ".netrc").chmod(0o600)
        for path in (home, home / ".netrc"):
            os.chown(path, 65534, 65534)
        (tmp_path / "policy.toml").write_text(
            f'private = ["{HOST}"]\n\n[[route]]\nmodules = ["{HOST}"]\nupstream = "checkout"\n'
        )
        yield served


def flags(top: Path) -> tuple[str, ...]:
    return (
        "--policy",
        f"{top}/policy.toml",
        "--checkout-user",
        ACCOUNT,
        "--checkout-home",
        f"{top}/home",
        "--checkout-go",
        GOROOT,
    )


def go(top: Path, port: int, *words: str) -> subprocess.CompletedProcess[str]:
    work = top / "client"
    work.mkdir(exist_ok=True)
    environment = {
        "PATH": f"{GOROOT}/bin:/usr/bin:/bin", "HOME": str(work), "GOPROXY": f"http://127.0.0.1:{port}", "GONOSUMDB": HOST, "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw -mod=mod", "GOMODCACHE": f"{work}/cache",
    }  # fmt: skip
    return subprocess.run(["go", *words], cwd=work, env=environment, capture_output=True, text=True, check=False)


def test_a_real_go_gets_a_private_module_and_learns_what_is_not_there(tmp_path: Path, server: GitServer) -> None:
    with guarded(tmp_path, "off", *flags(tmp_path)) as served:
        assert go(tmp_path, served.port, "mod", "init", "example.com/client").returncode == 0
        got = go(tmp_path, served.port, "get", MODULE)
        assert (got.returncode, f"added {MODULE} v1.0.0" in got.stderr) == (0, True), got.stderr
        absent = go(tmp_path, served.port, "get", f"{MODULE}@v1.5.0")
        assert "404 Not Found\n\tserver response: " in absent.stderr
        assert "unknown revision v1.5.0" in absent.stderr
        assert served.get(f"/{MODULE}/@v/v1.0.0.zip").headers["cache-control"].endswith("immutable")
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "store/checkout/65534").iterdir()] == [0o700, 0o700]


def test_a_zip_that_is_too_large_for_the_policy_is_made_once_until_another_policy_allows_it(
    tmp_path: Path, server: GitServer
) -> None:
    policy, path = tmp_path / "policy.toml", f"/{MODULE}/@v/v1.0.0.zip"
    plain = policy.read_text()
    policy.write_text(f"maximum_zip = 10\n{plain}")
    with guarded(tmp_path, "off", *flags(tmp_path)) as served:
        for _ in range(3):
            refused = served.get(path)
            assert (refused.status, b"larger than 10 bytes" in refused.body) == (403, True)
        assert sum("go-get=1" in line for line in server.asked) == 1
        policy.write_text(plain)
        served.wait_for("the policy was read again")
        assert served.get(path).body.startswith(b"PK")
    assert (tmp_path / f"store/modules{path}").exists()


def test_what_was_killed_leaves_nothing_behind(tmp_path: Path, server: GitServer) -> None:
    server.faults["/team/text.git"] = "hang"
    runs = tmp_path / "store/checkout/65534/runs"
    with guarded(tmp_path, "off", *flags(tmp_path)) as served:
        with socket.create_connection(("127.0.0.1", served.port)) as asking:
            asking.sendall(f"GET /{MODULE}/@v/list HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert wait_for(lambda: "git" in running(f"{tmp_path}/store"))
            served.process.send_signal(signal.SIGKILL)
            served.process.wait()
        assert wait_for(lambda: not running(f"{tmp_path}/store"))
        assert list(runs.iterdir())
    server.faults.clear()
    with guarded(tmp_path, "off", *flags(tmp_path)) as served:
        assert list(runs.iterdir()) == []
        assert served.get(f"/{MODULE}/@v/list").body == b"v1.0.0\n"


def test_root_says_who_checks_out_modules(tmp_path: Path, server: GitServer) -> None:
    words = ("--listen", "127.0.0.1:0", "--store", f"{tmp_path}/store", "--upstream", "checkout", "--sumdb", "off")
    ran = subprocess.run(
        [sys.executable, "-m", "gosteward", "proxy", "serve", *words], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "--checkout-user" in ran.stderr


def running(mark: str) -> list[str]:
    """Names of processes that have a mark in their environment."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ, open(f"/proc/{pid}/comm") as comm:
                if mark.encode() in environ.read():
                    found.append(comm.read().strip())
        except OSError:  # noqa: PERF203
            continue
    return found


def wait_for(what: object, seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False
