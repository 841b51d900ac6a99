"""Attacks on an installation, named after them, each by a real server against the whole way from the command to the tree: nothing of it is on the
host afterwards. Where the archive itself is the attack, log, list and digests are in on it: they all vouch for it.

What a single layer does against the same is in tests/formats, tests/host, tests/sumdb and test_openpgp.py; docs/threat-model.md has the list.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import os
import shutil
import struct
import tarfile
import threading
import warnings
import zipfile
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError, StewardError
from gosteward.sumdb.refusals import ForgeryError
from gosteward.toolchains.installed import store
from gosteward.toolchains.origins import web
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.proving.proofs import MismatchError, UnprovedError
from sumdb.log_server import Log, Signer
from toolchains.godev_server import LIST, OTHERS_IN_THE_LOG, GoDev, godev_server, publish, toolchain_proxy
from toolchains.small_release import MODULE, small_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gosteward.sumdb.client import Answer
    from toolchains.conftest import Site
    from toolchains.godev_server import ToolchainProxy
    from toolchains.small_release import SmallRelease

RELEASE, NEWER = small_release("go1.26.90"), small_release("go1.26.91")
PREFIX = f"{MODULE}@{RELEASE.module_version}/"
STRANGER = 61234
SIZE = len(RELEASE.tar_gz())
LOOKUP = f"/lookup/{MODULE}@{RELEASE.module_version}"


@pytest.fixture
def proxy(site: Site) -> Iterator[ToolchainProxy]:
    with toolchain_proxy(RELEASE, NEWER) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        yield serving


def refused(site: Site, error: type[StewardError], said: str, spec: str = "1.26.90", **more: object) -> None:
    """It ends with one error of the family, and everything is as before."""
    before = site.names()
    with pytest.raises(error, match=said):
        site.install(spec, **more)
    assert site.names() == before
    assert not list(site.top.rglob(".gosteward-*"))
    assert not list(site.top.rglob("*evil*"))


def mirror(dev: GoDev, archive: bytes) -> str:
    """Let a server like go.dev give this archive, with a list and digests that fit it. Returns what --from takes."""
    dev.archives[RELEASE.name] = archive
    dev.digests[RELEASE.name] = hashlib.sha256(archive).hexdigest()
    return dev.url


def tar_with(*members: tarfile.TarInfo, release: SmallRelease = RELEASE) -> bytes:
    """The tarball of a release with members more, which have no content."""
    packed = io.BytesIO(gzip.decompress(release.tar_gz()))
    with tarfile.open(fileobj=packed, mode="a") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return gzip.compress(packed.getvalue(), mtime=0)


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, 0o755
    return info


def zip_with(name: str, content: bytes = b"evil", mode: int = 0o100644) -> bytes:
    """The module zip with a member more."""
    whole = io.BytesIO(RELEASE.zip())
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there already
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr, info.compress_type = 3, mode << 16, zipfile.ZIP_DEFLATED
        archive.writestr(info, content)
    return whole.getvalue()


ENTRIES = {
    "traversal": "go/../../evil",
    "traversal out of the middle": "go/src/../../../evil",
    "absolute name": "/evil",
    "name outside of the prefix": "evil/go",
    "backslashes": "go/src\\..\\..\\evil",
    "same name twice": "go/VERSION",
    "same name in another case": "go/version",
    "file as a directory": "go/VERSION/evil",
}


@pytest.mark.parametrize("name", ENTRIES.values(), ids=ENTRIES.keys())
def test_traversal(site: Site, name: str) -> None:
    site.environ.update(GOPROXY="off")
    with godev_server(RELEASE) as dev:
        refused(site, MismatchError, "is no release", source=mirror(dev, tar_with(member(name))), reason="lab")


@pytest.mark.parametrize("name", ENTRIES.values(), ids=ENTRIES.keys())
def test_traversal_in_a_module_zip(site: Site, proxy: ToolchainProxy, name: str) -> None:
    inside = name.replace("go/", PREFIX, 1) if name.startswith("go/") else name
    proxy.files[proxy.path(RELEASE, "zip")] = zip_with(inside)
    refused(site, MismatchError, "is no release")


KINDS = {
    "symbolic link": (tarfile.SYMTYPE, "/etc/passwd"),
    "hard link": (tarfile.LNKTYPE, "go/VERSION"),
    "character device": (tarfile.CHRTYPE, ""),
    "block device": (tarfile.BLKTYPE, ""),
    "fifo": (tarfile.FIFOTYPE, ""),
    "sparse file": (tarfile.GNUTYPE_SPARSE, ""),
}


@pytest.mark.parametrize(("kind", "target"), KINDS.values(), ids=KINDS.keys())
def test_link_and_device_entries(site: Site, kind: bytes, target: str) -> None:
    site.environ.update(GOPROXY="off")
    archive = tar_with(member("go/src/evil", kind, target))
    with godev_server(RELEASE) as dev:
        refused(site, MismatchError, "is no release", source=mirror(dev, archive), reason="lab")


def test_link_entry_in_a_module_zip(site: Site, proxy: ToolchainProxy) -> None:
    proxy.files[proxy.path(RELEASE, "zip")] = zip_with(f"{PREFIX}src/evil", b"/etc/passwd", 0o120777)
    refused(site, MismatchError, "is no release")


def test_zip_bomb(site: Site, proxy: ToolchainProxy) -> None:
    """Its directory says four gigabytes, as a bomb has to that unpackers believe; then one that says little and holds much."""
    bomb = zip_with(f"{PREFIX}src/evil", bytes(64 << 20))
    size = struct.pack("<I", 64 << 20)
    assert bomb.count(size) == 2
    for said in (0xFFFFFFF0, 100):
        proxy.files[proxy.path(RELEASE, "zip")] = bomb.replace(size, struct.pack("<I", said))
        refused(site, MismatchError, "is no release")


def test_bomb_of_many_members_that_are_one(site: Site, proxy: ToolchainProxy) -> None:
    """Members that overlap: each entry of the directory leads to the same bytes."""
    whole = zip_with(f"{PREFIX}src/evil0", bytes(1 << 20))
    entry = whole[whole.rindex(b"PK\1\2", 0, whole.rindex(b"PK\5\6")) : whole.rindex(b"PK\5\6")]
    ending, start = whole[whole.rindex(b"PK\5\6") :], whole.rindex(b"PK\5\6")
    more = b"".join(entry.replace(b"evil0", b"evil%d" % number) for number in range(1, 9))
    count, size = struct.unpack("<HI", ending[10:16])
    fields = struct.pack("<HHI", count + 8, count + 8, size + len(more))
    proxy.files[proxy.path(RELEASE, "zip")] = whole[:start] + more + ending[:8] + fields + ending[16:]
    refused(site, MismatchError, "is no release")


def test_tar_bomb(site: Site) -> None:
    """A member that is said to have half a gigabyte, in an archive of a few kilobytes."""
    site.environ.update(GOPROXY="off")
    large = member("go/src/evil")
    large.size = 512 << 20
    packed = io.BytesIO(gzip.decompress(RELEASE.tar_gz()))
    with tarfile.open(fileobj=packed, mode="a") as tar:
        packed.write(large.tobuf())
        tar.offset += tarfile.BLOCKSIZE
    bomb = gzip.compress(packed.getvalue() + bytes(1 << 20), mtime=0)
    with godev_server(RELEASE) as dev:
        refused(site, MismatchError, "is no release: more than", source=mirror(dev, bomb), reason="lab")


def test_tampered_file(site: Site, proxy: ToolchainProxy) -> None:
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    proxy.files[proxy.path(RELEASE, "zip")] = evil.zip()
    refused(site, MismatchError, "is proved: nothing was installed")


def test_tampered_hash(site: Site, proxy: ToolchainProxy) -> None:
    """The proxy gives another archive, and in its answer of the log the h1 that fits it."""
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    proxy.files[proxy.path(RELEASE, "zip")] = evil.zip()
    lie(proxy, "/lookup/", lambda body: body.replace(RELEASE.h1.encode(), evil.h1.encode()))
    refused(site, ForgeryError, "record|proof|hash")


def test_foreign_key(site: Site, proxy: ToolchainProxy) -> None:
    """A log of the same name, with all in order but its key."""
    proxy.log.signer = Signer(seed=b"somebody else")
    refused(site, ForgeryError, "sign")


def test_rolled_back_log(site: Site, proxy: ToolchainProxy) -> None:
    """A log as it was before the head that was seen last: it cannot show that it is still the same one."""
    site.install("1.26.91")
    shutil.rmtree(site.top / "cache/tiles")
    older = Log(OTHERS_IN_THE_LOG)
    publish(older, RELEASE)
    older.signer = proxy.log.signer
    proxy.log.tampered = lambda path, _: older._honest(path)
    site.environ.update(GOSUMDB=f"{proxy.vkey} {proxy.base}")
    refused(site, UnprovedError, f"the server has {OTHERS_IN_THE_LOG + 1} records, .* were seen before")


def test_forked_log(site: Site, proxy: ToolchainProxy) -> None:
    """Another log under the same key, in which other bytes are the release."""
    site.install("1.26.91")
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    with toolchain_proxy(evil) as other:
        other.log.signer = proxy.log.signer
        site.environ.update(GOPROXY=other.url)
        refused(site, ForgeryError, "log|tree|tile|hash")


@pytest.mark.parametrize("body", [b"", b"\n", b"300\n\n"])
def test_empty_lookup_answer(site: Site, proxy: ToolchainProxy, body: bytes) -> None:
    """CVE-2026-42501: no line was no objection."""
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    proxy.files[proxy.path(RELEASE, "zip")] = evil.zip()
    head = proxy.log.head().encode() if body else b""
    lie(proxy, "/lookup/", lambda _: body + head)
    site.environ.update(GOSUMDB=f"{proxy.vkey} {proxy.base}")
    refused(site, UnprovedError, "not enough: nothing")


def test_smuggled_head_lines(site: Site, proxy: ToolchainProxy) -> None:
    """CVE-2026-56864: lines behind the tree head, which is signed but not about them, were taken for the record."""
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    proxy.files[proxy.path(RELEASE, "zip")] = evil.zip()
    proxy.log.extension = (
        f"{MODULE} {RELEASE.module_version} {evil.h1}\n{MODULE} {RELEASE.module_version}/go.mod {evil.h1}\n"
    )
    refused(site, MismatchError, "is proved: nothing was installed")
    proxy.log.places[LOOKUP] = proxy.log.add("example.com/other", "v1.0.0")
    (site.top / "state/gosteward/log").rename(site.top / "forgotten")
    refused(site, ForgeryError, "record")


def test_forged_tiles(site: Site, proxy: ToolchainProxy) -> None:
    """CVE-2026-56865: tiles that no parent vouches for, in which the record of other bytes stands in its place."""
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    forged = Log(OTHERS_IN_THE_LOG)
    publish(forged, evil)
    publish(forged, NEWER)
    forged.grow(OTHERS_IN_THE_LOG)
    forged.signer = proxy.log.signer
    number = proxy.log.places[LOOKUP]
    proxy.log.tampered = lambda path, answer: forged._honest(path) if path.startswith("/tile/") else answer
    proxy.log.records[number] = forged.records[number]
    proxy.files[proxy.path(RELEASE, "zip")] = evil.zip()
    refused(site, ForgeryError, "tile")
    assert not list((site.top / "cache/tiles").glob("*"))


def test_downgrade(site: Site, proxy: ToolchainProxy) -> None:
    """A source answers with an older release, which was signed and logged as well, under the name of the newer one."""
    proxy.files[proxy.path(NEWER, "zip")] = RELEASE.zip()
    refused(site, MismatchError, "is no release", "1.26.91")
    (site.top / NEWER.name).write_bytes(RELEASE.tar_gz())
    refused(site, MismatchError, "says go1.26.90, and not go1.26.91", str(site.top / NEWER.name))


@pytest.mark.parametrize("written", ["{}", "{}  {name}\n", "{} *./{name}\n"])
def test_a_wrong_digest_beside_a_local_archive(site: Site, proxy: ToolchainProxy, written: str) -> None:
    """What was copied with its .sha256 is held to it, whatever the log says; as a server has that file, and as sha256sum writes it."""
    archive, beside = site.top / RELEASE.name, site.top / f"{RELEASE.name}.sha256"
    archive.write_bytes(RELEASE.tar_gz())
    beside.write_text(written.format("0" * 64, name=RELEASE.name))
    refused(site, MismatchError, f"the SHA-256 beside it is {'0' * 64}", str(archive))
    refused(site, MismatchError, f"the SHA-256 beside it is {'0' * 64}", source=str(site.top), reason="whatever")
    beside.write_text(written.format(hashlib.sha256(archive.read_bytes()).hexdigest(), name=RELEASE.name))
    evidence = site.install(str(archive)).evidence
    assert evidence is not None
    assert [proof.kind for proof in evidence.proofs] == ["log", "stated"]


def test_downgrade_of_the_proof(site: Site, proxy: ToolchainProxy) -> None:
    """Who keeps the log from answering gets no belief instead: a digest of the archive's own server does not do."""
    proxy.log.tampered = lambda _, answer: answer._replace(status=503, body=b"")
    site.environ.update(GOSUMDB=f"{proxy.vkey} {proxy.base}")
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    with godev_server(evil) as dev:
        refused(site, UnprovedError, "not enough: stated", source=dev.url)


def test_mirror_that_lies(site: Site, proxy: ToolchainProxy) -> None:
    """List, .sha256 and archive of a mirror fit each other; a reason to install it unproved does not help against the log."""
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    with godev_server(evil) as dev:
        refused(site, MismatchError, f"{RELEASE.h1[:9]}.* is proved", source=dev.url, reason="whatever")


TROUBLE = {
    "page in place of the list": ("pages", LIST, None, "the list of releases is no JSON"),
    "page in place of the archive": ("pages", RELEASE.name, None, f"bytes, and {SIZE} are stated"),
    "list that is not there": ("statuses", LIST, 503, "the server answers 503"),
    "archive that is not there": ("statuses", RELEASE.name, 503, "the server answers 503"),
    "another size than there is": ("sizes", RELEASE.name, 1, f"it has {SIZE} bytes, and 1 are stated"),
    "cut again and again": ("cut", RELEASE.name, (0, 99), "the answer ends after 0"),
}


@pytest.mark.parametrize(("what", "name", "value", "said"), TROUBLE.values(), ids=TROUBLE.keys())
def test_server_in_trouble(
    site: Site, monkeypatch: pytest.MonkeyPatch, what: str, name: str, value: object, said: str
) -> None:
    """Pages come with status 200, as from a proxy that wants a password."""
    site.environ.update(GOPROXY="off", GOSUMDB=f"{Signer().vkey} http://127.0.0.1:9")
    monkeypatch.setattr(web, "ATTEMPTS", 2)
    with godev_server(RELEASE) as dev:
        if what == "pages":
            dev.pages.add(name)
        else:
            getattr(dev, what)[name] = value
        refused(site, StewardError, said, source=dev.url, reason="lab")


def test_wrong_length_of_an_answer(site: Site) -> None:
    """More bytes are announced than there are: what came counts if it is what the digest says, and else does not."""
    site.environ.update(GOPROXY="off", GOSUMDB=f"{Signer().vkey} http://127.0.0.1:9")
    with godev_server(RELEASE) as dev:
        dev.lies[RELEASE.name] = 7
        dev.stated[RELEASE.name] = "0" * 64
        refused(site, MismatchError, "the SHA-256 in the list of releases is 0{64}", source=dev.url, reason="lab")
        del dev.stated[RELEASE.name]
        assert site.install("1.26.90", source=dev.url, reason="lab").version == "go1.26.90"


def test_server_that_falls_silent(site: Site, proxy: ToolchainProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives half of the archive, and holds the line. What came is kept: a server that goes on is asked for the rest only."""
    enough = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = proxy.files.get(self.path, b"")
            self.send_response(200 if content else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if self.path.endswith(".zip") else content)
            if self.path.endswith(".zip"):
                self.wfile.flush()
                enough.wait()

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(web, "ATTEMPTS", 1)
    monkeypatch.setattr(web, "PATIENCE", 0.2)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        site.environ.update(GOPROXY=f"http://127.0.0.1:{server.server_port}", GOSUMDB=f"{proxy.vkey} {proxy.base}")
        try:
            refused(site, UnreachableError, "no usable answer|does not go on|time")
        finally:
            enough.set()
            server.shutdown()
    site.environ.update(GOPROXY=proxy.url)
    assert site.install("1.26.90").version == "go1.26.90"


@pytest.mark.parametrize("name", ["bin/evil", "pkg/tool/linux_amd64/evil", "pkg/linux_amd64/evil.a", ".git/evil"])
def test_program_that_no_h1_covers(site: Site, proxy: ToolchainProxy, name: str) -> None:
    """The h1 is that of a module zip: a file that such a zip never has changes nothing about it."""
    evil = small_release("go1.26.90", **{name: b"#!/bin/sh\n"})
    (site.top / RELEASE.name).write_bytes(evil.tar_gz())
    before = site.names()
    with pytest.raises(MismatchError, match=f"has a file {name}, as no release has"):
        site.install(str(site.top / RELEASE.name))
    assert site.names() == before


@pytest.mark.parametrize("name", ["downloads", "tiles"])
def test_cache_that_is_a_link(site: Site, proxy: ToolchainProxy, name: str) -> None:
    (site.top / "cache").mkdir(mode=0o700)
    (site.top / "elsewhere").mkdir()
    (site.top / "cache" / name).symlink_to(site.top / "elsewhere")
    refused(site, PrivilegeError, "is not yours alone")
    assert not list((site.top / "elsewhere").iterdir())


def test_planted_download(site: Site, proxy: ToolchainProxy) -> None:
    """What lies in our cache is proved like anything else, and forgotten where it is wrong."""
    evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
    downloads = site.top / "cache/downloads"
    downloads.mkdir(parents=True, mode=0o700)
    (downloads / f"{RELEASE.module_version}.zip").write_bytes(evil.zip())
    refused(site, MismatchError, "is proved: nothing was installed")
    assert site.install("1.26.90").version == "go1.26.90"


def planted(site: Site) -> Path:
    """A tree with a record and a listing, made by somebody in a root of their own."""
    tree = site.root / "go1.26.90"
    for name, content in {**RELEASE.files, "bin/go": b"#!/bin/sh\necho evil\n"}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
        (tree / name).chmod(0o755)
    about = site.root / ".installed"
    about.mkdir()
    (about / "go1.26.90.json").write_text(f'{{"schema": "{store.SCHEMA}", "version": "go1.26.90", "proofs": []}}')
    (about / "go1.26.90.files").write_text("")
    return tree


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has others below it")
def test_planted_record_in_a_root_of_somebody_else(site: Site, proxy: ToolchainProxy) -> None:
    """root links no command of the system to a tree that somebody else could replace at any time, whatever its record says."""
    planted(site)
    for path in (site.root, *site.root.rglob("*")):
        os.chown(path, STRANGER, STRANGER)
    result = site.install("1.26.90", use=True)
    assert f"{site.root} can be changed by others than root" in " ".join(map(str, result.notes))
    assert not os.listdir(site.bin)
    assert not site.usual_place.exists()


def test_planted_listing(site: Site, proxy: ToolchainProxy) -> None:
    """A neighbour whose files and listing were both forged lends nothing that the h1 does not show."""
    site.install("1.26.90")
    forged = b"package fmt // evil\n"
    path = site.root / "go1.26.90/src/runtime/proc.go"
    listing = site.root / ".installed/go1.26.90.files"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(forged)
    listing.write_text(listing.read_text().replace(old, hashlib.sha256(forged).hexdigest()))
    site.install("1.26.91")
    assert (site.root / "go1.26.91/src/runtime/proc.go").read_bytes() == NEWER.files["src/runtime/proc.go"]


def lie(proxy: ToolchainProxy, path: str, change: Callable[[bytes], bytes]) -> None:
    """Let the log change what it answers under paths that begin so."""

    def tampered(asked: str, answer: Answer) -> Answer:
        return answer._replace(status=200, body=change(answer.body)) if asked.startswith(path) else answer

    proxy.log.tampered = tampered
