"""GS103: a cron job calls go by its name, and no directory of the job's PATH has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.jobs import crontab_repair, grouped, job_lines, path_source, place_of, without_go
from gosteward.reasoning.reach import go_directories, shown_path
from gosteward.reasoning.remedies import risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Snapshot

RULE = Rule(
    id="GS103",
    slug="cron-job-cannot-find-go",
    title="a cron job cannot find go",
    severity="error",
    needs=("contexts", "toolchains", "crontabs"),
    symptoms=("/bin/sh: 1: go: not found", "/bin/sh: go: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    # The jobs of one crontab under one PATH have one fault: that PATH.
    for jobs in grouped(without_go(snapshot, "cron")):
        yield _finding(snapshot, jobs)


def _finding(snapshot: Snapshot, jobs: tuple[Context, ...]) -> Finding:
    first = jobs[0]
    source = path_source(first)
    directory = go_directories(snapshot)[0]
    crontab = first.location.path if first.location else ""
    repair = crontab_repair(snapshot, jobs, directory)
    return Finding(
        rule=RULE,
        subject=crontab,
        message=Text(
            "the job in {crontab} runs `{command}` with PATH={path} (from {source}); go is in {directory}",
            crontab=crontab,
            command=first.command[:200],
            path=shown_path(first),
            source=place_of(source),
            directory=directory,
        ),
        locations=job_lines(jobs, source),
        evidence=tuple(f"{job.name}: PATH={shown_path(job)}" for job in jobs[:5]),
        contexts=tuple(job.name for job in jobs),
        risk=risk(repair.actions),
        actions=repair.actions,
        commands=repair.commands,
        advice=Text(
            "cron reads no start-up file of any shell. Give the crontab a PATH line with literal directories (cron expands no variables), or call {directory}/go in the job.",
            directory=directory,
        ),
    )
