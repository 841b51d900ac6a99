"""Which HTTP proxy go asks for a URL: http_proxy, https_proxy and no_proxy as Go reads them. Pure.

Source: vendor/golang.org/x/net/http/httpproxy (`FromEnvironment`, `parseProxy`, `useProxy`): the name in capitals comes first, a
value without a scheme is an http URL, and this host itself is never asked through a proxy. all_proxy is not read. Before Go 1.23 a value
with another scheme than http, https and socks5 was taken for one without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goversion
from gosteward.golang.proxyurls import Url, parse
from gosteward.reasoning.viewpoint import first_go, variable

if TYPE_CHECKING:
    from gosteward.snapshot import Context, EnvironmentVariable, Location

_MOST_EXCEPTIONS = 500
_ANY_SCHEME_SINCE = "go1.23rc1"
_ALWAYS_KNOWN = ("http", "https", "socks5")


class HttpProxies(NamedTuple):
    """Values of the three variables, "" where not set."""

    http: str = ""
    https: str = ""
    no_proxy: str = ""


def in_use(context: Context, name: str) -> EnvironmentVariable | None:
    """The variable that go reads for a name in small letters; one that is empty or not exported is none."""
    for candidate in (name.upper(), name):
        found = variable(context, candidate)
        if found is not None and found.exported and found.value:
            return found
    return None


def of_context(context: Context) -> HttpProxies:
    """The values that go reads in a context, as the first go there takes them."""
    entry = first_go(context)
    version = entry.go.version if entry is not None and entry.go is not None else ""
    found = {name: in_use(context, f"{name}_proxy") for name in ("http", "https", "no")}
    http, https, no_proxy = (variable.value if variable is not None else "" for variable in found.values())
    return HttpProxies(_as_taken(http, version), _as_taken(https, version), no_proxy)


def _as_taken(value: str, version: str) -> str:
    scheme, colon, _ = value.partition("://")
    known = not colon or scheme.lower() in _ALWAYS_KNOWN
    return value if known or not goversion.older(version, _ANY_SCHEME_SINCE) else f"http://{value}"


def line_of(context: Context, scheme: str) -> Location | None:
    """The line that sets the proxy for URLs of a scheme."""
    found = in_use(context, f"{scheme}_proxy")
    return found.sources[0] if found is not None and found.sources else None


def proxy_for(proxies: HttpProxies, url: Url) -> Url | None:
    """The proxy through which a URL is asked; None for none."""
    value = {"http": proxies.http, "https": proxies.https}.get(url.scheme, "")
    found = _proxy(value) if value else None
    return found if found is not None and _uses_proxy(proxies.no_proxy, url.host, url.effective_port) else None


def _proxy(value: str) -> Url | None:
    found = parse(value)
    if found is None or not found.host:
        found = parse(f"http://{value}")
        # What is behind the scheme of a text that is no URL may be a password; a proxy needs no path.
        found = found._replace(path="") if found is not None and "://" in value else found
    return found if found is not None and found.host else None


def _uses_proxy(exceptions: str, host: str, port: int) -> bool:
    name = host.strip("[]").lower()
    if name == "localhost":
        return False
    address = _number(name)
    if address is not None and _is_loopback(address):
        return False
    for entry in exceptions.lower().split(",")[:_MOST_EXCEPTIONS]:
        text = entry.strip()
        if text == "*" or (text and _excepts(text, name, address, port)):
            return False
    return True


def _excepts(entry: str, name: str, address: bytes | None, port: int) -> bool:
    network, slash, bits = entry.partition("/")
    base = _number(network)
    if slash and base is not None and bits.isdecimal() and len(bits) < 4:
        return address is not None and _inside(address, base, int(bits))
    wanted, wanted_port = _split_port(entry)
    if wanted_port and wanted_port != str(port):
        return False
    numeric = _number(wanted)
    if numeric is not None:
        return address == numeric
    if address is not None or not wanted:
        return False
    if wanted.startswith("*."):
        wanted = wanted[1:]
    return name.endswith(wanted) if wanted.startswith(".") else name == wanted or name.endswith(f".{wanted}")


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        wanted, _, rest = entry[1:].partition("]")
        return wanted, rest[1:] if rest.startswith(":") else ""
    if entry.count(":") == 1:
        wanted, _, port = entry.partition(":")
        return wanted, port
    return entry, ""


def _number(text: str) -> bytes | None:
    """An IPv4 or IPv6 address as bytes; None for a name."""
    if not text or not (":" in text or text.replace(".", "").isdecimal()):
        return None
    import ipaddress

    try:
        return ipaddress.ip_address(text).packed
    except ValueError:
        return None


def _is_loopback(address: bytes) -> bool:
    return address[0] == 127 if len(address) == 4 else address == bytes(15) + b"\x01"


def _inside(address: bytes, base: bytes, bits: int) -> bool:
    if len(address) != len(base) or bits > len(base) * 8:
        return False
    shift = len(base) * 8 - bits
    return int.from_bytes(address, "big") >> shift == int.from_bytes(base, "big") >> shift
