"""Which HTTP proxy go asks: the rules of golang.org/x/net/http/httpproxy."""

from __future__ import annotations

import pytest

from gosteward.golang.proxyurls import parse
from gosteward.reasoning.http_proxies import HttpProxies, in_use, of_context, proxy_for
from gosteward.snapshot import Binary, Context, EnvironmentVariable, PathEntry

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("no_proxy", "url", "used"),
    [
        ("", "https://a.example/", True),
        ("", "http://localhost/", False),
        ("", "http://127.0.0.9:3000/", False),
        ("", "http://[::1]/", False),
        ("*", "https://a.example/", False),
        ("corp.example", "https://goproxy.corp.example/", False),
        ("corp.example", "https://corp.example/", False),
        ("corp.example", "https://notcorp.example/", True),
        (".corp.example", "https://corp.example/", True),
        (".corp.example", "https://a.corp.example/", False),
        ("*.corp.example", "https://a.corp.example/", False),
        ("corp.example:8443", "https://corp.example/", True),
        ("corp.example:443", "https://corp.example/", False),
        ("10.0.0.0/8", "http://10.1.2.3/", False),
        ("10.0.0.0/8", "http://11.1.2.3/", True),
        ("10.1.2.3", "http://10.1.2.3:80/", False),
        ("10.0.0.0/8", "http://name.example/", True),
        ("nonsense/99,10.0.0.0/99, ", "http://10.1.2.3/", True),
        pytest.param("10.0.0.0/" + "9" * 5000, "http://10.1.2.3/", True, id="more digits than int() takes"),
    ],
)
def test_exceptions(no_proxy: str, url: str, used: bool) -> None:
    target = parse(url)
    assert target is not None
    assert (proxy_for(HttpProxies(PROXY, PROXY, no_proxy), target) is not None) == used


def test_each_scheme_has_its_own_proxy_and_a_bare_host_is_an_http_url() -> None:
    proxies = HttpProxies(https="proxy.example:3128")
    https, http = parse("https://a.example/"), parse("http://a.example/")
    assert https is not None
    assert http is not None
    found = proxy_for(proxies, https)
    assert found is not None
    assert found.shown == "http://proxy.example:3128"
    assert proxy_for(proxies, http) is None


@pytest.mark.parametrize(
    ("version", "value", "taken"),
    [
        ("go1.26.8", "socks5h://127.0.0.1:1080", "socks5h://127.0.0.1:1080"),
        ("go1.23rc1", "socks://127.0.0.1:1080", "socks://127.0.0.1:1080"),
        ("", "socks5h://127.0.0.1:1080", "socks5h://127.0.0.1:1080"),
        # Go 1.22.12: "proxyconnect tcp: dial tcp: lookup socks5h: no such host"
        ("go1.22.12", "socks5h://127.0.0.1:1080", "http://socks5h//127.0.0.1:1080"),
        ("go1.22.12", "SOCKS5://127.0.0.1:1080", "socks5://127.0.0.1:1080"),
        ("go1.22.12", "127.0.0.1:3128", "http://127.0.0.1:3128"),
    ],
)
def test_go_before_1_23_took_an_unknown_scheme_for_a_host(version: str, value: str, taken: str) -> None:
    go = Binary("/usr/local/go/bin/go", version=version)
    variables = (EnvironmentVariable("https_proxy", value),)
    context = Context("x", "login", search_path=(PathEntry("/usr/local/go/bin", go=go),), variables=variables)
    target = parse("https://a.example/")
    assert target is not None
    found = proxy_for(of_context(context), target)
    assert found is not None
    assert found.shown == taken


def test_capitals_come_first_and_what_is_not_exported_does_not_count() -> None:
    context = Context(
        name="x",
        kind="login",
        variables=(
            EnvironmentVariable("https_proxy", "http://small"),
            EnvironmentVariable("HTTPS_PROXY", "http://large"),
            EnvironmentVariable("HTTP_PROXY", "http://hidden", exported=False),
        ),
    )
    found = in_use(context, "https_proxy")
    assert found is not None
    assert found.value == "http://large"
    assert in_use(context, "http_proxy") is None
