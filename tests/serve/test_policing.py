"""A policy in a proxy that runs: what is refused is not had, by no way; what is left is what the go command takes."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from gosteward.golang.proxyurls import DEFAULT_DATABASE
from gosteward.modules.policy import UNKNOWN
from gosteward.modules.requests import request_for
from serve.serving import Fault, Served, Upstream, proxy, until, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_795_000_000.0  # 2026-11-18T11:06:40Z
OLD, YOUNG = "2026-01-01T00:00:00Z", "2026-11-16T00:00:00Z"
LIB = "example.com/lib"


class World:
    """An upstream, and the policy of the proxy before it.  now: seconds since the epoch, for that proxy."""

    def __init__(self, top: Path, behind: Upstream) -> None:
        self.top, self.behind = top, behind
        self.file = top / "policy.toml"
        self.file.write_text("")
        self.now = NOW

    def add(self, module: str, version: str, time: str = OLD, go_mod: str = "") -> None:
        base = f"/{module}/@v"
        content = f"module {module}\n{go_mod}".encode()
        self.behind.add(module, version, {"lib.go": b"package lib\n", "go.mod": content})
        self.behind.files[f"{base}/{version}.mod"] = content
        self.behind.files[f"{base}/{version}.info"] = f'{{"Version":"{version}","Time":"{time}"}}'.encode()
        self.behind.files[f"{base}/list"] = self.behind.files.get(f"{base}/list", b"") + f"{version}\n".encode()

    def policy(self, text: str) -> None:
        self.file.write_text(text)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with upstream() as behind:
        made = World(tmp_path, behind)
        for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
            made.add(LIB, version)
        made.add(LIB, "v1.3.0", YOUNG)
        yield made


@pytest.fixture
def served(world: World) -> Iterator[Served]:
    with proxy(world.top, world.behind.url, policy=world.file, clock=lambda: world.now) as found:
        yield found


def read_again(served: Served, world: World, text: str) -> None:
    """Let a policy hold, in the event loop of the proxy."""
    world.policy(text)
    policing, done = served.made.proxy.policy, threading.Event()
    served.loop.call_soon_threadsafe(lambda: (policing.reload(), done.set()))
    assert done.wait(10)


def go(world: World, served: Served, *words: str, rest: str = ",direct") -> subprocess.CompletedProcess[str]:
    """Run the real go in a module of its own, with an empty module cache unless one is there."""
    work = world.top / "work"
    work.mkdir(exist_ok=True)
    if not (work / "go.mod").exists():
        (work / "go.mod").write_text("module example.org/main\n\ngo 1.21\n")
        # No program: to build one, go compiles its runtime first, which takes longer than all else here.
        (work / "work.go").write_text('package work\n\nimport _ "example.com/lib"\n')
    env = {
        "PATH": os.environ["PATH"], "HOME": str(world.top), "GOPATH": str(world.top / "gopath"), "GOFLAGS": "-mod=mod -modcacherw",
        "GOPROXY": f"http://127.0.0.1:{served.port}{rest}", "GOSUMDB": "off", "GOTOOLCHAIN": "local", "GOVCS": "*:off",
    }  # fmt: skip
    return subprocess.run(["go", *words], cwd=work, env=env, capture_output=True, text=True, timeout=120, check=False)


def went_around(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether go asked a host of modules itself."""
    return "go-get=1" in done.stderr or "GOVCS" in done.stderr


def versions(served: Served, module: str = LIB) -> str:
    return served.get(f"/{module}/@v/list").body.decode().replace("\n", " ").strip()


DENY = """
[[rule]]
name = "broken-1.1"
deny = ["example.com/lib"]
versions = [">=v1.1.0 <v1.2.0"]
reason = "it loses data: use v1.2.0"
"""


def test_what_a_rule_denies_is_refused_with_its_reason_and_place(world: World) -> None:
    world.policy(DENY)
    with proxy(world.top, world.behind.url, policy=world.file, clock=lambda: world.now) as served:
        for suffix in (".zip", ".info"):
            answer = served.get(f"/{LIB}/@v/v1.1.0{suffix}")
            assert answer.status == 403
            assert b"it loses data: use v1.2.0" in answer.body
            assert b'rule "broken-1.1", policy.toml:2' in answer.body
        assert served.get(f"/{LIB}/@v/v1.1.0.mod").status == 200
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200
        assert versions(served) == "v1.0.0 v1.2.0 v1.3.0"
        assert f"/{LIB}/@v/v1.1.0.zip" not in world.behind.asked
        assert served.made.proxy.tally.refused >= 2


def test_what_is_too_young_is_refused_until_it_is_old_enough(world: World) -> None:
    world.policy('minimum_age = "7d"\n')
    with proxy(world.top, world.behind.url, policy=world.file, clock=lambda: world.now) as served:
        answer = served.get(f"/{LIB}/@v/v1.3.0.zip")
        assert answer.status == 403
        assert b"it is 2 days old, and has to be 7 days old; it can be had in 5 days" in answer.body
        assert versions(served) == "v1.0.0 v1.1.0 v1.2.0"
        world.now += 5 * 86_400
        assert served.get(f"/{LIB}/@v/v1.3.0.zip").status == 200
        assert versions(served) == "v1.0.0 v1.1.0 v1.2.0 v1.3.0"


def test_age_that_nobody_tells_refuses_and_trouble_is_told_as_trouble(world: World) -> None:
    world.policy('minimum_age = "7d"\n')
    world.add(LIB, "v1.4.0")
    world.behind.files[f"/{LIB}/@v/v1.4.0.info"] = b'{"Version":"v1.4.0"}'
    world.add(LIB, "v1.5.0")
    info = f"/{LIB}/@v/v1.5.0.info"
    world.behind.faults[info] = Fault(status=500)
    with proxy(world.top, world.behind.url, policy=world.file, clock=lambda: world.now) as served:
        assert b"nobody says when" in served.get(f"/{LIB}/@v/v1.4.0.zip").body
        assert served.get(f"/{LIB}/@v/v1.5.0.zip").status == 502
        assert versions(served) == "v1.0.0 v1.1.0 v1.2.0"
        world.behind.faults.clear()
        assert served.get(f"/{LIB}/@v/v1.5.0.zip").status == 200


def test_latest_and_branches_stand_for_nothing_that_is_refused(world: World) -> None:
    world.policy('minimum_age = "7d"\n')
    pseudo = "v1.3.1-0.20261116000000-abcdefabcdef"
    for name in ("@latest", "@v/master.info"):
        world.behind.files[f"/{LIB}/{name}"] = f'{{"Version":"{pseudo}","Time":"{YOUNG}"}}'.encode()
    with proxy(world.top, world.behind.url, policy=world.file, clock=lambda: world.now) as served:
        assert served.get(f"/{LIB}/@latest").status == 404
        answer = served.get(f"/{LIB}/@v/master.info")
        assert answer.status == 403
        assert pseudo.encode() in answer.body
        world.now += 10 * 86_400
        assert served.get(f"/{LIB}/@v/master.info").status == 200


def test_a_policy_that_denies_by_default_gives_what_is_allowed_and_asks_nobody_for_the_rest(world: World) -> None:
    world.policy('default = "deny"\n[[rule]]\nallow = ["example.com/lib"]\nversions = ["v1.0.0"]\n')
    with proxy(world.top, world.behind.url, policy=world.file, clock=lambda: world.now) as served:
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200
        assert versions(served) == "v1.0.0"
        world.behind.asked.clear()
        for path in ("/@v/list", "/@latest", "/@v/main.info", "/@v/v1.0.0.zip"):
            assert served.get(f"/example.com/other{path}").status == 403
        assert world.behind.asked == []


def test_a_zip_may_be_too_large_whether_it_comes_or_is_stored(world: World, served: Served) -> None:
    path = f"/{LIB}/@v/v1.0.0.zip"
    limit = f'[[size]]\nmodules = ["{LIB}"]\nmaximum_zip = 100\n'
    for unsized in (False, True):
        world.behind.faults[path] = Fault(unsized=unsized)
        read_again(served, world, limit)
        assert served.get(path).status == 403
        assert b"larger than 100 bytes (policy.toml:1)" in served.get(path).body
    read_again(served, world, "")
    assert served.get(path).status == 200
    until(lambda: served.made.proxy.under_way == 0)  # a client has it before it is stored
    read_again(served, world, limit)
    assert served.get(path).status == 403


def test_private_modules_are_asked_for_at_their_own_upstream_alone(world: World, tmp_path: Path) -> None:
    with upstream() as own:
        own.add("corp.example/own", "v1.0.0")
        world.policy(
            f'private = ["corp.example", "git.corp.example"]\n[[route]]\nmodules = ["corp.example"]\nupstream = "{own.url}"\n'
        )
        world.behind.add("git.corp.example/x", "v1.0.0")
        with proxy(tmp_path, world.behind.url, policy=world.file) as served:
            assert served.get("/corp.example/own/@v/v1.0.0.zip").status == 200
            assert served.get("/corp.example/other/@v/list").status == 404
            for path in ("@v/v1.0.0.zip", "@v/list", "@latest", "@v/main.info"):
                assert served.get(f"/git.corp.example/x/{path}").status == 404
            assert served.get("/sumdb/sum.example/lookup/git.corp.example/x@v1.0.0").status == 403
            assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200
            assert all(path.startswith(f"/{LIB}/") for path in world.behind.asked)
            assert all(path.startswith("/corp.example/") for path in own.asked)


def test_no_checksum_database_is_asked_for_private_modules(world: World, tmp_path: Path) -> None:
    """The database cannot be reached here: what needs it cannot be had."""
    with upstream() as own:
        own.add("corp.example/own", "v1.0.0")
        world.policy(f'private = ["corp.example"]\n[[route]]\nmodules = ["corp.example"]\nupstream = "{own.url}"\n')
        with proxy(tmp_path, world.behind.url, f"{DEFAULT_DATABASE} http://127.0.0.1:1", policy=world.file) as served:
            assert served.get("/corp.example/own/@v/v1.0.0.zip").status == 200
            assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 502
            assert served.get(f"/sumdb/{DEFAULT_DATABASE}/lookup/corp.example/own@v1.0.0").status == 403


def test_another_spelling_is_no_way_around_a_rule_nor_out_of_what_is_private(world: World, served: Served) -> None:
    """`replace example.com/bad => example.com/BAD v1.0.0` makes go take the code of the one for the other."""
    for module in ("example.com/!b!a!d", "example.com/!own/x"):
        world.add(module, "v1.0.0")
    read_again(served, world, 'private = ["example.com/own"]\n[[rule]]\ndeny = ["example.com/bad"]\nreason = "r"\n')
    for path in ("@v/v1.0.0.zip", "@v/v1.0.0.info", "@v/list", "@latest", "@v/main.info"):
        assert served.get(f"/example.com/!b!a!d/{path}").status == 403
        assert served.get(f"/example.com/!own/x/{path}").status == 404
    for path in ("example.com/!own/x", "example.com/own/" + "/".join(["long"] * 220)):
        assert served.get(f"/sumdb/sum.example/lookup/{path}@v1.0.0").status == 403
    assert not [path for path in world.behind.asked if "own" in path or path.endswith(".zip")]


def test_a_version_that_no_file_system_takes_does_not_keep_the_others_of_a_list_back(
    world: World, served: Served
) -> None:
    long = "v1.9." + "9" * 300
    world.behind.files[f"/{LIB}/@v/list"] += f"{long}\n".encode()
    world.behind.files[f"/{LIB}/@latest"] = f'{{"Version":"{long}"}}'.encode()
    read_again(served, world, 'minimum_age = "7d"\n')
    answer = served.get(f"/{LIB}/@v/list")
    assert (answer.status, b"v1.2.0" in answer.body, b"v1.3.0" in answer.body) == (200, True, False)
    assert served.get(f"/{LIB}/@latest").status == 404
    assert served.get(f"/{LIB}/@v/{long}.info").status == 400


def test_a_list_without_end_is_not_looked_at(world: World, served: Served) -> None:
    world.behind.files[f"/{LIB}/@v/list"] = b"".join(b"v1.0.%d\n" % number for number in range(60_000))
    assert served.get(f"/{LIB}/@v/list").status == 200
    read_again(served, world, DENY)
    assert served.get(f"/{LIB}/@v/list").status == 502


def test_a_policy_that_was_read_again_holds_for_what_is_in_memory(world: World, served: Served) -> None:
    path = f"/{LIB}/@v/v1.1.0.zip"
    assert [served.get(path).status for _ in range(2)] == [200, 200]
    read_again(served, world, DENY)
    assert served.get(path).status == 403
    read_again(served, world, "[[rule]]\nnonsense = 1\n")
    assert served.get(path).status == 403
    read_again(served, world, "")
    assert served.get(path).status == 200


def test_what_was_found_out_about_a_version_is_known_at_once_the_next_time(world: World, served: Served) -> None:
    read_again(served, world, 'minimum_age = "7d"\n')
    policing = served.made.proxy.policy
    for version, status in (("v1.0.0", 200), ("v1.3.0", 403)):
        request = request_for("zip", LIB, version)
        assert policing.at_once(request) is UNKNOWN
        assert served.get(f"/{request.path}").status == status
        assert policing.at_once(request) is not UNKNOWN


# The real go.


def test_go_get_takes_the_newest_version_that_may_be_had(world: World, served: Served) -> None:
    read_again(served, world, f'minimum_age = "7d"\n{DENY}')
    done = go(world, served, "get", f"{LIB}@latest")
    assert "added example.com/lib v1.2.0" in done.stderr
    assert go(world, served, "list", "-m", "-versions", LIB).stdout == f"{LIB} v1.0.0 v1.2.0\n"
    assert go(world, served, "get", f"{LIB}@v1").returncode == 0
    assert go(world, served, "build", "./...").returncode == 0


def test_go_tells_its_user_why_and_never_goes_around(world: World, served: Served) -> None:
    read_again(served, world, DENY)
    for words in (["get", f"{LIB}@v1.1.0"], ["mod", "download", f"{LIB}@v1.1.0"]):
        done = go(world, served, *words)
        assert done.returncode != 0
        assert "403 Forbidden" in done.stderr
        assert "it loses data: use v1.2.0" in done.stderr
        assert not went_around(done)
    read_again(served, world, 'default = "deny"\n')
    done = go(world, served, "get", f"{LIB}@latest")
    assert "no rule allows it" in done.stderr
    assert not went_around(done)


def test_go_goes_around_where_the_upstream_says_that_there_is_no_such_module(world: World, served: Served) -> None:
    """As it has to; and it shows that the tests above could tell."""
    assert went_around(go(world, served, "get", "example.invalid/none@latest"))


def test_go_goes_nowhere_else_where_all_is_too_young(world: World, served: Served) -> None:
    """Of a module without releases @latest is refused as absent: go must not take that for leave to ask another proxy."""
    world.behind.files["/example.com/tip/@v/list"] = b""
    pseudo = "v0.0.0-20261116000000-abcdefabcdef"
    world.add("example.com/tip", pseudo, YOUNG)
    world.behind.files["/example.com/tip/@v/list"] = b""
    world.behind.files["/example.com/tip/@latest"] = world.behind.files[f"/example.com/tip/@v/{pseudo}.info"]
    world.add("example.com/new", "v1.0.0", YOUNG)
    read_again(served, world, 'minimum_age = "7d"\n')
    for module in ("tip", "new"):
        done = go(world, served, "get", f"example.com/{module}@latest")
        assert done.returncode != 0
        assert not went_around(done)
    assert "it is 2 days old" in done.stderr


def test_a_module_graph_may_name_what_is_refused_if_nothing_of_it_is_used(world: World, served: Served) -> None:
    world.add("example.com/user", "v1.0.0", go_mod=f"require {LIB} v1.1.0\n")
    read_again(served, world, DENY)
    assert go(world, served, "get", "example.com/user@v1.0.0", f"{LIB}@v1.2.0").returncode == 0
    assert go(world, served, "build", "./...").returncode == 0
    listed = go(world, served, "list", "-m", "all")
    assert (listed.returncode, f"{LIB} v1.2.0" in listed.stdout) == (0, True)


def test_a_retraction_in_a_version_that_is_refused_counts(world: World, served: Served) -> None:
    """v1.3.1 retracts v1.2.0 and itself: it stays in the list. v2.0.1 of another module retracts v2.0.0 alone: that is taken out."""
    world.add(LIB, "v1.3.1", YOUNG, "retract (\n\tv1.2.0 // leaks\n\tv1.3.1\n)\n")
    other = "example.com/other"
    for version, time, go_mod in (("v1.0.0", OLD, ""), ("v1.1.0", OLD, ""), ("v1.1.1", YOUNG, "retract v1.1.0\n")):
        world.add(other, version, time, go_mod)
    read_again(served, world, 'minimum_age = "7d"\n')
    assert "v1.1.0" in go(world, served, "get", f"{LIB}@latest").stderr
    warned = go(world, served, "get", f"{LIB}@v1.2.0")
    assert "retracted by module author: leaks" in warned.stderr
    assert served.get(f"/{LIB}/@v/v1.3.1.zip").status == 403
    assert "added example.com/other v1.0.0" in go(world, served, "get", f"{other}@latest").stderr
