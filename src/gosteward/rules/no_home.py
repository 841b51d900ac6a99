"""GS320: go finds no place for its caches: HOME is not set in a unit, or the user's home is `/` or does not exist."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import matters, surely_met
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Snapshot, WritePlace

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
    unit = context.name.partition(":")[2] if context.kind.startswith("systemd") else ""
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
        risk="confirm",
        commands=_drop_in(unit) if unit and context.kind == "systemd" else (),
        advice=Text(
            "systemd sets HOME only for units with `User=`. Give the unit a cache directory of its own, not one below /tmp that all users share."
        )
        if context.kind.startswith("systemd")
        else Text("Set HOME, or GOCACHE and GOPATH, for this job; not to a directory that all users share."),
    )


def _drop_in(unit: str) -> tuple[str, ...]:
    name = unit.rpartition(".")[0] or unit
    directory = f"/etc/systemd/system/{unit}.d"
    text = f"[Service]\\nCacheDirectory={name}\\nEnvironment=GOCACHE=/var/cache/{name}/build GOPATH=/var/cache/{name}/go\\n"
    return (
        f"mkdir -p {quote(directory)}",
        f"printf {quote(text)} > {quote(directory + '/go-cache.conf')}",
        "systemctl daemon-reload",
    )


def _of_account(snapshot: Snapshot, places: tuple[WritePlace, ...], *, missing: bool) -> Finding:
    user = snapshot.user
    name = user.name or f"uid {user.uid}"
    contexts = tuple(dict.fromkeys(c for p in places for c in p.contexts))
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
        risk="confirm",
        commands=_home_commands(snapshot, missing=missing),
        advice=Text(
            "Give the account a home directory that it owns. Where that cannot be, as in images that run under any uid, set HOME, or GOCACHE and GOPATH, to a directory that it may write."
        ),
    )


def _home_commands(snapshot: Snapshot, *, missing: bool) -> tuple[str, ...]:
    user = snapshot.user
    if not user.name or not user.known:
        return ()
    owner, group = quote(user.name), user.gid
    if missing:
        return (f"install -d -m 700 -o {owner} -g {group} {quote(user.home)}",)
    home = quote(f"/home/{user.name}")
    return (f"install -d -m 700 -o {owner} -g {group} {home}", f"usermod -d {home} {owner}")
