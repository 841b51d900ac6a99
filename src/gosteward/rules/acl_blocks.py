"""GS303: an access control list takes away what the mode seems to give: its mask cuts the entry, or an entry says no."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import WidenAcl
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS303",
    slug="acl-blocks",
    title="an access control list keeps this user from go",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: Permission denied", "#effective:---"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for suspect in suspects(snapshot, _acl_says_no):
        blocker = suspect.binary.blocked_by
        if blocker is None or blocker.path in seen:
            continue
        seen.add(blocker.path)
        user = snapshot.user.name or str(snapshot.user.uid)
        on_file = blocker.path in (suspect.binary.path, suspect.binary.real_path)
        cut = tuple(line for line in suspect.binary.acl if "#effective" in line) if on_file else ()
        own = any(line.startswith(f"user:{user}:") and "x" in line.split("\t")[0][-3:] for line in cut)
        yield Finding(
            rule=RULE,
            subject=blocker.path,
            message=_message(blocker.path, suspect.binary.path, user, cut),
            locations=(Location(blocker.path),),
            evidence=(f"getfacl {quote(blocker.path)}", *suspect.binary.acl[:10]),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=(*NO_GO_RUNS, Explains("GS301"), Explains("GS302"), Explains("GS408")),
            risk="confirm",
            actions=(_widening(snapshot, blocker.path, on_file=on_file, cut=own),),
            advice=Text(
                "`chmod` of the group bits changes the list's mask, and so cuts every named entry: change the list itself, the mask and the entry."
            ),
        )


def _acl_says_no(binary: Binary) -> bool:
    return binary.blocked_by is not None and binary.blocked_by.reason == "acl"


def _widening(snapshot: Snapshot, path: str, *, on_file: bool, cut: bool) -> WidenAcl:
    """The mask, where the user's entry says yes already; else that entry, too. A directory needs no more than search."""
    return WidenAcl(path, "rx" if on_file else "x", None if cut else snapshot.user.uid)


def _message(path: str, program: str, user: str, cut: tuple[str, ...]) -> Text:
    if cut:
        return Text(
            "the mask of the access control list of {path} cuts the entry `{entry}`: {user} may not run it",
            path=path,
            entry=cut[0],
            user=user,
        )
    return Text("the access control list of {path} keeps {user} from {program}", path=path, user=user, program=program)
