"""The one repair that heals most: a link in /usr/local/bin, else a line in the files that the contexts read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import FIRST, LAST, LINE_SHOWN, EditLines, LineEdit, ReplaceLink
from gosteward.finding import Text
from gosteward.golang import toolchain_names
from gosteward.reasoning.guarded_lines import C_SHELLS, guarded_line
from gosteward.reasoning.reach import LOGINS, go_directories, go_trees, plain
from gosteward.reasoning.viewpoint import context_named, first_go, own_contexts

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.snapshot import Context, GoTree, Location, Snapshot, StartupFile

LINKS = "/usr/local/bin"
PROGRAMS = ("go", "gofmt")
_PRIVATE = ("/home/", "/root/", "/var/home/")
_KORN_SHELLS = ("ksh", "ksh93", "mksh", "lksh")
USUAL = ("/usr/local/bin", "/usr/bin", "/bin")


class Repair(NamedTuple):
    """What repairs a finding.  commands: what a person types behind the actions, so that a running program takes note."""

    actions: tuple[Action, ...] = ()
    commands: tuple[str, ...] = ()


def installing(version: str = "") -> tuple[str, ...]:
    """The command that puts a sound release where every session finds it, for a host on which no tree can serve.

    Args:
        version: of the tree that is no good, "go1.26.8"; the newest release comes where that is none, or none that was released.
    """
    wanted = version[len("go") :] if toolchain_names.is_release(version) and version.count(".") > 1 else "latest"
    return (f"gosteward install {wanted} --adopt",)


def best_tree(snapshot: Snapshot) -> GoTree | None:
    """The tree that the user's own sessions use; where there is none, the newest that the user can run."""
    trees = go_trees(snapshot)
    for context in own_contexts(snapshot):
        entry = first_go(context)
        if entry is not None and entry.go is not None:
            root = entry.go.goroot
            return next((t for t in trees if root and root in (t.path, t.real_path)), None)
    return next(iter(trees), None)


def is_private(snapshot: Snapshot, path: str) -> bool:
    """A place of one user, where a link for everybody must not lead."""
    home = snapshot.user.home
    return path.startswith(_PRIVATE) or (len(home) > 1 and path.startswith(f"{home}/"))


def links(snapshot: Snapshot, contexts: tuple[Context, ...]) -> tuple[Action, ...]:
    """Links in /usr/local/bin, if every one of these contexts looks there and no context gets another go by them; else ()."""
    tree = best_tree(snapshot)
    if tree is None or not contexts or is_private(snapshot, tree.path) or not all(_looks_there(c) for c in contexts):
        return ()
    if any(_changes(c, tree) for c in snapshot.contexts):
        return ()
    return links_to(snapshot, f"{plain(tree.path)}/bin", PROGRAMS)


def links_to(snapshot: Snapshot, directory: str, programs: tuple[str, ...]) -> tuple[Action, ...]:
    """A link in /usr/local/bin for each of these programs of a directory, as far as the name is free."""
    entries = [e for c in snapshot.contexts for e in c.search_path if plain(e.directory) == LINKS]
    taken = {name for e in entries for name, found in (("go", e.go), ("gofmt", e.gofmt)) if found is not None}
    return tuple(ReplaceLink(f"{LINKS}/{name}", f"{directory}/{name}") for name in programs if name not in taken)


def _looks_there(context: Context) -> bool:
    return any(plain(e.directory) == LINKS and e.kind == "directory" for e in context.search_path)


def _changes(context: Context, tree: GoTree) -> bool:
    """Whether a go in /usr/local/bin would be another one than the context has now, or is there already."""
    entry = first_go(context)
    if entry is not None and entry.go is not None and entry.go.goroot not in ("", tree.path, tree.real_path):
        return context.own
    return any(plain(e.directory) == LINKS and e.go is not None for e in context.search_path)


def contexts_named(snapshot: Snapshot, names: tuple[str, ...]) -> tuple[Context, ...]:
    """The contexts of these names, as far as the snapshot has them."""
    return tuple(c for c in (context_named(snapshot, name) for name in names) if c is not None)


def files_for(snapshot: Snapshot, shell: str, contexts: tuple[Context, ...]) -> tuple[str, ...]:
    """The user's own files by which a line reaches these contexts of one shell, as many as it takes; () for a shell without one."""
    home = snapshot.user.home.rstrip("/")
    logins = tuple(c for c in contexts if c.kind in LOGINS)
    if shell == "bash":
        login_file, others = f"{home}/{_login_file(snapshot)}", len(logins) < len(contexts)
        by_bashrc = {c for f in snapshot.startup_files if f.path == f"{home}/.bashrc" for c in f.contexts}
        needs_login_file = not others or any(c.name not in by_bashrc for c in logins)
        return (*((f"{home}/.bashrc",) if others else ()), *((login_file,) if needs_login_file else ()))
    if shell in ("sh", *_KORN_SHELLS):  # what a terminal reads, ENV may say, and nobody can tell who sets that
        return (f"{home}/.profile",) if logins else ()
    if shell in C_SHELLS:
        is_read = any(f.path == f"{home}/.tcshrc" and f.contexts for f in snapshot.startup_files)
        return (f"{home}/{'.tcshrc' if is_read else '.cshrc'}",)
    names = {"zsh": ".zshenv", "fish": ".config/fish/config.fish"}
    return (f"{home}/{names[shell]}",) if shell in names else ()


def _login_file(snapshot: Snapshot) -> str:
    """The first of the three files that bash looks for is the one that it reads."""
    home = snapshot.user.home.rstrip("/")
    there = {f.path for f in snapshot.startup_files if f.exists}
    return next((n for n in (".bash_profile", ".bash_login") if f"{home}/{n}" in there), ".profile")


def line(snapshot: Snapshot, contexts: tuple[Context, ...], directory: str) -> tuple[Action, ...]:
    """Edits that give these contexts of the user's own shell a directory by one line in each file; () where no file serves."""
    shell = next((c.shell for c in contexts if c.shell), "")
    text = guarded_line(snapshot, shell, directory)
    has_home = snapshot.user.home_exists and len(snapshot.user.home) > 1
    paths = files_for(snapshot, shell, contexts) if has_home else ()
    found = tuple(added_lines(snapshot, path, (text,)) for path in paths)
    return tuple(action for actions in found for action in actions) if text and all(found) else ()


def added_lines(snapshot: Snapshot, path: str, texts: tuple[str, ...]) -> tuple[Action, ...]:
    """Lines in a file of the user's where every reader comes by; () for a file that is not the user's to change, or cannot be read."""
    file = startup_file(snapshot, path)
    if file is None:
        return (EditLines(path, (LineEdit(LAST, after=texts),)),)
    home = f"{snapshot.user.home.rstrip('/')}/"
    if file.problem or not file.exists or not file.readable or not real(file).startswith(home):
        return ()
    return (EditLines(real(file), (LineEdit(FIRST if file.early_return else LAST, after=texts),)),)


def real(file: StartupFile) -> str:
    """The path to edit: a start-up file may be a link into a directory of dotfiles."""
    return file.real_path or file.path


def startup_file(snapshot: Snapshot, path: str) -> StartupFile | None:
    """The start-up file of that name; None if it is none."""
    return next((f for f in snapshot.startup_files if f.path == path), None)


def real_path(snapshot: Snapshot, path: str) -> str:
    """The file behind the name of a start-up file."""
    file = startup_file(snapshot, path)
    return real(file) if file is not None else path


def best(snapshot: Snapshot, names: tuple[str, ...], directory: str = "") -> tuple[Action, ...]:
    """Actions that let these contexts find go: links where they fit, else a line."""
    contexts = contexts_named(snapshot, names)
    places = go_directories(snapshot)
    directory = directory or (places[0] if places else "")
    return links(snapshot, contexts) or (line(snapshot, contexts, directory) if directory else ())


def advice(actions: tuple[Action, ...]) -> Text:
    """What the actions of `best` do."""
    if actions and isinstance(actions[0], ReplaceLink):
        return Text(
            "Links in /usr/local/bin reach every context that looks there, also sudo and services, and no start-up file changes. Never reset PATH to a list of your own."
        )
    return Text(
        "The line adds the directory once, however many shells are started in each other. Open a new session afterwards."
    )


def risk(actions: tuple[Action, ...], of_actions: str = "confirm") -> str:
    """Risk of a repair: without an action a person does it."""
    return of_actions if actions else "manual"


def reload_commands(snapshot: Snapshot, path: str) -> tuple[str, ...]:
    """A command that lets a server take note of a changed file; () for files that every session reads anew."""
    of_sshd = any(f.path == path and f.dialect == "sshd_config" for f in snapshot.startup_files)
    return ("systemctl reload sshd || systemctl reload ssh",) if of_sshd else ()


def replaced_line(snapshot: Snapshot, location: Location, *new: str) -> tuple[Action, ...]:
    """Another text for one line of a file, or several lines, or none; () where the line is not known to its end, or says so already."""
    edits = line_edits(location, *new)
    return (EditLines(real_path(snapshot, location.path), edits),) if edits else ()


def line_edits(location: Location, *new: str) -> tuple[LineEdit, ...]:
    """The edit of `replaced_line`, to be put together with others of the same file."""
    known = location.line > 0 and bool(location.text) and len(location.text) < LINE_SHOWN
    return (LineEdit(location.line, location.text, new),) if known and new != (location.text,) else ()


def literal_path(context: Context, directory: str) -> str:
    """A PATH value for files that expand nothing: what the context has and what works there, the system's directories, and Go's."""
    kept = [e.directory for e in context.search_path if e.kind == "directory" and e.directory.startswith("/")]
    own = () if set(kept) <= set(USUAL) else tuple(plain(d) for d in kept)
    whole = dict.fromkeys((directory, *own, *USUAL))
    return ":".join(whole)
