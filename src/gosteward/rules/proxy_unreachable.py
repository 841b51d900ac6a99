"""GS601: a module proxy of GOPROXY does not answer, or answers with a fault."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import SetMode
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import PUBLIC_PROXY, is_loopback, parse
from gosteward.reasoning.downloads import (
    NO_NETWORK,
    locations,
    names_of,
    severity_of,
    severity_of_refusal,
    waiting_for,
)
from gosteward.reasoning.setting_repair import added_actions, change_actions
from gosteward.reasoning.viewpoint import context_named, variable
from gosteward.snapshot import Location, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS601",
    slug="proxy-unreachable",
    title="a module proxy does not answer",
    severity="error",
    needs=("network",),
    symptoms=(
        "dial tcp 142.250.217.81:443: i/o timeout",
        f"dial tcp: lookup {PUBLIC_PROXY}: no such host",
        f"dial tcp: lookup {PUBLIC_PROXY} on 127.0.0.53:53: server misbehaving",
        "connect: connection refused",
        "connect: network is unreachable",
        "net/http: TLS handshake timeout",
        "http: server gave HTTP response to HTTPS client",
        "502 Bad Gateway",
        "401 Unauthorized",
        "refusing to pass credentials to insecure URL",
    ),
)
_REASONS = (*NO_NETWORK, "status", "credentials", "password-in-clear", "not-tls", "")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "goproxy" and not found.ok and found.reason in _REASONS and found.step != "parse":
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: NetworkCheck) -> Finding:
    refused = found.reason in ("credentials", "password-in-clear", "not-tls")
    severity = severity_of_refusal(found) if refused else severity_of(found)
    modules = waiting_for(snapshot, found, "GONOPROXY")
    actions = around(snapshot, found) if found.direct else _opened(found)
    first = tuple(m.requirement.location for m in modules[:1] if m.requirement.location is not None)
    return Finding(
        rule=RULE,
        subject=found.url,
        message=_message(found, names_of(modules)),
        locations=(*locations(found), *_name_files(found), *_way(snapshot, found), *first),
        evidence=(found.detail, _command(found)) if found.detail else (_command(found),),
        contexts=found.contexts,
        severity=severity,
        explains=_consequences(found) if severity != "note" else (),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(found),
    )


def _name_files(found: NetworkCheck) -> tuple[Location, ...]:
    """The line or the file of the name resolver that has to do with it."""
    if found.name_line is not None:
        return (found.name_line,)
    return (Location(found.name_file),) if found.name_file else ()


def _opened(found: NetworkCheck) -> tuple[Action, ...]:
    """A file of the name resolver is for everybody to read."""
    if found.name_problem != "unreadable" or found.mode < 0 or found.mode & 0o044 == 0o044:
        return ()
    return (SetMode(found.name_file, found.mode, found.mode | 0o044),)


def _way(snapshot: Snapshot, found: NetworkCheck) -> tuple[Location, ...]:
    """The line of the HTTP proxy that was on the way: what answers may be the proxy itself."""
    ways = (
        n for n in snapshot.network if n.kind == "http-proxy" and n.url == found.via and n.contexts == found.contexts
    )
    return next((locations(n) for n in ways), ())


def around(snapshot: Snapshot, found: NetworkCheck) -> tuple[Action, ...]:
    """One name more in no_proxy, as go and the other programs read it; beside the line of the HTTP proxy where there is none yet."""
    context = next((c for name in found.contexts if (c := context_named(snapshot, name)) is not None), None)
    if context is None:
        return ()
    given = tuple(v for name in ("NO_PROXY", "no_proxy") if (v := variable(context, name)) and v.exported and v.value)
    settings = tuple(Setting(v.name, v.value, "environment", v.sources[0], found.contexts) for v in given if v.sources)
    if not settings:
        way = next(iter(_way(snapshot, found)), None)
        return added_actions(snapshot, Setting("no_proxy", found.host, "environment", way, found.contexts))
    changed: list[Action] = []
    lines = {s.location: s for s in reversed(settings)}  # of two names in one line, the one that go reads
    for setting in reversed(lines.values()):
        changed += change_actions(snapshot, setting, f"{setting.value.rstrip(',')},{found.host}")
    return tuple(changed)


def _consequences(found: NetworkCheck) -> tuple[Explains, ...]:
    of_database = tuple(Explains(rule, contexts=found.contexts) for rule in ("GS606", "GS607"))
    # What was never fetched has no line in go.sum either.
    of_password = (Explains("GS615", found.url),) if found.reason == "password-in-clear" else ()
    return (*of_database, *of_password, Explains("GS908")) if found.required else (*of_database, *of_password)


def _command(found: NetworkCheck) -> str:
    return f"curl -sS -o /dev/null -m 5 {quote(found.url)}"


def _message(found: NetworkCheck, modules: str) -> Text:
    if modules:
        return Text(
            "{url} cannot be used: {what}; {modules} must come from it and is not in the module cache",
            url=found.url,
            what=described(found),
            modules=modules,
        )
    return Text("{url} cannot be used: {what}; nothing new can be downloaded", url=found.url, what=described(found))


def described(found: NetworkCheck) -> str:
    """What happened, in the words of system administrators (not translated, like the texts of the system itself)."""
    host = found.host or found.url
    texts = {
        "unresolvable": _unresolved(found, host),
        "refused": f"connection refused by {host}:{found.port}{_address(found)}",
        "unreachable": f"network unreachable: no route to {host}{_address(found)}",
        "timeout": f"timeout: no answer from {host}:{found.port}{_address(found)}",
        "status": f"HTTP status {found.status}",
        "credentials": _without_credentials(found, host),
        "password-in-clear": "go refuses to send its password over http",
        "not-tls": f"{host}:{found.port} does not speak TLS",
        "login-page": "a web page answers",
        "unknown-authority": "its certificate is not trusted",
    }
    text = texts.get(found.reason, found.detail or "no proper answer")
    return f"{text} (through {found.via})" if found.via else text


def _unresolved(found: NetworkCheck, host: str) -> str:
    texts = {
        "unreadable": f"this user may not read {found.name_file} (mode {found.mode:04o}), so nothing resolves {host}",
        "dangling": f"nothing resolves {host}: {found.name_file} is a link to a file that does not exist",
        "missing": f"nothing resolves {host}: there is no {found.name_file}",
        "no-server": f"nothing resolves {host}: {found.name_file} names no server",
    }
    return texts.get(found.name_problem, f"DNS does not resolve {host}")


def _address(found: NetworkCheck) -> str:
    line = found.name_line
    address = line.text.split()[:1] if line is not None else []
    return f", which is {address[0]} by {line.path}:{line.line}" if line is not None and address else ""


def _without_credentials(found: NetworkCheck, host: str) -> str:
    if not found.status:
        return found.detail
    if _in_clear(found):
        return f"HTTP status {found.status}, and go sends no credentials over http"
    return f"HTTP status {found.status}, and no credentials for {host} are known"


def _in_clear(found: NetworkCheck) -> bool:
    return found.url.startswith("http:") and not found.via


def _machine(found: NetworkCheck) -> str:
    """What netrc calls a server: with the port, if its URL has one."""
    url = parse(found.url)
    return f"{url.host}:{url.port}" if url is not None and url.port else found.host


def _advice(found: NetworkCheck) -> Text:
    if found.name_problem == "unreadable":
        return Text(
            "{file} is for everybody to read, mode 0644: go reads it as the user who builds.", file=found.name_file
        )
    if found.name_problem:
        return Text(
            "Let {file} name a server (`nameserver ADDRESS`), or start what writes it: systemd-resolved, resolvconf, NetworkManager.",
            file=found.name_file,
        )
    if found.name_line is not None:
        return Text(
            "If {host} has moved, correct or remove {place}: DNS is not asked while that line is there. If it has not, its service is down.",
            host=found.host,
            place=f"{found.name_line.path}:{found.name_line.line}",
        )
    if found.via and found.reason in ("credentials", "status"):
        return Text(
            "The answer may be that of the HTTP proxy {via}. If {host} is a server of the site, name it in no_proxy, beside the line that sets the HTTP proxy (as a name or .domain); otherwise ask the proxy's operator to let it through.",
            via=found.via,
            host=found.host,
        )
    if found.reason == "password-in-clear" or (found.reason == "credentials" and _in_clear(found)):
        return Text(
            "Give {host} TLS, and write https:// in GOPROXY; or let it ask for no password, and name it without one. A password over http can be read by everybody on the way.",
            host=found.host,
        )
    if found.reason == "credentials":
        return Text(
            "Put a machine line for {host} into ~/.netrc (mode 0600), or ask its operator for access.",
            host=_machine(found),
        )
    if found.reason == "refused" and is_loopback(found.host):
        return Text(
            "Start the service on this host that should listen on port {port} (that of gosteward: `systemctl start gosteward-proxy.socket`, and `systemctl status gosteward-proxy` says why it ended), or take the entry out of GOPROXY.",
            port=str(found.port),
        )
    if found.reason == "not-tls":
        return Text(
            "Write http:// in GOPROXY if {host} really has no TLS, or name the port that has it.", host=found.host
        )
    if found.reason == "status":
        return Text("The operator of {host} has to look: the server is there, and fails.", host=found.host)
    return Text(
        "Let GOPROXY name a proxy that this network reaches (a mirror of the site or of the country), or set https_proxy where the site has an HTTP proxy. The checksum database stays switched on: a proxy can relay it."
    )
