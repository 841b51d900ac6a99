"""What gives contexts a go: links in /usr/local/bin, else a line in the files that they read."""

from __future__ import annotations

import pytest

from gosteward.actions import FIRST, LAST, EditLines, LineEdit, ReplaceLink
from gosteward.reasoning import remedies
from gosteward.snapshot import Binary, Context, Elf, GoTree, Location, PathEntry, Snapshot, StartupFile, User

LOCAL = PathEntry(directory="/usr/local/bin")
HOME = "/home/dev"
LINE = 'case ":$PATH:" in *:"$HOME/sdk/go/bin":*) ;; *) export PATH="$PATH:$HOME/sdk/go/bin" ;; esac'


def tree(path: str) -> GoTree:
    go = Binary(path=f"{path}/bin/go", goroot=path, elf=Elf(goarch="amd64"))
    return GoTree(path=path, real_path=path, version="go1.26.8", go=go)


def context(
    *entries: PathEntry, name: str = "bash-interactive", kind: str = "terminal", shell: str = "bash"
) -> Context:
    return Context(name=name, kind=kind, shell=shell, search_path=entries)


def host(*contexts: Context, go: str = "/usr/local/go", files: tuple[StartupFile, ...] = ()) -> Snapshot:
    user = User(name="dev", uid=1000, home=HOME)
    return Snapshot(user=user, contexts=contexts, toolchains=(tree(go),), startup_files=files)


def test_links_are_made_where_the_context_looks() -> None:
    assert remedies.best(host(context(LOCAL)), ("bash-interactive",)) == (
        ReplaceLink("/usr/local/bin/go", "/usr/local/go/bin/go"),
        ReplaceLink("/usr/local/bin/gofmt", "/usr/local/go/bin/gofmt"),
    )


def test_a_name_that_is_taken_gets_no_link() -> None:
    taken = LOCAL._replace(gofmt=Binary(path="/usr/local/bin/gofmt"))
    (link,) = remedies.best(host(context(taken)), ("bash-interactive",))
    assert link.path == "/usr/local/bin/go"


def test_no_link_for_everybody_leads_into_a_home() -> None:
    found = remedies.best(host(context(LOCAL), go=f"{HOME}/sdk/go"), ("bash-interactive",))
    assert found == (EditLines(f"{HOME}/.bashrc", (LineEdit(LAST, after=(LINE,)),)),)


def test_no_link_replaces_the_go_that_another_context_has() -> None:
    other = Binary(path="/opt/go/bin/go", goroot="/opt/go")
    login = Context(name="bash-login", kind="login", search_path=(PathEntry(directory="/opt/go/bin", go=other),))
    assert not remedies.links(host(context(LOCAL), login), (context(LOCAL),))


LOGIN = context(name="bash-login", kind="login")
TERMINAL = context()


@pytest.mark.parametrize(
    ("contexts", "bashrc_readers", "names"),
    [
        ((LOGIN,), (), (".profile",)),
        ((TERMINAL,), (), (".bashrc",)),
        ((LOGIN, TERMINAL), ("bash-login", "bash-interactive"), (".bashrc",)),
        ((LOGIN, TERMINAL), ("bash-interactive",), (".bashrc", ".profile")),
        ((LOGIN, TERMINAL), (), (".bashrc", ".profile")),
    ],
)
def test_as_many_files_get_the_line_as_the_contexts_of_bash_need(
    contexts: tuple[Context, ...], bashrc_readers: tuple[str, ...], names: tuple[str, ...]
) -> None:
    files = (StartupFile(path=f"{HOME}/.bashrc", real_path=f"{HOME}/.bashrc", contexts=bashrc_readers),)
    snapshot = host(*contexts, files=files if bashrc_readers else ())
    found = remedies.line(snapshot, contexts, f"{HOME}/sdk/go/bin")
    assert tuple(action.path for action in found) == tuple(f"{HOME}/{name}" for name in names)


@pytest.mark.parametrize(
    ("shell", "kind", "name"),
    [
        ("zsh", "terminal", ".zshenv"),
        ("fish", "terminal", ".config/fish/config.fish"),
        ("tcsh", "ssh-command", ".cshrc"),
        ("ksh", "login", ".profile"),
        ("ksh", "terminal", ""),
        ("sh", "terminal", ""),
    ],
)
def test_each_shell_has_a_file_of_its_own(shell: str, kind: str, name: str) -> None:
    one = context(name=f"{shell}-x", kind=kind, shell=shell)
    found = remedies.line(host(one), (one,), "/opt/x/bin")
    assert tuple(action.path for action in found) == ((f"{HOME}/{name}",) if name else ())


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (StartupFile(path=f"{HOME}/.bashrc", real_path=f"{HOME}/.dotfiles/bashrc", early_return=8), FIRST),
        (StartupFile(path=f"{HOME}/.bashrc", real_path=f"{HOME}/.dotfiles/bashrc"), LAST),
    ],
)
def test_the_line_stands_above_an_early_return_and_behind_everything_else(file: StartupFile, line: int) -> None:
    (action,) = remedies.line(host(TERMINAL, files=(file,)), (TERMINAL,), f"{HOME}/sdk/go/bin")
    assert action == EditLines(f"{HOME}/.dotfiles/bashrc", (LineEdit(line, after=(LINE,)),))


@pytest.mark.parametrize(
    "file",
    [
        StartupFile(path=f"{HOME}/.bashrc", real_path="/etc/skel/.bashrc"),
        StartupFile(path=f"{HOME}/.bashrc", real_path=f"{HOME}/.bashrc", readable=False),
        StartupFile(path=f"{HOME}/.bashrc", real_path=f"{HOME}/.bashrc", problem="fifo"),
        StartupFile(path=f"{HOME}/.bashrc", exists=False, problem="dangling"),
    ],
)
def test_a_file_that_is_not_the_user_s_to_change_is_left_alone(file: StartupFile) -> None:
    assert remedies.line(host(TERMINAL, files=(file,)), (TERMINAL,), f"{HOME}/sdk/go/bin") == ()


def test_a_user_without_a_home_gets_no_line() -> None:
    snapshot = host(TERMINAL)
    homeless = snapshot._replace(user=snapshot.user._replace(home="/nonexistent", home_exists=False))
    assert remedies.line(homeless, (TERMINAL,), "/opt/go/bin") == ()


def test_a_line_that_was_cut_is_not_replaced() -> None:
    whole, cut = Location("/f", 3, "a" * 299), Location("/f", 3, "a" * 300)
    assert remedies.replaced_line(Snapshot(), whole, "b") == (EditLines("/f", (LineEdit(3, "a" * 299, ("b",)),)),)
    assert remedies.replaced_line(Snapshot(), cut, "b") == ()
    assert remedies.replaced_line(Snapshot(), whole, "a" * 299) == ()
