"""Snapshots made fit to be shown to strangers: tokens, passwords in URLs, and the names of host and user are masked. Pure.

The same value gets the same mask everywhere, so that rules find what they found before. What is masked:

1. passwords and user names in URLs (`https://user:secret@host` becomes `https://***@host`), query values;
2. values of variables and settings whose name or text says that they are secret, lines with such assignments, netrc's words;
3. the names of the host and of the user (also in paths: `/home/alice` becomes `/home/user`), unless they are everybody's ("root").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gosteward.snapshot import Snapshot

MASK = "***"
# Names that say nothing about anybody; masking them would only break paths such as /usr/local/go.
EVERYBODY = {
    "",
    "root",
    "user",
    "host",
    "localhost",
    "go",
    "bin",
    "usr",
    "etc",
    "home",
    "local",
    "nobody",
    "src",
    "tmp",
    "var",
    "opt",
}
TOP_DIRECTORIES = {"dev", "proc", "run", "sys", "srv", "mnt", "media", "boot", "lib", "sbin", "data"}
_INSIDE = re.compile(r"[A-Za-z0-9_.~}/-]")
# Up to the last @ before the path: an unescaped one may stand in the password. Behind what is no port, a slash is part of a password too.
_URL_SECRET = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20}://)(?:[^/@:\s'\"]{1,200}:(?!\d{1,5}(?:[/\s'\"]|$))[^@\s'\"]{1,500}@)?(?:[^/\s'\"]{1,500}@)?(?<=@)"
)
_QUERY = re.compile(r"(?P<name>[?&][A-Za-z0-9_.-]{1,60}=)[^&\s'\"#]{1,2000}")
_ASSIGNMENT = re.compile(
    r"(?i)(?P<name>\b[A-Z0-9_]{0,40}(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|APIKEY|API_KEY|ACCESS_KEY|CREDENTIALS?|GOAUTH)"
    r"[A-Z0-9_]{0,40}['\"]?\s{0,4}[=:\s]\s{0,4}['\"]?)(?P<value>[^\s'\"]{1,2000})"
)
# In sentences only `NAME=value` is an assignment: "no credentials for HOST" is none.
_WRITTEN_OUT = re.compile(
    r"(?i)(?P<name>\b[A-Z0-9_]{0,40}(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_KEY|CREDENTIALS?|GOAUTH)[A-Z0-9_]{0,40}="
    r"['\"]?)(?P<value>[^\s'\"]{1,2000})"
)
_NETRC = re.compile(r"(?i)(?P<name>\b(?:password|login|account)\s{1,4})\S{1,500}")
_KNOWN_TOKEN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{16,255}|AKIA[A-Z0-9]{16}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,255}|ey[A-Za-z0-9_-]{16,2000}\.[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000})"
)
_BEARER = re.compile(r"(?i)(?P<name>\b(?:bearer|basic)\s{1,4})[A-Za-z0-9+/=._~-]{8,2000}")
_SECRET_NAME = re.compile(r"(?i)TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_KEY|CREDENTIAL|^GOAUTH$")


def without_secrets(text: str) -> str:
    """A sentence, a value or a command without passwords and tokens; names of people and hosts stay."""
    text = _QUERY.sub(rf"\g<name>{MASK}", _URL_SECRET.sub(rf"\g<scheme>{MASK}@", text))
    for pattern in (_BEARER, _WRITTEN_OUT):
        text = pattern.sub(rf"\g<name>{MASK}", text)
    return _KNOWN_TOKEN.sub(MASK, text)


def line_without_secrets(line: str) -> str:
    """A line of somebody's file (a shell's, a goenv file, a netrc) without passwords and tokens."""
    line = _QUERY.sub(rf"\g<name>{MASK}", _URL_SECRET.sub(rf"\g<scheme>{MASK}@", line))
    for pattern in (_BEARER, _ASSIGNMENT, _NETRC):
        line = pattern.sub(rf"\g<name>{MASK}", line)
    return _KNOWN_TOKEN.sub(MASK, line)


class _Masker:
    """Masks for one snapshot."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.known: dict[str, str] = {}
        longest = sorted(names, key=len, reverse=True)
        pattern = "|".join(re.escape(name) for name in longest)
        self.people = re.compile(rf"(?<![A-Za-z0-9_])(?:{pattern})(?![A-Za-z0-9_])") if names else None

    def text(self, text: str) -> str:
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = self._masked(text)
        return found

    def _masked(self, text: str) -> str:
        text = line_without_secrets(text)
        if self.people is not None:
            text = self.people.sub(self._person, text)
        return text

    def _person(self, match: re.Match[str]) -> str:
        # A user may be named like a directory at the top of the tree: /dev/null stays what it is.
        before = match.string[: match.start()]
        top = before.endswith("/") and not _INSIDE.search(before[:-1][-1:])
        return match.group() if top and match.group() in TOP_DIRECTORIES else self.names[match.group()]

    def value(self, value: Any) -> Any:
        """Mask strings, and everything in tuples and NamedTuples, all the way down."""
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, tuple):
            return value
        fields = getattr(value, "_fields", None)
        if fields is None:
            return tuple(self.value(item) for item in value)
        parts = {name: self.value(getattr(value, name)) for name in fields}
        if "value" in parts and _SECRET_NAME.search(str(parts.get("name", ""))) and parts["value"]:
            parts["value"] = MASK
        return type(value)(**parts)


def redacted(snapshot: Snapshot) -> Snapshot:
    """The snapshot without what should not leave the host."""
    host, user = snapshot.machine.hostname, snapshot.user.name
    names = {}
    for name, mask in ((host, "host"), (host.partition(".")[0], "host"), (user, "user")):
        if name.lower() not in EVERYBODY:
            names[name] = mask
    masked: Snapshot = _Masker(names).value(snapshot)
    # Of releases everybody knows the same: a user named "net" is no package.
    return masked._replace(schema=snapshot.schema, releases=snapshot.releases)
