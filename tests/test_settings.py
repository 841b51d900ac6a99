"""Settings as they are written: what is taken, and one clear error, with file and line, for all else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.settings import KEYS, Chosen, Settings, merged, of_environment, parse

SITE = """\
# of the whole site
[toolchains]
sources = [
  "https://mirror.example/golang",
  "/srv/go",
]
root = "/opt/go/"
'links' = false
"""


def test_each_value_knows_the_line_that_it_comes_from() -> None:
    found = merged(parse(SITE, "F"))
    assert found == Settings(
        sources=("https://mirror.example/golang", "/srv/go"),
        root="/opt/go",
        links=False,
        origins=(("sources", "F:3"), ("root", "F:7"), ("links", "F:8")),
    )
    assert found.origin("adopt") == "default"


def test_what_comes_later_counts_more() -> None:
    found = merged((*parse(SITE, "F"), Chosen("links", True, "G:1"), *of_environment("/a, https://b", "/r")))
    assert (found.sources, found.root, found.links) == (("/a", "https://b"), "/r", True)
    assert (found.origin("sources"), found.origin("root"), found.origin("links")) == (
        "GOSTEWARD_FROM",
        "GOSTEWARD_ROOT",
        "G:1",
    )


@pytest.mark.parametrize(
    ("text", "what", "subject"),
    [
        ("[toolchains]\n\nadpt = true\n", "not a setting", "F:3: adpt"),
        ("[toolchain]\nadopt = true\n", "not a setting", "F:1: toolchain"),
        ("root = '/opt/go'\n", "not a setting", "F:1: root"),
        ("[toolchains]\nadopt = 'yes'\n", "adopt is true or false", "F:2: 'yes'"),
        ("[toolchains]\nsources = '/srv'\n", 'sources is a list of texts, ["..."]', "F:2: '/srv'"),
        ("[toolchains]\nroot = 'opt'\n", "the root must be a whole path", "F:2: root"),
        ("[toolchains]\nsources = ['ftp://x']\n", "a source is a URL or a whole path", "F:2: sources: ftp://x"),
        ('[toolchains]\nroot = "/a\\u0000"\n', "there is an invisible character in it", "F:2: root"),
        ("[toolchains]\nroot = \n", "not TOML (Invalid value)", "F:2"),
        ("[toolchains]\nroot = '/a'\nroot = '/b'\n", "not TOML (Cannot overwrite a value)", "F:3"),
        ("a = " + "[" * 5000, "not settings", "F"),
    ],
)  # fmt: skip
def test_what_is_no_setting_is_told_with_its_line(text: str, what: str, subject: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "F")
    assert (caught.value.what, caught.value.subject, caught.value.exit_code) == (what, subject, 2)


def test_no_error_shows_a_password() -> None:
    with pytest.raises(UsageError) as caught:
        parse("[toolchains]\nsources = ['https://me:secret@host', 3]\n", "F")
    assert "secret" not in str(caught.value)


@given(st.text(alphabet=st.sampled_from("[]toolchainsrt=\"'/\n .,#{}1\\u"), max_size=200) | st.text(max_size=200))
@example("[toolchains]\nroot = 1979-05-27\n")
def test_any_text_is_settings_or_one_error(text: str) -> None:
    try:
        found = parse(text, "F")
    except UsageError:
        return
    assert {choice.key for choice in found} <= KEYS.keys()
