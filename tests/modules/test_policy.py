"""Policies: what is written down is what holds, the first rule that fits decides, and a mistake never opens what was meant to be closed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.golang import semver, version_ranges
from gosteward.golang.proxyurls import PUBLIC_PROXIES
from gosteward.modules import policy as rules
from gosteward.modules.policy_file import parse
from gosteward.modules.upstreams import upstreams
from growth import grows_linearly

NUMBER = st.integers(0, 30).map(str)
IDENTIFIER = st.one_of(NUMBER, st.from_regex(r"[a-z]{1,4}[0-9]{0,2}", fullmatch=True))
VERSION = st.builds(
    lambda a, b, c, pre, build: f"v{a}.{b}.{c}{'-' + '.'.join(pre) if pre else ''}{build}",
    NUMBER, NUMBER, NUMBER, st.lists(IDENTIFIER, max_size=3), st.sampled_from(["", "+incompatible"]),
)  # fmt: skip

# semver.org, section 11, and golang.org/x/mod/semver/semver_test.go have this order.
ASCENDING = (
    "v0.0.0-20200101000000-abcdefabcdef v0.0.1 v1.0.0-alpha v1.0.0-alpha.1 v1.0.0-alpha.beta v1.0.0-beta v1.0.0-beta.2 "
    "v1.0.0-beta.11 v1.0.0-rc.1 v1.0.0 v1.2.0 v1.2.1-0.20200101000000-abcdefabcdef v1.2.1 v1.10.0 v2.0.0+incompatible v10.0.0"
).split()


def denied(text: str, version: str, module: str = "example.com/lib") -> bool:
    return not rules.by_name(parse(text, "policy.toml"), module, version).allows


def test_versions_stand_in_the_order_of_semantic_versioning() -> None:
    assert sorted(set(ASCENDING), key=semver.order) == ASCENDING
    assert semver.order("v2.0.0+incompatible") == semver.order("v2.0.0")


@given(VERSION, VERSION, VERSION)
def test_ranges_hold_what_lies_between_their_bounds(one: str, other: str, version: str) -> None:
    low, high = sorted((one, other), key=semver.order)
    place = semver.order(version)
    if semver.order(low) != semver.order(high):
        held = semver.order(low) <= place < semver.order(high)
        assert version_ranges.parse(f">={low} <{high}").holds(version) == held
        assert version_ranges.of_events({"introduced": low[1:], "fixed": high}).holds(version) == held
    assert version_ranges.parse(f"<{low}").holds(version) == (place < semver.order(low))
    assert version_ranges.parse(f">{low}").holds(version) == (place > semver.order(low))
    assert version_ranges.parse(low).holds(version) == (place == semver.order(low))
    assert version_ranges.parse(f"<={high},>={low}").holds(high)


@given(st.text(alphabet="v0123456789.-+<>=, abc", max_size=40))
def test_a_range_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        found = version_ranges.parse(text)
        assert found.holds(found.low or found.high) == (found.with_low if found.low else found.with_high)


def test_retractions_are_read_as_go_reads_them() -> None:
    found = version_ranges.retracted_by(
        "module x\nretract v1.0.0 // bad\nretract (\n\t[v1.2.0, v1.3.0]\n\tv2 // no\n)\n"
    )
    held = [
        version for version in ("v1.0.0", "v1.1.0", "v1.2.0", "v1.2.9", "v1.3.0") if version_ranges.hold(found, version)
    ]
    assert held == ["v1.0.0", "v1.2.0", "v1.2.9", "v1.3.0"]


def test_the_first_rule_that_fits_decides() -> None:
    text = """
    default = "deny"
    [[rule]]
    deny = "example.com/lib"
    versions = ["<v1.2.0", {introduced = "1.4.0", fixed = "1.4.2"}]
    [[rule]]
    allow = ["example.com/lib", "example.com/*/tools"]
    [[rule]]
    deny = ["example.com"]
    """
    assert [denied(text, v) for v in ("v1.1.9", "v1.2.0-rc.1", "v1.2.0", "v1.4.0", "v1.4.2")] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert not denied(text, "v1.0.0", "example.com/any/tools/sub")
    assert denied(text, "v1.0.0", "example.com/any")
    assert denied(text, "v1.0.0", "example.org/any")
    policy = parse(text, "policy.toml")
    assert rules.denied_whole(policy, "example.com/lib") is None
    whole = rules.denied_whole(policy, "example.com/none")
    assert whole is not None
    assert str(whole.place) == "policy.toml:8"


def test_ages_sizes_and_routes_have_exceptions() -> None:
    text = """
    minimum_age = "7d"
    maximum_zip = "100MiB"
    private = ["corp.example"]
    [[age]]
    modules = ["golang.org/toolchain"]
    minimum_age = "0"
    [[age]]
    modules = ["example.com/lib"]
    versions = ["v1.2.4"]
    minimum_age = "36h"
    [[size]]
    modules = ["example.com/data"]
    maximum_zip = 1
    [[route]]
    modules = ["corp.example/go"]
    upstream = "https://a.example,https://b.example/x"
    """
    policy = parse(text, "policy.toml")
    assert rules.age_wanted(policy, "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64").seconds == 0
    assert rules.age_wanted(policy, "example.com/lib", "v1.2.4").seconds == 36 * 3600
    assert rules.age_wanted(policy, "example.com/lib", "v1.2.5").seconds == 7 * 86_400
    assert rules.largest(policy, "example.com/data", "v1.0.0").most == 1
    assert rules.largest(policy, "example.com/lib", "v1.0.0").most == 100 << 20
    usual = parse('[[route]]\nmodules = ["x.example"]\nupstream = "https://usual.example"\n', "p").routes[0].upstreams
    assert [one.url for one in rules.upstreams_for(policy, "corp.example/go/x", usual)] == [
        "https://a.example",
        "https://b.example/x",
    ]
    assert rules.upstreams_for(policy, "corp.example/other", usual) == ()
    assert rules.upstreams_for(policy, "example.com/lib", usual) == usual


OUTSIDE = PUBLIC_PROXIES[1]
WRONG = {
    "no TOML": ("[[rule]\n", "policy.toml:1"),
    "unknown key": ("minimum_ages = '7d'\n", "minimum_ages"),
    "unknown key of a rule": ("\n[[rule]]\ndeny = ['a.b']\nversion = 'v1.0.0'\n", "policy.toml:2: version"),
    "neither": ("[[rule]]\nreason = 'x'\n", "policy.toml:1"),
    "both": ("[[rule]]\nallow = ['a.b']\ndeny = ['a.b']\n", "policy.toml:1"),
    "default": ("default = 'maybe'\n", "maybe"),
    "age": ("minimum_age = '7 days'\n", "7 days"),
    "age as a number": ("minimum_age = 7\n", "7"),
    "size": ("maximum_zip = '1T'\n", "1T"),
    "size as truth": ("maximum_zip = true\n", "True"),
    "pattern": ("private = ['https://corp.example']\n", "https://corp.example"),
    "two patterns in one": ("[[rule]]\ndeny = ['a.b,c.d']\n", "a.b,c.d"),
    "empty list": ("[[rule]]\ndeny = []\n", "deny"),
    "no versions": ("[[rule]]\ndeny = ['a.b']\nversions = []\n", "versions"),
    "range": ("[[rule]]\ndeny = ['a.b']\nversions = ['<1.2']\n", "<1.2"),
    "empty range": ("[[rule]]\ndeny = ['a.b']\nversions = ['>v2.0.0 <v1.0.0']\n", ">v2.0.0"),
    "events": ("[[rule]]\ndeny = ['a.b']\nversions = [{fixed = '1.0.0'}]\n", "fixed"),
    "no list of tables": ("[rule]\ndeny = ['a.b']\n", "rule"),
    "contradiction": ("[[rule]]\ndeny = ['a.b/*']\n[[rule]]\nallow = ['a.b/c', 'a.b/d/e']\n", "policy.toml:3"),
    "repetition": ("[[age]]\nmodules = ['a.b']\nminimum_age = '1d'\n[[age]]\nmodules = ['a.b']\nminimum_age = '2d'\n", "policy.toml:4"),
    "route": ("[[route]]\nmodules = ['a.b']\nupstream = 'direct'\n", "policy.toml:1"),
    "route of a name": ("[[route]]\nmodules = ['a.b']\nupstream = 'athens'\n", "athens"),
    "private outside": (f"private = ['a.b']\n[[route]]\nmodules = ['a.b/c']\nupstream = 'https://{OUTSIDE}'\n", OUTSIDE),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_in_a_policy_is_refused_with_its_place(wrong: str) -> None:
    text, named = WRONG[wrong]
    with pytest.raises(UsageError) as raised:
        parse(text, "/etc/gosteward/policy.toml")
    assert named in str(raised.value)


def test_lines_are_told_only_where_they_are_right() -> None:
    inline = parse("rule = [{deny = ['a.b'], reason = '''\n[[rule]]\n[[rule]]\n'''}]\n", "p.toml")
    assert str(inline.rules[0].place) == 'rule "rule 1", p.toml'


@pytest.mark.parametrize(
    ("seconds", "text", "waited"),
    [
        (0, "less than a minute", "less than a minute"),
        (60, "1 minute", "1 minute"),
        (7_300, "2 hours", "3 hours"),
        (86_400 * 2.6, "2 days", "3 days"),
    ],
)
def test_what_has_to_be_waited_for_is_over_when_the_words_say_so(seconds: float, text: str, waited: str) -> None:
    assert (rules.shown(seconds), rules.shown(seconds, up=True)) == (text, waited)


def test_reading_grows_with_the_number_of_rules_and_no_faster() -> None:
    def read(count: int) -> None:
        parse("".join(f'[[rule]]\ndeny = ["example.com/m{number}"]\n' for number in range(count)), "policy.toml")

    assert grows_linearly(read, 2_000)


VULNERABLE = '[vulnerable]\nwhen_unknown = "deny"\n'


def test_known_vulnerabilities_are_refused_as_it_is_written() -> None:
    found = parse(f'{VULNERABLE}except = ["GO-2024-1234"]\nunreviewed = "allow"\n', "/etc/policy.toml").vulnerable
    assert found == rules.Vulnerable(
        "*", frozenset({"GO-2024-1234"}), unreviewed=False, toolchains=False, passes_unknown=False,
        place=rules.Place("policy.toml", 1, "vulnerable"),
    )  # fmt: skip
    assert parse("", "policy.toml").vulnerable is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[vulnerable]\n", "when_unknown"),
        ('[vulnerable]\nwhen_unknown = "maybe"\n', "when_unknown"),
        (f"{VULNERABLE}deny = true\n", "not a key"),
        (f'{VULNERABLE}except = "GO-2024-1234"\n', "list"),
        (f'{VULNERABLE}except = ["1234"]\n', "no vulnerability"),
        (f"{VULNERABLE}modules = []\n", "patterns"),
        (f"{VULNERABLE}toolchains = true\n", "toolchains"),
        ("vulnerable = 1\n", "table"),
        ("[[vulnerable]]\n", "table"),
    ],
)  # fmt: skip
def test_a_mistake_about_vulnerabilities_is_an_error(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text, "policy.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('unknown = "deny"\n', "either `allow` or `deny`"),
        ('allow = ["MIT"]\ndeny = ["MIT"]\nunknown = "deny"\n', "either `allow` or `deny`"),
        ('allow = ["MIT"]\n', "unknown is"),
        ('allow = ["MITT"]\nunknown = "deny"\n', "no licence"),
        ('allow = "MIT"\nunknown = "deny"\n', "a list of licences"),
    ],
)
def test_a_mistake_about_licences_is_an_error(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(f"[licences]\n{text}", "policy.toml")


def test_what_is_denied_held_back_or_private_is_so_in_every_spelling() -> None:
    text = """
private = ["github.com/corp"]
minimum_age = "1d"
maximum_zip = 1000
[[rule]]
allow = ["github.com/Sirupsen/logrus"]
[[rule]]
deny = ["github.com/sirupsen", "github.com/bad/x"]
reason = "r"
[[rule]]
deny = ["github.com/old/x"]
versions = ["<v1.0.0"]
reason = "r"
[[age]]
modules = ["github.com/slow"]
minimum_age = "9d"
[[age]]
modules = ["github.com/fast"]
minimum_age = "0"
[[size]]
modules = ["github.com/small"]
maximum_zip = 10
[[size]]
modules = ["github.com/large"]
maximum_zip = 10000
[[route]]
modules = ["git.corp.example/team"]
upstream = "https://athens.corp.example"
"""
    policy = parse(text, "policy.toml")
    assert denied(text, "v1.0.0", "github.com/BAD/x")
    assert denied(text, "v0.9.0", "github.com/Old/X")
    assert not denied(text, "v1.0.0", "github.com/Old/X")
    assert not denied(text, "v1.0.0", "github.com/Sirupsen/logrus")  # what is allowed is so as it is written
    assert denied(text, "v1.0.0", "github.com/SIRUPSEN/logrus")
    assert rules.denied_whole(policy, "github.com/BAD/x") is not None
    assert not rules.is_plain(policy, "github.com/BAD/x")
    days = {module: rules.age_wanted(policy, f"github.com/{module}/x", "v1.0.0").seconds / rules.DAY for module in ("slow", "Slow", "fast", "Fast", "other")}  # fmt: skip
    assert days == {"slow": 9, "Slow": 9, "fast": 0, "Fast": 1, "other": 1}
    sizes = {module: rules.largest(policy, f"github.com/{module}/x", "v1.0.0").most for module in ("small", "Small", "large", "Large", "other")}  # fmt: skip
    assert sizes == {"small": 10, "Small": 10, "large": 10000, "Large": 1000, "other": 1000}
    assert rules.upstreams_for(policy, "github.com/Corp/x", upstreams("https://goproxy.example")) == ()
    (own,) = rules.upstreams_for(policy, "git.corp.example/Team/x", upstreams("https://goproxy.example"))
    assert own.url == "https://athens.corp.example"
