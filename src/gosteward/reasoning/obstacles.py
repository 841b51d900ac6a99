"""What keeps a directory of Go out of the PATH of a context, although some line means to put it there. Pure.

Each function finds one kind of obstacle; the rule of the same kind reports it, and the rules about absence (GS101, GS102) use all
of them to tell which contexts already have a cause.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains
from gosteward.reasoning.path_text import badly_written, defect
from gosteward.reasoning.reach import (
    LOGINS,
    added,
    additions,
    go_trees,
    holding_go,
    lacking,
    line_behind,
    names,
    nowhere,
    own_readers,
    plain,
    severity,
    wanted,
)
from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go, variable
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gosteward.snapshot import Context, Snapshot, StartupFile, StartupLine

_GO_NAMES = re.compile(r"(?:^|/)go(?:lang)?(?:[-_.]?\d[\w.]*)?(?:/|$)", re.IGNORECASE)
_UNSET = re.compile(r"\$(?:\{(GO[A-Z_]{0,60})\}|(GO[A-Z_]{0,60}))(/[\w./-]{0,200})?")


SHELL_DIALECTS = ("posix", "bash", "zsh", "fish", "csh")


class Obstacle(NamedTuple):
    """Something that keeps a directory of Go out of PATH.

    Attributes:
        rule: id of the rule that reports it.   location: the line (or file) to change.   also: further lines.
        directory: the one that is kept out, "" if that cannot be told.   written: the entry as it stands on PATH, where it does.
        contexts: names of own contexts that find no go because of it.   skipped: the line tests the directory first, and adds nothing.
    """

    rule: str
    location: Location
    directory: str
    contexts: tuple[str, ...]
    also: tuple[Location, ...] = ()
    written: str = ""
    skipped: bool = False


def early_returns(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Lines behind a `return` that only interactive shells pass (GS106)."""
    without = set(names(lacking(snapshot)))
    found: dict[str, Obstacle] = {}
    for addition in additions(snapshot):
        file, line = addition.file, addition.line
        hit = tuple(c.name for c in own_readers(snapshot, file) if c.name in without and c.kind != "terminal")
        if hit and file.early_return and not line.reached and not _broken(line):
            stop = Location(file.path, file.early_return)
            old = found.get(file.path)
            if old is None:
                found[file.path] = Obstacle("GS106", line.location, addition.directory, hit, (stop,))
            else:
                found[file.path] = old._replace(also=(*old.also, line.location))
    return tuple(found.values())


def _broken(line: StartupLine) -> bool:
    """The line has a fault of its own, which another rule names."""
    return bool(line.literal or line.syntax or line.carriage_return)


def unread_files(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Lines in files that no own context reads, while no session finds go (GS107). One obstacle: the lines belong together."""
    if not nowhere(snapshot):
        return ()
    lines = [
        (a.line.location, a.directory)
        for a in additions(snapshot)
        if a.file.dialect in SHELL_DIALECTS
        and a.file.exists
        and a.file.readable
        and not a.file.hidden_by
        and not own_readers(snapshot, a.file)
    ]
    if not lines:
        return ()
    # A line of the user's own says best where they thought that their shell would look.
    lines.sort(key=lambda pair: not pair[0].path.startswith(f"{snapshot.user.home}/"))
    (first, directory), others = lines[0], tuple(location for location, _ in lines[1:])
    return (Obstacle("GS107", first, directory, names(lacking(snapshot)), others),)


def hidden_files(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Lines in a file (or in one that it would source) that bash leaves out because a file of higher rank is there (GS108)."""
    hit = tuple(c.name for c in lacking(snapshot) if c.kind in LOGINS)
    found = []
    lines = tuple(additions(snapshot))
    for file in snapshot.startup_files:
        if not (hit and file.hidden_by and file.exists) or own_readers(snapshot, file):
            continue
        sources = {line.name for line in file.lines if line.kind == "source"}
        for addition in lines:
            other = addition.file
            if other.path == file.path or (other.path in sources and not _login_readers(snapshot, other)):
                hidden_by = Location(file.hidden_by)
                found.append(
                    Obstacle("GS108", addition.line.location, addition.directory, hit, (hidden_by,), file.path)
                )
                break
    return tuple(found)


def _login_readers(snapshot: Snapshot, file: StartupFile) -> tuple[Context, ...]:
    return tuple(c for c in own_readers(snapshot, file) if c.kind in LOGINS)


def entries_written_badly(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Entries with a literal tilde, quotes, dollars or carriage returns that were to be a directory of Go (GS110 to GS113)."""
    rules = (("GS110", "tilde"), ("GS111", "quote"), ("GS112", "carriage-return"), ("GS113", "dollar"))
    directories = holding_go(snapshot)
    return tuple(
        Obstacle(
            rule,
            written.location,
            next((d for d in written.meant if d in directories), ""),
            written.lacking,
            written=written.entries[0],
        )
        for rule, kind in rules
        for written in badly_written(snapshot, kind)
        if written.lacking
    )


def carriage_returns(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Lines that end in a carriage return, in files that were read, where no entry of the trace shows it (GS112)."""
    without = set(names(lacking(snapshot)))
    return tuple(
        Obstacle("GS112", a.line.location, a.directory, hit)
        for a in additions(snapshot)
        if a.line.carriage_return and (hit := tuple(c.name for c in own_readers(snapshot, a.file) if c.name in without))
    )


def resets(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Lines that threw away a directory of Go (GS114)."""
    directories = holding_go(snapshot)
    found: dict[tuple[str, int], Obstacle] = {}
    for context in lacking(snapshot):
        for lost in context.lost:
            by = lost.dropped_by
            directory = plain(lost.directory)
            if by is None or directory not in directories:
                continue
            old = found.get((by.path, by.line), Obstacle("GS114", by, directory, ()))
            also = tuple(dict.fromkeys((*old.also, *(s for s in lost.sources[:1] if s.line))))
            held = old.contexts if context.name in old.contexts else (*old.contexts, context.name)
            found[by.path, by.line] = old._replace(contexts=held, also=also)
    return tuple(found.values())


def misplaced_entries(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Entries that were to lead to Go and lead nowhere: a missing directory, the tree instead of its bin, the program itself (GS116)."""
    found: dict[tuple[str, int], Obstacle] = {}
    for context in lacking(snapshot):
        for entry in context.search_path:
            target = _target(snapshot, entry.directory, entry.kind)
            where = line_behind(snapshot, context, entry) if target else None
            if where is None:
                continue
            old = found.get((where.path, where.line), Obstacle("GS116", where, target, (), written=entry.directory))
            if context.name not in old.contexts:
                found[where.path, where.line] = old._replace(contexts=(*old.contexts, context.name))
    return tuple(found.values())


def skipped_lines(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Lines that name a directory of Go where there is none, and that add nothing, because they look first: `[ -d ]`, fish_add_path (GS116)."""
    without = {c.name: c for c in lacking(snapshot)}
    directories = holding_go(snapshot)
    found = []
    for file in snapshot.startup_files:
        readers = [without[c.name] for c in own_readers(snapshot, file) if c.name in without] if without else []
        for line in file.lines if readers and not file.hidden_by else ():
            hit = [c for c in readers if line.reached or c.kind == "terminal"]
            if line.kind != "path" or not hit or _broken(line):
                continue
            for directory in added(snapshot, file, line):
                target = "" if directory in directories else _target(snapshot, directory, "missing")
                seen = any(directory in _ever_on_path(c) for c in hit)
                if target and not seen:
                    found.append(
                        Obstacle("GS116", line.location, target, names(tuple(hit)), written=directory, skipped=True)
                    )
                    break
    return tuple(found)


def _ever_on_path(context: Context) -> frozenset[str]:
    """Directories that are on a PATH, or were before a line dropped them."""
    return frozenset((*(plain(e.directory) for e in context.search_path), *(plain(e.directory) for e in context.lost)))


def _target(snapshot: Snapshot, directory: str, kind: str) -> str:
    """The directory of Go that an entry was meant to be; "" if it is none, or if nothing is wrong with it."""
    if defect(directory) or not directory.startswith("/"):
        return ""
    entry = plain(directory)
    trees = go_trees(snapshot)
    for tree in trees:
        if entry in (tree.path, tree.real_path, f"{tree.path}/bin/go", f"{tree.path}/src"):
            return f"{tree.path}/bin"
        if kind == "missing" and entry.endswith(f"{tree.path}/bin") and len(tree.path) > 3:
            return f"{tree.path}/bin"
    if kind in ("missing", "file") and names_go(entry) and not _gobin(snapshot, entry) and trees:
        return f"{trees[0].path}/bin"
    return ""


def names_go(directory: str) -> bool:
    """Whether the name of a directory says that Go is in it."""
    return _GO_NAMES.search(directory) is not None


def _gobin(snapshot: Snapshot, entry: str) -> bool:
    """Where `go install` puts programs: it is missing before the first one."""
    return entry in {f"{snapshot.user.home}/go/bin", f"{snapshot.user.home}/bin", f"{snapshot.user.home}/gopath/bin"}


def foreign_lines(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Lines in a syntax that their file's shell does not have (GS125)."""
    without = set(names(lacking(snapshot)))
    directories = holding_go(snapshot)
    found = []
    for file in snapshot.startup_files:
        for line in file.lines:
            if (
                line.kind != "path"
                or not misspelt(line, own_readers(snapshot, file))
                or line.syntax.endswith("environment-file")
            ):
                continue
            hit = tuple(c.name for c in own_readers(snapshot, file) if c.name in without)
            given = (*added(snapshot, file, line), *re.findall(r"/[\w./-]{1,200}", line.location.text[:300]))
            directory = next((d for d in given if plain(d) in directories), "")
            if hit and directory:
                found.append(Obstacle("GS125", line.location, plain(directory), hit))
    return tuple(found)


def misspelt(line: StartupLine, readers: tuple[Context, ...] = ()) -> str:
    """The fault in a line's syntax: `StartupLine.syntax`, or "semicolon", "space-after-colon", "bash-in-sh"; "" if there is none.

    Args:
        readers: contexts that read the file. Where all of them are of sh, what only bash knows is a fault.
    """
    if line.syntax == "open-quote":
        return ""  # the fault is in another line: GS135
    if line.syntax or line.kind != "path":
        return line.syntax
    text = line.location.text[:300]
    if re.search(r"PATH=[^\s;#'\"]{0,200};\s*/\S{0,200}/bin\b", text):
        return "semicolon"
    if re.search(r"PATH=[^\s;#'\"]{0,200}:[ \t]+[/$~]", text):
        return "space-after-colon"
    if readers and all(c.shell == "sh" for c in readers) and re.search(r"PATH\+=|(?:^|\s)\[\[\s", text):
        return "bash-in-sh"
    return ""


def unset_variables(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Entries such as "/bin" that `$GOROOT/bin` becomes where GOROOT is not set (GS134)."""
    found: dict[tuple[str, int], Obstacle] = {}
    for context in wanted(snapshot):
        for entry in context.search_path:
            where = entry.sources[0] if entry.sources else None
            if where is None or not entry.directory.startswith("/") or "$" not in where.text:
                continue
            for match in _UNSET.finditer(where.text):
                name, rest = match[1] or match[2], match[3] or ""
                if not rest or plain(rest) != plain(entry.directory) or variable(context, name) is not None:
                    continue
                old = found.get((where.path, where.line), Obstacle("GS134", where, "", (), written=f"${name}{rest}"))
                without = first_go(context) is None and context.name not in old.contexts
                found[where.path, where.line] = old._replace(
                    contexts=(*old.contexts, context.name) if without else old.contexts
                )
    return tuple(found.values())


def _taken_away(snapshot: Snapshot, context: Context) -> Location | None:
    """The last line that removes PATH, of the files that a context reads: a trace cannot show what the last command of all does."""
    files = (f for f in snapshot.startup_files if context.name in f.contexts)
    found = (
        line.location for f in files for line in f.lines if line.kind == "path" and not line.keeps and not line.adds
    )
    return next(reversed(tuple(found)), None)


def paths_unset(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Contexts whose start-up ends without any PATH (GS131)."""
    hit = tuple(c for c in wanted(snapshot) if c.path_unset)
    found: dict[tuple[str, int], Obstacle] = {}
    for context in hit:
        by = next((lost.dropped_by for lost in context.lost if lost.dropped_by), None)
        where = by or _taken_away(snapshot, context) or Location(f"built in: {context.shell or context.name}")
        old = found.get((where.path, where.line), Obstacle("GS131", where, "", ()))
        found[where.path, where.line] = old._replace(contexts=(*old.contexts, context.name))
    return tuple(found.values())


_KINDS: tuple[Callable[[Snapshot], tuple[Obstacle, ...]], ...] = (
    early_returns,
    unread_files,
    hidden_files,
    entries_written_badly,
    carriage_returns,
    resets,
    misplaced_entries,
    skipped_lines,
    foreign_lines,
    unset_variables,
    paths_unset,
)


def all_obstacles(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Every obstacle that keeps go from at least one wanted context."""
    return tuple(o for find in _KINDS for o in find(snapshot) if o.contexts)


def contexts_by_cause(
    snapshot: Snapshot, absent: Iterable[Context]
) -> Iterator[tuple[tuple[Obstacle, ...], tuple[str, ...]]]:
    """Group contexts without go by the obstacles that explain it; the group without any comes first."""
    found = all_obstacles(snapshot)
    groups: dict[tuple[Obstacle, ...], tuple[str, ...]] = {}
    for context in absent:
        causes = tuple(o for o in found if context.name in o.contexts)
        groups[causes] = (*groups.get(causes, ()), context.name)
    return iter(sorted(groups.items(), key=lambda item: len(item[0]) > 0))


def claims(snapshot: Snapshot, contexts: tuple[str, ...], jobs: tuple[str, ...] = ()) -> tuple[Explains, ...]:
    """What an obstacle explains: that these contexts, and these jobs, find no go."""
    found = []
    if sessions_among(snapshot, contexts):
        found.append(Explains("GS101"))
    if contexts:
        found.append(Explains("GS102", contexts=contexts))
    if jobs:
        found += [Explains("GS103", contexts=jobs), Explains("GS104", contexts=jobs)]
    return tuple(found)


def severity_of(snapshot: Snapshot, contexts: tuple[str, ...], jobs: tuple[str, ...] = ()) -> str:
    """Severity of what keeps go from these contexts and from these jobs."""
    if jobs:
        return "error"
    return severity(snapshot) if sessions_among(snapshot, contexts) else "warning"


def sessions_among(snapshot: Snapshot, contexts: tuple[str, ...]) -> bool:
    """Whether one of these contexts is a session of the user's own."""
    return any(c.own and c.kind in SESSION_KINDS for c in snapshot.contexts if c.name in contexts)
