"""GS315: a program carries the SELinux label of the place where it was made, so services may not start it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS
from gosteward.reasoning.viewpoint import contexts_with, programs_named_go
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS315",
    slug="selinux-label",
    title="a program has the SELinux label of another place",
    severity="error",
    needs=("machine", "contexts", "toolchains", "binaries"),
    symptoms=("status=203/EXEC", "Main process exited, code=exited, status=203/EXEC", "avc: denied { execute }"),
)
# Types that `mv` carries out of homes and temporary directories; a confined service may not execute them.
CARRIED = ("user_home_t", "user_home_dir_t", "admin_home_t", "user_tmp_t", "tmp_t", "mnt_t", "unlabeled_t", "default_t")
SYSTEM_PLACES = ("/usr/", "/opt/", "/bin/", "/sbin/", "/srv/", "/var/")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.machine.selinux != "enforcing":
        return
    seen: set[str] = set()
    tools = tuple(tool for tree in snapshot.toolchains for tool in tree.tools[:1])
    for program in (*programs_named_go(snapshot), *tools, *snapshot.binaries):
        path = program.real_path or program.path
        # A tree is moved as a whole: its programs have one fault together.
        what = program.goroot or path
        if what not in seen and _mislabelled(program, path):
            seen.add(what)
            yield _finding(snapshot, program, path)


def _mislabelled(program: Binary, path: str) -> bool:
    blocked = program.blocked_by is not None and program.blocked_by.reason == "selinux"
    return blocked or (_type_of(program) in CARRIED and path.startswith(SYSTEM_PLACES))


def _type_of(program: Binary) -> str:
    fields = program.selinux_label.split(":")
    return fields[2] if len(fields) > 2 else ""


def _finding(snapshot: Snapshot, program: Binary, path: str) -> Finding:
    jobs = tuple(c for c in snapshot.contexts if path in c.command or program.path in c.command)
    contexts = tuple(dict.fromkeys((*(c.name for c in jobs), *contexts_with(snapshot, program.path))))
    return Finding(
        rule=RULE,
        subject=path,
        message=Text(
            "{path} has the SELinux type {type}, which it brought from another place: with SELinux enforcing, services may not execute it",
            path=path,
            type=_type_of(program) or "?",
        ),
        locations=(Location(path), *(c.location for c in jobs if c.location is not None)),
        evidence=(f"ls -Z {quote(path)}", program.selinux_label, f"matchpathcon {quote(path)}"),
        contexts=contexts,
        severity="error" if jobs or (contexts and not program.executable) else "warning",
        explains=(*NO_GO_RUNS, Explains("GS301"), Explains("GS408")) if path.endswith("/go") else (),
        risk="manual",
        commands=(f"restorecon -R -v {quote(program.goroot)}" if program.goroot else f"restorecon -v {quote(path)}",),
        advice=Text(
            "`mv` keeps the label of the old place, `cp` and `install` give the label of the new one. For a prefix that the policy does not know, record it with `semanage fcontext` first. Do not switch SELinux off for it."
        ),
    )
