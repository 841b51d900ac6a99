"""`proxy policy`, and `proxy serve --policy`, as they are typed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from serve.serving import upstream

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """minimum_age = "7d"

[[rule]]
name = "old-lib"
deny = ["example.com/lib"]
versions = ["<v1.2.0"]
reason = "it loses data"
"""


def gosteward(top: Path, *words: str) -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(top), "GOENV": "off", "GOPROXY": "off"}
    command = [sys.executable, "-I", "-m", "gosteward", "proxy", *words]
    ran = subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["example.com/lib@v1.1.0"], 1, 'refused: example.com/lib@v1.1.0 is refused by the policy: it loses data (rule "old-lib", p.toml:3)'),
        (["example.com/lib@v1.2.0", "--time", "2026-01-01T00:00:00Z"], 0, "allowed: example.com/lib@v1.2.0 (p.toml)"),
        (["example.com/lib@v1.2.0", "--time", "2999-01-01T00:00:00Z"], 1, "it is less than a minute old, and has to be 7 days old"),
        (["example.com/lib@v1.2.0", "--time", "yesterday"], 2, "this is no time: yesterday"),
        (["example.com/lib@v1.2.0"], 2, "hint: give it by --time"),
        (["example.com/lib@latest"], 2, "no module with a whole version"),
    ],
)  # fmt: skip
def test_a_version_is_allowed_or_refused_by_its_rule(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    (tmp_path / "p.toml").write_text(POLICY)
    found, text = gosteward(tmp_path, "policy", "test", "--policy", "p.toml", *words)
    assert (found, said in text) == (code, True), text


def test_the_time_of_a_version_is_asked_for_where_it_comes_from(tmp_path: Path) -> None:
    with upstream() as behind:
        behind.files["/example.com/lib/@v/v1.2.0.info"] = b'{"Version":"v1.2.0","Time":"2026-01-01T00:00:00Z"}'
        (tmp_path / "p.toml").write_text(f'{POLICY}\n[[route]]\nmodules = ["example.com"]\nupstream = "{behind.url}"\n')
        assert gosteward(tmp_path, "policy", "test", "--policy", "p.toml", "example.com/lib@v1.2.0")[0] == 0


def test_a_policy_is_read_or_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(POLICY)
    assert gosteward(tmp_path, "policy", "check", "p.toml") == (
        0, "p.toml can be used; rules: 1, ages: 0, sizes: 0, routes: 0\n",
    )  # fmt: skip
    licences = '\n[licences]\nallow = ["MIT"]\nunknown = "allow"\n'
    (tmp_path / "p.toml").write_text(POLICY + licences)
    assert gosteward(tmp_path, "policy", "check", "p.toml")[1].splitlines()[1] == "it also judges by [licences]"
    words = ("--time", "2026-01-01T00:00:00Z", "--store", str(tmp_path / "empty"))
    code, text = gosteward(tmp_path, "policy", "test", "--policy", "p.toml", "example.com/lib@v1.2.0", *words)
    assert (code, text.splitlines()[-1]) == (0, "its licence is judged when its zip is in the store")
    (tmp_path / "p.toml").write_text(POLICY.replace("versions", "version"))
    code, text = gosteward(tmp_path, "policy", "check", "p.toml")
    assert (code, text.splitlines()[0]) == (2, "gosteward: not a key of a policy: p.toml:3: version")
    (tmp_path / "p.toml").chmod(0o666)
    assert "only some may write to" in gosteward(tmp_path, "policy", "check", "p.toml")[1]
    assert gosteward(tmp_path, "policy", "check", "none.toml")[0] == 2


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def until(said: list[str], process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    while text not in said[-1]:
        said.append(process.stderr.readline())
        assert said[-1], said


def test_a_service_reads_its_policy_again_when_it_changes_or_is_told_to(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(POLICY)
    with upstream() as behind:
        behind.add("example.com/lib", "v1.1.0")
        command = [sys.executable, "-I", "-m", "gosteward", "proxy", "serve", "--policy", str(file), "--upstream", behind.url,
                   "--sumdb", "off", "--store", str(tmp_path / "store"), "--listen", f"127.0.0.1:{free_port()}"]  # fmt: skip
        url = f"http://{command[-1]}/example.com/lib/@v/v1.1.0.zip"
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        )
        try:
            said = [""]
            until(said, process, "listening on")
            assert status(url) == 403
            file.write_text("")
            until(said, process, "the policy was read again")
            assert status(url) == 200
            file.write_text("nonsense")
            until(said, process, "the old one holds: not TOML")
            assert status(url) == 200
            file.write_text(POLICY)
            process.send_signal(signal.SIGHUP)
            until([""], process, "the policy was read again")
            assert status(url) == 403
        finally:
            process.terminate()
            assert process.wait(30) == 0
            process.stderr.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("git.corp.example/lib", "from https://athens.corp.example (p.toml:3; helper /usr/bin/token-tool)"),
        ("own.corp.example/lib", "from the store alone"),
        ("example.com/lib", "from https://a.example, file:///srv/mirror"),
    ],
)
def test_where_a_module_comes_from_is_told_and_by_what_it_is_had_but_nothing_secret(
    tmp_path: Path, module: str, said: str
) -> None:
    route = 'upstream = "https://athens.corp.example"\nhelper = ["/usr/bin/token-tool", "--key=s3cret"]\n'
    policy = f'private = ["corp.example", "*.corp.example"]\n\n[[route]]\nmodules = ["git.corp.example"]\n{route}'
    (tmp_path / "p.toml").write_text(policy)
    words = ("--policy", "p.toml", f"{module}@v1.0.0", "--upstream", "https://ci:s3cret@a.example,file:///srv/mirror")
    code, text = gosteward(tmp_path, "policy", "test", *words)
    assert (code, "s3cret" in text) == (0, False)
    assert said in text.replace("https://ci:xxxxx@a.example", "https://a.example")


def test_a_policy_with_a_helper_is_nobody_elses_to_write(tmp_path: Path) -> None:
    policy = '[[route]]\nmodules = ["a.example"]\nupstream = "https://b.example"\nhelper = ["/usr/bin/token-tool"]\n'
    (tmp_path / "p.toml").write_text(policy)
    (tmp_path / "p.toml").chmod(0o664)
    code, text = gosteward(tmp_path, "policy", "check", "p.toml")
    assert (code, "nobody but root and the user of the proxy may write to it" in text) == (2, True)
