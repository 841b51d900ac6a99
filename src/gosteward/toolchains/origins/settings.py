"""GOPROXY and GOSUMDB as the user of this process has it: environment, then the file of `go env -w`, then the go.env of an installed Go, then Go's default."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goenv
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import DATABASE_IN_CHINA, DEFAULT_PROXY, DEFAULT_VULNERABILITY_DATABASE, entry_url
from gosteward.probes.module_cache import proxy_directories
from gosteward.shells.user_files import as_user
from gosteward.sumdb import keys
from gosteward.toolchains.origins import log_files

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.sumdb.keys import Key
    from gosteward.toolchains.origins.log_files import Folder

TREES = ("/usr/local/go", "/opt/go/current", "/usr/lib/go", "/usr/lib/golang")
LIMIT = 1 << 20


class Database(NamedTuple):
    """The checksum database to believe.  bases: URLs to ask it under, the best first.   folders: where files of it are on this host."""

    key: Key
    bases: tuple[str, ...]
    folders: tuple[Folder, ...] = ()


def go_proxy(host: LocalHost, user: User) -> str:
    """The value of GOPROXY that go would read."""
    return _setting(host, user, "GOPROXY", TREES) or DEFAULT_PROXY


def database(host: LocalHost, user: User) -> Database:
    """The database that GOSUMDB names; for toolchains go asks the public one also where it is off. Through the proxies first, unless it has a URL.

    Raises:
        UsageError: its key is none.
    Source: cmd/go/internal/modfetch/sumdb.go (`useSumDB`, `dbDial`).
    """
    # Not from a go.env: a tree that was tampered with would name the log that judges it.
    value = _setting(host, user, "GOSUMDB", ()).strip()
    named, _, url = value.partition(" ")
    key = keys.parse(named if "+" in named else keys.PUBLIC_DATABASE)
    own = url.strip() or f"https://{DATABASE_IN_CHINA if named == DATABASE_IN_CHINA else key.name}"
    proxies = (entry_url(e).rstrip("/") for e in proxy_list(go_proxy(host, user)) if e.kind == "url")
    relayed = () if url.strip() else tuple(f"{proxy}/sumdb/{key.name}" for proxy in proxies)
    return Database(key, (*relayed, own), _folders(host, user, key.name))


def _folders(host: LocalHost, user: User, name: str) -> tuple[Folder, ...]:
    """Files of a database: go's own, then those of proxies that are directories."""
    cache = module_cache(host, user)
    own = (log_files.of_go(cache, go_path(host, user), name),) if cache else ()
    proxies = proxy_directories(go_proxy(host, user))
    return (*own, *(log_files.of_proxy(directory, name) for directory in proxies))


def vulnerability_database(host: LocalHost, user: User) -> tuple[str, bool]:
    """The URL that GOVULNDB names, else the public one; and whether somebody has named it. Source: `go help environment`."""
    value = _setting(host, user, "GOVULNDB", ()).strip()
    return value or DEFAULT_VULNERABILITY_DATABASE, bool(value)


def is_off(host: LocalHost, user: User) -> bool:
    """Whether go asks no checksum database about modules, by the user's settings or those of an installed Go."""
    return _setting(host, user, "GOSUMDB", TREES).strip() == "off"


def private_modules(host: LocalHost, user: User) -> str:
    """GONOSUMDB as go has it: patterns of module paths that no database is asked about, separated by commas."""
    return _setting(host, user, "GONOSUMDB", TREES) or _setting(host, user, "GOPRIVATE", TREES)


def go_auth(host: LocalHost, user: User) -> str:
    """The value of GOAUTH that go would read, "" for its default."""
    return _setting(host, user, "GOAUTH", TREES)


def go_path(host: LocalHost, user: User) -> str:
    """The first directory of GOPATH; "" for a user without a home."""
    path = _setting(host, user, "GOPATH", ()).partition(":")[0] or (f"{user.home.rstrip('/')}/go" if user.home else "")
    return path if path.startswith("/") else ""


def module_cache(host: LocalHost, user: User) -> str:
    """GOMODCACHE; "" for a user without a home."""
    path = go_path(host, user)
    cache = _setting(host, user, "GOMODCACHE", ()) or (f"{path}/pkg/mod" if path else "")
    return cache if cache.startswith("/") else ""


def downloads_of_go(host: LocalHost, user: User) -> str:
    """Where go keeps what it downloaded, in the layout of a module proxy; "" for a user without a home."""
    cache = module_cache(host, user)
    return f"{cache}/cache/download" if cache else ""


def _setting(host: LocalHost, user: User, name: str, trees: tuple[str, ...]) -> str:
    """Source: cmd/go/internal/cfg (`EnvFile`, `Getenv`)."""
    environ = host.environ if user.uid == os.geteuid() else {}  # of this process, and so of its user
    if environ.get(name):
        return environ[name]
    file = goenv.file_named(environ.get("GOENV", ""), environ.get("XDG_CONFIG_HOME", ""), user.home)
    for path in (file, *(f"{tree}/go.env" for tree in trees)):
        value = _value(host, user, path, name) if path.startswith("/") else ""
        if value:
            return value
    return ""


def _value(host: LocalHost, user: User, path: str, name: str) -> str:
    with as_user(host, user):
        try:
            entries = goenv.parse(host.text(path, LIMIT))
        except OSError:
            return ""
    return next((e.value for e in reversed(entries) if e.name == name and not e.ignored), "")
