"""Look-alikes of go.dev/dl and of a module proxy with a checksum database, on loopback. Honest unless told otherwise.

    with godev_server(small_release("go1.26.90"), sign=lambda content: signature) as dev:
        dev.url                          what --from takes: URL/?mode=json&include=all, URL/NAME, URL/NAME.sha256, URL/NAME.asc
        dev.names                        names of the tarballs, in the order of the releases
        dev.pages.add(NAME)              an HTML page with 200, as go.dev gives for what it does not know: for NAME.sha256 always, which
                                         is given here as mirrors do;  dev.pages.add(NAME + ".asc")
        dev.statuses[NAME] = 503         that status instead;  dev.statuses[LIST] for the list
        dev.cut[NAME] = (1000, 2)        two answers end after 1000 bytes of the body
        dev.lies[NAME] = 5               5 bytes more than there are are announced
        dev.stated[NAME] = "00..."       another SHA-256 in the list; "" as for releases up to 1.6
        dev.beside[NAME] = b""           another content of NAME.sha256
        dev.sizes[NAME] = 1              another size in the list
        dev.archives[NAME] = b"..."      other bytes, which neither digests nor signature know
        dev.asked                        paths in order, those of redirects, too

    with toolchain_proxy(small_release("go1.26.90")) as proxy:
        proxy.url                        a GOPROXY: golang.org/toolchain/@v/{list,VERSION.info,VERSION.mod,VERSION.zip}
        proxy.base                       its checksum database: URL/sumdb/NAME
        proxy.vkey                       the key of that, as in GOSUMDB;  proxy.log: to misbehave, see sumdb/log_server.py
        proxy.files[PATH] = b"..."       other bytes, which the log does not know;  del proxy.files[PATH] for a 404
        proxy.path(release, "zip")       PATH of a file

`name=` of toolchain_proxy is the name of the database, with a key of ours: give it that of the public one where the program asks for that.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sumdb.log_server import NAME, Log, Signer, serving
from toolchains.file_server import FileServer, file_server
from toolchains.small_release import MODULE, TIME, SmallRelease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIST = ""
PAGE = b"<!DOCTYPE html>\n<html lang=en><title>All releases - The Go Programming Language</title>\n</html>\n"
# As dl.google.com/go, to which go.dev/dl redirects; .sha256 is there only.
STORE = "/store/go"
OTHERS_IN_THE_LOG = 300


class GoDev:
    """What is served. See the top of this file."""

    def __init__(
        self, server: FileServer, releases: tuple[SmallRelease, ...], sign: Callable[[bytes], bytes] | None
    ) -> None:
        self.releases = releases
        self.names = [release.name for release in releases]
        self.archives = {release.name: release.tar_gz() for release in releases}
        self.digests = {name: hashlib.sha256(content).hexdigest() for name, content in self.archives.items()}
        self.signatures = {name: sign(content) for name, content in self.archives.items()} if sign else {}
        self.pages: set[str] = set()
        self.statuses: dict[str, int] = {}
        self.cut: dict[str, tuple[int, int]] = {}
        self.lies: dict[str, int] = {}
        self.stated: dict[str, str] = {}
        self.beside: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.url = f"{server.url}/dl"
        self._server = server
        self._files = server.answer
        server.answer = self._answer  # type: ignore[method-assign]

    @property
    def asked(self) -> list[str]:
        return [path for path, _ in self._server.asked]

    def listed(self) -> list[dict[str, Any]]:
        """The list, newest first as it was given. Each release has its sources and a file for Windows, too."""
        return [
            {"version": r.version, "stable": "rc" not in r.version, "files": [*map(self._entry, self._of(r)), *self._others(r.version)]}
            for r in {release.version: release for release in self.releases}.values()
        ]  # fmt: skip

    def _of(self, release: SmallRelease) -> list[SmallRelease]:
        return [other for other in self.releases if other.version == release.version]

    def _entry(self, release: SmallRelease) -> dict[str, Any]:
        name = release.name
        return {
            "filename": name, "os": "linux", "arch": release.archive_arch, "version": release.version, "kind": "archive",
            "sha256": self.stated.get(name, self.digests[name]), "size": self.sizes.get(name, len(self.archives[name])),
        }  # fmt: skip

    def _others(self, version: str) -> list[dict[str, Any]]:
        rest = {"version": version, "sha256": "ab" * 32, "size": 1000}
        sources = f"{version}.src.tar.gz"
        if sources in self.archives:
            rest = {"version": version, "sha256": self.stated[sources], "size": len(self.archives[sources])}
        return [
            {"filename": sources, "os": "", "arch": "", "kind": "source", **rest},
            {"filename": f"{version}.windows-amd64.msi", "os": "windows", "arch": "amd64", "kind": "installer", **rest},
        ]

    def _answer(self, path: str, wanted: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body. Faults of the file server are of one answer: it reads them when this returns."""
        bare = path.partition("?")[0]
        name = bare.rpartition("/")[2]
        at_store = bare.startswith(f"{STORE}/")
        self._server.cut, self._server.cuts = -1, 0
        self._server.lie = 0
        if name in self.statuses:
            return self.statuses[name], {}, b"not now\n"
        if name in self.pages:
            return 200, {"Content-Type": "text/html"}, PAGE
        if bare.startswith("/dl") and name == LIST:
            return 200, {"Content-Type": "application/json"}, json.dumps(self.listed(), indent=1).encode()
        content = self._content(name)
        if content is None or not (at_store or bare.startswith("/dl/")):
            return (404, {}, b"not found\n") if at_store else (200, {"Content-Type": "text/html"}, PAGE)
        if not at_store:
            return 302, {"Location": f"{STORE}/{name}"}, b""
        self._misbehave(name)
        self._server.files = {bare: content}
        return self._files(path, wanted)

    def _content(self, name: str) -> bytes | None:
        archive, _, ending = name.rpartition(".")
        if ending == "sha256" and archive in self.digests:
            return self.beside.get(archive, self.digests[archive].encode())
        if ending == "asc":
            return self.signatures.get(archive)
        return self.archives.get(name)

    def _misbehave(self, name: str) -> None:
        self._server.lie = self.lies.get(name, 0)
        length, times = self.cut.get(name, (-1, 0))
        if times:
            self._server.cut, self._server.cuts, self.cut[name] = length, 1, (length, times - 1)


@contextlib.contextmanager
def godev_server(*releases: SmallRelease, sign: Callable[[bytes], bytes] | None = None) -> Iterator[GoDev]:
    """A server like go.dev/dl, until the block ends.  sign: makes a detached signature; without it there is no .asc."""
    with file_server() as server:
        yield GoDev(server, releases, sign)


class ToolchainProxy(NamedTuple):
    """A module proxy. See the top of this file."""

    url: str
    log: Log

    @property
    def base(self) -> str:
        return f"{self.url}/sumdb/{self.log.signer.name}"

    @property
    def vkey(self) -> str:
        return self.log.signer.vkey

    @property
    def files(self) -> dict[str, bytes]:
        return self.log.files

    def path(self, release: SmallRelease, ending: str) -> str:
        return _path(release, ending)


def _path(release: SmallRelease, ending: str) -> str:
    return f"/{MODULE}/@v/{release.module_version}.{ending}"


@contextlib.contextmanager
def toolchain_proxy(*releases: SmallRelease, name: str = NAME) -> Iterator[ToolchainProxy]:
    """A module proxy with toolchains, and a checksum database that knows them, until the block ends.  name: of the database."""
    log = Log(OTHERS_IN_THE_LOG)
    log.signer = Signer(name)
    log.files[f"/{MODULE}/@v/list"] = "".join(f"{release.module_version}\n" for release in releases).encode()
    for release in releases:
        publish(log, release)
    log.grow(OTHERS_IN_THE_LOG)
    with serving(log) as url:
        yield ToolchainProxy(url, log)


def publish(log: Log, release: SmallRelease) -> None:
    """Serve a release, and log its hashes."""
    version = release.module_version
    go_mod = f"module {MODULE}\n".encode()
    log.files[_path(release, "info")] = json.dumps({"Version": version, "Time": TIME}).encode()
    log.files[_path(release, "mod")], log.files[_path(release, "zip")] = go_mod, release.zip()
    line = f"{hashlib.sha256(go_mod).hexdigest()}  go.mod\n".encode()
    mod_h1 = base64.b64encode(hashlib.sha256(line).digest()).decode()
    log.add(MODULE, version, f"{MODULE} {version} {release.h1}\n{MODULE} {version}/go.mod h1:{mod_h1}\n")
