"""GS609: a module's bytes are not those that go.sum recorded: somebody changed a released version, or a mirror serves others."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import DEFAULT_PROXY_URL, masked
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import ChecksumConflict, Snapshot

RULE = Rule(
    id="GS609",
    slug="checksum-mismatch",
    title="a module is not what go.sum recorded",
    severity="error",
    needs=("workspaces",),
    symptoms=(
        "verifying module: checksum mismatch",
        "SECURITY ERROR This download does NOT match an earlier download recorded in go.sum.",
        "SECURITY ERROR This download does NOT match the one reported by the checksum server.",
        "module cache: dir has been modified",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    conflicts: list[tuple[ChecksumConflict, tuple[str, ...]]] = [
        (c, ()) for w in snapshot.workspaces for c in w.conflicts
    ]
    conflicts += [(n.conflict, n.contexts) for n in snapshot.network if n.conflict is not None]
    seen: set[str] = set()
    for conflict, contexts in conflicts:
        subject = f"{conflict.path}@{conflict.version}"
        if subject not in seen:
            seen.add(subject)
            yield _finding(conflict, subject, contexts)


def _finding(conflict: ChecksumConflict, subject: str, contexts: tuple[str, ...]) -> Finding:
    source = masked(conflict.source)
    cached = source.startswith("/")
    places = (conflict.location,) if conflict.location is not None else ()
    return Finding(
        rule=RULE,
        subject=subject,
        message=Text(
            "{module}: go.sum records the checksum {wanted}, but {source} has {found}",
            module=subject,
            wanted=conflict.wanted,
            source=source,
            found=conflict.found,
        ),
        locations=(*places, *((Location(source),) if cached else ())),
        evidence=(f"grep {quote(f'{conflict.path} {conflict.version} ')} go.sum", f"{source}: {conflict.found}"),
        contexts=contexts,
        explains=(Explains("GS908"),),
        advice=_advice(cached=cached),
    )


def _advice(*, cached: bool) -> Text:
    if cached:
        return Text(
            "The copy in the module cache was changed or damaged. Fetch it into another cache (GOMODCACHE=$(mktemp -d) go mod download) and compare before you replace it. Keep go.sum as it is: it is the witness."
        )
    return Text(
        "Keep go.sum as it is: it is the witness. Fetch the same version from a second source (GOPROXY={proxy} in an empty GOMODCACHE) and compare; if that one fits, the mirror is wrong and its operator must be told; if not, the author moved the tag.",
        proxy=DEFAULT_PROXY_URL,
    )
