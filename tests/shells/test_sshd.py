"""sshd_config as sshd itself reads it: `sshd -T` says which SetEnv a user gets, and so must the reading on paper."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gosteward.shells import environment_lines, sshd

PROGRAM = shutil.which("sshd") or "/usr/sbin/sshd"
# sshd wants its empty directory in /run, where no test may make one.
PRIVATE = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$0" "$@"'
# Without blocks that depend on the client: for them see below.
CASES = (
    "SetEnv GOPROXY=first GOPROXY=second\nSetEnv GOPROXY=third GOBIN=/x",
    'SetEnv "GOFLAGS=-mod=mod -v" PATH="/opt/a b/bin:/usr/bin" # GOBIN=/comment',
    "SetEnv GOPROXY=everybody\nMatch User dev\n  SetEnv GOPROXY=dev\nMatch all\nSetEnv GOPROXY=all",
    "SetEnv GOPROXY=everybody\nMatch User other,!dev,d*\nSetEnv GOPROXY=dev",
    "Match User root,d?v\nSetEnv GOPROXY=dev",
    "Match all\nSetEnv GOPROXY=all",
    "Include {d}/*.conf\nSetEnv GOPROXY=behind",
    "Match User dev\nInclude {d}/*.conf\nSetEnv GOPROXY=behind",
    "Match User other\nInclude {d}/*.conf\nSetEnv GOPROXY=behind",
    "Match Group nobody-has-it\nSetEnv GOPROXY=group\nMatch Group {group}\nSetEnv GOPROXY=own-group",
    "match user dev group {group}\nsetenv gopath=/lower GOPATH=/srv",
)
INCLUDED = {"10.conf": "Match User other\nSetEnv GOPROXY=other\n", "20.conf": "Match User dev\nSetEnv GOPROXY=included"}


def asked(configuration: Path, user: str) -> dict[str, str]:
    """What sshd says that the user's sessions get."""
    if not os.path.exists(PROGRAM):
        pytest.fail("this test asks the real sshd; install openssh-server")
    question = (PROGRAM, "-T", "-f", str(configuration), "-C", f"user={user},host=client.example,addr=192.0.2.7")
    answer = subprocess.run(
        ("unshare", "--map-root-user", "--mount", "sh", "-c", PRIVATE, *question),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = (line.split(" ", 1) for line in answer.stdout.splitlines())
    return dict(words[1].split("=", 1) for words in lines if words[0] == "setenv")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ssh")
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "key"), check=True)
    (place / "d").mkdir()
    for name, text in INCLUDED.items():
        (place / "d" / name).write_text(text)
    return place


@pytest.mark.parametrize("case", CASES)
def test_each_user_gets_what_sshd_says(place: Path, case: str) -> None:
    configuration = place / "sshd_config"
    configuration.write_text(f"HostKey {place}/key\n" + case.format(d=place / "d", group="root"))
    for user, groups in (("root", ("root",)), ("dev", ()), ("other", ())):
        if "group" in case.lower() and user != "root":
            continue  # sshd asks the system for the groups of a user who has to exist
        found = sshd.settings(
            str(configuration), lambda path: Path(path).read_text().split("\n"),
            lambda path: sorted(os.listdir(path)), user, groups,
        )  # fmt: skip
        assert {pair.name: pair.value for _, pair in found.set_env} == asked(configuration, user), user
        assert not found.doubtful


def read(text: str) -> sshd.SshdSettings:
    return sshd.settings("/etc/ssh/sshd_config", lambda _: text.split("\n"), lambda _: [], "dev", ("dev", "staff"))


@pytest.mark.parametrize(
    ("block", "doubtful"),
    [
        ("Match Address 10.0.0.0/8\nSetEnv PATH=/opt/near:/usr/bin", True),
        ("Match User dev Host *.example\nSetEnv GOPROXY=https://near.example", True),
        ("Match User other Address 10.0.0.0/8\nSetEnv PATH=/opt/near", False),
        ("Match Address 10.0.0.0/8\nSetEnv LANG=C", False),
        ("Match User dev\nSetEnv GOPROXY=dev\nMatch Address 10.0.0.0/8\nSetEnv GOPROXY=near", False),
        ("Match Address 10.0.0.0/8\nX11Forwarding no\nMatch all\nSetEnv GOPROXY=all", False),
        ("Match Address=10.0.0.0/8 Group=staff\nSetEnv GOFLAGS=-v", True),
    ],
)
def test_a_block_that_depends_on_the_client_counts_for_nothing_and_leaves_a_doubt(block: str, doubtful: bool) -> None:
    found = read(f"SetEnv GOPROXY=everybody\n{block}")
    assert found.doubtful is doubtful
    assert "near" not in str(found.set_env)


def test_every_pair_of_a_file_is_a_line_of_it() -> None:
    lines = ["UsePAM yes", "SetEnv PATH=$PATH:/opt/go/bin GOBIN=/x", "Match User other", "  SetEnv LANG=C GOFLAGS=-v"]
    found = environment_lines.sshd_settings("/etc/ssh/sshd_config", lines).lines
    assert [(line.kind, line.name, line.location.line, line.literal) for line in found] == [
        ("path", "PATH", 2, "dollar"),
        ("variable", "GOBIN", 2, ""),
        ("variable", "GOFLAGS", 4, ""),
    ]
