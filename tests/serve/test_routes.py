"""Who asks an upstream is told to that upstream alone, by what its route has; and what is secret is seen nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gosteward.host.accounts import user_with_id
from gosteward.host.local import LocalHost
from gosteward.modules.origins import secrets
from gosteward.modules.origins.secrets import RouteSecrets, SecretError, without
from gosteward.modules.upstreams import Secret
from gosteward.toolchains.origins.web import UnreachableError, Web
from serve.guarded import guarded, secret_file
from serve.serving import upstream
from toolchains.password_gate import Gate, basic, made_certificate, password_gate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serve.guarded import Guarded

GO = f"{os.environ.get('GOSTEWARD_TEST_GOROOT', '/usr/local/go')}/bin/go"
MODULE = "git.corp.example/lib"
MOD = f"/{MODULE}/@v/v1.0.0.mod"
TOKEN = "s3cret-t0ken"
NETRC, HEADER, HELPER = "netrc", "header_file", "helper"


class World:
    """A server that wants to know who asks, an upstream behind it, and a policy with a route to it."""

    def __init__(self, top: Path, gate: Gate, other: Gate) -> None:
        self.top, self.gate, self.other = top, gate, other
        self.policy = top / "policy.toml"
        self.log = top / "helper.log"

    def route(self, kind: str, token: str = TOKEN) -> str:
        """The line of the policy; what it names is written."""
        if kind == NETRC:
            value = json.dumps(
                str(secret_file(self.top / "netrc", f"machine {self.gate.place} login ci password {token}\n"))
            )
        elif kind == HEADER:
            value = json.dumps(str(secret_file(self.top / "header", f"# of athens\nAuthorization: Bearer {token}\n")))
        else:
            value = json.dumps([str(self.helper(token)), "--key", "s3cret-word"])
        self.gate.wanted = basic(f"ci:{TOKEN}") if kind == NETRC else f"Bearer {TOKEN}"
        return f"{kind} = {value}\n"

    def helper(self, token: str, script: str = "") -> Path:
        """A program; each of its runs appends what it was told to a log."""
        path = self.top / "token-tool"
        said = f"printf 'https://{self.gate.place}\\n\\nAuthorization: Bearer {token}\\n\\n'"
        text = f'#!/bin/sh\necho "$@" >> {self.log}; cat >> {self.log}\n{script or said}\n'
        path.with_name("new").write_text(text)
        path.with_name("new").chmod(0o755)
        path.with_name("new").replace(path)
        return path

    def write(self, kind: str, token: str = TOKEN) -> None:
        route = f'[[route]]\nmodules = ["git.corp.example"]\nupstream = "{self.gate.url}"\n{self.route(kind, token)}'
        self.policy.write_text(route)

    @property
    def runs(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith("--key")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_certificate(tmp_path_factory.mktemp("gate"))


@pytest.fixture
def world(tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with upstream() as behind:
        behind.add(MODULE, "v1.0.0", {"lib.go": b"package lib\n"})
        behind.add("example.com/public", "v1.0.0", {"lib.go": b"package lib\n"})
        for module in (MODULE, "example.com/public"):
            behind.files[f"/{module}/@v/list"] = b"v1.0.0\n"
        with password_gate(certificate, behind.url) as gate, password_gate(certificate, behind.url) as other:
            yield World(tmp_path, gate, other)


def serving(world: World) -> Iterator[Guarded]:
    return guarded(world.top, world.other.url, "--policy", str(world.policy))  # type: ignore[return-value]


@pytest.mark.parametrize("kind", [NETRC, HEADER, HELPER])
def test_modules_of_a_route_come_with_its_secret_which_nobody_else_is_told(world: World, kind: str) -> None:
    world.write(kind)
    with serving(world) as served:
        environ = {
            **os.environ,
            "GOPROXY": f"http://127.0.0.1:{served.port}",
            "GOSUMDB": "off",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-modcacherw",
        }
        environ |= {"HOME": str(world.top), "GOPATH": str(world.top / "go"), "GOCACHE": str(world.top / "cache")}
        for module in (MODULE, "example.com/public"):
            words = (GO, "mod", "download", "-json", f"{module}@v1.0.0")
            subprocess.run(words, check=True, capture_output=True, env=environ, cwd=world.top)
    assert {path for path, said in world.gate.asked if said == world.gate.wanted} >= {MOD}
    assert world.other.asked
    assert all(not said and "public" in path for path, said in world.other.asked)
    if kind == HELPER:
        assert world.runs == ["--key s3cret-word"]


@pytest.mark.parametrize("kind", [NETRC, HEADER, HELPER])
@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_accepts_no_secret_is_a_403_that_says_what_to_do_and_not_what_is_secret(
    world: World, kind: str, status: int
) -> None:
    world.write(kind, token="wr0ng-t0ken")
    world.gate.status = status
    told = basic("ci:wr0ng-t0ken") if kind == NETRC else "Bearer wr0ng-t0ken"
    world.gate.words = f"no: {told}, wr0ng-t0ken".encode()  # as some servers tell it
    with serving(world) as served:
        answer = served.get(MOD)
        assert answer.status == 403
        text = answer.body.decode()
        assert world.gate.url in text
        assert f"what the {kind} of its route has" in text
        seen = text + "".join(served.get(path).body.decode() for path in ("/metrics", "/-/"))
        assert served.get(f"/{MODULE}/@v/list").status == 403
        seen += served.said
    for secret in ("wr0ng-t0ken", basic("ci:wr0ng-t0ken").split()[1], "s3cret-word"):
        assert secret not in seen
    assert not list((world.top / "store/modules").iterdir())


def test_without_a_route_the_server_is_named_and_what_is_to_be_done(world: World) -> None:
    world.other.wanted = "Bearer x"
    world.policy.write_text("")
    with serving(world) as served:
        answer = served.get("/example.com/public/@v/v1.0.0.mod")
    assert answer.status == 403
    text = answer.body.decode()
    assert f"{world.other.url} refuses it (401): whoever runs this proxy has to give it a password" in text
    assert "it says: who are you" in text


@pytest.mark.parametrize("kind", [NETRC, HEADER, HELPER])
def test_behind_a_redirect_to_another_server_nothing_is_said(world: World, kind: str) -> None:
    world.write(kind)
    world.gate.redirects[MOD] = f"{world.other.url}{MOD}"
    with serving(world) as served:
        assert served.get(MOD).status == 200
    assert world.gate.asked == [(MOD, world.gate.wanted)]
    assert world.other.asked == [(MOD, "")]


def test_over_plain_http_nothing_secret_is_sent(tmp_path: Path) -> None:
    host = LocalHost({"HOME": str(tmp_path)})
    web = Web(host, user_with_id(host, os.geteuid()))
    with upstream() as plain:
        with pytest.raises(UnreachableError, match="no password is sent over plain http"):
            web.opened(f"{plain.url}{MOD}", 5.0, ("X-Token: abc",)).__enter__()
        assert not plain.asked


@pytest.mark.parametrize("kind", [NETRC, HEADER])
def test_a_file_that_was_replaced_counts_at_once(world: World, kind: str) -> None:
    world.write(kind, token="old")
    with serving(world) as served:
        assert served.get(f"/{MODULE}/@v/list").status == 403
        world.route(kind)
        assert served.get(f"/{MODULE}/@v/list").status == 200


def test_a_helper_whose_word_is_not_accepted_any_more_is_run_once_more_for_all_who_wait(world: World) -> None:
    world.write(HELPER, token="old")
    world.gate.wanted = "Bearer old"
    with serving(world) as served:
        assert served.get(MOD).status == 200
        assert world.runs == ["--key s3cret-word"]
        world.write(HELPER)
        paths = [f"/{MODULE}/@v/{name}" for name in ("list", "v1.0.0.zip", "v1.0.0.info", "branch.info")]
        with ThreadPoolExecutor(4) as clients:
            answers = list(clients.map(served.get, paths))
        assert sorted(answer.status for answer in answers) == [200, 200, 200, 404]
        assert len(world.runs) == 2
        assert world.runs[1].startswith(f"--key s3cret-word {world.gate.url}/{MODULE}/@v/")
        assert "HTTP/1.1 401" in world.log.read_text()
        assert "Www-Authenticate: Basic" in world.log.read_text()
        world.gate.wanted = "Bearer of another kind"
        assert [served.get(f"/{MODULE}/@v/v1.0.{n}.info").status for n in range(1, 6)] == [403] * 5
        assert len(world.runs) == 2  # so soon after the last time it is not asked again


HELPERS = {
    "fails": ("echo s3cret-word; exit 7", "it ended with 7"),
    "no answer in its form": ("echo s3cret-word", "there is no empty line behind its URLs"),
    "header that ends the request": (r"printf 'https://x\n\nContent-Length: 5\n\n'", "the header Content-Length cannot be set"),
    "speaks of others": (r"printf 'https://other.example\n\nAuthorization: Bearer s3cret-word\n\n'", "it has nothing for that server"),
    "silent": ("true", "it has nothing for that server"),
    "floods": ("yes s3cret-word", "it wrote more than 262144 bytes"),
    "hangs": ("sleep 60", "it was killed within 1 seconds"),
}  # fmt: skip


@pytest.mark.parametrize("fault", HELPERS)
def test_a_helper_that_does_not_do_its_work_is_said_to_be_so(
    world: World, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "HELPER_SECONDS", 1.0)
    script, said = HELPERS[fault]
    secret = Secret(HELPER, (str(world.helper("", script)), "--key"))
    asking = RouteSecrets(os.environ)
    for _ in range(2):
        with pytest.raises(SecretError) as caught:
            asking.lines(secret, f"{world.gate.url}{MOD}")
        assert said in caught.value.what
        assert "s3cret-word" not in str(caught.value)
    assert len(world.runs) == (
        2 if fault in ("speaks of others", "silent") else 1
    )  # without and with the URL; then a pause


def test_what_a_helper_leaves_running_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "HELPER_SECONDS", 3600.0)
    script = f"sleep 3600 & printf 'https://{world.gate.place}/git.corp.example\\n\\nX-Token: abc\\n\\n'"
    secret = Secret(HELPER, (str(world.helper("", script)),))
    assert RouteSecrets(os.environ).lines(secret, f"{world.gate.url}{MOD}") == ("X-Token: abc",)


def test_a_program_that_others_may_replace_is_not_run(world: World) -> None:
    helper = world.helper(TOKEN)
    helper.chmod(0o777)
    with pytest.raises(SecretError, match="others than root and this user may replace it"):
        RouteSecrets(os.environ).lines(Secret(HELPER, (str(helper),)), world.gate.url)
    assert not world.log.exists()


@pytest.mark.parametrize(
    ("kind", "text", "mode", "said"),
    [
        (NETRC, f"machine other.example login ci password {TOKEN}", 0o600, "it has nothing for that server"),
        (NETRC, "machine PLACE login ci password x", 0o644, "everybody may read it, and it is secret"),
        (HEADER, f"Authorization: Bearer {TOKEN}", 0o604, "everybody may read it, and it is secret"),
        (HEADER, f"Authorization: Bearer {TOKEN}", 0o620, "others may write to it"),
        (HEADER, f"Bearer {TOKEN}", 0o600, "a line is no header"),
        (HEADER, f"Host: {TOKEN}", 0o600, "the header Host cannot be set"),
        (HEADER, "# nothing\n", 0o600, "it has no header line"),
        (HEADER, None, 0o600, "it cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_502_with_the_reason_and_the_server_is_not_asked(
    world: World, kind: str, text: str | None, mode: int, said: str
) -> None:
    world.write(kind)
    path = world.top / ("netrc" if kind == NETRC else "header")
    if text is None:
        path.unlink()
    else:
        path.write_text(text.replace("PLACE", world.gate.place))
        path.chmod(mode)
    with serving(world) as served:
        answer = served.get(MOD)
    assert answer.status == 502
    assert said in answer.body.decode()
    assert TOKEN not in answer.body.decode()
    assert not world.gate.asked


def test_what_is_secret_is_not_left_in_somebody_elses_text() -> None:
    lines = (f"Authorization: {basic('ci:pass:word')}", "PRIVATE-TOKEN: t0ken-of-mine")
    text = f"{basic('ci:pass:word')} is ci:pass:word is pass:word; t0ken-of-mine"
    assert without(text, lines) == "xxxxx is xxxxx is xxxxx; xxxxx"
