"""A module proxy with its checksum database on the loopback, stores that are filled from it, and the command line on them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import dirhash
from gosteward.host.accounts import user_with_id
from gosteward.host.local import LocalHost
from gosteward.modules.care.cared_store import CaredStore, cared
from gosteward.modules.care.prefetching import prefetch
from gosteward.modules.care.wanted_modules import of_list
from gosteward.modules.setting_up import Wanted, parts
from gosteward.toolchains.origins.web import Web
from serve.serving import module_zip
from sumdb.log_server import Log, escaped, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[3] / "src"
MODULES = (("example.com/text", "v1.2.3"), ("example.com/Upper/mod", "v0.1.0"), ("example.com/large", "v1.0.0"))
LARGE = os.urandom(1 << 20)
OTHERS = 5  # records of other modules


class Published(NamedTuple):
    """What there is outside.  url: of the proxy.  vkey: of its database."""

    log: Log
    url: str

    @property
    def vkey(self) -> str:
        return self.log.signer.vkey


def publish(log: Log, module: str, version: str, files: dict[str, bytes]) -> str:
    """A version with all its files and a record in the log. Returns its lines of go.sum."""
    base, go_mod = f"/{escaped(module)}/@v/{escaped(version)}", f"module {module}\n".encode()
    archive = module_zip(module, version, {"go.mod": go_mod, **files})
    log.files[f"{base}.info"] = f'{{"Version":"{version}"}}'.encode()
    log.files[f"{base}.mod"], log.files[f"{base}.zip"] = go_mod, archive
    mod_h1 = dirhash.of_digests([(b"go.mod", sha256(go_mod).hexdigest())])
    lines = f"{module} {version} {dirhash.of_zip(archive)}\n{module} {version}/go.mod {mod_h1}\n"
    log.add(module, version, lines)
    return lines


@contextmanager
def outside() -> Iterator[Published]:
    """Three modules, one with upper case, one of more than a megabyte."""
    log = Log(OTHERS)
    for module, version in MODULES:
        content = LARGE if module.endswith("large") else module.encode()
        publish(log, module, version, {"content.go": content})
    with serving(log) as url:
        yield Published(log, url)


def go_sum(published: Published) -> str:
    """What a build of all three has."""
    return "".join(published.log.records[OTHERS:])


def web(top: Path, *, offline: bool = False) -> Web:
    host = LocalHost({"HOME": str(top)})
    return Web(host, user_with_id(host, os.geteuid()), offline=offline)


def wanted(store: Path, published: Published, *, private: str = "", sumdb: str | None = None) -> Wanted:
    return Wanted(str(store), published.url, published.vkey if sumdb is None else sumdb, private)


def looked_after(
    store: Path, published: Published, *, offline: bool = True, private: str = "", sumdb: str | None = None
) -> CaredStore:
    return cared(wanted(store, published, private=private, sumdb=sumdb), web(store, offline=offline))


def filled(store: Path, published: Published, *, private: str = "", sumdb: str | None = None) -> CaredStore:
    """A store with all three modules."""
    proxy = parts(wanted(store, published, private=private, sumdb=sumdb), web(store)).proxy
    found = prefetch(of_list("".join(f"{m}@{v}\n" for m, v in MODULES), "list"), proxy)
    assert (found.fetched, found.failed) == (9, ())
    return looked_after(store, published, private=private, sumdb=sumdb)


def stored(store: Path) -> dict[str, bytes]:
    """Content by path, of all that can be served."""
    top = store / "modules"
    return {f"/{path.relative_to(top)}": path.read_bytes() for path in top.rglob("*") if not path.is_dir()}


def is_clean(store: Path) -> bool:
    """Whether nothing unfinished lies there."""
    return not [*(store / "incoming").glob("*"), *(store / "staging").glob("*")]


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "gosteward", "proxy", *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "LC_", "LANG"))}
    return {**kept, "PYTHONPATH": str(SOURCE), **more}


def ran(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, env=environment(), timeout=120)
