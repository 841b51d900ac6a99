"""A tree of a release, a log that names what it was, what spoils it, and what `verify` says of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from gosteward.golang.installed_trees import listing_of, listing_place, record_of
from gosteward.host import tree_hashing
from gosteward.host.local import LocalHost
from gosteward.snapshot import User
from gosteward.sumdb import keys
from gosteward.toolchains.installed import goroots, store
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving.proofs import Proof
from gosteward.toolchains.proving.transparency import Log as Database
from gosteward.toolchains.verifying import authenticity
from gosteward.toolchains.verifying.checks import Verified
from sumdb.log_server import NAME, Log
from toolchains import goroot_copies
from toolchains.goroot_copies import MODULE, MODULE_VERSION, PLATFORM, VERSION

ME = User(uid=os.geteuid(), gid=os.getegid())


class Case(NamedTuple):
    """A tree, a log that names what it was, and the place of a module cache that holds its zip if `zipped` was called."""

    tree: Path
    log: Log
    url: str
    place: Path

    def judge(self, *, offline: bool = False) -> Verified:
        environ = {"GOPROXY": self.url, "GOMODCACHE": f"{self.place}/mod", "HOME": str(self.place)}
        host = LocalHost(environ)
        web = Web(host, ME, offline=offline)
        state, cache, key = f"{self.place}/state", f"{self.place}/cache", keys.parse(self.log.signer.vkey)
        database = Database(web, (f"{self.url}/sumdb/{NAME}",), state, cache, key)
        goroot = goroots.goroot_at(host, str(self.tree))
        _, checks = authenticity.judged(goroot, authenticity.Asking(host, ME, web, database))
        return Verified(goroot.version, goroot.path, goroot.platform, checks)

    def zipped(self) -> None:
        goroot_copies.zip_it(self.tree, self.place / f"mod/cache/download/{MODULE}/@v/{MODULE_VERSION}.zip")

    def installed(self) -> None:
        """As `install` leaves it: with its record, the proof in it, and the list of its files."""
        web = Web(LocalHost({}), ME)
        database = Database(
            web, (f"{self.url}/sumdb/{NAME}",), f"{self.place}/s", f"{self.place}/c", keys.parse(self.log.signer.vkey)
        )
        found = database.logged(MODULE, MODULE_VERSION)
        proof = Proof("log", found.zip_h1, "test", found.proof)
        text = store.record(
            version=VERSION, platform=PLATFORM, source="", archive="", sha256="", size=0, proofs=(proof,), reason="", at=""
        )  # fmt: skip
        Path(record_of(str(self.tree))).parent.mkdir(exist_ok=True)
        Path(record_of(str(self.tree))).write_text(text)
        self.list_files()

    def list_files(self) -> None:
        descriptor = os.open(self.tree, os.O_RDONLY)
        entries = tree_hashing.hash_tree(descriptor).entries
        os.close(descriptor)
        Path(listing_place(str(self.tree))).write_bytes(listing_of(entries))


def statuses(found: Verified) -> dict[str, str]:
    return {check.name: check.status for check in found.checks}


def wrong(found: Verified, name: str = "files") -> tuple[tuple[str, str], ...]:
    check = found.check(name)
    assert check is not None
    assert check.status == "failed"
    return tuple((difference.name, difference.what) for difference in check.files)


def put(path: Path, text: str = "// other\n", mode: int = 0o644) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def changed_file(tree: Path) -> None:
    put(tree / "src/fmt/print.go")


def removed_file(tree: Path) -> None:
    (tree / "src/fmt/scan.go").unlink()


def foreign_archive(tree: Path) -> None:
    put(tree / "pkg/linux_amd64/fmt.a")
