"""Paths of the module proxy protocol: what is one means one file, and nothing else is ever read as one."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import gomod
from gosteward.modules.requests import DatabaseRequest, Malformed, ModuleRequest, is_canonical, parse

GOOD = {
    "/golang.org/x/text/@v/list": ("list", "golang.org/x/text", "", False),
    "/golang.org/x/text/@latest": ("latest", "golang.org/x/text", "", False),
    "/golang.org/x/text/@v/v0.3.0.info": ("info", "golang.org/x/text", "v0.3.0", True),
    "/golang.org/x/text/@v/v0.3.0.zip": ("zip", "golang.org/x/text", "v0.3.0", True),
    "/github.com/!burnt!sushi/toml/@v/v1.4.0.mod": ("mod", "github.com/BurntSushi/toml", "v1.4.0", True),
    "/github.com/%21burnt%21sushi/toml/@v/v1.4.0.mod": ("mod", "github.com/BurntSushi/toml", "v1.4.0", True),
    "/golang.org/x/text/@v/master.info": ("info", "golang.org/x/text", "master", False),
    "/golang.org/x/text/@v/5d9f230b.info": ("info", "golang.org/x/text", "5d9f230b", False),
    "/golang.org/x/text/@v/v0.3.info": ("info", "golang.org/x/text", "v0.3", False),
    "/example.com/a/@v/v2.0.0+incompatible.zip": ("zip", "example.com/a", "v2.0.0+incompatible", True),
    "/example.com/a/v2/@v/v2.0.0-!r!c1.mod": ("mod", "example.com/a/v2", "v2.0.0-RC1", True),
    "/gopkg.in/yaml.v2/@v/v2.4.0.zip": ("zip", "gopkg.in/yaml.v2", "v2.4.0", True),
    "/golang.org/toolchain/@v/v0.0.1-go1.26.8.linux-amd64.zip": (
        "zip", "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64", True,
    ),
    "/example.com/a/@v/v2.0.0.info": ("info", "example.com/a", "v2.0.0", False),
}  # fmt: skip


@pytest.mark.parametrize("target", GOOD)
def test_path_of_the_protocol(target: str) -> None:
    found = parse(target)
    assert isinstance(found, ModuleRequest)
    assert (*found[:3], found.canonical) == GOOD[target]
    assert found.path == target[1:].replace("%21", "!")


BAD = [
    "", "/", "golang.org/x/text/@v/list", "/golang.org/x/text", "/golang.org/x/text/@v/", "/golang.org/x/text/@v/.zip",
    "/golang.org/x/text/@v/v0.3.0.ziphash", "/golang.org/x/text/@v/v0.3.0.lock", "/golang.org//x/text/@v/list", "//golang.org/x/text/@v/list",
    "/golang.org/x/../text/@v/list", "/golang.org/x/%2e%2e/text/@v/list", "/golang.org/x/text/@v/..%2f..%2fetc%2fpasswd.zip",
    "/golang.org/x/text/@v/v0.3.0%00.zip", "/golang.org/x/%2521/@v/list", "/golang.org/x/text/@v/%76%25.info", "/GOLANG.org/x/text/@v/list",
    "/golang.org/x/!!text/@v/list", "/golang.org/x/text!/@v/list", "/golang.org\\x/@v/list", "/golang/x/text/@v/list", "/.golang.org/x/@v/list",
    "/golang.org/x/.git/@v/list", "/golang.org/x/text/@v/master.zip", "/golang.org/x/text/@v/v2.0.0.zip", "/golang.org/x/text/@v/feature/x.info",
    "/golang.org/x/text/@v/v0.3.0+meta.zip", "/golang.org/x/text/@v/.hidden.info", "/!golang.org/x/text/@v/list", "/-golang.org/x/@v/list", "/example.com/" + "a" * 256 + "/@v/list",
    "/example.com/a/@v/" + "b" * 255 + ".info", "/example.com/a/@v/v1.0.0-" + "b" * 250 + ".zip", "/golang.org/x/t\u00e9xt/@v/list", "/" + "a" * 3000 + ".com/@v/list",
    "/sumdb/NAME", "/sumdb/name/lookup/../../x", "/sumdb/./latest", "/sumdb/name/tile/8/0/../1", "/sumdb//latest", "/sumdb/name/lookup/golang.org/x/text",
]  # fmt: skip


@pytest.mark.parametrize("target", BAD)
def test_what_is_no_path_of_the_protocol_is_refused(target: str) -> None:
    assert isinstance(parse(target), Malformed)


@pytest.mark.parametrize(
    ("target", "name", "rest"),
    [
        ("/sumdb/sum.example/supported", "sum.example", "supported"),
        ("/sumdb/localhost.localdev/sumdb/latest", "localhost.localdev/sumdb", "latest"),
        ("/sumdb/sum.example/lookup/golang.org/x/text@v0.3.0", "sum.example", "lookup/golang.org/x/text@v0.3.0"),
        ("/sumdb/sum.example/tile/8/0/x001/234.p/7", "sum.example", "tile/8/0/x001/234.p/7"),
        ("/sumdb/sum.example/tile/8/data/000", "sum.example", "tile/8/data/000"),
    ],
)
def test_path_of_a_checksum_database(target: str, name: str, rest: str) -> None:
    assert parse(target) == DatabaseRequest(name, rest)


@given(st.text(alphabet=st.sampled_from("ab.!/@v%2eE-_~+0 1\\\x00é"), max_size=60))
def test_whatever_is_accepted_stays_below_the_store_and_means_one_thing(text: str) -> None:
    found = parse(f"/a.b/{text}")
    if isinstance(found, ModuleRequest):
        assert posixpath.normpath(f"/store/{found.path}") == f"/store/{found.path}"
        assert not found.path.startswith("/")
        written = gomod.escape(found.module) + ("/@latest" if found.kind == "latest" else "/@v/")
        written += (
            ""
            if found.kind == "latest"
            else "list"
            if found.kind == "list"
            else f"{gomod.escape(found.version)}.{found.kind}"
        )
        assert written == found.path


@pytest.mark.parametrize(
    ("module", "version", "canonical"),
    [
        ("example.com/a", "v1.2.3", True),
        ("example.com/a", "v0.0.0-20200101000000-abcdefabcdef", True),
        ("example.com/a", "v2.0.0", False),
        ("example.com/a", "v2.0.0+incompatible", True),
        ("example.com/a", "v1.0.0+incompatible", False),
        ("example.com/a/v2", "v2.1.0", True),
        ("example.com/a/v2", "v3.0.0", False),
        ("example.com/a/v2", "v2.0.0+incompatible", False),
        ("gopkg.in/yaml.v2", "v2.4.0", True),
        ("gopkg.in/yaml.v2", "v3.0.0", False),
        ("gopkg.in/yaml.v1", "v0.0.0-20140924161607-9f9df34309c0", True),
        ("example.com/a", "v1.2", False),
        ("example.com/a", "master", False),
    ],
)
def test_canonical_versions_fit_the_major_version_of_the_path(module: str, version: str, canonical: bool) -> None:
    assert is_canonical(module, version) is canonical
