"""Several proxies with one place for files: what one of them fetched all have, and nothing in that place, nor its absence, does harm."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from gosteward.modules.shared import in_bucket, places
from gosteward.modules.shared.places import SharedPlace
from modules.care.stores import publish
from modules.shared.gateway import BUCKET, ENVIRONMENT, GOROOT, Gateway, gateway
from serve.serving import Fault, Served, Upstream, module_zip, proxy, until, upstream
from sumdb.log_server import Log, Signer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE, VERSION = "example.com/text", "v1.2.3"
BASE = f"/{MODULE}/@v/{VERSION}"
FILES = [f"{BASE}.info", f"{BASE}.mod", f"{BASE}.zip"]
NOBODY = "http://127.0.0.1:1"
GOSTEWARD = Path(sys.executable).with_name("gosteward")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(places, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(in_bucket, "SILENT_SECONDS", 1)


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION, {"text.go": b"package text\n"})
        served.add("example.com/large", VERSION, {"large.bin": os.urandom(12 << 20)})
        yield served


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[Gateway]:
    with gateway(tmp_path / "s3") as found:
        yield found


class Place(Protocol):
    """A shared place, and where its objects lie as files."""

    wanted: SharedPlace
    objects: Path


class Bucket:
    def __init__(self, server: Gateway, prefix: str = "go") -> None:
        self.server, self.objects = server, server.objects / prefix
        self.wanted = SharedPlace(f"s3://{BUCKET}/{prefix}", server.url)


class Mount:
    def __init__(self, top: Path) -> None:
        self.objects = top / "mount"
        self.objects.mkdir()
        self.wanted = SharedPlace(f"file://{self.objects}")


@pytest.fixture(scope="module")
def running_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture(params=["s3", "directory"])
def place(request: pytest.FixtureRequest, tmp_path: Path, running_s3: Gateway) -> Place:
    return Mount(tmp_path) if request.param == "directory" else Bucket(running_s3, tmp_path.name)


def all_published(served: Served) -> None:
    """Clients have a file when it is proved: then it is stored, and published."""
    publisher = served.made.publisher
    assert publisher is not None
    until(lambda: not served.made.proxy.under_way and publisher.waiting == 0)


def troubles(served: Served, kind: str) -> list[str]:
    return [one.text for one in served.made.proxy.tally.recent() if one.kind == kind]


def test_what_one_proxy_fetched_the_next_one_has_without_any_upstream(
    tmp_path: Path, place: Place, behind: Upstream
) -> None:
    files = [*FILES, f"/example.com/large/@v/{VERSION}.zip"]
    with proxy(tmp_path / "a", behind.url, shared=place.wanted) as first:
        for path in files:
            assert first.get(path).body == behind.files[path]
        all_published(first)
    for path in files:  # as any web server could hand them out
        assert (place.objects / f"modules{path}").read_bytes() == behind.files[path]
    with proxy(tmp_path / "b", NOBODY, shared=place.wanted) as second:
        for path in files:
            assert second.get(path).body == behind.files[path]
            assert (tmp_path / f"b/store/modules{path}").exists()
        assert second.made.proxy.tally.shared["found"] == len(files)


def test_the_go_command_downloads_and_verifies_through_the_second_proxy(
    tmp_path: Path, place: Place, behind: Upstream
) -> None:
    behind.add("example.com/main", VERSION)
    go_mod = f"module example.com/main\n\ngo 1.21\n\nrequire {MODULE} {VERSION}\n"
    main = tmp_path / "main"
    main.mkdir()
    (main / "go.mod").write_text(go_mod)
    (main / "main.go").write_text(f'package main\n\nimport _ "{MODULE}"\n\nfunc main() {{}}\n')

    def go(port: int, name: str, *words: str) -> None:
        environment = {
            "HOME": f"{tmp_path}/{name}", "GOPATH": f"{tmp_path}/{name}/go", "PATH": f"{GOROOT}/bin:/bin", "GOFLAGS": "-modcacherw -mod=mod",
            "GOPROXY": f"http://127.0.0.1:{port}", "GOSUMDB": "off", "GOTOOLCHAIN": "local", "GOENV": "off",
        }  # fmt: skip
        done = subprocess.run(["go", *words], cwd=main, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    with proxy(tmp_path / "a", behind.url, shared=place.wanted) as first:
        go(first.port, "go-a", "mod", "download", "all")
        all_published(first)
    with proxy(tmp_path / "b", NOBODY, shared=place.wanted) as second:
        go(second.port, "go-b", "mod", "download", "all")
        go(second.port, "go-b", "mod", "verify")


FAULTS = {
    "forbidden": Fault(status=403),
    "broken": Fault(status=500),
    "slow down": Fault(status=503, body=b"<Error><Code>SlowDown</Code></Error>"),
    "no bucket": Fault(status=404, body=b"<Error><Code>NoSuchBucket</Code></Error>"),
    "cut": Fault(cut=15),
    "lie": Fault(lie=50),
    "silent": Fault(delay=4.0),
    "stops": Fault(pause=4.0),
    "garbage": Fault(body=b"<html>" * 5000),
    "nothing": Fault(body=b""),
    "another module": Fault(body=module_zip("example.com/evil", VERSION, {"evil.go": b"package evil\n"})),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_shared_store_does_clients_get_what_the_upstream_has(
    tmp_path: Path, behind: Upstream, fault: str
) -> None:
    with upstream() as hostile:
        for path in FILES:
            there = f"/{BUCKET}/modules{path}".replace("@", "%40")
            hostile.files[there] = behind.files[path]
            hostile.faults[there] = FAULTS[fault]
        with proxy(tmp_path, behind.url, shared=SharedPlace(f"s3://{BUCKET}", hostile.url)) as served:
            for path in FILES:
                answer = served.get(path)
                assert (answer.status, answer.body, answer.whole) == (200, behind.files[path], True)
            assert "gosteward_proxy_shared_up" in served.get("/metrics").body.decode()


def test_a_dead_shared_store_is_told_once_and_asked_seldom(
    tmp_path: Path, behind: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "FIRST_PAUSE", 60.0)
    for number in range(40):
        behind.add(f"example.com/m{number}", VERSION)
    with upstream() as dead, proxy(tmp_path, behind.url, shared=SharedPlace(f"s3://{BUCKET}", dead.url)) as served:
        until(lambda: troubles(served, "shared") != [])  # it was compared with the store, which failed
        asked = len(dead.asked)
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(served.get, [f"/example.com/m{n}/@v/{VERSION}.zip" for n in range(40)]))
        assert {answer.status for answer in answers} == {200}
        assert len(dead.asked) == asked
        assert len(troubles(served, "shared")) == 1
        assert served.made.proxy.tally.shared_up() is False


def test_what_came_while_the_shared_store_was_dead_is_published_when_it_lives(
    tmp_path: Path, s3: Gateway, behind: Upstream
) -> None:
    place = Bucket(s3)
    with proxy(tmp_path / "a", behind.url, shared=place.wanted) as served:
        served.get(FILES[0])
        all_published(served)
        s3.end()
        assert [served.get(path).status for path in FILES] == [200] * 3
        until(lambda: len(troubles(served, "shared")) == 1)
        s3.start()
        all_published(served)
        until(lambda: troubles(served, "shared")[0].endswith("answers again"))
    assert all((place.objects / f"modules{path}").read_bytes() == behind.files[path] for path in FILES)


def test_what_a_killed_proxy_did_not_publish_is_published_after_the_next_start(
    tmp_path: Path, place: Place, behind: Upstream
) -> None:
    with proxy(tmp_path, behind.url) as alone:
        for path in FILES:
            alone.get(path)
    with proxy(tmp_path, NOBODY, shared=place.wanted) as served:
        all_published(served)
    assert all((place.objects / f"modules{path}").read_bytes() == behind.files[path] for path in FILES)
    (marked,) = (tmp_path / "store/shared").glob("*/all-published")
    with proxy(tmp_path, NOBODY, shared=place.wanted):
        assert not marked.exists()  # as long as it runs: it may be killed
    assert marked.exists()


def test_a_wrong_object_is_refused_and_replaced_by_the_right_one(
    tmp_path: Path, place: Place, behind: Upstream
) -> None:
    with proxy(tmp_path / "a", behind.url, shared=place.wanted) as first:
        first.get(f"{BASE}.zip")
        all_published(first)
    wrong = module_zip(MODULE, VERSION, {"text.go": b"package evil\n"})
    there = place.objects / f"modules{BASE}.zip"
    there.write_bytes(wrong)
    with proxy(tmp_path / "b", behind.url, shared=place.wanted) as second:
        answer = second.get(f"{BASE}.zip")
        assert (answer.status, answer.body) == (200, behind.files[f"{BASE}.zip"])
        assert second.made.proxy.tally.shared["wrong"] == 1
        all_published(second)
    assert there.read_bytes() == behind.files[f"{BASE}.zip"]
    with proxy(tmp_path / "c", NOBODY, shared=place.wanted) as third:
        assert third.get(f"{BASE}.zip").body == behind.files[f"{BASE}.zip"]


def test_what_the_first_proxy_saw_of_a_private_module_holds_for_all(
    tmp_path: Path, place: Place, behind: Upstream
) -> None:
    with proxy(tmp_path / "a", behind.url, shared=place.wanted) as first:
        first.get(f"{BASE}.zip")
        all_published(first)
    shutil.rmtree(place.objects / "modules")
    behind.add(MODULE, VERSION, {"text.go": b"package evil\n"})
    with proxy(tmp_path / "b", behind.url, shared=place.wanted) as second:
        answer = second.get(f"{BASE}.zip")
        assert answer.status == 502
        assert answer.body.count(b"h1:") == 2
        assert not (tmp_path / f"b/store/modules{BASE}.zip").exists()


def test_the_first_bytes_of_a_private_module_do_not_count_if_they_come_from_there(
    tmp_path: Path, place: Place, behind: Upstream
) -> None:
    there = place.objects / f"modules{BASE}.zip"
    there.parent.mkdir(parents=True)
    there.write_bytes(module_zip(MODULE, VERSION, {"text.go": b"package evil\n"}))
    with proxy(tmp_path / "a", behind.url, shared=place.wanted) as served:
        answer = served.get(f"{BASE}.zip")
        assert (answer.status, answer.body) == (200, behind.files[f"{BASE}.zip"])


def test_proxies_that_saw_different_things_while_the_shared_store_was_dead_refuse_both(
    tmp_path: Path, s3: Gateway, behind: Upstream
) -> None:
    place = Bucket(s3)
    s3.end()
    with proxy(tmp_path / "a", behind.url, shared=place.wanted) as first:
        assert first.get(f"{BASE}.zip").status == 200
        behind.add(MODULE, VERSION, {"text.go": b"package evil\n"})
        with proxy(tmp_path / "b", behind.url, shared=place.wanted) as second:
            assert second.get(f"{BASE}.zip").status == 200
            s3.start()
            all_published(first)
            all_published(second)
            one, other = sorted((first, second), key=lambda served: len(troubles(served, "verification")))
            assert troubles(one, "verification") == []
            assert troubles(other, "verification")[0].count("h1:") == 2
            until(lambda: other.get(f"{BASE}.zip").status == 502)
            assert other.get(f"{BASE}.zip").body.count(b"h1:") == 2
            assert one.get(f"{BASE}.zip").status == 200
            s3.end()  # what is known of it stays known
            assert other.get(f"{BASE}.zip").status == 502
            s3.start()
            others = (f"/{MODULE}/@v/v1.0.{number}.mod" for number in itertools.count())
            until(lambda: other.get(next(others)).status == 404 and other.made.proxy.tally.shared_up())
            forgotten = sha256(f"{MODULE}@{VERSION}".encode()).hexdigest()
            for file in (tmp_path / ("b" if other is second else "a") / "store").rglob(forgotten):
                file.unlink()  # as the documentation says
            right = one.get(f"{BASE}.zip").body
            until(lambda: other.get(f"{BASE}.zip").body == right)


def test_a_proxy_that_cannot_reach_the_log_takes_the_proof_that_another_one_got_and_no_other(
    tmp_path: Path, place: Place
) -> None:
    log = Log()
    log.signer = Signer("localhost/sumdb")
    log.grow(5)
    publish(log, MODULE, VERSION, {"text.go": b"package text\n"})
    with serving(log) as url:
        sumdb = f"{log.signer.vkey} {url}/sumdb/localhost/sumdb"
        with proxy(tmp_path / "a", url, sumdb, shared=place.wanted) as first:
            assert [first.get(path).status for path in FILES] == [200] * 3
            all_published(first)
    with proxy(tmp_path / "b", NOBODY, sumdb, shared=place.wanted) as second:
        assert [second.get(path).body for path in FILES] == [log.files[path] for path in FILES]
    (place.objects / f"proofs/{MODULE}/@v/{VERSION}").write_bytes(b"c2sp.org/tlog-proof@v1\nnothing\n")
    with proxy(tmp_path / "c", "off", sumdb, shared=place.wanted) as third:
        assert third.get(f"{BASE}.zip").status == 502  # and not 404: there is one
        assert "proves nothing" in troubles(third, "shared")[0]
        assert third.made.proxy.tally.shared["wrong"] == 0  # nobody could say whether the file is


def test_share_brings_what_is_missing_and_says_what_it_would(tmp_path: Path, place: Place, behind: Upstream) -> None:
    with proxy(tmp_path, behind.url) as alone:
        for path in FILES:
            alone.get(path)

    def share(*words: str) -> str:
        command = [GOSTEWARD, "proxy", "share", "--store", tmp_path / "store", "--shared", place.wanted.url, *words]
        if place.wanted.endpoint:
            command += ["--shared-endpoint", place.wanted.endpoint]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[0]

    assert "would bring 3 files" in share("--dry-run")
    assert not (place.objects / "modules").exists()
    assert "brought 3 files" in share()
    assert "brought 0 files" in share()
    assert all((place.objects / f"modules{path}").read_bytes() == behind.files[path] for path in FILES)


class Locks:
    """Turns as proxies in one process can have them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def turn(self, request: object) -> Iterator[bool]:
        waits = self._lock.locked()
        with self._lock:
            yield waits


def test_with_turns_one_proxy_fetches_for_all_and_publishes_before_the_next_turn(
    tmp_path: Path, place: Place, behind: Upstream
) -> None:
    path = f"/example.com/large/@v/{VERSION}.zip"
    behind.faults[path] = Fault(pause=0.3)
    turns = Locks()
    with contextlib.ExitStack() as running:
        proxies = [running.enter_context(proxy(tmp_path / name, behind.url, shared=place.wanted)) for name in "abcd"]
        for one in proxies:
            one.made.proxy.sharing = one.made.proxy.sharing._replace(turns=turns)
        with ThreadPoolExecutor(len(proxies)) as clients:
            answers = list(clients.map(lambda one: one.get(path), proxies))
    assert {answer.body for answer in answers} == {behind.files[path]}
    assert behind.asked.count(path) == 1
