"""No format of the report shows a password that a line of a file holds."""

from __future__ import annotations

import pytest

from gosteward.catalogs import catalog_for
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.judgement import Check, judge
from gosteward.report import FORMATS, Report, render, secrets
from gosteward.snapshot import Location, Snapshot

LINES = (
    "export GOPROXY=https://ci:hunter2-pw@goproxy.example,direct",
    "export https_proxy='http://corp\\\\alice:hunter2-pw@proxy.example:3128'",
    "GOPROXY=https://ghp_abcdefghijklmnop1234@git.example",
    "GOAUTH=hunter2-pw",
    "machine git.example login ci password hunter2-pw",
    "Environment=NPM_TOKEN=hunter2-pw GOFLAGS=-mod=mod",
    "export http_proxy=http://ci:hunter2-p@hunter2-pw@proxy.example",
)
SECRETS = ("hunter2", "ghp_abcdefghijklmnop1234")
URL = "https://ci:hunter2-pw@goproxy.example"


def finding(line: str) -> Finding:
    return Finding(
        rule=Rule("GS601", "proxy-unreachable", "a module proxy does not answer", "error", ()),
        subject=f"{URL} {line[:6]}",
        message=Text("{url} cannot be used: no credentials for {host} are known", url=URL, host="goproxy.example"),
        locations=(Location("/home/dev/.profile", 3, line),),
        evidence=(f"curl -sS {URL}", "GOAUTH=hunter2-pw"),
        commands=(f"go env -w GOPROXY={URL}",),
    )


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("line", LINES)
def test_no_format_shows_a_password(format_name: str, line: str) -> None:
    rule = finding(line).rule
    report = Report(Snapshot(), judge(Snapshot(), (Check(rule, lambda _: (finding(line),)),)))
    text = render(report, format_name, catalog_for("en"))
    for secret in SECRETS:
        assert secret not in text
    if format_name != "prometheus":
        assert "goproxy.example" in text


def test_what_is_no_secret_stays_and_consequences_stay_linked() -> None:
    cause = finding(LINES[0])._replace(explains=(Explains("GS606"),))
    effect = Finding(Rule("GS606", "x", "x", "error", ()), URL, Text("x"))
    judgement = judge(Snapshot(), (Check(cause.rule, lambda _: (cause,)), Check(effect.rule, lambda _: (effect,))))
    first, second = secrets.without(judgement).findings
    assert first.explains == (second.finding.fingerprint,)
    assert second.explained_by == first.finding.fingerprint
    assert "no credentials for goproxy.example are known" in str(first.finding.message)
    assert first.finding.locations[0].text == "export GOPROXY=https://***@goproxy.example,direct"
