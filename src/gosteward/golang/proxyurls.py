"""URLs of module proxies, checksum databases and HTTP proxies, as the go command reads and refuses them. Pure.

Source: cmd/go/internal/modfetch/proxy.go (`proxyList`, `newProxyRepo`) and sumdb.go (`dbDial`); golang.org/x/mod/sumdb/note
(`NewVerifier`); net/url; vendor/golang.org/x/net/http/httpproxy.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang.modulepaths import proxy_list

if TYPE_CHECKING:
    from gosteward.golang.modulepaths import ProxyEntry

PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
# No other file of ours spells the names of Go's own servers.
PUBLIC_PROXY = "proxy.golang.org"
DEFAULT_PROXY_URL = f"https://{PUBLIC_PROXY}"
DEFAULT_PROXY = f"{DEFAULT_PROXY_URL},direct"
# Of everybody: who runs these learns nothing from one host more, and has nobody's own modules.
PUBLIC_PROXIES = (PUBLIC_PROXY, "goproxy.io", "goproxy.cn", "mirrors.aliyun.com", "mirrors.cloud.tencent.com")
DEFAULT_DATABASE = "sum.golang.org"
DATABASE_IN_CHINA = "sum.golang.google.cn"
KNOWN_DATABASES = (DEFAULT_DATABASE, DATABASE_IN_CHINA)
DEFAULT_VULNERABILITY_DATABASE = "https://vuln.go.dev"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(?::(?P<port>\d*))?")
_BAD = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")
_WORD_BEHIND = re.compile(r";\s*(?:direct|off)$")
_NAME = re.compile(r"[^\s+/][^\s+]*")
# Each consumes all that it looks at, so that reading is linear.
_USER = re.compile(
    r"(?P<before>:/{1,2}(?!/)|^|(?<=[,|]))(?P<name>(?!\[)[^/@:,|\s]*)(?:@|:(?!/)(?P<rest>(?:(?!:/)[^/\n])*))"
)
# Behind what is no port a password goes on: with a slash in it a text is no URL, and is shown as such.
_SLASHED = re.compile(
    r"(?P<before>:/{1,2}(?!/))(?P<name>(?!\[)[^/@:,|\s]*):(?!\d*(?:[/,|\s]|$)|xxxxx@)(?P<rest>(?:(?!:/)\S)*)"
)
_ALGORITHM_ED25519 = 1


class Url(NamedTuple):
    """Parts of a URL.  user: "name" or "name:password", percent-escapes kept.  port: 0 where none is given.  path: with its query."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    user: str = ""

    @property
    def effective_port(self) -> int:
        """The port that is dialled."""
        return self.port or PORTS.get(self.scheme, 0)

    @property
    def shown(self) -> str:
        """The URL with its password as `xxxxx`, in the way of Go's url.Redacted; so is a name without a password: such names are tokens."""
        name, colon, _ = self.user.partition(":")
        user = f"{name}:xxxxx@" if colon else "xxxxx@" if name else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host}{port}{self.path}"


class SumDatabase(NamedTuple):
    """GOSUMDB.  name: "" when it is off.  url: where it is asked.  explicit: the URL was given, so proxies are not asked for it."""

    name: str
    url: str
    explicit: bool = False


def is_loopback(host: str) -> bool:
    """Whether a name or address is this host itself, in the form that URLs have it in, or without brackets."""
    return host in ("localhost", "[::1]", "::1") or host.startswith("127.") or host.endswith(".localhost")


def parse(text: str) -> Url | None:
    """Read a URL with a scheme; None for a text that Go refuses as one."""
    match = _SCHEME.match(text)
    if match is None or _BAD.search(text):
        return None
    scheme, rest = match[1].lower(), text[match.end() :]
    if not rest.startswith("//"):
        return Url(scheme, path=rest)
    rest = rest[2:]
    cut = next((i for i, c in enumerate(rest) if c in "/?#"), len(rest))
    authority, path = rest[:cut], rest[cut:]
    user, _, address = authority.rpartition("@")
    found = _HOST_PORT.fullmatch(address)
    if found is None or len(found["port"] or "") > 5:
        return None
    return Url(scheme, found["host"].lower(), int(found["port"] or 0), path, user)


def masked(text: str) -> str:
    """A URL, or a list of them as GOPROXY has it, without passwords; names as in `Url.shown`. Also of what is nearly a URL, as errors are about that."""
    return _SLASHED.sub(_masked, _USER.sub(_masked, text)) if "@" in text else text


def _masked(match: re.Match[str]) -> str:
    """Up to the last @."""
    if match["rest"] is None:
        return f"{match['before']}xxxxx@"
    _, at, host = match["rest"].rpartition("@")
    return f"{match['before']}{match['name']}:xxxxx@{host}" if at else match.group()


def entry_url(entry: ProxyEntry) -> str:
    """The URL that go makes of an entry: "https://" is put before a host without a scheme."""
    text = entry.text
    if any(c in text for c in ".:/") and ":/" not in text and not text.startswith("/"):
        return f"https://{text}"
    return text


def entry_problem(entry: ProxyEntry) -> str:
    """Why go refuses an entry of GOPROXY; "" if it does not.

    Returns:
        "scheme-missing" (a single word, or a path), "scheme" (neither https, http nor file, or its colon is missing), "file-host" (file://srv/go names a
        host), "space", "separator" (a semicolon between two URLs), "host" (nothing behind the scheme), "url".
    """
    if entry.kind in ("direct", "off"):
        return ""
    text = entry_url(entry)
    if re.search(r"\s", text):
        return "space"
    if entry.text.startswith(("http//", "https//")):
        return "scheme"
    url = parse(text)
    # No host has a semicolon in its name, though net/url takes it for one; nor has a directory `;direct` at its end.
    if text.count("://") > 1 or (url is not None and ";" in url.host) or _WORD_BEHIND.search(text):
        return "separator"
    if url is None:
        return "scheme-missing" if not _SCHEME.match(text) else "url"
    if url.scheme == "file":
        return "file-host" if url.host or url.user or url.port or "?" in url.path else ""
    if url.scheme not in ("http", "https"):
        return "scheme"
    return "" if url.host else "host"


def ignored_entries(value: str) -> str:
    """What stands behind `direct` or `off`, where go stops reading; "" where nothing does."""
    words = [w for w in re.split(r"[,|]", value) if w.strip()]
    for number, word in enumerate(words):
        if word.strip() in ("direct", "off"):
            return ",".join(w.strip() for w in words[number + 1 :])
    return ""


def uses_proxies(value: str) -> bool:
    """Whether a GOPROXY value names at least one proxy that is asked over the network."""
    return any(entry.kind == "url" for entry in proxy_list(value))


def sum_database(value: str) -> SumDatabase:
    """Read a GOSUMDB value; "" stands for the default, "off" for none."""
    fields = (value or DEFAULT_DATABASE).split()
    if not fields or fields[0] == "off":
        return SumDatabase("", "")
    name = fields[0].partition("+")[0]
    if fields[0] == DATABASE_IN_CHINA:
        return SumDatabase(DEFAULT_DATABASE, f"https://{DATABASE_IN_CHINA}", explicit=True)
    if len(fields) > 1:
        return SumDatabase(name, fields[1].rstrip("/"), explicit=True)
    return SumDatabase(name, f"https://{name}")


def database_problem(value: str) -> str:
    """Why go refuses a GOSUMDB value; "" if it does not.

    Returns:
        "fields" (more than a key and a URL), "unknown-name" (a name without its key), "word" (`direct`, `on` ...: no host name),
        "key" (not NAME+HASH+KEY), "hash" (a typing mistake in a key), "name" (not host[/path]), "url".
    """
    fields = value.split()
    if value == "off" or not fields:
        return "" if value == "off" else "fields"
    if len(fields) > 2:
        return "fields"
    if len(fields) == 2 and not _valid_database_url(fields[1]):
        return "url"
    return "" if fields[0] in KNOWN_DATABASES[:1] or value == KNOWN_DATABASES[1] else _key_problem(fields[0])


def _valid_database_url(text: str) -> bool:
    url = parse(text)
    return url is not None and url.scheme in ("http", "https", "file") and (bool(url.host) or url.scheme == "file")


def _key_problem(text: str) -> str:
    parts = text.split("+", 2)
    if len(parts) < 3:
        return "unknown-name" if "." in parts[0] or "/" in parts[0] or ":" in parts[0] else "word"
    name, wanted, encoded = parts
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "key"
    if len(wanted) != 8 or not re.fullmatch(r"[0-9a-fA-F]{8}", wanted) or not key:
        return "key"
    if hashlib.sha256(f"{name}\n".encode("utf-8", "surrogateescape") + key).digest()[:4].hex() != wanted.lower():
        return "hash"
    if key[0] != _ALGORITHM_ED25519 or len(key) != 33:
        return "key"
    return "" if _NAME.fullmatch(name) and not name.endswith("/") and "?" not in name and "#" not in name else "name"
