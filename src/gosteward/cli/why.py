"""Run a failing command and rank the causes of its failure, as this host shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import FINDINGS, HEALTHY, NOT_JUDGED, PrivilegeError, UsageError
from gosteward.finding import Text
from gosteward.judgement import repairable
from gosteward.redaction import without_secrets
from gosteward.report import by_hand
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged
    from gosteward.host.foreground import Observed
    from gosteward.snapshot import Context, Snapshot, User

HELP = "run a failing command and rank the causes of its failure"
KINDS = {
    "ssh": "ssh-command",
    "cron": "cron",
    "sudo": "sudo",
    "login": "login",
    "terminal": "terminal",
    "systemd": "systemd",
}
SHOWN = 3


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--context",
        metavar="NAME",
        default="",
        help="run it as this context would: ssh, cron, sudo (as root), login, or a name",
    )
    parser.add_argument("--user", metavar="NAME", default="", help="whose environment (default: who calls)")
    parser.add_argument("--project", metavar="DIR", default="", help="where to run it (default: the current directory)")
    parser.add_argument("--offline", action="store_true", help="ask no server")
    parser.add_argument(
        "--deadline", metavar="S", type=flags.seconds, default=300.0, help="limit for the command (300)"
    )
    flags.add_language(parser)
    parser.add_argument("argv", nargs="+", metavar="-- COMMAND", help="the command that fails")


def run(options: Namespace) -> int:
    from gosteward.examination import Request, examine
    from gosteward.host.foreground import observe
    from gosteward.ranking import ranked
    from gosteward.report import render

    words = flags.catalog(options.lang)
    report = examine(Request(user=options.user, project=options.project, offline=options.offline))
    # Another user's command gets what that user's login would give it, never our own environment.
    default = "" if report.snapshot.user.uid == os.geteuid() else "login"
    context = context_of(report.snapshot, options.context or default)
    argv = tuple(options.argv[1:] if options.argv[0] == "--" else options.argv)
    account = account_of(context, report.snapshot.user)
    environment = environment_of(context, report.snapshot.user, account, argv) if context else dict(os.environ)
    observed = observe(argv, environment, options.project or _here(), account, options.deadline)
    if observed.status == 0:
        text = words.text(Text("It works here: {command} ended with 0.", command=visible(" ".join(argv))))
        flags.write(f"{text}\n", "")
        return HEALTHY
    causes = ranked(report.judgement.findings, observed.output, argv, context.name if context else "")
    flags.write(_ending(observed, argv, context, words) + "\n", "")
    if not causes:
        flags.write(words.words("No finding explains it. What its message can mean:") + "\n", "")
        from gosteward.cli.explain import answer
        from gosteward.rules import all_checks

        flags.write(answer(observed.output, tuple(c.rule for c in all_checks()), words), "")
        return NOT_JUDGED
    shown = {j.finding.fingerprint for j in causes[:SHOWN]}
    below = {f for j in causes[:SHOWN] for f in j.explains}
    kept = (*causes[:SHOWN], *(j for j in report.judgement.findings if j.finding.fingerprint in below - shown))
    judgement = report.judgement._replace(findings=kept, not_judged=())
    text = render(report._replace(judgement=judgement, colour=flags.colourful("")), "text", words)
    flags.write(f"{text}\n{words.text(_repair(causes, report.snapshot.user))}\n", "")
    return FINDINGS


def _repair(causes: tuple[Judged, ...], user: User) -> Text:
    """The one repair that would make the command work: that of the likeliest cause, or the commands that a person types for it."""
    first = causes[0].finding
    command = " && ".join(map(without_secrets, by_hand.commands(first)))
    if repairable(causes[0]):
        whose = "" if user.uid == os.geteuid() else f"--user {user.name} "
        command = f"gosteward doctor {whose}--fix --only {first.rule.id}"
    if not command:
        return Text("No repair that a tool can make would make this command work; see the advice above.")
    return Text(
        "The repair that makes this command work, as far as this host shows: {command}", command=visible(command)
    )


def context_of(snapshot: Snapshot, name: str) -> Context | None:
    """The context with this name, or the user's own first one of this kind; None for the caller's own environment.

    Raises:
        UsageError: there is none.
    """
    if not name:
        return None
    kind = KINDS.get(name, name)
    candidates = [c for c in snapshot.contexts if c.name == name] or [c for c in snapshot.contexts if c.kind == kind]
    if kind == "cron" and kind == name:  # the short name never means a job of root or of somebody else
        candidates = [c for c in candidates if c.run_as in ("", snapshot.user.name)]
    candidates.sort(key=lambda c: not c.own)
    if not candidates and kind in KINDS.values():
        return _typical(snapshot.user, name, kind)
    if not candidates:
        known = ", ".join(dict.fromkeys(c.name for c in snapshot.contexts))
        raise UsageError("there is no such context", subject=name, hint=f"contexts here: {known}")
    return candidates[0]


def _typical(user: User, name: str, kind: str) -> Context:
    """What a session of this kind starts with on this host, where it has none of them yet: a first cron job, say."""
    from gosteward.probes.collection import open_host
    from gosteward.shells.session import first_environment
    from gosteward.snapshot import Context, PathEntry

    variables = first_environment(open_host(""), user, kind)
    path = next((v.value for v in variables if v.name == "PATH"), os.environ.get("PATH", ""))
    entries = tuple(PathEntry(directory=directory) for directory in path.split(":"))
    return Context(name=name, kind=kind, variables=variables, search_path=entries)


def account_of(context: Context | None, user: User) -> User:
    """Whom a command in this context runs as: the user, or the account that sudo, a service or a job runs as.

    Raises:
        PrivilegeError: we may not be that account.
    """
    from gosteward.probes import work_contexts
    from gosteward.probes.collection import open_host

    account = work_contexts.account_of(open_host(""), user, context) if context else user
    if account is None:
        raise UsageError(
            "nobody has the name of the account that it runs as", subject=context.run_as if context else ""
        )
    if os.geteuid() not in (0, account.uid):
        where = f"{context.name} runs commands as {account.name}" if context else f"the user is {account.name}"
        raise PrivilegeError(
            "only root can run a command as another user", subject=where, hint="call gosteward itself with sudo"
        )
    return account


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # removed under our feet
        return "/"


def environment_of(context: Context, user: User, account: User, argv: tuple[str, ...]) -> dict[str, str]:
    """What a command in this context gets, as far as Go and the shells look at it.

    Args:
        user: for whom the host was examined.   account: whom the command runs as.
    """
    found = {"LOGNAME": account.name, "LANG": os.environ.get("LANG", "C.UTF-8")}
    if context.kind in ("sudo", "sudo-login"):
        found.update(SUDO_USER=user.name, SUDO_UID=str(user.uid), SUDO_GID=str(user.gid), SUDO_COMMAND=" ".join(argv))
    found.update((v.name, v.value) for v in context.variables if v.exported)
    if not context.path_unset:
        found["PATH"] = ":".join(entry.directory for entry in context.search_path)
    return found


def _ending(observed: Observed, argv: tuple[str, ...], context: Context | None, words: Catalog) -> str:
    text = Text(
        "{command} fails in {context} ({status}). The likeliest cause first:",
        command="`" + visible(" ".join(argv)) + "`",
        context=context.name if context else "this session",
        status="timed out" if observed.timed_out else f"exit code {observed.status}",
    )
    return words.text(text) + "\n"
