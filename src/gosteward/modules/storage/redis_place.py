"""Where a Redis is that several proxies share, as its user writes it. Pure.

    redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE][?prefix=NAME]      rediss:// for TLS
    unix:///PATH[?db=DATABASE&prefix=NAME]

Source: the forms of redis-cli -u and of redis-py (`redis.connection.parse_url`), of which nothing else is understood.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from gosteward.errors import UsageError

PORT = 6379
PREFIX = "gosteward"
FORMS = "redis://[USER@]HOST[:PORT][/DATABASE][?prefix=NAME], the same with rediss://, or unix:///PATH[?db=DATABASE&prefix=NAME]"
_PREFIX = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_DATABASE = re.compile(r"[0-9]{1,5}")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


class RedisPlace(NamedTuple):
    """A Redis.

    Attributes:
        host, port: "" and 0 where it is a Unix socket.   path: of that, absolute, else "".   database: its number.
        prefix: of all keys.   tls: whether it is spoken.   user: "" for the default one.   password: "" where it is not in the URL.
    """

    host: str = ""
    port: int = 0
    path: str = ""
    database: int = 0
    prefix: str = PREFIX
    tls: bool = False
    user: str = ""
    password: str = ""

    @property
    def shown(self) -> str:
        """For people, without anything of a login."""
        if self.path:
            return f"unix://{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis{'s' if self.tls else ''}://{host}:{self.port}/{self.database}"


def parse(text: str) -> RedisPlace:
    """Read a URL. Raises UsageError, which does not show the password."""
    try:
        url = urlsplit(text)
    except ValueError:  # its text shows what may be a part of the password
        raise _refused("it cannot be read", text) from None
    try:
        found = _of_socket(url) if url.scheme == "unix" else _of_host(url)
        return _with_query(found, url.query, url.fragment)
    except ValueError as error:
        raise _refused(str(error), text) from None


def _refused(reason: str, text: str) -> UsageError:
    """Nothing but the scheme is shown: in what is not understood a password stands anywhere."""
    scheme, separator, _ = text.partition("://")
    shown = f"{scheme}://..." if separator and scheme.isalpha() else "..."
    return UsageError(f"this is no URL of a Redis ({reason})", subject=shown, hint=FORMS)


def _of_socket(url: SplitResult) -> RedisPlace:
    path = unquote(url.path)
    if url.netloc or not path.startswith("/") or "\0" in path:
        raise ValueError("a socket has an absolute path: unix:///PATH")
    return RedisPlace(path=path)


def _of_host(url: SplitResult) -> RedisPlace:
    if url.scheme not in ("redis", "rediss"):
        raise ValueError("its scheme is none of redis, rediss and unix")
    if not _HOST.fullmatch(url.hostname or ""):
        raise ValueError("it names no host")
    try:
        port = url.port
    except ValueError:  # its text shows what may be a part of the password
        port = 0
    if port == 0:
        raise ValueError("its port is none; in a password, / ? # @ and : are written as %2F %3F %23 %40 and %3A")
    number = url.path.strip("/") or "0"
    if not _DATABASE.fullmatch(number):
        raise ValueError("the number of its database is none")
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return RedisPlace(url.hostname or "", port or PORT, "", int(number), PREFIX, url.scheme == "rediss", user, password)


def _with_query(place: RedisPlace, query: str, fragment: str) -> RedisPlace:
    if fragment:
        raise ValueError("there is a # in it")
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "db" and _DATABASE.fullmatch(value):
            place = place._replace(database=int(value))
        elif name == "prefix" and _PREFIX.fullmatch(value):
            place = place._replace(prefix=value)
        elif name in ("db", "prefix"):
            raise ValueError(f"its {name} is none")
        else:
            raise ValueError("behind the ? only db and prefix are understood")
    return place
