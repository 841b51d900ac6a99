"""GS608: a private module will be looked up in the public checksum database, which cannot know it, and learns its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.modulepaths import covers, domain_of, is_forge, proxy_list
from gosteward.golang.proxyurls import DEFAULT_DATABASE, DEFAULT_PROXY, PUBLIC_PROXIES, entry_url, parse, sum_database
from gosteward.reasoning.downloads import needed_modules
from gosteward.reasoning.goenv_lines import setting_action
from gosteward.reasoning.setting_repair import change_actions
from gosteward.reasoning.settings_in_force import locations, privately, sessions, value_in, winner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.downloads import Needed
    from gosteward.snapshot import Context, Requirement, Snapshot

RULE = Rule(
    id="GS608",
    slug="private-module-at-public-sumdb",
    title="a private module is looked up in the public checksum database",
    severity="error",
    needs=("go_settings", "contexts", "workspaces"),
    symptoms=(
        f"verifying git.mycompany.com/x@v1.0.0: reading https://{DEFAULT_DATABASE}/lookup/git.mycompany.com/x@v1.0.0: 410 Gone",
        "server response: not found: git.mycompany.com/x@v1.0.0: invalid version: unknown revision",
        "If this is a private repository, see https://golang.org/doc/faq#git_https for additional information.",
    ),
)
# Top-level domains that nobody can register (RFC 2606, RFC 6762 appendix G, ICANN's .internal), and what companies use.
_INTERNAL = (
    "internal",
    "local",
    "localdomain",
    "lan",
    "corp",
    "home",
    "intranet",
    "private",
    "test",
    "invalid",
    "localhost",
)


class _Case(NamedTuple):
    """A module with why it seems private ("proxy", "internal", "own") and where it is asked about."""

    module: Needed
    why: str
    contexts: tuple[Context, ...]


def check(snapshot: Snapshot) -> Iterator[Finding]:
    groups: dict[tuple[str, str], list[_Case]] = {}
    for module in needed_modules(snapshot):
        case = _case(snapshot, module)
        if case is not None:
            groups.setdefault((_host(module.requirement), case.why), []).append(case)
    for (host, why), cases in groups.items():
        # What is sure is written in one line, whichever finding comes first.
        together = (host,) if why == "own" else tuple(h for (h, w) in groups if w != "own")
        yield _finding(snapshot, host, why, cases, together)


def _case(snapshot: Snapshot, module: Needed) -> _Case | None:
    path = module.requirement.path
    if module.requirement.summed or is_forge(_host(module.requirement)):
        return None
    contexts = tuple(
        c
        for c in sessions(snapshot)
        if sum_database(value_in(snapshot, c, "GOSUMDB")).name == DEFAULT_DATABASE
        and not covers(privately(snapshot, c, "GONOSUMDB"), path)
    )
    why = _why(snapshot, module, contexts) if contexts else ""
    if not why or (why == "own" and _nothing_comes(snapshot, contexts)):
        return None
    return _Case(module, why, contexts)


def _nothing_comes(snapshot: Snapshot, contexts: tuple[Context, ...]) -> bool:
    """Whether no proxy answers in these contexts: then nobody gets as far as the checksum of what is a guess anyway."""
    names = {c.name for c in contexts}
    return any(
        n.kind == "goproxy" and not n.ok and not n.fallback and names & set(n.contexts) for n in snapshot.network
    )


def _host(requirement: Requirement) -> str:
    return requirement.path.partition("/")[0]


def _why(snapshot: Snapshot, module: Needed, contexts: tuple[Context, ...]) -> str:
    host = _host(module.requirement)
    domain = domain_of(host)
    proxies = {d for c in contexts for d in _proxy_domains(snapshot, c)}
    if domain in proxies:
        return "proxy"
    if "." not in host or host.rpartition(".")[2] in _INTERNAL:
        return "internal"
    own = module.workspace.module.partition("/")[0]
    return "own" if "." in own and domain == domain_of(own) else ""


def _proxy_domains(snapshot: Snapshot, context: Context) -> set[str]:
    entries = proxy_list(value_in(snapshot, context, "GOPROXY", DEFAULT_PROXY))
    urls = (parse(entry_url(e)) for e in entries if e.kind == "url")
    return {domain_of(u.host) for u in urls if u is not None and "." in u.host and u.host.strip("0123456789.")}


def _finding(snapshot: Snapshot, host: str, why: str, cases: list[_Case], together: tuple[str, ...]) -> Finding:
    context = cases[0].contexts[0]
    actions = _actions(snapshot, context, tuple(dict.fromkeys(together)))
    first = cases[0].module
    lines = tuple(c.module.requirement.location for c in cases[:5] if c.module.requirement.location is not None)
    return Finding(
        rule=RULE,
        subject=host,
        message=_message(why, host, first),
        locations=(*lines, *locations(winner(snapshot, context, "GOPRIVATE"), winner(snapshot, context, "GOPROXY"))),
        evidence=("go env GOPRIVATE GONOSUMDB GOSUMDB GOPROXY",),
        contexts=tuple(dict.fromkeys(c.name for case in cases for c in case.contexts)),
        severity="warning" if why == "own" else "",
        confidence="medium" if why == "own" else "high",
        explains=(Explains("GS606"), Explains("GS607"), Explains("GS908")) if why != "own" else (Explains("GS908"),),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "GONOSUMDB takes a path out of the database and leaves it with the proxy; GOPRIVATE takes it out of both. Name the company's paths alone, never everything."
        ),
    )


def _message(why: str, host: str, module: Needed) -> Text:
    path, version = module.requirement.path, module.requirement.version
    if why == "proxy":
        return Text(
            "{module} {version} is the company's own ({host} belongs to the domain of GOPROXY), but neither GONOSUMDB nor GOPRIVATE covers it: go asks {database} for its checksum, which does not know it and learns its name",
            module=path,
            version=version,
            host=host,
            database=DEFAULT_DATABASE,
        )
    if why == "internal":
        return Text(
            "{module} {version} is private ({host} is no public name), but neither GONOSUMDB nor GOPRIVATE covers it: go asks {database} for its checksum, which cannot know it",
            module=path,
            version=version,
            host=host,
            database=DEFAULT_DATABASE,
        )
    return Text(
        "{module} {version} has the same domain as {own}, and neither GONOSUMDB nor GOPRIVATE covers it: if it is private, go fails when it asks {database} for its checksum, and tells its name",
        module=path,
        version=version,
        own=module.workspace.module,
        database=DEFAULT_DATABASE,
    )


def _actions(snapshot: Snapshot, context: Context, hosts: tuple[str, ...]) -> tuple[Action, ...]:
    """More paths for GONOSUMDB or GOPRIVATE: in the line that counts, which keeps what was there, else in the goenv file."""
    # A proxy of the site may well have the module; a public one has not.
    first = next(iter(proxy_list(value_in(snapshot, context, "GOPROXY", DEFAULT_PROXY))), None)
    url = parse(entry_url(first)) if first is not None and first.kind in ("url", "file") else None
    name = "GONOSUMDB" if url is not None and url.host not in PUBLIC_PROXIES else "GOPRIVATE"
    setting = winner(snapshot, context, name)
    before = privately(snapshot, context, name) if name == "GONOSUMDB" else value_in(snapshot, context, name)
    value = ",".join(p for p in (before, *hosts) if p)
    if not all(c.isalnum() or c in "-._/,*~?[]" for c in value):
        return ()
    if setting is not None and setting.origin == "environment":
        return change_actions(snapshot, setting, value)
    stored = setting_action(snapshot, name, value)
    return (stored,) if stored is not None else ()
