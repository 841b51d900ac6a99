"""Whose settings count: the system's are root's alone, a user's are for that user, and root reads nobody else's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError, UsageError
from gosteward.host.local import LocalHost
from gosteward.settings import Settings
from gosteward.snapshot import User
from gosteward.sumdb import keys
from gosteward.toolchains.origins import configuration
from gosteward.toolchains.origins.settings import Database
from gosteward.toolchains.origins.web import Web

if TYPE_CHECKING:
    from pathlib import Path

    from gosteward.toolchains.origins.configuration import Configuration

USER_ID = 4242


@pytest.fixture
def system_file(tmp_path: Path) -> Path:
    """As a site's administrator writes it."""
    path = tmp_path / "etc/settings.toml"
    path.parent.mkdir()
    path.write_text("[toolchains]\nroot = '/opt/site'\ngroup = 'devops'\nlinks = false\nadopt = true\n")
    path.chmod(0o644)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of a user who wants links all the same."""
    path = tmp_path / "home/.config/gosteward/settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[toolchains]\nlinks = true\n")
    os.chown(path, USER_ID, USER_ID)
    os.chown(path.parent, USER_ID, USER_ID)
    return tmp_path / "home"


def read(system_file: Path, home: Path, euid: int, **environ: str) -> Configuration:
    return configuration.configuration(LocalHost(environ), str(home), euid, str(system_file))


def test_root_reads_no_file_of_a_user(system_file: Path, home: Path) -> None:
    found = read(system_file, home, 0, XDG_CONFIG_HOME=f"{home}/.config")
    assert [file.path for file in found.files] == [str(system_file)]
    assert (found.settings.root, found.settings.group, found.settings.links) == ("/opt/site", "devops", False)


def test_a_user_has_own_settings_over_those_of_the_system_but_not_its_root_and_group(
    system_file: Path, home: Path
) -> None:
    found = read(system_file, home, USER_ID).settings
    assert (found.root, found.group, found.links, found.adopt) == ("", "", True, True)
    assert found.origin("links") == f"{home}/.config/gosteward/settings.toml:2"
    assert found.origin("adopt") == f"{system_file}:5"


def test_the_environment_is_over_all_files(system_file: Path, home: Path) -> None:
    found = read(system_file, home, 0, GOSTEWARD_ROOT="/srv/go", GOSTEWARD_FROM="/media/go").settings
    assert (found.root, found.sources) == ("/srv/go", ("/media/go",))


def test_without_files_all_is_as_ever(tmp_path: Path) -> None:
    found = read(tmp_path / "none", tmp_path, USER_ID)
    assert found.settings == Settings()
    assert {file.state for file in found.files} == {"missing"}


@pytest.mark.parametrize("fault", ["owner", "group", "others", "directory"])
def test_a_system_file_that_others_may_write_is_refused_by_its_name(system_file: Path, home: Path, fault: str) -> None:
    if fault == "owner":
        os.chown(system_file, USER_ID, 0)
    elif fault == "directory":
        system_file.parent.chmod(0o777)
    else:
        system_file.chmod({"group": 0o664, "others": 0o646}[fault])
    with pytest.raises(PrivilegeError) as caught:
        read(system_file, home, 0)
    assert caught.value.subject == str(system_file)


def test_a_user_reads_no_settings_that_somebody_else_planted(system_file: Path, home: Path) -> None:
    with pytest.raises(PrivilegeError):
        read(system_file, home, USER_ID + 1)


def test_a_fifo_or_bytes_that_are_no_text_are_one_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match="it cannot be read"):
        read(tmp_path / "fifo", tmp_path, 0)
    (tmp_path / "latin").write_bytes(b"[toolchains]\n# \xe4\n")
    with pytest.raises(UsageError, match="latin:2"):
        read(tmp_path / "latin", tmp_path, 0)


def asked(settings: Settings) -> list[str]:
    host = LocalHost({})
    web = Web(host, User(name="me"))
    found = configuration.sources_of(settings, "https://proxy.example,off", web, host)
    return [f"{type(source).__name__} {source.shown}" for source in found]


def test_sources_of_the_settings_come_before_goproxy_in_their_order(tmp_path: Path) -> None:
    both = ("https://mirror.example", str(tmp_path), "/not/mounted")
    own = [
        "ModuleProxy https://mirror.example",
        "Index https://mirror.example",
        f"Folder {tmp_path}",
        "Folder /not/mounted",
    ]
    assert asked(Settings(sources=both)) == [*own, "ModuleProxy https://proxy.example"]
    assert asked(Settings(sources=both, only_sources=True)) == own
    assert asked(Settings()) == ["ModuleProxy https://proxy.example"]


def test_a_source_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    settings = Settings(sources=(f"{tmp_path}/notes",), origins=(("sources", "F:2"),))
    with pytest.raises(UsageError, match=f"F:2: {tmp_path}/notes"):
        asked(settings)


def test_where_there_are_no_other_servers_the_log_is_asked_through_them_alone() -> None:
    public = Database(keys.parse(keys.PUBLIC_DATABASE), ("https://log.example",))
    settings = Settings(sources=("https://mirror.example/", "/srv/go"))
    relayed = f"https://mirror.example/sumdb/{public.key.name}"
    assert configuration.database_of(settings, public).bases == (relayed, "https://log.example")
    assert configuration.database_of(settings._replace(only_sources=True), public).bases == (relayed,)
    assert configuration.database_of(Settings(), public) == public
