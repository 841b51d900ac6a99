"""Putting a newer go in front: links where every context looks earlier, else the one line turned round, else nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.actions import EditLines, LineEdit, ReplaceLink
from gosteward.reasoning.hidden_go import hidden_gos, to_the_front
from gosteward.snapshot import Binary, Context, Elf, Location, PathEntry, Snapshot, User

if TYPE_CHECKING:
    from gosteward.actions import Action

USER = User(name="dev", uid=1000, home="/home/dev")


def go(directory: str, version: str, origin: str) -> Binary:
    path = f"{directory}/go"
    return Binary(path=path, real_path=path, version=version, origin=origin, elf=Elf(goarch="amd64"))


def host(*directories: str, line: str, newer: str = "/usr/local/go/bin") -> Snapshot:
    source = Location("/home/dev/.profile", 28, line)
    entries = (
        *(PathEntry(directory=d) for d in directories),
        PathEntry(directory="/usr/bin", go=go("/usr/bin", "go1.19.8", "distribution")),
        PathEntry(directory=newer, go=go(newer, "go1.26.8", "official"), sources=(source,)),
    )
    return Snapshot(user=USER, contexts=(Context(name="bash-login", kind="login", search_path=entries),))


def actions(snapshot: Snapshot) -> tuple[Action, ...]:
    (hidden,) = hidden_gos(snapshot, lambda binary: binary.origin == "distribution")
    return to_the_front(snapshot, hidden)


def test_links_are_made_where_usr_local_bin_comes_first() -> None:
    found = actions(host("/usr/local/bin", line="export PATH=$PATH:/usr/local/go/bin"))
    assert found == (ReplaceLink("/usr/local/bin/go", "/usr/local/go/bin/go"),)


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("export PATH=$PATH:/usr/local/go/bin", "export PATH=/usr/local/go/bin:$PATH"),
        ('PATH="${PATH}:$HOME/sdk/go/bin"', 'PATH="$HOME/sdk/go/bin:$PATH"'),
        (
            'case ":$PATH:" in *:/opt/go/bin:*) ;; *) export PATH="$PATH:/opt/go/bin" ;; esac',
            'case ":$PATH:" in *:/opt/go/bin:*) ;; *) export PATH="/opt/go/bin:$PATH" ;; esac',
        ),
        (
            "[ -d /opt/go ] && PATH=$PATH:/opt/go/bin; export PATH",
            "[ -d /opt/go ] && PATH=/opt/go/bin:$PATH; export PATH",
        ),
        ("path+=(/usr/local/go/bin)", "path=(/usr/local/go/bin $path)"),
        ("fish_add_path --path --append /opt/go/bin", "fish_add_path --path --move /opt/go/bin"),
    ],
)
def test_the_line_is_turned_round_where_links_would_not_help(line: str, new: str) -> None:
    (action,) = actions(host(line=line))
    assert action == EditLines("/home/dev/.profile", (LineEdit(28, line, (new,)),))


def test_no_link_for_everybody_leads_into_a_home() -> None:
    (action,) = actions(host("/usr/local/bin", line="PATH=$PATH:$HOME/sdk/go/bin", newer="/home/dev/sdk/go/bin"))
    assert isinstance(action, EditLines)


@pytest.mark.parametrize(
    "line",
    [
        "for d in /usr/local/go/bin; do PATH=$PATH:$d; done",
        "PATH=$PATH:/usr/local/go/bin; PATH=$PATH:/opt/x",
        "PATH=$PATH:/usr/local/go/bin:/opt/x",
        "MANPATH=$PATH:/usr/local/go/bin",
    ],
)
def test_a_line_that_does_more_is_left_to_a_person(line: str) -> None:
    assert actions(host(line=line)) == ()
