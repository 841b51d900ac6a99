"""What every place for files promises, the same for each: S3, a directory that hosts share, and, as far as it goes, a store of one's own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gosteward.modules.origins.upstream import BrokenError
from gosteward.modules.requests import ModuleRequest, parse
from gosteward.modules.shared import in_bucket
from gosteward.modules.shared.objects import Content, UnusableError, file_name
from gosteward.modules.shared.places import SharedPlace, objects_at, outage_of
from gosteward.modules.shared.shared_files import FilesInObjects
from gosteward.modules.storage.disk import DiskStore
from gosteward.modules.tally import Tally
from modules.shared.gateway import BUCKET, ENVIRONMENT, Gateway, gateway
from serve.serving import Fault, Upstream, upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gosteward.modules.shared.objects import Objects

MEGA = 1 << 20


def asked(path: str) -> ModuleRequest:
    found = parse(f"/{path}")
    assert isinstance(found, ModuleRequest)
    return found


ZIP = asked("example.com/text/@v/v1.2.3.zip")
NAMES = [
    "github.com/!burnt!sushi/toml/@v/v1.4.0.info",
    "example.com/old/@v/v3.0.1+incompatible.zip",
    "git.sr.ht/~user/tool/@v/v0.0.0-20260101000000-abcdefabcdef.mod",
    "gopkg.in/yaml.v3/@v/v3.0.1-rc.1.mod",
]


class Disk:
    """A store of one's own, asked as if it were shared."""

    def __init__(self, top: Path) -> None:
        self._store = DiskStore(str(top))
        self._store.prepare()

    def read(self, request: ModuleRequest) -> bytes | None:
        stored = self._store.opened(request.path)
        if stored is None:
            return None
        with open(stored.descriptor, "rb") as file:
            return file.read()

    def write(self, request: ModuleRequest, content: bytes) -> None:
        incoming = self._store.incoming()
        try:
            incoming.write(content)
            incoming.keep(request.path)
        finally:
            incoming.discard()


class Shared:
    """A place that proxies share."""

    def __init__(self, objects: Objects) -> None:
        self.tally = Tally()
        self.tally.shares(lambda: True)
        self.objects = objects
        self.files = FilesInObjects(objects, outage_of(objects.shown, self.tally), self.tally)

    def read(self, request: ModuleRequest) -> bytes | None:
        with self.files.opened(request) as coming:
            if coming is None:
                return None
            body = b"".join(coming.body)
            assert coming.length == len(body)
            return body

    def write(self, request: ModuleRequest, content: bytes) -> None:
        with file_of(content) as descriptor:
            self.files.publish(request, descriptor, len(content))


@contextlib.contextmanager
def file_of(content: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("file")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway(tmp_path_factory.mktemp("s3")) as found:
        yield found


KINDS = ("s3", "directory")


@pytest.fixture
def open_place(tmp_path: Path, s3: Gateway, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Shared]:
    """The same place, opened by as many proxies as a test wants."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "mount").mkdir()

    def found(kind: str) -> Shared:
        if kind == "directory":
            return Shared(objects_at(SharedPlace(f"file://{tmp_path}/mount")))
        return Shared(objects_at(SharedPlace(f"s3://{BUCKET}/{tmp_path.name}", s3.url)))

    return found


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, open_place: Callable[[str], Shared]) -> Shared | Disk:
    return Disk(tmp_path / "store") if request.param == "disk" else open_place(request.param)


everywhere = pytest.mark.parametrize("place", [*KINDS, "disk"], indirect=True)
shared = pytest.mark.parametrize("kind", KINDS)


@everywhere
def test_what_is_not_there_is_none(place: Shared | Disk) -> None:
    assert place.read(ZIP) is None
    place.write(asked("example.com/text/v2/@v/v2.0.0.zip"), b"another")
    assert place.read(ZIP) is None


@everywhere
@pytest.mark.parametrize("size", [0, 1, MEGA, 8 * MEGA, 8 * MEGA + 1, 21 * MEGA])
def test_what_was_written_is_read_as_it_was(place: Shared | Disk, size: int) -> None:
    content = os.urandom(size)
    place.write(ZIP, content)
    assert place.read(ZIP) == content


@everywhere
def test_every_name_has_a_file_of_its_own(place: Shared | Disk) -> None:
    for name in NAMES:
        place.write(asked(name), name.encode())
    assert [place.read(asked(name)) for name in NAMES] == [name.encode() for name in NAMES]


@shared
def test_names_are_told_as_they_were_written(open_place: Callable[[str], Shared], kind: str) -> None:
    place = open_place(kind)
    for name in NAMES:
        place.write(asked(name), b"content")
        directory, _, _ = name.rpartition("/")
        assert list(place.objects.names(f"modules/{directory}")) == [f"modules/{name}"]
    assert list(place.objects.names("modules/example.com/none")) == []


@shared
@pytest.mark.parametrize("size", [10, 9 * MEGA])
def test_what_is_there_stays(open_place: Callable[[str], Shared], kind: str, size: int) -> None:
    first, second = open_place(kind), open_place(kind)
    content = os.urandom(size)
    first.write(ZIP, content)
    second.write(ZIP, os.urandom(size))
    assert second.read(ZIP) == content
    assert (first.tally.shared["published"], second.tally.shared["published"]) == (1, 0)


@shared
@pytest.mark.parametrize("size", [10, 9 * MEGA])
def test_what_is_distrusted_is_not_given_and_is_replaced(
    open_place: Callable[[str], Shared], kind: str, size: int
) -> None:
    place = open_place(kind)
    place.write(ZIP, b"wrong" * size)
    place.files.distrust(ZIP)
    assert place.read(ZIP) is None
    right = os.urandom(size)
    place.write(ZIP, right)
    assert place.read(ZIP) == open_place(kind).read(ZIP) == right


@shared
@pytest.mark.parametrize("size", [100, 9 * MEGA])
def test_of_many_writers_at_once_one_is_whole(open_place: Callable[[str], Shared], kind: str, size: int) -> None:
    contents = [bytes([number]) * size for number in range(6)]
    places = [open_place(kind) for _ in contents]
    with ThreadPoolExecutor(len(contents)) as threads:
        list(threads.map(lambda one: one[0].write(ZIP, one[1]), zip(places, contents)))
        assert open_place(kind).read(ZIP) in contents


@shared
def test_of_all_who_create_at_once_exactly_one_wins(open_place: Callable[[str], Shared], kind: str) -> None:
    places = [open_place(kind).objects for _ in range(8)]
    together = threading.Barrier(len(places))

    def create(number: int) -> bool:
        together.wait()
        return places[number].create("hashes/example.com/text/@v/v1.0.0.zip", b"%d" % number)

    with ThreadPoolExecutor(len(places)) as threads:
        won = list(threads.map(create, range(len(places))))
    assert won.count(True) == 1
    with places[0].opened("hashes/example.com/text/@v/v1.0.0.zip") as coming:
        assert coming is not None
        assert b"".join(coming.body) == b"%d" % won.index(True)


BIG = """
import os, sys, resource
from gosteward.modules.shared import in_bucket
from gosteward.modules.shared.objects import Content
from gosteward.modules.shared.places import SharedPlace, objects_at

objects = objects_at(SharedPlace(*sys.argv[1:3]))
objects.create("hashes/warm.example/up", b"x")
descriptor = os.memfd_create("file")
for _ in range(80):
    os.write(descriptor, os.urandom(1 << 20))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert objects.put("modules/example.com/big/@v/v1.0.0.zip", Content(descriptor, 80 << 20, "zip"), replace=False)
with objects.opened("modules/example.com/big/@v/v1.0.0.zip") as coming:
    at = 0
    for piece in coming.body:
        assert os.pread(descriptor, len(piece), at) == piece
        at += len(piece)
assert at == coming.length == 80 << 20
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@shared
def test_80_megabytes_go_through_half_of_that_in_memory(tmp_path: Path, s3: Gateway, kind: str) -> None:
    url = f"s3://{BUCKET}/{tmp_path.name}" if kind == "s3" else f"file://{tmp_path}"
    words = [sys.executable, "-c", BIG, url, s3.url if kind == "s3" else ""]
    done = subprocess.run(words, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 40_000  # KiB


def test_a_file_that_is_cut_in_the_directory_breaks(tmp_path: Path) -> None:
    objects = objects_at(SharedPlace(f"file://{tmp_path}"))
    content = os.urandom(3 * MEGA)
    with file_of(content) as descriptor:
        objects.put(file_name(ZIP), Content(descriptor, len(content), "zip"), replace=False)
    with objects.opened(file_name(ZIP)) as coming:
        assert coming is not None
        assert next(coming.body)
        os.truncate(tmp_path / file_name(ZIP), MEGA)
        with pytest.raises(BrokenError):
            list(coming.body)


def test_a_missing_mount_is_unusable_and_nothing_is_written_below_it(tmp_path: Path) -> None:
    objects = objects_at(SharedPlace(f"file://{tmp_path}/mount/modules"))
    with pytest.raises(UnusableError), objects.opened(file_name(ZIP)):
        pass
    with pytest.raises(UnusableError):
        objects.create("hashes/x", b"x")
    with pytest.raises(UnusableError):
        list(objects.names("modules"))
    assert not list(tmp_path.iterdir())


ON_THE_WIRE = f"/{BUCKET}/{file_name(ZIP)}".replace("@", "%40")


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """What listens where an S3 server should."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(in_bucket, "SILENT_SECONDS", 1)
    with upstream() as found:
        yield found


def xml(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said so</Message></Error>".encode()


UNUSABLE = {
    "forbidden": Fault(status=403, body=xml("AccessDenied")),
    "no bucket": Fault(status=404, body=xml("NoSuchBucket")),
    "broken": Fault(status=500, body=xml("InternalError")),
    "slow down": Fault(status=503, body=xml("SlowDown")),
    "bad request": Fault(status=400, body=xml("InvalidRequest")),
    "silent": Fault(delay=3.0),
    "elsewhere": Fault(status=301, body=xml("PermanentRedirect")),
}


@pytest.mark.parametrize("trouble", UNUSABLE)
def test_a_server_in_trouble_is_unusable_and_says_why(hostile: Upstream, trouble: str) -> None:
    objects = objects_at(SharedPlace(f"s3://{BUCKET}", hostile.url))
    hostile.files[ON_THE_WIRE] = b"content"
    hostile.faults[ON_THE_WIRE] = fault = UNUSABLE[trouble]
    with pytest.raises(UnusableError) as caught, objects.opened(file_name(ZIP)):
        pass
    if fault.body is not None and fault.status != 301:
        assert str(caught.value) == fault.body.decode().split("Code>")[1].rstrip("</") + ": said so"
    assert "\n" not in str(caught.value)


def test_an_answer_404_without_a_word_is_of_the_object(hostile: Upstream) -> None:
    with objects_at(SharedPlace(f"s3://{BUCKET}", hostile.url)).opened(file_name(ZIP)) as coming:
        assert coming is None


@pytest.mark.parametrize(
    "fault", [Fault(cut=2 * MEGA), Fault(lie=MEGA), Fault(pause=4.0)], ids=["cut", "lie", "silent"]
)
def test_a_body_that_ends_too_early_breaks(hostile: Upstream, fault: Fault) -> None:
    objects = objects_at(SharedPlace(f"s3://{BUCKET}", hostile.url))
    hostile.files[ON_THE_WIRE] = os.urandom(4 * MEGA)
    hostile.faults[ON_THE_WIRE] = fault
    with objects.opened(file_name(ZIP)) as coming:
        assert coming is not None
        with pytest.raises(BrokenError):
            list(coming.body)
