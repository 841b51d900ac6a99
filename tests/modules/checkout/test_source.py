"""Modules out of repositories on real servers, by the real go and git: what there is comes, what there is not is said, and nothing else happens."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from gosteward.host.accounts import user_named
from gosteward.host.confined import LIMITS
from gosteward.host.local import LocalHost
from gosteward.modules.checkout.source import CheckoutSource, Wishes, limit_of
from gosteward.modules.origins.upstream import BrokenError, Coming
from gosteward.modules.requests import ModuleRequest, parse
from gosteward.modules.upstreams import upstreams
from modules.checkout.git_servers import HOST, PASSWORD, USER, GitServer, Repository, SshServer, git_server, ssh_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gosteward.modules.answers import Refusal

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
CHECKOUT = upstreams("checkout")[0]
MODULE = f"{HOST}/team/text"
NOBODY = user_named(LocalHost({}), "nobody")
# What a server's own settings must not do: each of these alone would make every question fail, or run something.
EVIL = {
    "GOFLAGS": "-mod=vendor", "GOPROXY": "off", "GONOPROXY": "none", "GOVCS": "*:off", "GOWORK": "/nowhere/go.work", "GO111MODULE": "off", "GOTOOLCHAIN": "go1.1",
    "GIT_SSH_COMMAND": "touch /tmp/gosteward-evil", "GIT_DIR": "/nowhere", "GIT_PROXY_COMMAND": "touch /tmp/gosteward-evil", "GIT_EXEC_PATH": "/nowhere",
    "GIT_ALLOW_PROTOCOL": "ext:file", "HOME": "/nowhere", "GOMODCACHE": "/nowhere",
}  # fmt: skip


class World:
    """Servers, a repository, and what asks them."""

    def __init__(self, top: Path, server: GitServer, ssh: SshServer) -> None:
        self.top, self.server, self.ssh = top, server, ssh
        self.home = top / "home"

    def repository(self, path: str) -> Repository:
        """A repository that its host names as the one of its path."""
        self.server.metas[f"/{path}"] = f"{HOST}/{path} git https://{HOST}/{path}.git"
        return Repository(self.top, path)

    def source(self, store: Path, **wishes: object) -> CheckoutSource:
        network = {**EVIL, **self.server.environment}
        made = Wishes(lambda: (GOROOT,), NOBODY, str(self.home), "", network)
        return CheckoutSource(made._replace(**wishes), str(store / "checkout"))  # type: ignore[arg-type]


def answer(source: CheckoutSource, path: str, seconds: float = 60.0) -> bytes | Refusal:
    with source.opened(CHECKOUT, path, seconds) as found:
        return b"".join(found.body) if isinstance(found, Coming) else found


def refused(source: CheckoutSource, path: str, seconds: float = 60.0) -> tuple[int, str]:
    found = answer(source, path, seconds)
    assert not isinstance(found, bytes)
    return found.status, found.reason


def files(content: bytes | Refusal) -> dict[str, bytes]:
    assert isinstance(content, bytes), content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition("@")[2].partition("/")[2]: archive.read(name) for name in archive.namelist()}


def left(source: CheckoutSource) -> list[str]:
    return os.listdir(f"{source.workplace.path}/runs")


def go_mod(path: str, go: str = "1.20", rest: str = "") -> str:
    return f"module {path}\n\ngo {go}\n{rest}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    top = tmp_path_factory.mktemp("servers")
    for directory in (top, *top.parents[:2]):
        directory.chmod(0o755)  # another account has to get to the home in there
    with git_server(top) as server, ssh_server(top) as ssh:
        made = World(top, server, ssh)
        made.home.mkdir(mode=0o700)
        (made.home / ".netrc").write_text(f"machine {HOST} login {USER} password {PASSWORD}\n")
        (made.home / ".netrc").chmod(0o600)
        ssh.let_in(made.home)
        owned(made.home)
        text = made.repository("team/text")
        text.commit({"go.mod": go_mod(MODULE), "text.go": "package text\n"}, "v1.0.0")
        text.commit({"go.mod": go_mod(MODULE, "1.999")}, "v1.1.0")
        text.commit({"go.mod": go_mod(MODULE, rest="retract v1.0.0\n")}, "v1.2.0", "not-a-version", "v2.0.0")
        text.commit({"go.mod": go_mod(f"{MODULE}/v2")}, "v2.1.0")
        text.commit(
            {"go.mod": go_mod(MODULE), "sub/go.mod": go_mod(f"{MODULE}/sub"), "sub/a.go": "package sub\n"},
            "sub/v0.1.0",
            branch="dev",
        )
        server.metas["/team/text/sub"] = server.metas["/team/text/v2"] = server.metas["/team/text"]
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    return tmp_path / "store"


def owned(home: Path) -> None:
    for path in (home, *home.rglob("*")):
        os.chown(path, NOBODY.uid, NOBODY.gid)


def test_all_of_the_protocol(world: World, store: Path) -> None:
    source = world.source(store)
    assert answer(source, f"{MODULE}/@v/list") == b"v1.0.0\nv1.1.0\nv1.2.0\n"  # with the retracted one
    assert b'{"Version":"v1.2.0","Time":"2026-01-04T00:00:00Z"' in answer(source, f"{MODULE}/@latest")  # type: ignore[operator]
    for version in ("v1.0.0", "v1.1.0"):  # the go that is there is too old for the second one, and has no say in it
        assert f'"Version":"{version}"'.encode() in answer(source, f"{MODULE}/@v/{version}.info")  # type: ignore[operator]
        assert answer(source, f"{MODULE}/@v/{version}.mod").startswith(f"module {MODULE}\n".encode())  # type: ignore[union-attr]
    assert files(answer(source, f"{MODULE}/@v/v1.0.0.zip")) == {
        "go.mod": go_mod(MODULE).encode(),
        "text.go": b"package text\n",
    }
    branch = answer(source, f"{MODULE}/@v/dev.info")
    assert isinstance(branch, bytes)
    pseudo = branch.decode().split('"')[3]
    assert pseudo.startswith("v1.2.1-0.20260106000000-")
    assert b'"Version":"' + pseudo.encode() in answer(source, f"{MODULE}/@v/{pseudo[-12:]}.info")  # type: ignore[operator]
    assert set(files(answer(source, f"{MODULE}/@v/{pseudo}.zip"))) == {"go.mod", "text.go"}
    assert answer(source, f"{MODULE}/v2/@v/list") == b"v2.0.0\nv2.1.0\n"
    assert answer(source, f"{MODULE}/sub/@v/list") == b"v0.1.0\n"
    assert set(files(answer(source, f"{MODULE}/sub/@v/v0.1.0.zip"))) == {"go.mod", "a.go"}
    assert left(source) == []
    assert not os.path.exists("/tmp/gosteward-evil")


def test_versions_before_modules_are_incompatible(world: World, store: Path) -> None:
    world.repository("team/old").commit({"a.go": "package old\n"}, "v1.0.0", "v3.1.0")
    source, module = world.source(store), f"{HOST}/team/old"
    assert answer(source, f"{module}/@v/list") == b"v1.0.0\nv3.1.0+incompatible\n"
    assert set(files(answer(source, f"{module}/@v/v3.1.0+incompatible.zip"))) == {"a.go"}
    assert answer(source, f"{module}/@v/v3.1.0+incompatible.mod") == f"module {module}\n".encode()


def test_small_files_of_a_version_come_from_one_run_however_many_ask(world: World, store: Path) -> None:
    source = world.source(store)
    source.prepare()
    before = len(world.server.asked)
    asking = [
        threading.Thread(target=answer, args=(source, f"{MODULE}/@v/v1.0.0.{kind}")) for kind in ("info", "mod") * 4
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert sum("go-get=1" in line for line in world.server.asked[before:]) == 1


def test_clones_are_kept_and_what_is_there_is_not_fetched_again(world: World, store: Path) -> None:
    source = world.source(store)
    answer(source, f"{MODULE}/@v/v1.0.0.info")
    packs = sorted(path.name for path in store.rglob("*.pack"))
    files(answer(source, f"{MODULE}/@v/v1.0.0.zip"))
    assert sorted(path.name for path in store.rglob("*.pack")) == packs
    assert packs


def test_a_module_that_wants_a_newer_go_is_no_absence(world: World, store: Path) -> None:
    status, reason = refused(world.source(store), f"{MODULE}/@v/v1.1.0.zip")
    assert status == 502
    assert "requires go >= 1.999" in reason
    assert "`gosteward install 1.999`" in reason


def test_by_ssh(world: World, store: Path) -> None:
    world.repository("team/by-ssh").commit({"go.mod": go_mod(f"{HOST}/team/by-ssh")}, "v1.0.0")
    world.server.metas["/team/by-ssh"] = f"{HOST}/team/by-ssh git ssh://{HOST}/team/by-ssh.git"
    module = f"{HOST}/team/by-ssh"
    assert answer(world.source(store), f"{module}/@v/list") == b"v1.0.0\n"
    assert set(files(answer(world.source(store), f"{module}/@v/v1.0.0.zip"))) == {"go.mod"}
    assert "git-upload-pack /team/by-ssh.git" in world.ssh.log.read_text()
    # Without a key nobody speaks ssh at all.
    status, reason = refused(world.source(store / "other", home=""), f"{module}/@v/list")
    assert status == 403, reason
    assert "transport 'ssh' not allowed" in reason


def test_a_host_whose_key_is_not_known_is_not_spoken_to(world: World, store: Path, tmp_path: Path) -> None:
    module = f"{HOST}/team/unknown-host"
    world.repository("team/unknown-host").commit({"go.mod": go_mod(module)}, "v1.0.0")
    world.server.metas["/team/unknown-host"] = f"{module} git ssh://{module}.git"
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    world.ssh.let_in(home)
    (home / ".ssh/known_hosts").write_text("")
    owned(home)
    status, reason = refused(world.source(store, home=str(home)), f"{module}/@v/list")
    assert (status, "Host key verification failed" in reason) == (403, True)


ABSENT = {
    "version": f"{MODULE}/@v/v1.9.0.info",
    "go.mod of a version": f"{MODULE}/@v/v1.9.0.mod",
    "zip of a version": f"{MODULE}/@v/v1.9.0.zip",
    "branch": f"{MODULE}/@v/x509.info",
    "pseudo-version of no commit": f"{MODULE}/@v/v1.2.1-0.20260106000000-0123456789ab.info",
    "module in a repository": f"{MODULE}/nosuch/@latest",
    "another major version": f"{MODULE}/v3/@v/v3.0.0.info",
    "tag of another major version": f"{MODULE}/@v/v2.0.0+incompatible.info",
    "repository": f"{HOST}/team/nosuch-repository/@v/list",
    "what no host names": f"{HOST}/team/nothing/@v/list",
    "toolchain": "golang.org/toolchain/@v/list",
}


@pytest.mark.parametrize("what", ABSENT)
def test_what_is_not_there_is_absent(world: World, store: Path, what: str) -> None:
    world.server.metas["/team/nosuch-repository"] = (
        f"{HOST}/team/nosuch-repository git https://{HOST}/team/nosuch-repository.git"
    )
    status, reason = refused(world.source(store), ABSENT[what])
    assert status == 404, reason
    assert reason
    assert "/" + str(store).lstrip("/") not in reason


TROUBLE = {
    "broken": (500, 502, "500"),
    "busy": (503, 502, "503"),
    "forbidden": (403, 403, "403"),
    "garbage": ("garbage", 502, ""),
    "another host": ("https://elsewhere.example/team/text.git/info/refs", 502, ""),
    "another protocol": ("file:///etc/passwd", 502, ""),
}


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("path", ["@v/list", "@v/v1.0.0.zip"])
def test_trouble_is_no_absence(world: World, store: Path, trouble: str, path: str) -> None:
    fault, status, text = TROUBLE[trouble]
    world.server.faults["/team/text.git"] = fault
    try:
        found, reason = refused(world.source(store), f"{MODULE}/{path}")
    finally:
        world.server.faults.clear()
    assert found == status, reason
    assert text in reason


@pytest.mark.parametrize("module", [MODULE, f"{HOST}/team/nosuch-repository", f"{HOST}/team/text.git"])
def test_whoever_has_no_password_learns_of_no_absence(world: World, store: Path, module: str) -> None:
    world.server.metas["/team/nosuch-repository"] = (
        f"{HOST}/team/nosuch-repository git https://{HOST}/team/nosuch-repository.git"
    )
    status, reason = refused(world.source(store, home=""), f"{module}/@v/list")
    assert status == 403
    assert "--checkout-home" in reason


def test_a_wrong_password_is_refused_and_not_told(world: World, store: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / ".gitconfig").write_text(f'[url "https://deploy:hunter2-token@{HOST}/"]\n insteadOf = https://{HOST}/\n')
    owned(home)
    status, reason = refused(world.source(store, home=str(home)), f"{MODULE}/@v/list")
    assert status == 403
    assert "hunter2" not in reason


def test_a_server_that_hangs_is_left_in_time_and_nothing_runs_on(world: World, store: Path) -> None:
    source = world.source(store)
    source.prepare()
    world.server.faults["/team/text.git"] = "hang"
    began = time.monotonic()
    try:
        status, _ = refused(source, f"{MODULE}/@v/list", seconds=3.0)
    finally:
        world.server.faults.clear()
    assert status == 504
    assert time.monotonic() - began < 20
    assert left(source) == []
    assert not running(str(store))
    assert isinstance(answer(source, f"{MODULE}/@v/list"), bytes)


def test_a_server_without_end_is_left_in_time(world: World, store: Path) -> None:
    world.server.faults["/team/text.git"] = "endless"
    try:
        status, _ = refused(world.source(store), f"{MODULE}/@v/list", seconds=5.0)
    finally:
        world.server.faults.clear()
    assert status in (502, 504)


OUTSIDE = {
    "file": "git file://{bare}",
    "ext": "git ext::touch%20/tmp/gosteward-evil",
    "ext as a URL": "git ext://touch%20/tmp/gosteward-evil",
    "ext with a scheme": "git ext::sh://-c%20touch",
    "ssh option": "git ssh://-oProxyCommand=touch%20/tmp/gosteward-evil/x",
    "plain http": "git http://git.corp.example/team/text.git",
    "git protocol": "git git://git.corp.example/team/text.git",
    "mercurial": "hg https://git.corp.example/team/text",
    "subversion": "svn https://git.corp.example/team/text",
    "local path": "git /etc",
    "proxy in a file": "mod file:///tmp",
}


@pytest.mark.parametrize("way", OUTSIDE)
def test_a_host_cannot_name_places_that_nobody_asked_for(world: World, store: Path, way: str) -> None:
    module, bare = f"{HOST}/team/outside", world.top / "repositories/team/text"
    world.server.metas["/team/outside"] = f"{module} {OUTSIDE[way].format(bare=bare)}"
    status, reason = refused(world.source(store), f"{module}/@v/list")
    assert status in (403, 502), reason
    assert not os.path.exists("/tmp/gosteward-evil")


def test_only_named_modules_come_without_tls(world: World, store: Path) -> None:
    module = f"{HOST}/team/plain"
    world.repository("team/plain").commit({"go.mod": go_mod(module)}, "v1.0.0")
    world.server.metas["/team/plain"] = f"{module} git http://{module}.git"
    assert refused(world.source(store, insecure="other.example"), f"{module}/@v/list")[0] == 403
    assert answer(world.source(store, insecure=module), f"{module}/@v/list") == b"v1.0.0\n"


def test_what_a_repository_asks_for_is_not_done(world: World, store: Path, tmp_path: Path) -> None:
    module = f"{HOST}/team/hostile"
    hostile = world.repository("team/hostile")
    for name, target in (("secret.go", "/etc/shadow"), ("up.go", "../../../../../../etc/passwd")):
        (hostile.work / name).symlink_to(target)
    hostile.commit(
        {
            "go.mod": go_mod(f"{HOST}/team/another"),
            ".gitmodules": '[submodule "x"]\n path = x\n url = ext::touch /tmp/gosteward-evil\n update = !touch /tmp/gosteward-evil\n',
            ".gitattributes": "*.go filter=lfs\nexported.go export-subst\nignored.go export-ignore\n",
            "lfs.go": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "exported.go": "package hostile // $Format:%H$\n",
            "ignored.go": "package hostile\n",
            ".lfsconfig": "[lfs]\n url = https://elsewhere.example\n",
            "hooks/post-checkout": "#!/bin/sh\ntouch /tmp/gosteward-evil\n",
        },
        "v1.0.0",
    )
    hook = hostile.bare / "hooks/post-checkout"
    hook.write_text("#!/bin/sh\ntouch /tmp/gosteward-evil\n")
    hook.chmod(0o755)
    found = files(answer(world.source(store), f"{module}/@v/v1.0.0.zip"))
    assert (
        found["exported.go"] == b"package hostile // $Format:%H$\n"
    )  # the same bytes everywhere, whoever makes the zip
    assert "ignored.go" in found
    assert found["lfs.go"].startswith(b"version https://git-lfs")
    assert not {"secret.go", "up.go", "x"} & set(found)
    assert not os.path.exists("/tmp/gosteward-evil")


def test_a_clone_that_a_killed_git_left_is_made_anew(world: World, store: Path) -> None:
    source = world.source(store)
    answer(source, f"{MODULE}/@v/v1.0.0.info")
    (clone,) = (path for path in os.scandir(f"{source.workplace.path}/vcs") if path.is_dir())
    with open(f"{clone.path}/shallow.lock", "w"):
        pass
    os.mkdir(f"{source.workplace.path}/runs/left")
    again = world.source(store)
    assert isinstance(answer(again, f"{MODULE}/@v/v1.2.0.info"), bytes)
    assert left(again) == []


def test_a_list_fetches_nothing_however_large_the_repository_is(world: World, store: Path) -> None:
    module = f"{HOST}/team/many"
    world.repository("team/many").commit({"go.mod": go_mod(module)}, "v1.0.0", "v1.1.0")
    assert answer(world.source(store), f"{module}/@v/list") == b"v1.0.0\nv1.1.0\n"
    assert not list(store.rglob("*.pack"))


def test_a_fetch_beyond_the_limit_of_a_file_leaves_nothing_behind(
    world: World, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"{HOST}/team/large"
    world.repository("team/large").commit({"go.mod": go_mod(module), "large.bin": os.urandom(3 << 20)}, "v1.0.0")
    monkeypatch.setitem(LIMITS, "FSIZE", 2 << 20)
    status, reason = refused(world.source(store), f"{module}/@v/v1.0.0.info")
    assert (status, "makes a file of more than" in reason) == (502, True), reason
    assert not [path for path in store.rglob("*") if path.is_file() and path.stat().st_size > 1 << 20]


def test_a_zip_beyond_the_limit_of_go_is_made_once(world: World, store: Path, tmp_path: Path) -> None:
    """A go that says what the real one says of 500 MiB."""
    go = tmp_path / "goroot/bin/go"
    go.parent.mkdir(parents=True)
    go.write_text(
        f'#!/bin/sh\necho run >> {tmp_path}/runs\necho \'{{"Error":"downloaded zip file too large"}}\'\nexit 1\n'
    )
    go.chmod(0o755)
    (tmp_path / "runs").touch()
    (tmp_path / "runs").chmod(0o666)
    source = world.source(store, goroots=lambda: (str(tmp_path / "goroot"),))
    for _ in range(3):
        assert refused(source, f"{MODULE}/@v/v1.0.0.zip") == (502, f"{MODULE}@v1.0.0: downloaded zip file too large")
    assert (tmp_path / "runs").read_text() == "run\n"


def test_the_size_of_a_zip_that_nobody_took_is_told_at_once_and_go_runs_when_somebody_takes_it(
    world: World, store: Path
) -> None:
    source, path = world.source(store), f"{MODULE}/@v/v1.0.0.zip"
    before = len(world.server.asked)
    sizes = set()
    for _ in range(3):
        with source.opened(CHECKOUT, path, 60.0) as found:
            assert isinstance(found, Coming)
            sizes.add(found.length)
    assert sum("go-get=1" in line for line in world.server.asked[before:]) == 1
    content = answer(source, path)
    assert files(content) == {"go.mod": go_mod(MODULE).encode(), "text.go": b"package text\n"}
    assert sizes == {len(content)}
    assert sum("go-get=1" in line for line in world.server.asked[before:]) == 2
    assert left(source) == []


def test_a_zip_that_is_gone_when_it_is_taken_breaks_off(world: World, store: Path) -> None:
    repository, module = world.repository("team/moved"), f"{HOST}/team/moved"
    repository.commit({"go.mod": go_mod(module)}, "v1.0.0")
    source, path = world.source(store), f"{module}/@v/v1.0.0.zip"
    with source.opened(CHECKOUT, path, 60.0) as found:
        assert isinstance(found, Coming)
    world.server.metas.pop("/team/moved")
    with pytest.raises(BrokenError):
        answer(source, path)


@pytest.mark.parametrize(("path", "seconds"), [("list", 60.0), ("v1.0.0.zip", 60.0), ("main.info", 900.0)])
def test_what_may_need_a_whole_repository_has_the_time_of_a_file(path: str, seconds: float) -> None:
    request = parse(f"/{MODULE}/@v/{path}")
    assert isinstance(request, ModuleRequest)
    assert limit_of(request, 60.0) == seconds


def test_more_than_there_is_room_for_are_told_to_come_again(
    world: World, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gosteward.modules.checkout.source.WAITING", 0)
    source = world.source(store, at_once=1)
    source.prepare()
    world.server.faults["/team/text.git"] = "hang"
    first = threading.Thread(target=answer, args=(source, f"{MODULE}/@v/list", 4.0))
    first.start()
    try:
        until = time.monotonic() + 10
        while not left(source) and time.monotonic() < until:
            time.sleep(0.02)
        assert refused(source, f"{MODULE}/@latest")[0] == 503
    finally:
        first.join()
        world.server.faults.clear()
    assert isinstance(answer(source, f"{MODULE}/@latest"), bytes)


def running(mark: str) -> bool:
    """Whether a process has a mark in its environment."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark.encode() in file.read() and int(pid) != os.getpid():
                    return True
        except OSError:  # noqa: PERF203
            continue
    return False
