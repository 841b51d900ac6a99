"""The go command itself, through our proxy: lists of proxies, the checksum database and its failures, toolchains, builds, and what go.mod says.

What go does here is what its own script tests of the same names expect (mod_proxy_list, mod_sumdb_proxy, mod_sumdb_cache, mod_list_update_nolatest).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward.golang import dirhash
from gosteward.sumdb.client import Answer
from modules.care.stores import ran
from serve.serving import Fault, Served, module_zip, proxy, upstream
from sumdb.log_server import Log, Signer, escaped, serving
from toolchains.godev_server import toolchain_proxy
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
pytestmark = pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
MODULE, PRIVATE, VERSIONS = "example.com/Text", "example.com/private/p", ("v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0")
DATABASE = "localhost/sumdb"  # where nobody answers
COMMIT = "v1.3.1-0.20260102030405-abcdefabcdef"


def release(files: dict[str, bytes], log: Log | None, module: str, version: str, go_mod: str = "") -> None:
    """A module of one package, and its record in the log."""
    base, content = f"/{escaped(module)}/@v/{escaped(version)}", f"module {module}\n\ngo 1.20\n{go_mod}".encode()
    source = f'package text\n\nconst Version = "{version}"\n'.encode()
    files[f"{base}.info"] = json.dumps({"Version": version, "Time": "2026-01-02T03:04:05Z"}).encode()
    files[f"{base}.mod"] = content
    files[f"{base}.zip"] = archive = module_zip(module, version, {"go.mod": content, "text.go": source})
    if log is not None:
        mod_h1 = dirhash.of_digests([(b"go.mod", sha256(content).hexdigest())])
        log.add(module, version, f"{module} {version} {dirhash.of_zip(archive)}\n{module} {version}/go.mod {mod_h1}\n")


class Outside(NamedTuple):
    """What there is: the log, its files, and their URL."""

    log: Log
    url: str

    @property
    def vkey(self) -> str:
        return self.log.signer.vkey

    @property
    def database(self) -> str:
        """As in GOSUMDB, at its own URL."""
        return f"{self.vkey} {self.url}/sumdb/{DATABASE}"


@pytest.fixture
def outside() -> Iterator[Outside]:
    log = Log()
    log.signer = Signer(DATABASE)
    log.grow(5)
    base = f"/{escaped(MODULE)}/@v"
    for version in VERSIONS:
        retracted = "\nretract v1.2.0 // it loses letters\n" if version == "v1.3.0" else ""
        release(log.files, log, MODULE, version, retracted)
    release(log.files, log, MODULE, COMMIT)
    log.files[f"{base}/list"] = "".join(f"{version}\n" for version in VERSIONS).encode()
    log.files[f"{base}/main.info"] = log.files[f"{base}/{COMMIT}.info"]
    release(log.files, None, PRIVATE, "v1.0.0")
    log.files[f"/{PRIVATE}/@v/list"] = b"v1.0.0\n"
    with serving(log) as url:
        yield Outside(log, url)


class Ran(NamedTuple):
    """How go ended."""

    code: int
    out: str
    said: str


class Go:
    """The go command in a module of its own, with nothing in its caches.

    Args:
        place: for all that it writes.
    """

    def __init__(self, place: Path, url: str, sumdb: str) -> None:
        self.place, self.main = place, place / "main"
        self.main.mkdir(parents=True)
        self.go_mod("")
        self.environment = {
            "HOME": str(place), "PATH": f"{GOROOT}/bin:{os.environ['PATH']}", "GOPATH": f"{place}/gopath", "GOCACHE": f"{place}/cache", "GOPROXY": url,
            "GOSUMDB": sumdb, "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local", "GOENV": "off", "GOWORK": "off", "no_proxy": "127.0.0.1,localhost",
        }  # fmt: skip

    def go_mod(self, text: str) -> None:
        (self.main / "go.mod").write_text(f"module example.org/main\n\ngo 1.20\n{text}")
        (self.main / "go.sum").unlink(missing_ok=True)

    def uses(self, module: str = MODULE) -> None:
        """The main module has a package that imports one of another."""
        (self.main / "main.go").write_text(f'package main2\n\nimport "{module}"\n\nconst Of = text.Version\n')

    def forget(self, *below: str) -> None:
        """Remove what is in the module cache, or a part of it."""
        shutil.rmtree(self.place.joinpath("gopath/pkg/mod", *below), ignore_errors=True)

    def forget_database(self) -> None:
        """Remove what go knows of the checksum database, and go.sum."""
        self.forget("cache/download/sumdb")
        shutil.rmtree(self.place / "gopath/pkg/sumdb", ignore_errors=True)
        (self.main / "go.sum").unlink(missing_ok=True)

    def __call__(self, line: str, **environment: str) -> Ran:
        done = subprocess.run(
            ["go", *line.split()], cwd=self.main, env={**self.environment, **environment}, capture_output=True, text=True, check=False, timeout=120
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def required(self) -> str:
        """What go.mod requires."""
        done = json.loads(self("mod edit -json").out)
        return " ".join(f"{one['Path']}@{one['Version']}" for one in done.get("Require") or ())


@pytest.fixture
def served(tmp_path: Path, outside: Outside) -> Iterator[Served]:
    with proxy(tmp_path, outside.url, outside.database, "example.com/private", list_ttl=0.0) as found:
        yield found


def url_of(served: Served) -> str:
    return f"http://127.0.0.1:{served.port}"


@pytest.fixture
def go(tmp_path: Path, served: Served, outside: Outside) -> Go:
    return Go(tmp_path / "client", url_of(served), outside.vkey)


# Lists of proxies


class Always(dict[str, Fault]):
    """The same fault for every path."""

    def __init__(self, status: int) -> None:
        self._fault = Fault(status=status)

    def get(self, _: str, __: object = None) -> Fault:  # type: ignore[override]
        return self._fault


@contextmanager
def proxies_that_say(tmp_path: Path, *statuses: int) -> Iterator[dict[int, str]]:
    """URLs of proxies of ours whose upstreams give one status only."""
    with ExitStack() as stack:
        found = {}
        for status in statuses:
            behind = stack.enter_context(upstream())
            behind.faults = Always(status)
            found[status] = url_of(stack.enter_context(proxy(tmp_path / str(status), behind.url)))
        yield found


def test_go_walks_down_a_list_of_proxies_by_what_each_says(tmp_path: Path, go: Go, served: Served) -> None:
    good = url_of(served)
    with proxies_that_say(tmp_path, 404, 410, 403, 500) as at:
        absent = go(f"get {MODULE}@v1.0.0", GOPROXY=at[404])
        assert (absent.code, "404 Not Found" in absent.said) == (1, True)
        assert go(f"get {MODULE}@v1.1.0", GOPROXY=f"{at[404]},{at[410]},{good}").code == 0
        assert go.required() == f"{MODULE}@v1.1.0"
        refused = go(f"get {MODULE}@v1.2.0", GOPROXY=f"{at[403]},{good}")
        assert (refused.code, "403 Forbidden" in refused.said) == (1, True)
        broken = go(f"get {MODULE}@v1.3.0", GOPROXY=f"{at[500]},{good}")
        assert (broken.code, "502 Bad Gateway" in broken.said) == (1, True)
        for status, version in ((403, "v1.2.0"), (500, "v1.3.0")):
            assert go(f"get {MODULE}@{version}", GOPROXY=f"{at[status]}|http://127.0.0.1:9|{good}").code == 0
            assert go.required() == f"{MODULE}@{version}"
        gone = go(f"get {MODULE}@v1.4.0", GOPROXY=f"{at[404]},{at[410]}")
        assert (gone.code, "410 Gone" in gone.said) == (1, True)


# The checksum database


def test_the_database_is_asked_through_the_proxy(go: Go, served: Served, outside: Outside) -> None:
    assert go(f"get {MODULE}@v1.0.0").code == 0
    assert f"{MODULE} v1.0.0 h1:" in (go.main / "go.sum").read_text()
    go.forget_database()
    go.go_mod("")
    by_url = f"{outside.vkey} {url_of(served)}/sumdb/{DATABASE}"
    assert go(f"get {MODULE}@v1.0.0", GOSUMDB=by_url).code == 0


def test_a_proxy_without_the_database_sends_go_to_it_and_one_whose_database_fails_does_not(
    tmp_path: Path, go: Go, served: Served, outside: Outside
) -> None:
    with ExitStack() as stack:
        without = stack.enter_context(proxy(tmp_path / "none", outside.url))
        # It proves nothing itself, and so gives what only go then asks the database for.
        trusting = stack.enter_context(proxy(tmp_path / "trusting", outside.url, outside.vkey, "example.com"))
        direct = go(f"get {MODULE}@v1.0.0", GOPROXY=url_of(without))
        assert (direct.code, f"https://{DATABASE}/" in direct.said) == (1, True)
        go.forget_database()
        outside.log.tampered = lambda path, _: Answer(200, b"") if path == "/supported" else Answer(503, b"not now")
        for proxies in ("{good}", "{good}|direct", "{without},{good}"):
            failed = go(f"get {MODULE}@v1.1.0", GOPROXY=proxies.format(good=url_of(trusting), without=url_of(without)))
            assert (failed.code, f"https://{DATABASE}/" in failed.said) == (1, False), failed
            assert "verifying module: example.com/Text@v1.1.0: " in failed.said
            assert "503 Service Unavailable" in failed.said
        outside.log.tampered = lambda _, answer: answer
        go.forget_database()
        assert go(f"get {MODULE}@v1.2.0", GOPROXY=f"{url_of(without)},{url_of(served)}").code == 0


@pytest.mark.parametrize("status", [404, 410, 500])
def test_what_supported_says_decides_who_asks_the_database(
    tmp_path: Path, go: Go, outside: Outside, status: int
) -> None:
    """Our proxy says "supported" for what it serves, whatever its upstream says of that."""
    outside.log.tampered = lambda path, answer: Answer(status, b"unsupported") if path == "/supported" else answer
    plain = go(f"get {MODULE}@v1.0.0", GOPROXY=outside.url)
    assert (plain.code, f"https://{DATABASE}/" in plain.said) == (1, status != 500)
    go.forget()
    go.forget_database()
    assert go(f"get {MODULE}@v1.0.0").code == 0


def test_go_goes_on_with_what_it_knows_of_the_database(go: Go, outside: Outside) -> None:
    outside.log.tampered = lambda *_: Answer(503, b"not now")
    assert go(f"get {MODULE}@v1.0.0").code == 1
    outside.log.tampered = lambda _, answer: answer
    assert go(f"get {MODULE}@v1.0.0").code == 0
    outside.log.tampered = lambda *_: Answer(503, b"not now")
    go.go_mod("")
    assert go(f"get {MODULE}@v1.0.0").code == 0  # by its cache
    shutil.rmtree(go.place / f"gopath/pkg/mod/cache/download/sumdb/{DATABASE}/lookup")
    assert go(f"get {MODULE}@v1.0.0", GOPROXY="off").code == 0  # by go.sum


def test_the_proxy_goes_on_with_what_it_knows_of_the_database(
    tmp_path: Path, go: Go, served: Served, outside: Outside
) -> None:
    assert go(f"get {MODULE}@v1.0.0").code == 0
    outside.log.tampered = lambda *_: Answer(503, b"not now")
    other = Go(tmp_path / "other", url_of(served), outside.vkey)
    assert other(f"get {MODULE}@v1.0.0").code == 0
    failed = other(f"get {MODULE}@v1.1.0", GOINSECURE="example.com")
    assert failed.code == 1


def test_modules_that_no_database_may_know(go: Go, outside: Outside) -> None:
    unknown = go(f"get {PRIVATE}@v1.0.0")
    assert (unknown.code, "404 Not Found" in unknown.said) == (1, True), unknown
    for variables in ({"GONOSUMDB": "example.com/private"}, {"GOPRIVATE": "example.com/private", "GONOPROXY": "none"}):
        go.go_mod("")
        assert go(f"get {PRIVATE}@v1.0.0", **variables).code == 0
    go.forget()
    outside.log.asked.clear()
    assert go(f"list -m {PRIVATE}@v1.0.0", GOPRIVATE="example.com/private").code == 1  # go asks its host, and not us
    assert outside.log.asked == []


# Versions


def test_upgrades_are_told_where_there_is_no_latest(go: Go, outside: Outside) -> None:
    for module in ("example.com/nolatest", "example.com/noversion"):
        release(outside.log.files, outside.log, module, "v0.0.0")
    outside.log.files["/example.com/nolatest/@v/list"] = b""
    go.go_mod("require (\n\texample.com/nolatest v0.0.0\n\texample.com/noversion v0.0.0\n)\n")
    for module in ("example.com/nolatest", "example.com/noversion"):
        for line in ("list -m", "list -m -u"):
            assert go(f"{line} {module}", GOFLAGS="-mod=mod -modcacherw")[:2] == (0, f"{module} v0.0.0\n")
    outside.log.files["/example.com/nolatest/@v/list"] = b"v0.0.0\nv0.1.0\n"
    release(outside.log.files, outside.log, "example.com/nolatest", "v0.1.0")
    go.forget("cache/download/example.com")
    assert (
        go("list -m -u example.com/nolatest", GOFLAGS="-mod=mod -modcacherw").out
        == "example.com/nolatest v0.0.0 [v0.1.0]\n"
    )
    outside.log.files["/example.com/odd/@v/list"], outside.log.files["/example.com/odd/@latest"] = b"", b"invalid"
    invalid = go("list -m example.com/odd@latest")
    assert (invalid.code, "502 Bad Gateway" in invalid.said, "names no version" in invalid.said) == (1, True, True)


def test_updates_retractions_branches_and_removal(go: Go) -> None:
    assert go(f"get {MODULE}@v1.0.0").code == 0
    assert go("list -m -versions example.com/Text").out == f"{MODULE} v1.0.0 v1.1.0 v1.3.0\n"
    assert go("list -m -retracted -versions example.com/Text").out == f"{MODULE} v1.0.0 v1.1.0 v1.2.0 v1.3.0\n"
    assert f"{MODULE} v1.0.0 [v1.3.0]" in go("list -m -u all").out
    retracted = go(f"get {MODULE}@v1.2.0")
    assert (retracted.code, "it loses letters" in retracted.said) == (0, True)
    assert "(retracted)" in go("list -m -u all").out
    assert go(f"get {MODULE}@main").code == 0
    assert go.required() == f"{MODULE}@{COMMIT}"
    assert go(f"get {MODULE}@v1.2").code == 1  # all of that line is retracted
    assert go(f"get {MODULE}@<v1.2.0").code == 0
    assert go.required() == f"{MODULE}@v1.1.0"
    assert go(f"get {MODULE}@none").code == 0
    assert go.required() == ""


# Builds


def test_a_build_takes_what_it_needs_and_the_next_one_asks_nobody(
    tmp_path: Path, go: Go, served: Served, outside: Outside
) -> None:
    go.uses()
    missing = go("build ./...")
    assert (missing.code, "no required module provides package" in missing.said) == (1, True)
    assert go("build ./...", GOFLAGS="-mod=mod -modcacherw").code == 0
    assert go.required() == f"{MODULE}@v1.3.0"
    files = dict(outside.log.files)
    outside.log.files.clear()
    second = Go(tmp_path / "second", url_of(served), outside.vkey)
    second.uses()
    for name in ("go.mod", "go.sum"):
        shutil.copy(go.main / name, second.main)
    assert second("build ./...", GOFLAGS="-mod=readonly -modcacherw") == (0, "", f"go: downloading {MODULE} v1.3.0\n")
    outside.log.files.update(files)


def test_a_build_without_network_after_a_prefetch(tmp_path: Path, go: Go, outside: Outside) -> None:
    go.uses()
    assert go("build ./...", GOFLAGS="-mod=mod -modcacherw").code == 0
    store = tmp_path / "far/store"
    done = ran("prefetch", go.main / "go.sum", "--store", store, "--upstream", outside.url, "--sumdb", outside.vkey)
    assert done.returncode == 0, done.stderr
    outside.log.files.clear()
    outside.log.tampered = lambda *_: Answer(503, b"there is no network")
    asked = len(outside.log.asked)
    with proxy(tmp_path / "far", "off", outside.vkey) as alone:
        far = Go(tmp_path / "far/client", url_of(alone), outside.vkey)
        far.uses()
        for name in ("go.mod", "go.sum"):
            shutil.copy(go.main / name, far.main)
        built = far("build ./...", GOFLAGS="-mod=readonly -modcacherw")
        assert built.code == 0, built
        assert far("mod verify").out == "all modules verified\n"
        absent = far(f"get {MODULE}@v1.1.0")
        assert (absent.code, "404 Not Found" in absent.said) == (1, True)
    assert len(outside.log.asked) == asked


# Toolchains


def test_go_switches_to_a_toolchain_from_the_proxy(tmp_path: Path) -> None:
    good, evil = small_release("go1.26.90"), small_release("go1.26.91")
    with toolchain_proxy(good, evil) as toolchains:
        other = small_release("go1.26.91", **{"bin/go": b"#!/bin/sh\necho evil\n"})
        toolchains.files[toolchains.path(evil, "zip")] = other.zip()
        with proxy(tmp_path, toolchains.url, toolchains.vkey) as served:
            go = Go(tmp_path / "client", url_of(served), toolchains.vkey)
            switched = go("version", GOTOOLCHAIN="go1.26.90")
            assert (switched.code, switched.out) == (0, "go version go1.26.90 linux/amd64\n"), switched
            go.go_mod("\ntoolchain go1.26.90\n")
            assert go("version", GOTOOLCHAIN="auto").out == "go version go1.26.90 linux/amd64\n"
            forged = go("version", GOTOOLCHAIN="go1.26.91")
            assert (forged.code, forged.out) == (1, "")
            assert "502 Bad Gateway" in forged.said
            assert "SECURITY ERROR" in forged.said
            assert not list(tmp_path.glob("store/modules/**/*go1.26.91*.zip"))
