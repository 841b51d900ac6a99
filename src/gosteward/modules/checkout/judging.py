"""What an answer of the go command comes to, where it is an error: that there is no such thing, or that something went wrong. Pure.

go tells both in sentences. That a thing does not exist is believed only where the server of the repository said so, or where go looked through
what that server has: everything else is trouble, so that nobody is sent around a proxy by a password that has expired.

A server that asks for a password may have the repository or not: GitHub and GitLab answer so for those that do not exist, to whoever is not
known to them. That is a refusal (403), and no absence.

Source: cmd/go/internal/modfetch/codehost/git.go, cmd/go/internal/modfetch/coderepo.go, cmd/go/internal/vcs/vcs.go, cmd/go/internal/web;
git's transport-helper.c, connect.c, remote-curl.c, http.c; OpenSSH's ssh.c, auth messages of sshconnect2.c.
"""

from __future__ import annotations

import re

from gosteward.modules.answers import BAD_GATEWAY, FORBIDDEN, NOT_FOUND, TIMED_OUT, Refusal
from gosteward.redaction import without_secrets

MOST_TEXT = 2_000
MOST_FILE = 2 << 30  # bytes, as the limit of a run
NO_PROTOCOL = "protocol found for repository"
_TOO_NEW = re.compile(r"requires go >= (?P<wanted>\S{1,40}) \(running go (?P<running>[^\s;)]{1,40})")
_CLONE = re.compile(r" in (?:cache/cache/)?vcs/[0-9a-f]{64}(?=:)")
# go names each command that failed, and then what that wrote to standard error.
_ATTEMPT = re.compile(r"(?m)^# cd .*$")
# What go says itself, of what it found in a repository. Where a command failed, "invalid version: " and the like stand before that, too.
_COMMAND_FAILED = re.compile(r"exit status \d+|signal: \w+")
_LOOKED_THROUGH = re.compile(
    r"unknown revision|no matching versions for query|missing \S*go\.mod|(?:go\.mod|\S) has (?:non-|post-|malformed )"
    r"|missing module path|does not match version-control timestamp|does not match short name|revision is (?:longer|shorter) than canonical"
    r"|already canonical|preceding tag|not a descendent|should be v[0-9]|module contains a go\.mod file|resolves to version|syntax error"
    r"|is not canonical|cannot contain module|(?:invalid|malformed) module path|mismatched repo|must match major version|disallowed version string"
)
_REFUSED = re.compile(
    r"could not read (?:Username|Password)|Authentication failed|Permission denied|Access denied|not authorized|returned error: 40[13]\b"
    r"|: 40[13] (?:Unauthorized|Forbidden)|HTTP Basic: Access|GOVCS disallows|transport '[^']*' not allowed|terminal prompts disabled"
    r"|Host key verification failed|secure lookup found insecure"
)
_LATE = re.compile(
    r"(?i)timed out|i/o timeout|timeout awaiting|Timeout exceeded|deadline exceeded|Operation too slow|not responding"
)
_ABSENT = re.compile(
    r"repository '[^']*' not found|Repository not found|returned error: 4(?:04|10)\b|: 4(?:04 Not Found|10 Gone)\b"
    r"|does not appear to be a git repository|project you were looking for could not be found"
)
# go's limit, which a version never gets below. Source: cmd/go/internal/modfetch/coderepo.go (`Zip`), golang.org/x/mod/zip.
_TOO_LARGE = re.compile(r"zip file too large|source tree too large")
# All that git says of an index-pack that was killed, as it is where a file becomes larger than it may.
_PACK_KILLED = "invalid index-pack output"
_META = re.compile(r"parse (?P<asked>\S+): no go-import meta tags")


def too_new_for(text: str) -> str:
    """The Go version that a module wants, where the go command says that it is too old for it; "" otherwise."""
    found = _TOO_NEW.search(text)
    return found["wanted"] if found else ""


def refusal(text: str, module: str, query: str, places: tuple[str, ...] = ()) -> Refusal:
    """What an error comes to.

    Args:
        text: of go's error, with what failed commands wrote to standard error, if that is known.   query: a version, branch, "latest".
        places: directories of ours, which are left out of what is told.
    """
    status = _status(_unnamed(text, module, query), module)
    said = shown(text, places)
    if status == FORBIDDEN and "could not read Username" in said:
        said += (
            "\nthe proxy has no name and password for this server, or there is no such repository (see --checkout-home)"
        )
    if _PACK_KILLED in said:
        said += f"\nwhat git got broke off, or makes a file of more than {MOST_FILE >> 20} MiB, which it may not"
    if is_too_large(said) and module not in said:
        said = f"{module}@{query}: {said}"
    return Refusal(status, said or "the go command failed, and did not say why")


def is_too_large(text: str) -> bool:
    """Whether a version is larger than go lets modules be."""
    return bool(_TOO_LARGE.search(text))


def is_fetch(text: str) -> bool:
    """Whether a fetch failed, and may have left behind what it had got."""
    return "git fetch" in text and bool(_COMMAND_FAILED.search(text))


def shown(text: str, places: tuple[str, ...]) -> str:
    """A text without secrets and our directories."""
    for place in places:
        text = text.replace(place, "")
    return without_secrets(_CLONE.sub("", text).replace("?go-get=1", "")).strip()[:MOST_TEXT]


def late(named: str, seconds: float) -> Refusal:
    """What a go command that was killed at its limit comes to."""
    return Refusal(TIMED_OUT, f"{named}: checking it out took longer than {seconds:.0f} seconds")


def too_old(text: str, hint: str, places: tuple[str, ...] = ()) -> Refusal:
    """What it comes to that no go is new enough."""
    return Refusal(BAD_GATEWAY, f"{shown(text, places)}\n{hint}")


def _unnamed(text: str, module: str, query: str) -> str:
    """Without names that somebody chose, and that may sound like an error."""
    for name in filter(None, (f"{module}@{query}", f"unknown revision {query}")):
        text = text.replace(name, "unknown revision" if name.startswith("unknown") else "")
    return text


def _status(text: str, module: str) -> int:
    if _TOO_NEW.search(text):
        return BAD_GATEWAY
    if NO_PROTOCOL in text:
        return _of_attempts(text)
    meta = _META.search(text)
    if meta is not None:
        # Not that of the module, but where a login page is, may have no such tags either.
        return NOT_FOUND if meta["asked"].partition("://")[2].startswith(f"{module}?") else BAD_GATEWAY
    if _LOOKED_THROUGH.search(text) and not _COMMAND_FAILED.search(text):
        return NOT_FOUND
    return _of_command(text)


def _of_attempts(text: str) -> int:
    """go tried https, then ssh: there is no such repository if none of them had any other trouble."""
    attempts = [_of_command(part) for part in _ATTEMPT.split(text)[1:]]
    for worst in (FORBIDDEN, TIMED_OUT, BAD_GATEWAY):
        if worst in attempts:
            return worst
    return NOT_FOUND if attempts else BAD_GATEWAY


def _of_command(text: str) -> int:
    for pattern, status in ((_REFUSED, FORBIDDEN), (_LATE, TIMED_OUT), (_ABSENT, NOT_FOUND)):
        if pattern.search(text):
            return status
    return BAD_GATEWAY
