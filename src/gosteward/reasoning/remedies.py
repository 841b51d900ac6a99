"""The one repair that heals most: a link in /usr/local/bin, else a line in the file that all of the contexts read. Pure.

Commands are for a person to copy. `ln` is written with its long option: the command says what it does.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.reasoning.reach import LOGINS, go_directories, go_trees, plain
from gosteward.reasoning.viewpoint import context_named, first_go, own_contexts

if TYPE_CHECKING:
    from gosteward.snapshot import Context, GoTree, Location, Snapshot, StartupFile

LINKS = "/usr/local/bin"
_PRIVATE = ("/home/", "/root/", "/var/home/")
USUAL = ("/usr/local/bin", "/usr/bin", "/bin")


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


def link_commands(snapshot: Snapshot, contexts: tuple[Context, ...]) -> tuple[str, ...]:
    """Links in /usr/local/bin, if every one of these contexts looks there and no context gets another go by them; else ()."""
    tree = best_tree(snapshot)
    if tree is None or not contexts or is_private(snapshot, tree.path) or not all(_looks_there(c) for c in contexts):
        return ()
    if any(_changes(c, tree) for c in snapshot.contexts):
        return ()
    option = "-s" if snapshot.machine.libc == "musl" else "--symbolic"  # busybox knows the short one only
    root = plain(tree.path)
    return (f"ln {option} {quote(f'{root}/bin/go')} {quote(f'{root}/bin/gofmt')} {LINKS}/",)


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


def in_home(snapshot: Snapshot, directory: str) -> str:
    """A directory below the user's home written with $HOME, so that the line is right for whoever reads it."""
    home = snapshot.user.home
    return f"$HOME{directory[len(home) :]}" if len(home) > 1 and directory.startswith(f"{home}/") else directory


def guarded_line(snapshot: Snapshot, shell: str, directory: str) -> str:
    """A line for a start-up file that adds a directory behind the others, and only once."""
    text = in_home(snapshot, directory)
    if shell == "fish":
        return f"fish_add_path --global --append {text}"
    pattern = f'"{text}"' if "$" in text or " " in text else text
    return f'case ":$PATH:" in *:{pattern}:*) ;; *) export PATH="$PATH:{text}" ;; esac'


def file_for(snapshot: Snapshot, shell: str, contexts: tuple[Context, ...]) -> str:
    """The file of the user that the shell reads in these contexts; "" for a shell without one."""
    home = snapshot.user.home.rstrip("/")
    if shell == "bash":
        return f"{home}/{_login_file(snapshot)}" if all(c.kind in LOGINS for c in contexts) else f"{home}/.bashrc"
    names = {"sh": ".profile", "zsh": ".zshenv", "fish": ".config/fish/config.fish"}
    return f"{home}/{names[shell]}" if shell in names else ""


def _login_file(snapshot: Snapshot) -> str:
    """The first of the three files that bash looks for is the one that it reads."""
    home = snapshot.user.home.rstrip("/")
    there = {f.path for f in snapshot.startup_files if f.exists}
    return next((n for n in (".bash_profile", ".bash_login") if f"{home}/{n}" in there), ".profile")


def line_commands(snapshot: Snapshot, contexts: tuple[Context, ...], directory: str) -> tuple[str, ...]:
    """A command that gives these contexts of the user's own shell a directory by one line; () where no file serves."""
    shell = next((c.shell for c in contexts if c.shell), "")
    path = file_for(snapshot, shell, contexts)
    if not path:
        return ()
    line = guarded_line(snapshot, shell, directory)
    file = next((f for f in snapshot.startup_files if f.path == path and f.exists), None)
    if file is not None and file.early_return:
        return (f"sed -i {quote(f'1i {_for_sed(line)}')} {quote(real(file))}",)
    return (f"printf '%s\\n' {quote(line)} >> {quote(path)}",)


def real(file: StartupFile) -> str:
    """The path to edit: `sed -i` would turn a link into a file."""
    return file.real_path or file.path


def real_path(snapshot: Snapshot, path: str) -> str:
    """The file behind the name of a start-up file."""
    return next((real(f) for f in snapshot.startup_files if f.path == path), path)


def best(snapshot: Snapshot, names: tuple[str, ...], directory: str = "") -> tuple[str, ...]:
    """Commands that let these contexts find go: links where they fit, else a line."""
    contexts = contexts_named(snapshot, names)
    places = go_directories(snapshot)
    directory = directory or (places[0] if places else "")
    return link_commands(snapshot, contexts) or (line_commands(snapshot, contexts, directory) if directory else ())


def advice(commands: tuple[str, ...]) -> Text:
    """What the commands of `best` do."""
    if commands and commands[0].startswith("ln "):
        return Text(
            "Links in /usr/local/bin reach every context that looks there, also sudo and services, and no start-up file changes. Never reset PATH to a list of your own."
        )
    return Text(
        "The line adds the directory once, however many shells are started in each other. Open a new session afterwards."
    )


def replace_line(snapshot: Snapshot, location: Location, new: str) -> str:
    """A command that gives a line of a file another text."""
    return f"sed -i {quote(f'{location.line}s{_delimited(new)}')} {quote(real_path(snapshot, location.path))}"


def _delimited(new: str) -> str:
    delimiter = next((d for d in "#|,@%" if d not in new), "")
    text = new.replace("\\", "\\\\").replace("&", "\\&")
    if not delimiter:
        return f"#.*#{text.replace('#', chr(92) + '#')}#"
    return f"{delimiter}.*{delimiter}{text}{delimiter}"


def _for_sed(line: str) -> str:
    return line.replace("\\", "\\\\")


def literal_path(context: Context, directory: str) -> str:
    """A PATH value for files that expand nothing: what the context has and what works there, the system's directories, and Go's."""
    kept = [e.directory for e in context.search_path if e.kind == "directory" and e.directory.startswith("/")]
    own = () if set(kept) <= set(USUAL) else tuple(plain(d) for d in kept)
    whole = dict.fromkeys((directory, *own, *USUAL))
    return ":".join(whole)
