"""GOPROXY and GOSUMDB as the user of this process has it: environment, then the file of `go env -w`, then the go.env of an installed Go, then Go's default."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goenv
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import DATABASE_IN_CHINA, DEFAULT_PROXY, entry_url
from gosteward.shells.user_files import as_user
from gosteward.sumdb import keys

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.sumdb.keys import Key

TREES = ("/usr/local/go", "/opt/go/current", "/usr/lib/go", "/usr/lib/golang")
LIMIT = 1 << 20


class Database(NamedTuple):
    """The checksum database to believe.  bases: URLs to ask it under, the best first."""

    key: Key
    bases: tuple[str, ...]


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
    return Database(key, (*relayed, own))


def downloads_of_go(host: LocalHost, user: User) -> str:
    """Where go keeps what it downloaded, in the layout of a module proxy; "" for a user without a home."""
    path = _setting(host, user, "GOPATH", ()).partition(":")[0] or (f"{user.home.rstrip('/')}/go" if user.home else "")
    cache = _setting(host, user, "GOMODCACHE", ()) or (f"{path}/pkg/mod" if path else "")
    return f"{cache}/cache/download" if cache.startswith("/") else ""


def _setting(host: LocalHost, user: User, name: str, trees: tuple[str, ...]) -> str:
    """Source: cmd/go/internal/cfg (`EnvFile`, `Getenv`)."""
    environ = host.environ
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
