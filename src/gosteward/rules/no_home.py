"""GS320: go finds no place for its caches: HOME is not set in a unit, or the user's home is `/` or does not exist."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import LINE_SHOWN, EditLines, LineEdit, MakeDirectory, WriteFile
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import matters, surely_met
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.temporary_places import mount_below
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Context, Snapshot, User, WritePlace

RULE = Rule(
    id="GS320",
    slug="no-home",
    title="go has no home directory for its caches",
    severity="error",
    needs=("write_places", "contexts"),
    symptoms=(
        "build cache is required, but could not be located: GOCACHE is not defined and neither $XDG_CACHE_HOME nor $HOME are defined",
        "failed to initialize build cache at /.cache/go-build: mkdir /.cache: permission denied",
        "module cache not found: neither GOMODCACHE nor GOPATH is set",
    ),
)
FIRST_PERSON, FIRST_NOBODY = 1000, 60_000  # as login.defs has them
_NO_HOMES = ("/dev/", "/proc/", "/sys/", "/run/", "/tmp/", "/var/run/", "/var/empty", "/nonexistent")
_PLAIN = re.compile(r"[A-Za-z0-9_.@-]+\.service")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for context in snapshot.contexts:
        missing = tuple(
            p.purpose
            for p in snapshot.write_places
            if p.problem == "no-home" and p.purpose in ("GOCACHE", "GOMODCACHE") and context.name in p.contexts
        )
        if missing and context.uses_go:
            yield _of_context(context, missing)
    places = tuple(p for p in places_of_user(snapshot, "GOCACHE", "GOMODCACHE") if not p.writable)
    at_root = tuple(p for p in places if p.problem == "home-is-root")
    if at_root:
        yield _of_account(snapshot, at_root, missing=False)
    gone = tuple(
        p for p in places if not p.problem and not snapshot.user.home_exists and inside(p.path, snapshot.user.home)
    )
    if gone and not at_root:
        yield _of_account(snapshot, gone, missing=True)


def _of_context(context: Context, missing: tuple[str, ...]) -> Finding:
    unit = context.name.partition(":")[2] if context.kind == "systemd" else ""
    actions = _drop_in(unit)
    return Finding(
        rule=RULE,
        subject=context.name,
        message=Text(
            "{context} runs go without HOME and XDG_CACHE_HOME, so nothing says where {missing} is: go finds no build cache",
            context=context.name,
            missing=", ".join(missing),
        ),
        locations=(context.location,) if context.location is not None else (),
        evidence=(context.command,) if context.command else (),
        contexts=(context.name,),
        severity="" if matters(context) else "warning",
        explains=(Explains("GS506", "", (context.name,)),),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=("systemctl daemon-reload",) if actions else (),
        advice=Text(
            "systemd sets HOME only for units with `User=`. Give the unit a cache directory of its own, not one below /tmp that all users share."
        )
        if context.kind.startswith("systemd")
        else Text("Set HOME, or GOCACHE and GOPATH, for this job; not to a directory that all users share."),
    )


def _drop_in(unit: str) -> tuple[Action, ...]:
    """A file beside the unit's own, with a directory that systemd makes and gives to whomever the unit runs as."""
    if not _PLAIN.fullmatch(unit):
        return ()
    name = unit.rpartition(".")[0] or unit
    text = (
        f"[Service]\nCacheDirectory={name}\nEnvironment=GOCACHE=/var/cache/{name}/build GOPATH=/var/cache/{name}/go\n"
    )
    return (WriteFile(f"/etc/systemd/system/{unit}.d/go-cache.conf", text),)


def _of_account(snapshot: Snapshot, places: tuple[WritePlace, ...], *, missing: bool) -> Finding:
    user = snapshot.user
    name = user.name or f"uid {user.uid}"
    contexts = tuple(dict.fromkeys(c for p in places for c in p.contexts))
    actions = _missing_home(snapshot) if missing else _home_instead_of_root(user)
    message = (
        Text(
            "HOME of {user} is {home}, which does not exist and which {user} cannot make: go has no place for {path}",
            user=name,
            home=user.home,
            path=places[0].path,
        )
        if missing
        else Text(
            "the home directory (HOME) of {user} is /, so go wants its build cache at /.cache/go-build, where {user} may not write",
            user=name,
        )
    )
    return Finding(
        rule=RULE,
        subject=f"HOME of {name}",
        message=message,
        locations=(Location("/etc/passwd"),),
        evidence=(f"getent passwd {quote(user.name or str(user.uid))}",),
        contexts=contexts,
        severity="" if surely_met(snapshot, contexts) else "warning",
        explains=(Explains("GS314"), Explains("GS506")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=() if actions else _home_commands(snapshot, missing=missing),
        advice=Text(
            "Give the account a home directory that it owns. Where that cannot be, as in images that run under any uid, set HOME, or GOCACHE and GOPATH, to a directory that it may write."
        ),
    )


def _missing_home(snapshot: Snapshot) -> tuple[Action, ...]:
    """The directory that the account names; not one that stands for "no home", nor one that another machine would bring."""
    user = snapshot.user
    mount = mount_below(snapshot, user.home)
    remote = mount is not None and mount.type in ("autofs", "nfs", "nfs4", "cifs")
    deep = user.home.startswith("/") and user.home.count("/") > 1 and not user.home.startswith(_NO_HOMES)
    if not user.known or not user.uid or remote or not deep:
        return ()
    return (MakeDirectory(user.home, 0o700, user.uid, user.gid),)


def _home_instead_of_root(user: User) -> tuple[Action, ...]:
    """What `usermod -d /home/NAME NAME` does, for a person whose account is a line of /etc/passwd."""
    line, fields = user.account, user.account.text.split(":") if user.account is not None else []
    of_person = FIRST_PERSON <= user.uid < FIRST_NOBODY and user.better_home
    if line is None or not of_person or len(line.text) >= LINE_SHOWN or len(fields) != 7 or fields[5] != "/":
        return ()
    after = ":".join((*fields[:5], user.better_home, fields[6]))
    edit = EditLines(line.path, (LineEdit(line.line, line.text, (after,)),))
    return (MakeDirectory(user.better_home, 0o700, user.uid, user.gid), edit)


def _home_commands(snapshot: Snapshot, *, missing: bool) -> tuple[str, ...]:
    user = snapshot.user
    if not user.name or not user.known or (missing and user.home.startswith(_NO_HOMES)):
        return ()
    owner, group = quote(user.name), user.gid
    if missing:
        return (f"install -d -m 700 -o {owner} -g {group} {quote(user.home)}",)
    home = quote(f"/home/{user.name}")
    return (f"install -d -m 700 -o {owner} -g {group} {home}", f"usermod -d {home} {owner}")
