"""Which steps a fresh look at the host condemns: what they broke, not what they brought to light, and not what they only moved."""

from __future__ import annotations

from gosteward import treatment
from gosteward.finding import Explains, Finding, Judged, Judgement, NotJudged, Rule, Text
from gosteward.host.writing import State
from gosteward.repair.changes import Replace
from gosteward.repair.executor import Done
from gosteward.repair.planner import Step
from gosteward.report import Report
from gosteward.snapshot import Binary, Context, Location, PathEntry, Snapshot

FILE = "/home/dev/.profile"
CAUSE = Rule("GS513", "goproxy-malformed", "x", "error", ())
OTHER = Rule("GS601", "proxy-unreachable", "x", "error", ())
ENTRY = PathEntry("/usr/local/go/bin", go=Binary("/usr/local/go/bin/go"))


def found(rule: Rule, subject: str, *explains: str) -> Finding:
    return Finding(rule, subject, Text("x"), (Location(FILE, 3),), explains=tuple(map(Explains, explains)))


def look(*findings: Finding, contexts: tuple[Context, ...] = ()) -> Report:
    judged = tuple(Judged(f, f.rule.severity) for f in findings)
    return Report(Snapshot(contexts=contexts), Judgement(judged))


def condemned(before: Report, after: Report) -> bool:
    cause = before.judgement.findings[0].finding
    step = Step((), (cause.fingerprint,), (cause.rule.id,), "safe")
    made = treatment._Made(step, (Done(1, 1, 1, Replace(FILE, State(), State())),), ())
    return bool(treatment._worse(before, after, [made]))


def test_an_error_about_the_changed_file_that_was_not_there_before() -> None:
    assert condemned(look(found(CAUSE, FILE)), look(found(OTHER, "https://proxy.golang.org")))


def test_what_the_repaired_fault_hid_is_no_harm() -> None:
    before = look(found(CAUSE, f"{FILE}:2", "GS601"))
    assert not condemned(before, look(found(OTHER, "https://proxy.golang.org")))


def test_the_same_fault_of_another_line_is_no_harm() -> None:
    assert not condemned(look(found(CAUSE, FILE)), look(found(CAUSE, "/home/dev/.bashrc")))


def test_a_fault_that_only_moved_with_its_line_is_no_harm() -> None:
    before = look(found(CAUSE, f"{FILE}:2"), found(OTHER, f"{FILE}:4:GOFLAGS"))
    assert not condemned(before, look(found(OTHER, f"{FILE}:3:GOFLAGS")))


def test_a_job_that_moved_with_its_line_still_has_its_go() -> None:
    before = look(found(CAUSE, FILE), contexts=(Context("cron:/etc/crontab:8", "cron", search_path=(ENTRY,)),))
    moved = (Context("cron:/etc/crontab:7", "cron", search_path=(ENTRY,)),)
    assert not condemned(before, look(contexts=moved))
    assert condemned(before, look(contexts=(moved[0]._replace(search_path=()),)))


def test_what_the_last_look_could_not_judge_is_not_cleared() -> None:
    first = look(found(CAUSE, FILE), found(OTHER, "https://proxy.golang.org"))
    gone = look()
    late = Report(gone.snapshot, gone.judgement._replace(not_judged=(NotJudged(CAUSE.id, "settings", "time is up"),)))
    fingerprints = [j.finding.fingerprint for j in first.judgement.findings]
    assert treatment._unproved(first, gone) == set()
    assert treatment._unproved(first, late) == {fingerprints[0]}
    known = Report(first.snapshot, first.judgement._replace(not_judged=late.judgement.not_judged))
    assert treatment._unproved(known, late) == set()
