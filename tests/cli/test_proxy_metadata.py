"""Flags for shared metadata: what cannot be meant is refused before anything is served, and no password is shown."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser
from typing import TYPE_CHECKING

import pytest

from gosteward.cli.proxy_actions.metadata import add_metadata, metadata_of
from gosteward.errors import PrivilegeError, StewardError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gosteward.modules.storage.redis_link import SharedMetadata

URL = "redis://cache/3?prefix=team"
ENVIRONMENT = {"GOSTEWARD_REDIS_PASSWORD": "of the environment"}


def found(*words: str) -> SharedMetadata | None:
    parser = ArgumentParser()
    add_metadata(parser)
    return metadata_of(parser.parse_args(words), ENVIRONMENT)


def password_of(*words: str) -> str:
    wanted = found(*words)
    assert wanted is not None
    return wanted.password()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("of the file\n")
    path.chmod(0o600)
    return path


def test_without_the_flag_there_is_none() -> None:
    assert found() is None


def test_the_password_comes_from_the_file_the_url_or_the_environment(file: Path) -> None:
    assert password_of("--metadata", URL) == "of the environment"
    assert password_of("--metadata", "redis://:of%20the%20url@cache") == "of the url"
    assert password_of("--metadata", URL, "--metadata-password-file", str(file)) == "of the file"


def test_the_file_is_read_anew(file: Path) -> None:
    wanted = found("--metadata", URL, "--metadata-password-file", str(file))
    assert wanted is not None
    file.write_text("another\n")
    assert wanted.password() == "another"
    file.chmod(0o644)
    with pytest.raises(PrivilegeError):
        wanted.password()


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o602])
def test_a_file_that_others_can_read_or_write_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(PrivilegeError):
        found("--metadata", URL, "--metadata-password-file", str(file))


@pytest.mark.parametrize(
    "words",
    [
        ("--metadata-password-file", "FILE"),
        ("--metadata-ca", "FILE"),
        ("--metadata", URL, "--metadata-ca", "FILE"),
        ("--metadata", "redis://:secret@cache", "--metadata-password-file", "FILE"),
        ("--metadata", URL, "--metadata-password-file", "/nonexistent"),
        ("--metadata", "rediss://cache", "--metadata-ca", "/nonexistent"),
        ("--metadata", "redis://:secret@"),
        ("--metadata", "http://cache"),
    ],
)
def test_what_contradicts_itself_is_refused(file: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(StewardError) as refused:
        found(*(str(file) if word == "FILE" else word for word in words))
    assert isinstance(refused.value, UsageError)
    assert "secret" not in str(refused.value)


def test_an_empty_file_is_no_password(file: Path) -> None:
    file.write_text("\n")
    with pytest.raises(UsageError):
        found("--metadata", URL, "--metadata-password-file", str(file))


def test_without_the_client_the_command_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['redis'] = None; from gosteward.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["proxy", "serve", "--store", str(tmp_path / "store"), "--upstream", "off", "--metadata", URL]
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert ran.returncode == 2
    assert "pip install 'gosteward[redis]'" in ran.stderr
