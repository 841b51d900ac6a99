"""Start-up files of a host: which there are, who reads them, what keeps them from being read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.host.rooted import RootedHost
from gosteward.probes import contexts, startup_files, static_contexts
from gosteward.snapshot import Context, StartupFile, User

if TYPE_CHECKING:
    from pathlib import Path

# The rights of another user can only be computed, not tried: root of the tests reads everything.
UID = os.getuid() or 1000
USER = User(name="dev", uid=UID, gid=os.getgid() or 1000, home="/home/dev", shell="/bin/bash")
PROFILE = 'if [ -n "$BASH_VERSION" ]; then\n  if [ -f "$HOME/.bashrc" ]; then\n\t. "$HOME/.bashrc"\n  fi\nfi\n'
BASHRC = "case $- in\n  *i*) ;;\n    *) return;;\nesac\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for shell in ("bash", "zsh", "fish", "dash"):
        write(tmp_path, f"/bin/{shell}", "/etc/bash.bashrc SSH2_CLIENT" if shell == "bash" else "", 0o755)
    (tmp_path / "bin/sh").symlink_to("dash")
    write(tmp_path, "/etc/passwd", f"root:x:0:0::/root:/bin/bash\ndev:x:{UID}:{UID}::/home/dev:/bin/bash\n")
    write(tmp_path, "/etc/debian_version", "12\n")
    write(
        tmp_path,
        "/etc/profile",
        "PATH=/usr/local/bin:/usr/bin:/bin\nfor i in /etc/profile.d/*.sh; do\n  [ -r $i ] && . $i\ndone\n",
    )
    write(tmp_path, "/etc/bash.bashrc", '[ -z "$PS1" ] && return\n')
    return tmp_path


def write(root: Path, path: str, text: str, mode: int = 0o644) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(mode)
    if os.getuid() == 0 and path.startswith("/home/"):
        os.chown(place, USER.uid, USER.gid)


def files(root: Path) -> dict[str, StartupFile]:
    host = RootedHost(str(root))
    found, gaps = startup_files.collect(host, USER, static_contexts.collect(host, USER, ()))
    assert gaps == ()
    return {entry.path: entry for entry in found}


def known(root: Path) -> dict[str, Context]:
    return {context.name: context for context in static_contexts.collect(RootedHost(str(root)), USER, ())}


def has_go(context: Context) -> bool:
    return any(entry.directory == "/usr/local/go/bin" for entry in context.search_path)


def test_a_file_that_another_shell_reads_is_known_with_its_readers(root: Path) -> None:
    write(root, "/home/dev/.zshrc", "export PATH=$PATH:/usr/local/go/bin\n")
    write(root, "/etc/profile.d/go.sh", "export GOPATH=/srv/go\n")
    write(root, "/etc/profile.d/go", "export GOPATH=/no\n")
    found = files(root)
    assert found["/home/dev/.zshrc"].shells == ("zsh",)
    assert found["/home/dev/.zshrc"].contexts == ("zsh-interactive", "zsh-interactive-login")
    assert found["/etc/profile.d/go.sh"].contexts == ("bash-login", "bash-interactive-login", "sh-login")
    assert (found["/etc/profile.d/go"].shells, found["/etc/profile.d/go"].contexts) == ((), ())


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("export X=1\n", "/home/dev/.bash_profile"),
        (". ~/.profile\n", ""),
        ('[ -f ~/.profile ] && source "$HOME/.profile"\n', ""),
    ],
)
def test_bash_profile_hides_profile_unless_it_reads_it(root: Path, text: str, hidden: str) -> None:
    write(root, "/home/dev/.profile", "export PATH=$PATH:/usr/local/go/bin\n")
    write(root, "/home/dev/.bash_profile", text)
    assert files(root)["/home/dev/.profile"].hidden_by == hidden
    assert has_go(known(root)["bash-login"]) is (not hidden)
    assert has_go(known(root)["sh-login"])


def test_an_unreadable_bash_profile_blocks_profile_all_the_same(root: Path) -> None:
    write(root, "/home/dev/.profile", "export PATH=$PATH:/usr/local/go/bin\n")
    write(root, "/home/dev/.bash_profile", "", 0)
    found = files(root)
    assert (found["/home/dev/.bash_profile"].readable, found["/home/dev/.profile"].hidden_by) == (
        False,
        "/home/dev/.bash_profile",
    )
    assert not has_go(known(root)["bash-login"])


def test_debians_files_lead_to_the_contexts_that_they_are_known_for(root: Path) -> None:
    write(root, "/home/dev/.profile", PROFILE)
    write(root, "/home/dev/.bashrc", BASHRC + "export PATH=$PATH:/usr/local/go/bin\n")
    contexts_with_go = [name for name, context in known(root).items() if has_go(context)]
    assert contexts_with_go == ["bash-interactive", "bash-interactive-login", "su"]
    line = files(root)["/home/dev/.bashrc"].lines[0]
    assert (line.location.line, line.reached) == (5, False)
    assert known(root)["bash-ssh-command"].files_read == ("/etc/bash.bashrc", "/home/dev/.bashrc")


def test_files_that_start_up_files_read_are_followed_a_few_levels(root: Path) -> None:
    write(root, "/home/dev/.bashrc", ". ~/.one\nexport $(grep -v '^#' ~/.env | xargs -d '\\n')\n")
    write(root, "/home/dev/.one", ". ~/.two\n. ~/.one\n")
    write(root, "/home/dev/.two", "export GOPATH=/two\n")
    write(root, "/home/dev/.env", "# x\nGOBIN='/q'\n")
    found = files(root)
    assert found["/home/dev/.two"].lines[0].value == "/two"
    (pair,) = found["/home/dev/.env"].lines
    assert (pair.location.line, pair.value, pair.literal) == (2, "'/q'", "quote")
    assert found["/home/dev/.env"].contexts == found["/home/dev/.bashrc"].contexts


def test_what_sshd_sets_has_its_line_in_contexts_and_in_the_file(root: Path) -> None:
    write(root, "/etc/pam.d/sshd", "session required pam_env.so\n")
    write(root, "/etc/ssh/sshd_config", "UsePAM yes\r\nInclude /etc/ssh/sshd_config.d/*.conf\r\n", 0o600)
    write(root, "/etc/ssh/sshd_config.d/go.conf", "Match User dev\n  SetEnv PATH=~/bin:/usr/local/go/bin GOFLAGS=-v\n")
    context = known(root)["bash-ssh-command"]
    place = ("/etc/ssh/sshd_config.d/go.conf", 2)
    entry = next(entry for entry in context.search_path if entry.directory == "/usr/local/go/bin")
    assert entry.sources[0][:2] == place
    assert [v.sources[0][:2] for v in context.variables if v.name == "GOFLAGS"] == [place]
    assert not context.unsure
    found = files(root)
    assert found["/etc/ssh/sshd_config"].readable
    assert found["/etc/ssh/sshd_config"].carriage_returns == ()
    assert found[place[0]].contexts == ("bash-interactive-login", "bash-ssh-command", "zsh-interactive-login", "zsh-ssh-command", "fish-ssh-command")  # fmt: skip
    assert [(line.name, line.literal, line.location.line) for line in found[place[0]].lines] == [
        ("PATH", "tilde", 2),
        ("GOFLAGS", "", 2),
    ]


def test_a_block_of_sshd_for_some_clients_leaves_sessions_over_ssh_in_doubt(root: Path) -> None:
    write(root, "/etc/ssh/sshd_config", "UsePAM yes\nMatch Address 10.0.0.0/8\nSetEnv PATH=/usr/local/go/bin\n")
    assert {name for name, context in known(root).items() if context.unsure} == {
        "bash-interactive-login", "bash-ssh-command", "zsh-interactive-login", "zsh-ssh-command", "fish-ssh-command",
    }  # fmt: skip


def test_what_is_no_file_is_named_and_not_opened(root: Path) -> None:
    home = root / "home/dev"
    home.mkdir(parents=True)
    os.mkfifo(home / ".bashrc")
    (home / ".profile").mkdir()
    (home / ".zshrc").symlink_to(".zshenv")
    (home / ".zshenv").symlink_to(".zshrc")
    (home / ".zprofile").symlink_to("gone")
    write(root, "/home/dev/.bash_login", "x\0y")
    write(root, "/home/dev/.zlogin", "# x\n" * 100_000)
    problems = {path.rpartition("/")[2]: (e.problem, e.exists) for path, e in files(root).items() if e.scope == "user"}
    assert problems == {
        ".bashrc": ("fifo", True), ".profile": ("directory", True), ".zshrc": ("loop", False), ".zshenv": ("loop", False),
        ".zprofile": ("dangling", False), ".bash_login": ("binary", True), ".zlogin": ("too-long", True),
    }  # fmt: skip


def test_others_may_not_write_a_start_up_file(root: Path) -> None:
    write(root, "/home/dev/.bashrc", "", 0o666)
    write(root, "/home/dev/.profile", "", 0o664)
    write(root, "/home/dev/.zshrc", "", 0o644)
    found = files(root)
    assert [found[f"/home/dev/{name}"].writable_by_others for name in (".bashrc", ".profile", ".zshrc")] == [
        True,
        False,
        False,
    ]


def test_a_users_fish_file_hides_the_vendors_file_of_that_name(root: Path) -> None:
    write(root, "/usr/share/fish/vendor_conf.d/go.fish", "set -gx PATH /vendor $PATH\n")
    write(root, "/home/dev/.config/fish/conf.d/go.fish", "set -gx PATH $PATH /usr/local/go/bin\n")
    assert files(root)["/usr/share/fish/vendor_conf.d/go.fish"].hidden_by == "/home/dev/.config/fish/conf.d/go.fish"
    context = known(root)["fish-script"]
    assert has_go(context)
    assert "/vendor" not in [entry.directory for entry in context.search_path]


def test_a_start_up_file_that_leaves_the_shell_is_named_with_its_line(root: Path) -> None:
    write(root, "/home/dev/.profile", "export PATH=$PATH:/usr/local/go/bin\n[ -x /bin/zsh ] && exec zsh -l\n")
    context = known(root)["bash-login"]
    assert context.stopped_at is not None
    assert (context.status, context.reason, context.stopped_at.line) == ("no-answer", "exec", 2)
    assert has_go(context)


def test_what_cannot_be_known_is_unsure_and_what_does_not_matter_is_not(root: Path) -> None:
    write(
        root,
        "/home/dev/.bashrc",
        'eval "$(dircolors -b)"\nsource <(kubectl completion bash)\n[ -x /usr/bin/x ] && eval "$(x)"\n',
    )
    assert not known(root)["bash-interactive"].unsure
    write(root, "/home/dev/.bashrc", 'eval "$(some-version-manager env)"\n')
    assert known(root)["bash-interactive"].unsure
    write(root, "/home/dev/.bashrc", "PATH=$(somewhere):$PATH:/usr/local/go/bin\n")
    context = known(root)["bash-interactive"]
    assert context.unsure
    assert has_go(context)


def test_lost_entries_name_who_set_and_who_dropped_them(root: Path) -> None:
    write(root, "/etc/environment", "PATH=/usr/local/go/bin:/usr/bin\n")
    write(root, "/etc/pam.d/su-l", "session required pam_env.so\n")
    (lost,) = known(root)["bash-login"].lost
    assert lost.dropped_by is not None
    assert (lost.directory, lost.sources[0].path, lost.dropped_by.path, lost.dropped_by.line) == (
        "/usr/local/go/bin", "/etc/environment", "/etc/profile", 1,
    )  # fmt: skip


def test_only_the_contexts_asked_for_are_examined_and_the_rest_is_said(root: Path) -> None:
    found, _, gaps = contexts.collect(RootedHost(str(root)), USER, 5.0, ("bash-login",))
    assert [context.name for context in found] == ["bash-login"]
    assert [(gap.field, gap.asked) for gap in gaps] == [("contexts", True)]


def test_an_unpacked_root_has_every_context_of_its_shells(root: Path) -> None:
    found, _, gaps = contexts.collect(RootedHost(str(root)), USER, 5.0, ())
    names = [context.name for context in found]
    assert len(names) == len(set(names))
    assert {"bash-login", "sh-login", "zsh-login", "fish-login", "bash-ssh-command"} <= set(names)
    assert {context.method for context in found} == {"static"}
    assert gaps == ()
