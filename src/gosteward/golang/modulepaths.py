"""Lists of module path patterns (GOPRIVATE, GONOSUMDB, GONOPROXY) and of proxies (GOPROXY). Pure.

Source: golang.org/x/mod/module `MatchPrefixPatterns`; cmd/go/internal/modfetch (`proxyList`); go.dev/ref/mod, "Private modules".
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import NamedTuple

_ENTRY = re.compile(r"([^,|]*)([,|]|\Z)")
_GLOB = r"(?:[A-Za-z0-9._~*?!-]|\[[!^]?[A-Za-z0-9._~-]+\])+"  # path.Match, as far as module paths go
_PATTERN = re.compile(rf"{_GLOB}(?:/{_GLOB})*/?")
PATTERN_HINT = 'path elements with * and ?, such as "github.com/corp/*"; each stands for all below it, too'
# Hosts where anybody publishes modules: a first path element of these says nothing about who owns a module.
FORGES = (
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "gitea.com",
    "gitee.com",
    "git.sr.ht",
    "gopkg.in",
)
FORGES_OF_GO = (
    "golang.org",
    "google.golang.org",
    "go.uber.org",
    "k8s.io",
    "sigs.k8s.io",
    "cloud.google.com",
    "gorm.io",
)
_SECOND_LEVEL = frozenset(["co", "com", "net", "org", "ac", "gov", "edu", "ne", "or", "go"])


class ProxyEntry(NamedTuple):
    """One entry of GOPROXY.  kind: "url", "file", "direct", "off".  falls_through: on any error ("|" behind it), not on 404 alone."""

    text: str
    kind: str
    falls_through: bool = False


def proxy_list(value: str) -> tuple[ProxyEntry, ...]:
    """Entries of a GOPROXY value up to the first "direct" or "off", where go stops reading."""
    entries: list[ProxyEntry] = []
    for match in _ENTRY.finditer(value):
        text, separator = match[1].strip(), match[2]
        if not text:
            continue
        if text in ("direct", "off"):
            entries.append(ProxyEntry(text, text, separator == "|"))
            break
        kind = "file" if text.startswith("file:") else "url"
        entries.append(ProxyEntry(text, kind, separator == "|"))
    return tuple(entries)


def is_pattern(text: str) -> bool:
    """Whether one glob can fit a module path: GOPRIVATE takes others as well (a URL, an open bracket), and they fit nothing."""
    return bool(_PATTERN.fullmatch(text))


def covers(patterns: str, path: str) -> bool:
    """Whether one of the comma-separated globs matches a leading part of a module path with as many elements."""
    for pattern in patterns.split(","):
        glob = pattern.strip().rstrip("/")
        if not glob:
            continue
        elements = path.split("/")
        wanted = glob.split("/")
        if len(elements) >= len(wanted) and all(_fits(w, e) for w, e in zip(wanted, elements)):
            return True
    return False


def touches(patterns: str, path: str) -> bool:
    """As `covers`, whatever the case of letters: of what is forbidden or private, most forges serve other spellings as well."""
    return covers(patterns.lower(), path.lower())


def is_forge(host: str) -> bool:
    """Whether the first element of a module path is a place where anybody publishes."""
    return host in FORGES or host in FORGES_OF_GO


def domain_of(host: str) -> str:
    """The part of a host name that somebody registered, as far as that can be told without a list: "corp.example" of "git.corp.example"."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        return host.lower()
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if deep else labels[-2:])


def requirement_of(package: str, modules: frozenset[str]) -> str:
    """The module among `modules` that a package belongs to: the longest path that is a leading part of it; "" if none is."""
    path = package
    while path:
        if path in modules:
            return path
        path = path.rpartition("/")[0]
    return ""


def _fits(glob: str, element: str) -> bool:
    if not any(c in glob for c in "*?["):
        return glob == element
    return bool(re.compile(translate(glob.replace("[^", "[!"))).match(element))
