"""Lists of modules: what each line asks for, and that nothing else comes of a line than a file of a module."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.modules import requests
from gosteward.modules.care.wanted_modules import WantedFiles, of_go_mod, of_go_sum, of_list, of_text, together

SUM = "h1:" + "A" * 43 + "="


def names(wanted: WantedFiles) -> list[str]:
    return [f"{file.named}.{file.kind}" for file in wanted.files]


def test_a_line_for_a_zip_wants_all_and_one_for_a_go_mod_wants_that() -> None:
    found = of_go_sum(
        f"example.com/A v1.0.0 {SUM}\nexample.com/A v1.0.0/go.mod {SUM}\nexample.com/b v0.1.0/go.mod {SUM}\n"
    )
    assert set(names(found)) == {f"example.com/A@v1.0.0.{kind}" for kind in ("info", "mod", "zip")} | {
        "example.com/b@v0.1.0.mod"
    }
    assert dict(found.pins)["example.com/A", "v1.0.0", "zip"] == SUM


def test_a_go_mod_wants_what_it_requires_or_what_replaces_it() -> None:
    text = "module m\nrequire (\n a.com/x v1.0.0\n b.com/y v1.0.0\n c.com/z v1.0.0\n)\nreplace b.com/y => d.com/w v1.1.0\nreplace c.com/z => ../z\n"
    assert of_go_mod(text).versions == {("a.com/x", "v1.0.0"), ("d.com/w", "v1.1.0")}


def test_a_list_has_comments_and_each_file_is_wanted_once() -> None:
    one = of_list("# ours\n\nexample.com/a@v1.0.0  # needed\n", "list")
    assert len(together([one, one]).files) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("go.sum", "example.com/a v1.0.0\n"),
        ("go.sum", f"../../etc v1.0.0 {SUM}\n"),
        ("go.sum", f"example.com/a v2.0.0 {SUM}\n"),
        ("go.mod", "require example.com/a\n"),
        ("list", "example.com/a\n"),
        ("list", "example.com/a@main\n"),
        ("list", "example.com/../a@v1.0.0\n"),
    ],
)
def test_a_line_that_is_none_is_named(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=name):
        of_text(name, text)


@given(st.sampled_from(["go.sum", "go.mod", "list"]), st.text(alphabet="av./@!%\\ \n-+0123h:=#\x00Ω", max_size=80))
def test_whatever_stands_there_every_file_is_one_of_a_module(name: str, text: str) -> None:
    try:
        found = of_text(name, text)
    except UsageError:
        return
    assert all(requests.parse(f"/{file.path}") == file and file.canonical for file in found.files)
