"""What was meant by values that go refuses; what is not certain stays without an answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.golang import meant_values
from gosteward.golang.goflags import fault
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import database_problem, entry_problem


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("https://goproxy.corp.example;direct", "https://goproxy.corp.example,direct"),
        ("https://a.example direct", "https://a.example,direct"),
        ("https://a.example|;direct", "https://a.example|direct"),
        ("https://u:p@a.example;direct", "https://u:p@a.example,direct"),
        ("file:///srv/goproxy;off", "file:///srv/goproxy,off"),
        ("file://srv/goproxy", "file:///srv/goproxy"),
        ("/srv/goproxy", "file:///srv/goproxy"),
        ("htps://a.example,direct", "https://a.example,direct"),
        ("https//a.example,dircet", "https://a.example,direct"),
        ("http:/a.example:8080/go", "http://a.example:8080/go"),
        ("OFF", "off"),
        ("https://a.example,default", "https://a.example"),
        ("default,direct", ""),
        ("ftp://a.example", ""),
        ("on", ""),
        ("https://a.example,direct", ""),
    ],
)
def test_proxies(value: str, meant: str) -> None:
    assert meant_values.proxies(value) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("https://sum.golang.org", "sum.golang.org"),
        ("sum.golang.com", "sum.golang.org"),
        ("sum.golang.org+033de0ae+bad", "sum.golang.org"),
        ("sum.golang.org sum.golang.google.cn", "sum.golang.org"),
        ("sum.golang.gogle.cn", "sum.golang.google.cn"),
        ("sumdb.corp.example", ""),
        ("on", ""),
    ],
)
def test_databases(value: str, meant: str) -> None:
    assert meant_values.database(value) == meant


@pytest.mark.parametrize("value", ["OFF", "Off", "of", "offf", "none", "0"])
def test_a_misspelt_off_never_switches_the_database_off(value: str) -> None:
    assert meant_values.database(value) == ""


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("1.25.4", "go1.25.4"),
        ("Go1.25.4+Auto", "go1.25.4+auto"),
        ("go1.25", "go1.25.0"),
        ("LOCAL", "local"),
        ("latest", ""),
        ("go1.25.4+download", ""),
        ("auto", ""),
    ],
)
def test_toolchains(value: str, meant: str) -> None:
    assert meant_values.toolchain(value) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("-tags netgo", "-tags=netgo"),
        ("-ldflags '-s -w' -v", "'-ldflags=-s -w' -v"),
        ("-ldflags -s -w -v", "'-ldflags=-s -w' -v"),
        ("-ldflags -s", "-ldflags=-s"),
        ("-tags -v", "-v"),
        ('-ldflags="-s -w"', '"-ldflags=-s -w"'),
        ("'-ldflags=-s -w", "'-ldflags=-s -w'"),
        ("-mod=vendored -trimpath", "-trimpath"),
        ("mod=mod", "-mod=mod"),
        ("foo -v", "-v"),
        ("foo", ""),
    ],
)
def test_flags(value: str, meant: str) -> None:
    assert meant_values.flags(value) == meant


def test_a_flag_goes_and_the_others_stay_as_they_are_written() -> None:
    assert meant_values.flags_without("'-ldflags=-s -w' -mod=vendor  -v", ("-mod=vendor",)) == "'-ldflags=-s -w' -v"


def test_targets_have_gos_own_names() -> None:
    assert [meant_values.target("GOARCH", v) for v in ("x86_64", "aarch64", "AMD64", "amd64", "i686")] == [
        "amd64",
        "arm64",
        "amd64",
        "",
        "386",
    ]
    assert [meant_values.target("GOOS", v) for v in ("Linux", "macos", "linux")] == ["linux", "darwin", ""]


@settings(deadline=None)
@given(st.text(st.sampled_from("htps:/;,| direcof.a-='\"\\v0+"), max_size=40))
def test_what_is_meant_is_what_go_takes(value: str) -> None:
    proxies = meant_values.proxies(value)
    assert not proxies or not any(entry_problem(entry) for entry in proxy_list(proxies))
    assert fault(meant_values.flags(value)) is None
    database = meant_values.database(value)
    assert not database or not database_problem(database)
