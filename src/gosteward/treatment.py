"""The flow with hands: examine, plan, change, examine again. Only what a fresh look at the host shows as cured counts.

A repair often brings to light what could not be judged before (no go was found, so no setting of it was looked at). So there are up to
three rounds; each plans what the last look found and no round has tried yet. A step that made something worse is taken back at once.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward import __version__
from gosteward.actions import InstallRelease
from gosteward.errors import UsageError
from gosteward.examination import examine
from gosteward.finding import Text
from gosteward.host import accounts
from gosteward.host.local import LocalHost
from gosteward.host.own_directory import state_for
from gosteward.host.places import Accounts, Refused
from gosteward.judgement import repairable
from gosteward.outcome import Outcome, StepOutcome
from gosteward.repair.executor import begin
from gosteward.repair.journal import Journal
from gosteward.repair.planner import plan
from gosteward.repair.preparation import prepare
from gosteward.repair.steps import carry_out, take_back, why
from gosteward.repair.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.actions import Action
    from gosteward.examination import Request
    from gosteward.finding import Judged
    from gosteward.repair.executor import Done, Executor
    from gosteward.repair.planner import Step
    from gosteward.report import Report
    from gosteward.snapshot import User
    from gosteward.toolchains.origins.web import Progress
    from gosteward.toolchains.supply import Supply

ROUNDS = 3
_LINE = re.compile(r"(?<=.):\d+(?=:|$)")
NONE = Text("")
PEOPLE = range(1000, 60_000)  # uids of persons, as login.defs has them


class Consent(NamedTuple):
    """What may be done without asking, and how to ask.

    Attributes:
        everything: also steps of risk "confirm".   ask: shows a step with its diff and says yes or no; None where nobody can be asked.
        source: where releases of Go come from, as `install --from`, "" for wherever it finds them.   progress: see `Web.download`.
    """

    everything: bool = False
    ask: Callable[[Step, tuple[str, ...]], bool] | None = None
    source: str = ""
    progress: Progress = lambda *_: None


class _Made(NamedTuple):
    step: Step
    changes: tuple[Done, ...]
    diff: tuple[str, ...]


def accounts_of(host: LocalHost, user: User) -> Accounts:
    """Who is who on this host, for the executor.  user: the one whose environment is repaired."""
    entries = accounts.passwd_entries(host.lines("/etc/passwd"))
    homes = {e.home.rstrip("/"): e.uid for e in entries if e.uid in PEOPLE and len(e.home) > 1}
    if len(user.home) > 1 and user.uid and user.known:
        homes[user.home.rstrip("/")] = homes[host.realpath(user.home) or user.home] = user.uid
    return Accounts(lambda uid: accounts.user_with_id(host, uid), tuple(sorted(homes.items())), examined=user.uid)


def this_journal(host: LocalHost) -> tuple[Journal, User]:
    """The journal of whoever runs this process, not read yet, and who that is. Raises StewardError where there is no place for one."""
    me = accounts.user_with_id(host, os.geteuid())
    return Journal(state_for(host.environ, me.home)), me


class _Releases:
    """Where a repair gets releases from: looked for when a step wants one, and not before.

    Args:
        user: whose environment is examined.
    """

    def __init__(self, host: LocalHost, user: User, consent: Consent, *, offline: bool) -> None:
        self.host, self.user, self.consent, self.offline = host, user, consent, offline
        self._supply: Supply | None = None

    def planned(self, actions: tuple[Action, ...]) -> Iterator[Action]:
        """Actions as they would be done. Raises Refused."""
        for action in actions:
            if isinstance(action, InstallRelease):
                yield from self._made().planned(action)
            else:
                yield action

    def done(self, actions: tuple[Action, ...], executor: Executor) -> Iterator[Action]:
        """Actions as they are to be done, one by one. Raises Refused."""
        for action in actions:
            if isinstance(action, InstallRelease):
                yield from self._made().actions(action, executor)
            else:
                yield action

    def _made(self) -> Supply:
        if self._supply is None:
            from gosteward.toolchains.installed import store
            from gosteward.toolchains.installed.placing import Placing
            from gosteward.toolchains.obtaining.acquiring import Acquiring, keeping_of
            from gosteward.toolchains.supply import Supply

            me = accounts.user_with_id(self.host, os.geteuid())
            keeping = keeping_of(self.host, me.home)
            said = self.consent
            acquiring = Acquiring(
                self.host, me, keeping, source=said.source, offline=self.offline, users=(self.user,), progress=said.progress
            )  # fmt: skip
            root = acquiring.settings.root or store.default_root(me.uid, self.host.environ, me.home)
            self._supply = Supply(Placing(self.host, root, *store.link_places(me.uid, me.home)), acquiring)
        return self._supply


def preview(request: Request, consent: Consent) -> Report:
    """Examine, and say what a repair would change; nothing is written, and nobody is asked."""
    _live(request)
    report = examine(request)
    host, user = LocalHost(os.environ), report.snapshot.user
    world, releases = World(accounts_of(host, user)), _Releases(host, user, consent, offline=request.offline)
    steps = tuple(_planned(step, world, releases) for step in plan(report.judgement.findings))
    return report._replace(outcome=Outcome(dry_run=True, steps=steps, remaining=_counting(report)))


def _planned(step: Step, world: World, releases: _Releases) -> StepOutcome:
    """What a step would do, laid over the world that the steps before it make."""
    try:
        changes = [change for action in releases.planned(step.actions) for change in prepare(action, world)]
    except (Refused, OSError) as error:
        return _outcome(step, "left", why(error))
    from gosteward.repair.diffs import diff  # here, as other commands use parts of this file and show no diffs

    return _outcome(step, "planned", diff_lines=tuple(line for change in changes for line in diff(change)))


def treat(request: Request, consent: Consent, command: str) -> Report:
    """Examine, repair, and examine again; the report is that of the last look, with the outcome.

    Args:
        command: what was typed, for the journal.

    Raises:
        UsageError: as `examine`, and for a host that is not this one.   BusyError, PrivilegeError, DecodeError: the journal cannot be used.
    """
    _live(request)
    begun = time.monotonic()
    first = examine(request)
    if not any(map(repairable, first.judgement.findings)):
        return first._replace(outcome=Outcome(remaining=_counting(first)))
    host = LocalHost(os.environ)
    journal, _ = this_journal(host)
    who = accounts_of(host, first.snapshot.user)
    with journal.locked(command):
        executor = begin(journal, who, command, user=first.snapshot.user.name, version=__version__)
        releases = _Releases(host, first.snapshot.user, consent, offline=request.offline)
        treatment = _Treatment(request, consent, executor, first, releases)
        examined = time.monotonic()
        last = treatment.run()
        outcome = treatment.outcome(last)
        journal.append(executor.run, "ended", cleared=list(outcome.cleared), remaining=list(outcome.remaining))
    ended = time.monotonic()
    seconds = (
        ("examination", examined - begun),
        ("changes", ended - examined - treatment.proof_seconds),
        ("proof", treatment.proof_seconds),
        ("total", ended - begun),
    )
    return last._replace(outcome=outcome, seconds=seconds)


def _live(request: Request) -> None:
    if request.root or request.recording:
        raise UsageError(
            "only this host can be repaired", subject="--fix", hint="leave --root and --snapshot away, or --fix"
        )


class _Treatment:
    def __init__(
        self, request: Request, consent: Consent, executor: Executor, first: Report, releases: _Releases
    ) -> None:
        self.request = request
        self.releases = releases
        self.consent = consent
        self.executor = executor
        self.first = first
        self.steps: list[StepOutcome] = []
        self.tried: set[str] = set()
        self.proof_seconds = 0.0

    def run(self) -> Report:
        report = self.first
        for _ in range(ROUNDS):
            made = self._round(report)
            if not made:
                break
            before, report = report, self._look()
            worse = _worse(before, report, made)
            if worse:
                self._take_back(made, worse)
                report = self._look()
                made = [m for m in made if m not in worse]
            self.steps += [_outcome(m.step, "done", diff_lines=m.diff) for m in made]
        return report

    def _look(self) -> Report:
        begun = time.monotonic()
        report = examine(self.request)
        self.proof_seconds += time.monotonic() - begun
        return report

    def outcome(self, last: Report) -> Outcome:
        """What came of it. What the last look could not judge is not cleared."""
        before, after = _counting(self.first), _counting(last)
        seen_before = {j.finding.fingerprint for j in self.first.judgement.findings}
        unproved = _unproved(self.first, last)
        cleared = tuple(f for f in before if f not in after and f not in unproved)
        return Outcome(
            run=self.executor.run,
            steps=tuple(_said(step, unproved) for step in self.steps),
            cleared=cleared,
            remaining=(*after, *(f for f in before if f in unproved)),
            introduced=tuple(f for f in after if f not in seen_before),
        )

    def _round(self, report: Report) -> list[_Made]:
        made = []
        findings = [j for j in report.judgement.findings if j.finding.fingerprint not in self.tried]
        for step in plan(findings):
            self.tried.update(step.because)
            done = self._step(step)
            if done is not None:
                made.append(done)
        return made

    def _step(self, step: Step) -> _Made | None:
        if step.risk == "confirm" and not self.consent.everything and not self._agreed(step):
            return None
        try:
            actions = self.releases.done(step.actions, self.executor)
            done = carry_out(actions, self.executor, len(self.tried), step.because)
        except (Refused, OSError) as error:
            self.steps.append(_outcome(step, "left", why(error)))
            return None
        if not done:
            self.steps.append(_outcome(step, "left", Text("everything is there already")))
            return None
        from gosteward.repair.diffs import diff

        return _Made(step, done, tuple(line for d in done for line in diff(d.change)))

    def _agreed(self, step: Step) -> bool:
        if self.consent.ask is None:
            self.steps.append(_outcome(step, "left", Text("it asks first, and there is no terminal: add --yes")))
            return False
        planned = _planned(step, World(self.executor.accounts), self.releases)
        if planned.status == "planned" and self.consent.ask(step, planned.diff):
            return True
        if planned.status == "planned":
            planned = planned._replace(status="left", reason=Text("you said no"))
        self.steps.append(planned)
        return False

    def _take_back(self, made: list[_Made], worse: list[_Made]) -> None:
        for one in reversed(made):
            if one in worse:
                take_back(one.changes, self.executor)
                reason = Text("with it something else went wrong")
                self.steps.append(_outcome(one.step, "rolled-back", reason, one.diff))


def _unproved(first: Report, last: Report) -> set[str]:
    """Findings that are not there any more, by rules that could be judged at the first look and cannot at the last one."""
    blind = {n.rule for n in set(last.judgement.not_judged) - set(first.judgement.not_judged)}
    there = {j.finding.fingerprint for j in last.judgement.findings}
    found = (j.finding for j in first.judgement.findings)
    return {f.fingerprint for f in found if f.rule.id in blind and f.fingerprint not in there}


def _said(step: StepOutcome, unproved: set[str]) -> StepOutcome:
    if step.status == "done" and unproved & {*step.because}:
        return step._replace(reason=Text("not proved: the last look could not judge it"))
    return step


def _counting(report: Report) -> tuple[str, ...]:
    """Fingerprints of errors and warnings that nothing else explains."""
    return tuple(j.finding.fingerprint for j in report.roots if j.severity != "note")


def _worse(before: Report, after: Report, made: list[_Made]) -> list[_Made]:
    """The steps that made things worse: an error about a file that they changed, or a context that lost its go (then all of them)."""
    known = {_wherever(j.finding.rule.id, j.finding.subject) for j in before.judgement.findings}
    masked = _masked(before, made)
    new = [
        j
        for j in after.roots
        if j.severity == "error"
        and j.finding.rule.id not in masked
        and _wherever(j.finding.rule.id, j.finding.subject) not in known
    ]
    if _contexts_with_go(before) - _contexts_with_go(after):
        return made
    return [one for one in made if any(_is_about(j, one) for j in new)]


def _is_about(judged: Judged, made: _Made) -> bool:
    paths = {done.change.path for done in made.changes}
    found = judged.finding
    return bool(paths & {found.subject, *(place.path for place in found.locations)})


def _masked(before: Report, made: list[_Made]) -> set[str]:
    """Rules about what nobody could see before: a GOPROXY that go refuses hides that its server is out of reach, a GOROOT another one."""
    repaired = {fingerprint for one in made for fingerprint in one.step.because}
    found = [j.finding for j in before.judgement.findings if j.finding.fingerprint in repaired]
    return {f.rule.id for f in found} | {consequence.rule for f in found for consequence in f.explains}


def _wherever(*words: str) -> tuple[str, ...]:
    """Names without the numbers of lines, which every line above them changes."""
    return tuple(_LINE.sub("", word) for word in words)


def _contexts_with_go(report: Report) -> set[tuple[str, ...]]:
    return {
        _wherever(context.name)
        for context in report.snapshot.contexts
        if any(e.go is not None and e.go.executable and e.go.kind in ("elf", "script") for e in context.search_path)
    }


def _outcome(step: Step, status: str, reason: Text = NONE, diff_lines: tuple[str, ...] = ()) -> StepOutcome:
    return StepOutcome(step.because, step.rules, step.risk, status, reason, diff_lines)
