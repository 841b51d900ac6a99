"""GS133: a cron job or a service calls a program that `go install` made, and its PATH does not lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.jobs import (
    GO_PROGRAMS,
    crontab_repair,
    grouped,
    job_lines,
    jobs,
    path_source,
    place_of,
    unit_repair,
)
from gosteward.reasoning.reach import installed_programs, on_path, shown_path
from gosteward.reasoning.remedies import risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Snapshot

RULE = Rule(
    id="GS133",
    slug="installed-program-not-found-by-job",
    title="a job cannot find a program that go installed",
    severity="error",
    needs=("contexts", "binaries", "crontabs", "units"),
    symptoms=("/bin/sh: 1: gopls: not found", "Failed to locate executable"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    places = installed_programs(snapshot)
    missed: dict[tuple[str, str], list[Context]] = {}
    for context in jobs(snapshot, "cron", "systemd", "systemd-user"):
        for name in context.calls:
            directories = tuple(d for d, names in places.items() if name in names)
            if name not in GO_PROGRAMS and directories and not any(on_path(context, d) for d in directories):
                missed.setdefault((name, directories[0]), []).append(context)
    for (name, directory), contexts in missed.items():
        for group in grouped(tuple(contexts)):
            yield _finding(snapshot, group, name, directory)


def _finding(snapshot: Snapshot, group: tuple[Context, ...], name: str, directory: str) -> Finding:
    context = group[0]
    source = path_source(context)
    by_cron = context.kind == "cron"
    repair = (
        crontab_repair(snapshot, group, directory, by_links=False)
        if by_cron
        else unit_repair(snapshot, context, directory, by_links=False)
    )
    place = context.location.path if context.location else context.name
    return Finding(
        rule=RULE,
        subject=f"{place}:{name}",
        message=Text(
            "the job in {file} calls {name}, which is in {directory}; its PATH is {path} (from {source})",
            file=place,
            name=name,
            directory=directory,
            path=shown_path(context),
            source=place_of(source),
        ),
        locations=job_lines(group, source),
        contexts=tuple(job.name for job in group),
        confidence="medium",  # another directory of that PATH may hold a program of the same name
        risk=risk(repair.actions),
        actions=repair.actions,
        commands=repair.commands,
        advice=Text(
            "Call {directory}/{name} in the job, or give the job a PATH with literal directories. Jobs read no start-up file of any shell.",
            directory=directory,
            name=name,
        ),
    )
