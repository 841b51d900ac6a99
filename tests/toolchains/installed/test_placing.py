"""What shells read goes with the links: made where it is missing, left where it is somebody's, undone, and taken away with the last tree."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gosteward.actions import WriteFile
from gosteward.host.local import LocalHost
from gosteward.snapshot import Context, Snapshot
from gosteward.toolchains.installed import profile_dropins, pruning, store, switching
from gosteward.toolchains.installed.placing import Placing
from toolchains.godev_server import toolchain_proxy
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolchains.conftest import Site

RELEASE = small_release("go1.26.90")
ZPROFILE = "# /etc/zsh/zprofile: for login shells.\n"


@pytest.fixture
def debian(site: Site) -> Iterator[Site]:
    """A system with bash, zsh and fish, as Debian lays it out."""
    for name in ("etc/profile.d", "etc/zsh", "etc/fish/conf.d", "usr/bin"):
        (site.top / name).mkdir(parents=True)
    for shell in ("zsh", "fish"):
        (site.top / "usr/bin" / shell).touch()
    (site.top / "etc/zsh/zprofile").write_text(ZPROFILE)
    with toolchain_proxy(RELEASE) as proxy:
        site.environ.update(GOPROXY=proxy.url, GOSUMDB=proxy.vkey)
        yield site


def placing(site: Site, **more: object) -> Placing:
    return Placing(LocalHost(site.environ), str(site.root), str(site.bin), str(site.usual_place))._replace(**more)


def files(site: Site) -> dict[str, str]:
    etc = site.top / "etc"
    return {str(path.relative_to(etc)): path.read_text() for path in etc.rglob("*") if path.is_file()}


def test_an_installation_makes_them_and_undo_takes_them_back(debian: Site) -> None:
    before = files(debian)
    found = debian.install("1.26.90")
    profile = f"{debian.top}/etc/profile.d/golang.sh"
    assert files(debian) == {
        "profile.d/golang.sh": profile_dropins.POSIX_TEXT,
        "fish/conf.d/golang.fish": profile_dropins.FISH_TEXT,
        "zsh/zprofile": f"{ZPROFILE}{profile_dropins.zsh_line(profile)}\n",
    }
    assert [str(note) for note in found.notes] == [
        f"{debian.top}/etc/zsh/zprofile has a line more, by which login shells of zsh read {profile}"
    ]
    assert placing(debian).links() == ((), ())
    debian.undo()
    assert files(debian) == before


def test_a_zsh_that_reads_the_line_has_the_entry(debian: Site) -> None:
    debian.install("1.26.90")
    script = f"source {debian.top}/etc/zsh/zprofile; print -r -- $PATH"
    ran = subprocess.run(
        ["zsh", "-f", "-c", script], env={"HOME": "/h", "PATH": "/bin"}, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "/bin:/h/go/bin\n"


def test_a_file_that_is_not_ours_stays_and_nothing_reads_it_by_our_doing(debian: Site) -> None:
    foreign = debian.top / "etc/profile.d/golang.sh"
    foreign.write_text("export GOROOT=/x\n")
    found = placing(debian).drop_ins()
    assert [str(note) for note in found.notes] == [f"{foreign} is there already, and stays so; --adopt moves it aside"]
    assert [action.path for action in found.actions] == [f"{debian.top}/etc/fish/conf.d/golang.fish"]
    debian.changing("use").do(placing(debian, adopt=True).drop_ins().actions)
    assert foreign.read_text() == profile_dropins.POSIX_TEXT
    assert (foreign.parent / ".golang.sh.aside").read_text() == "export GOROOT=/x\n"


def test_only_shells_that_are_installed_get_one_and_only_where_etc_has_the_place(debian: Site) -> None:
    for shell in ("zsh", "fish"):
        (debian.top / "usr/bin" / shell).unlink()
    (found,) = placing(debian).drop_ins().actions
    assert isinstance(found, WriteFile)
    assert (found.path, found.mode) == (f"{debian.top}/etc/profile.d/golang.sh", 0o644)
    (debian.top / "etc/profile.d").rmdir()
    assert placing(debian).drop_ins() == ((), ())


def test_without_links_there_are_no_files(debian: Site) -> None:
    assert placing(debian, directory="", usual_place="").links() == ((), ())


def test_the_last_tree_takes_links_and_files_with_it_and_undo_brings_all_back(debian: Site) -> None:
    before = files(debian)
    debian.install("1.26.90")
    after, names = files(debian), debian.names()
    host = LocalHost(debian.environ)
    (tree,) = store.installed(host, str(debian.root))
    assert switching.uses(tree, Snapshot(), last=switching.is_last(tree, host)) == ()
    debian.changing("uninstall").do(switching.removal(tree, host, placing(debian)))
    assert {path: text for path, text in files(debian).items() if ".aside" not in path} == before
    assert not debian.bin.joinpath("go").is_symlink()
    assert not debian.usual_place.is_symlink()
    debian.undo()
    assert (files(debian), debian.names()) == (after, names)


def test_prune_removes_what_was_taken_away_and_nothing_that_was_somebody_elses(debian: Site) -> None:
    foreign = debian.top / "etc/profile.d/golang.sh"
    foreign.write_text("export GOPATH=/srv/go\n")
    debian.install("1.26.90", adopt=True)
    host, etc = LocalHost(debian.environ), debian.top / "etc"
    (tree,) = store.installed(host, str(debian.root))
    debian.changing("uninstall").do(switching.removal(tree, host, placing(debian)))
    left = [
        "fish/conf.d/.golang.fish.aside",
        "profile.d/.golang.sh.aside",
        "profile.d/.golang.sh.aside-2",
        "zsh/zprofile",
    ]
    assert sorted(files(debian)) == left
    (etc / "profile.d/.golang.sh.aside-3").symlink_to(".golang.sh.aside-2")
    cache = str(debian.top / "cache")
    found = pruning.remains(host, str(debian.root), cache, str(etc))
    assert found.files[-2:] == (f"{etc}/profile.d/.golang.sh.aside-2", f"{etc}/fish/conf.d/.golang.fish.aside")
    pruning.remove(found, cache, debian.changing().who)
    assert files(debian) == {"profile.d/.golang.sh.aside": "export GOPATH=/srv/go\n", "zsh/zprofile": ZPROFILE}


def test_another_root_leaves_what_it_does_not_serve(debian: Site) -> None:
    debian.install("1.26.90")
    assert placing(debian, root="/srv/go").removed() == ()


def test_a_job_would_miss_even_the_last_tree(debian: Site) -> None:
    from gosteward.snapshot import Binary, PathEntry

    debian.install("1.26.90")
    host = LocalHost(debian.environ)
    (tree,) = store.installed(host, str(debian.root))
    go = Binary(str(debian.bin / "go"), kind="elf", executable=True, real_path=f"{tree.tree}/bin/go")
    entry = PathEntry(str(debian.bin), go=go)
    job = Context("cron:/etc/crontab:3", "cron", search_path=(entry,), uses_go=True)
    session = Context("bash-login", "login", search_path=(entry,))
    found = switching.uses(tree, Snapshot(contexts=(session, job)), last=True)
    assert [str(text) for text in found] == ["cron:/etc/crontab:3 finds its go"]


def test_a_user_is_told_which_directories_the_session_does_not_look_in(tmp_path: Path) -> None:
    def notes(**environ: str) -> list[str]:
        host = LocalHost(environ)
        found = Placing(host, str(tmp_path), "/home/dev/.local/bin").drop_ins()
        assert found.actions == ()
        return [str(note).partition(" is not on the PATH")[0] for note in found.notes]

    assert notes(PATH="/usr/bin:/home/dev/.local/bin/") == ["/home/dev/go/bin"]
    assert notes(PATH="/usr/bin", GOBIN="/home/dev/bin") == ["/home/dev/.local/bin", "/home/dev/bin"]
    assert notes(PATH="/home/dev/.local/bin:/srv/p/bin", GOPATH="/srv/p:/srv/q") == []
    assert notes() == []
