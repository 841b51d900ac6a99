"""Every format, read by the program or library that others read it with."""

from __future__ import annotations

import functools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from junitparser import JUnitXml
from prometheus_client.parser import text_string_to_metric_families
from sarif_pydantic import Sarif

from gosteward.catalogs import catalog_for
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.judgement import Check, judge
from gosteward.report import FORMATS, Report, render
from gosteward.report.layout import columns, visible, wrapped
from gosteward.snapshot import Gap, Location, Machine, Snapshot, User

ENGLISH = catalog_for("en")
CAUSE = Rule(
    id="GS301", slug="go-not-executable", title="programs of the Go tree are not executable", severity="error", needs=()
)
EFFECT = Rule(id="GS101", slug="go-on-no-path", title="go is on nobody's PATH", severity="error", needs=())
NOTE = Rule(id="GS124", slug="slow-startup-file", title="a start-up file is slow", severity="note", needs=())
BLIND = Rule(id="GS601", slug="proxy-unreachable", title="no answer", severity="error", needs=("network",))


def report(subject: str = "/usr/local/go", line: str = "export PATH=$PATH:/x") -> Report:
    place = Location("/home/dev/.profile", 28, line)
    found = {
        CAUSE: Finding(
            rule=CAUSE,
            subject=subject,
            message=Text(
                "{tree} has a mode that lets nobody run it, and this text is long enough to need a second line",
                tree=subject,
            ),
            locations=(place, Location("/usr/local/go/bin/go")),
            contexts=("bash-login", "cron:/etc/crontab:3"),
            explains=(Explains("GS101"),),
            risk="safe",
            commands=("chmod a+x /usr/local/go/bin/go",),
            advice=Text("Restore the execute bits."),
        ),
        EFFECT: Finding(rule=EFFECT, subject="bash-login", message=Text("bash-login has no go")),
        NOTE: Finding(rule=NOTE, subject="x", message=Text("slow"), locations=(place,)),
        BLIND: None,
    }
    checks = [Check(rule, lambda _, f=finding: (f,) if f else ()) for rule, finding in found.items()]
    snapshot = Snapshot(
        taken_at="2026-11-24T16:30:00Z",
        machine=Machine(hostname="web1", distribution="debian", distribution_version="12"),
        user=User(name="dev", uid=1000),
        gaps=(Gap("network", "no answer in time"),),
    )
    return Report(snapshot, judge(snapshot, checks), version="0.1.0", seconds=(("rules", 0.01), ("total", 0.42)))


NASTY = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["\x1b[31m", "]]>", "::error::", "\udcff", '"\\', "%0A"]
)


def test_text_names_the_cause_then_its_consequence_then_the_repair() -> None:
    assert render(report(), "text", ENGLISH) == (
        "gosteward 0.1.0: web1 (debian 12, amd64), user dev\n"
        "\n"
        "error: GS301: programs of the Go tree are not executable\n"
        "  /usr/local/go has a mode that lets nobody run it, and this text is long enough\n"
        "  to need a second line\n"
        "  /home/dev/.profile:28: export PATH=$PATH:/x\n"
        "  /usr/local/go/bin/go\n"
        "  in: bash-login, cron:/etc/crontab:3\n"
        "  Restore the execute bits.\n"
        "  repair:\n"
        "    chmod a+x /usr/local/go/bin/go\n"
        "  - this causes GS101: bash-login has no go\n"
        "\n"
        "note: GS124: slow (/home/dev/.profile:28)\n"
        "\n"
        "not judged: network: no answer in time (GS601)\n"
        "\n"
        "errors: 1, warnings: 0, notes: 2; 0.42 s. `gosteward explain GS301` tells more.\n"
    )


@functools.cache
def schema() -> Draft202012Validator:
    """What a report must look like."""
    rules = json.loads((Path(__file__).parents[2] / "docs/reference/report.schema.json").read_text())
    Draft202012Validator.check_schema(rules)
    return Draft202012Validator(rules)


@given(NASTY, NASTY)
def test_json_follows_its_schema_whatever_the_host_contains(subject: str, line: str) -> None:
    document = json.loads(render(report(subject, line), "json", ENGLISH))
    schema().validate(document)
    assert document["findings"][0]["subject"] == subject
    assert document["outcome"]["exit_code"] == 1


@given(NASTY, NASTY)
def test_sarif_is_read_by_a_sarif_library(subject: str, line: str) -> None:
    text = render(
        report(subject.encode("utf-8", "replace").decode(), line.encode("utf-8", "replace").decode()), "sarif", ENGLISH
    )
    run = Sarif.model_validate_json(text).runs[0]
    assert [(r.rule_id, r.level.value) for r in run.results] == [
        ("GS301", "error"),
        ("GS101", "note"),
        ("GS124", "note"),
    ]
    assert run.results[0].locations[0].physical_location.region.start_line == 28
    assert run.tool.driver.rules[run.results[0].rule_index].id == "GS301"


@given(NASTY, NASTY)
def test_junit_is_read_by_a_junit_library(subject: str, line: str) -> None:
    suites = JUnitXml.fromstring(render(report(subject, line), "junit", ENGLISH).encode())
    (suite,) = suites
    assert (suite.tests, suite.failures, suite.skipped) == (4, 1, 1)
    assert len(list(suite)) == 4


@given(NASTY)
def test_metrics_are_read_by_the_prometheus_client(subject: str) -> None:
    families = {f.name: f for f in text_string_to_metric_families(render(report(subject), "prometheus", ENGLISH))}
    counts = {s.labels["severity"]: s.value for s in families["gosteward_findings"].samples}
    assert counts == {"error": 1, "warning": 0, "note": 2}
    assert families["gosteward_finding"].samples[0].labels["subject"] == visible(subject)


@given(NASTY, NASTY)
def test_a_github_annotation_is_one_line_and_cannot_be_forged(subject: str, line: str) -> None:
    lines = render(report(subject, line), "github", ENGLISH).split("\n")
    assert len(lines) == 5
    assert all(re.match(r"::(error|warning|notice) ", text) for text in lines[:-1])
    assert lines[0].startswith("::error file=/home/dev/.profile,line=28,title=GS301%3A ")


def test_gitlab_entries_have_what_gitlab_requires() -> None:
    first, *_ = json.loads(render(report(), "gitlab", ENGLISH))
    assert set(first) == {"description", "check_name", "fingerprint", "severity", "location"}
    assert first["location"] == {"path": "home/dev/.profile", "lines": {"begin": 28}}
    assert first["severity"] in {"info", "minor", "major", "critical", "blocker"}


class Page(HTMLParser):
    """Collects the tags that are open, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "html":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@given(NASTY, NASTY)
def test_a_page_is_well_formed_and_runs_nothing_of_the_host(subject: str, line: str) -> None:
    page = Page()
    page.feed(render(report(f"<script>{subject}</script>", f"</pre><img src=x>{line}"), "html", ENGLISH))
    page.close()
    assert not page.open
    assert page.seen <= {
        "html",
        "meta",
        "title",
        "style",
        "h1",
        "h2",
        "p",
        "article",
        "span",
        "pre",
        "code",
        "ul",
        "li",
    }


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_said_in_every_format(name: str) -> None:
    empty = Report(Snapshot(), judge(Snapshot(), ()), version="0.1.0")
    assert empty.exit_code == 0
    assert isinstance(render(empty, name, ENGLISH), str)


@pytest.mark.parametrize(
    ("fail_on", "gaps", "code"),
    [
        ("error", (), 0),
        ("note", (), 1),
        ("error", (Gap("network", "x"),), 3),
        ("error", (Gap("network", "x", asked=True),), 0),
    ],
)
def test_exit_code(fail_on: str, gaps: tuple[Gap, ...], code: int) -> None:
    finding = Finding(rule=NOTE, subject="x", message=Text("slow"))
    checks = [Check(NOTE, lambda _: (finding,)), Check(BLIND, lambda _: ())]
    snapshot = Snapshot(gaps=gaps)
    assert Report(snapshot, judge(snapshot, checks), fail_on=fail_on).exit_code == code


@given(st.text(), st.integers(20, 100))
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int) -> None:
    lines = wrapped(visible(text), "  ", "    ", width)
    assert "".join("".join(lines).split()) == "".join(visible(text).split())
    for line in lines:
        assert columns(line) <= width or " " not in line.strip()


@given(NASTY)
def test_text_of_the_host_cannot_steer_a_terminal(text: str) -> None:
    assert visible(text).isprintable()
