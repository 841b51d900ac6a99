"""Who may ask: whoever brings what the files name, and nobody else, whatever else is brought."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import threading
from hashlib import sha256
from typing import TYPE_CHECKING

import bcrypt
import pytest

from gosteward.errors import PrivilegeError, UsageError
from gosteward.serve import access
from gosteward.serve.access import AccessGate, Ways
from gosteward.serve.connections import Asked, Client
from serve.guarded import Guarded, basic, command, guarded, secret_file
from serve.serving import Upstream, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE, VERSION = "example.com/text", "v1.2.3"
MOD = f"/{MODULE}/@v/{VERSION}.mod"
TOKEN = "gst_0123456789abcdefghijklmnopqrstuvwxyz"


def user_line(name: str, password: str, cost: int = 4) -> str:
    return f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode().replace('$2b$', '$2y$')}\n"


def token_line(name: str, token: str = TOKEN) -> str:
    return f"{name} {sha256(token.encode()).hexdigest()}\n"


@pytest.fixture(scope="module")
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION)
        yield served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, behind: Upstream) -> Iterator[Guarded]:
    top = tmp_path_factory.mktemp("access")
    users = secret_file(top / "users", user_line("alice", "rabbit: hole") + user_line("long", "x" * 72))
    tokens = secret_file(top / "tokens", token_line("ci"))
    with guarded(top, behind.url, "--htpasswd", str(users), "--tokens", str(tokens)) as found:
        yield found


RIGHT = {
    "password": basic("alice", "rabbit: hole"),
    "token as a password": basic("anybody", TOKEN),
    "token as a password of nobody": basic("", TOKEN),
    "token": f"Bearer {TOKEN}",
    "the scheme's name in another case": f"bEARER {TOKEN}",
    "more than bcrypt reads": basic("long", "x" * 80),
}


@pytest.mark.parametrize("what", RIGHT)
def test_who_brings_what_is_right_is_let_in(served: Guarded, what: str) -> None:
    for _ in range(2):
        assert served.get(MOD, RIGHT[what]).status == 200


def test_health_is_told_to_everybody(served: Guarded) -> None:
    assert served.get("/healthz").status == 200


WRONG: dict[str, str | bytes] = {
    "nothing": "",
    "wrong token": f"Bearer {TOKEN[:-1]}",
    "hash of the token": f"Bearer {sha256(TOKEN.encode()).hexdigest()}",
    "no base64": "Basic ****",
    "no colon": "Basic YWxpY2U=",
    "not ASCII": b"Basic \xff\xfe\x80",
    "NUL in the password": basic("alice", "rabbit: hole\0"),
    "only the scheme": "Basic",
    "empty": "Basic ",
    "another scheme": 'Digest username="alice"',
    "password without a scheme": "rabbit: hole",
    "long": f"Basic {'A' * 100_000}",
}


@pytest.mark.parametrize("what", WRONG)
def test_who_brings_anything_else_is_told_what_to_do(served: Guarded, what: str) -> None:
    answer = served.get(MOD, WRONG[what])
    if what == "long" and answer.status == 431:  # the head is too long in any case
        return
    assert answer.status == 401
    assert 'Basic realm="Go modules"' in answer.headers["www-authenticate"]
    assert b".netrc" in answer.body


def test_a_head_request_gets_no_body(served: Guarded) -> None:
    assert served.get(MOD, method="HEAD")[:2] == (401, b"")


def test_wrong_user_and_wrong_password_get_the_same_answer_until_there_were_too_many(
    tmp_path: Path, behind: Upstream
) -> None:
    users = secret_file(tmp_path / "users", user_line("alice", "right"))
    tokens = secret_file(tmp_path / "tokens", token_line("ci"))
    with guarded(tmp_path, behind.url, "--htpasswd", str(users), "--tokens", str(tokens)) as served:
        assert served.get(MOD, basic("alice", "right")).status == 200
        wrong = [served.get(MOD, basic(*login)) for login in (("alice", "wrong"), ("bob", "right"), ("bob", ""))]
        assert wrong[0].status == 401
        assert len({(a.status, a.body, a.headers["www-authenticate"]) for a in wrong}) == 1
        while wrong[-1].status == 401:
            wrong.append(served.get(MOD, basic("alice", f"wrong {len(wrong)}")))
            assert len(wrong) < 20
        assert wrong[-1].status == 429
        assert 0 < int(wrong[-1].headers["retry-after"]) <= 61
        # What is known to be right, and what nobody guesses, is not kept out by others of the same address.
        assert served.get(MOD, basic("alice", "right")).status == 200
        assert served.get(MOD, basic("bob", TOKEN)).status == 200


def test_files_that_change_take_effect_and_bad_ones_do_not(tmp_path: Path, behind: Upstream) -> None:
    users = secret_file(tmp_path / "users", user_line("alice", "old"))
    tokens = secret_file(tmp_path / "tokens", token_line("ci"))
    with guarded(tmp_path, behind.url, "--htpasswd", str(users), "--tokens", str(tokens)) as served:
        assert served.get(MOD, basic("alice", "old")).status == 200
        secret_file(users, user_line("alice", "new"))
        served.wait_for("was read again")
        assert served.get(MOD, basic("alice", "old")).status == 401
        assert served.get(MOD, basic("alice", "new")).status == 200
        tokens.chmod(0o644)
        served.wait_for("stays as it was: everybody may read it")
        assert served.get(MOD, f"Bearer {TOKEN}").status == 200
        secret_file(tokens, "")
        served.hang_up()
        assert served.get(MOD, f"Bearer {TOKEN}").status == 401


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o602])
def test_a_file_of_secrets_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    tokens = secret_file(tmp_path / "tokens", token_line("ci"))
    tokens.chmod(mode)
    with pytest.raises(PrivilegeError, match=str(tokens)):
        AccessGate(Ways(tokens=str(tokens)))
    tokens.chmod(0o640)
    AccessGate(Ways(tokens=str(tokens))).close()


@pytest.mark.parametrize("place", ["", "/", "/none"])
def test_what_is_no_file_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(UsageError):
        AccessGate(Ways(htpasswd=f"{tmp_path}{place}"))


class Hashing:
    """bcrypt, looked at, and stopped until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.against: list[bytes] = []
        self.began, self.go_on = threading.Event(), threading.Event()
        checked = bcrypt.checkpw

        def checkpw(password: bytes, hashed: bytes) -> bool:
            self.against.append(hashed)
            self.began.set()
            assert self.go_on.wait(20)
            return checked(password, hashed)

        monkeypatch.setattr(bcrypt, "checkpw", checkpw)


def asked(authorization: str, address: str = "192.0.2.1") -> Asked:
    return Asked(b"GET", MOD.encode(), authorization.encode(), Client(address))


class Written:
    """A writer. Raises nothing."""

    how = ""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    async def drained(self) -> None:
        pass

    def abort(self) -> None:
        pass


async def answers(gate: AccessGate, questions: list[Asked], go_on: threading.Event) -> list[bytes]:
    """What is answered to questions that come at the same time; b"in" to who is let in."""

    def again(question: Asked) -> bytes:
        assert gate.refusal(question, again) is None
        return b"in"

    written, waiting = [], []
    for question in questions:
        reply = gate.refusal(question, again)
        to = Written()
        written.append(to)
        if reply is None or isinstance(reply, bytes):
            to.write(reply or b"in")
        else:
            waiting.append(reply(to))
    go_on.set()
    await asyncio.gather(*waiting)
    return [to.data for to in written]


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> Hashing:
    return Hashing(monkeypatch)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[AccessGate]:
    lines = user_line("alice", "right", 5) + user_line("bob", "right", 5) + user_line("old", "right", 4)
    made = AccessGate(Ways(htpasswd=str(secret_file(tmp_path / "users", lines))))
    yield made
    made.close()


def test_a_user_that_does_not_exist_costs_as_much_as_one_that_does(gate: AccessGate, hashing: Hashing) -> None:
    asyncio.run(answers(gate, [asked(basic("nobody", "x")), asked(basic("alice", "x"))], hashing.go_on))
    assert {hashed[4:6] for hashed in hashing.against} == {b"05"}
    assert len(hashing.against) == 2


def test_many_requests_with_one_password_compute_its_hash_once(gate: AccessGate, hashing: Hashing) -> None:
    found = asyncio.run(answers(gate, [asked(basic("alice", "right"))] * 50, hashing.go_on))
    assert found == [b"in"] * 50
    assert len(hashing.against) == 1


def test_one_client_cannot_take_all_turns(gate: AccessGate, hashing: Hashing) -> None:
    flood = [asked(basic("alice", str(number))) for number in range(100)]
    of_one_network = [asked(basic("bob", str(number)), f"2001:db8:1:2::{number}") for number in range(100)]
    found = asyncio.run(
        answers(gate, [*flood, *of_one_network, asked(basic("bob", "right"), "192.0.2.9")], hashing.go_on)
    )
    assert len(hashing.against) == 2 * access.MOST_OF_ONE + 1
    assert found[-1] == b"in"
    assert sum(answer.startswith(b"HTTP/1.1 503") for answer in found) == 200 - 2 * access.MOST_OF_ONE


def test_a_password_that_changes_while_it_is_looked_at_is_looked_at_again(
    gate: AccessGate, hashing: Hashing, tmp_path: Path
) -> None:
    async def changing() -> list[bytes]:
        found = asyncio.ensure_future(answers(gate, [asked(basic("alice", "right"))], threading.Event()))
        await asyncio.get_running_loop().run_in_executor(None, hashing.began.wait, 20)
        secret_file(tmp_path / "users", user_line("alice", "another"))
        assert gate.reread()
        hashing.go_on.set()
        return await found

    (answer,) = asyncio.run(changing())
    assert answer.startswith(b"HTTP/1.1 401")
    assert len(hashing.against) == 2


def test_what_was_right_is_looked_at_again_after_some_minutes(tmp_path: Path, hashing: Hashing) -> None:
    now = [1_000.0]
    users = secret_file(tmp_path / "users", user_line("alice", "right"))
    gate = AccessGate(Ways(htpasswd=str(users)), lambda: now[0])
    hashing.go_on.set()
    for ahead, count in ((0.0, 1), (access.REMEMBERED_SECONDS - 1, 1), (2.0, 2)):
        now[0] += ahead
        assert asyncio.run(answers(gate, [asked(basic("alice", "right"))], hashing.go_on)) == [b"in"]
        assert len(hashing.against) == count
    gate.close()


def test_others_than_this_host_need_tls_and_a_way_to_be_let_in(tmp_path: Path) -> None:
    tokens = secret_file(tmp_path / "tokens", token_line("ci"))
    for flags in ((), ("--tokens", str(tokens)), ("--client-ca", str(tokens)), ("--tls-key", str(tokens))):
        ran = subprocess.run(
            command(tmp_path, "off", *flags, listen="0.0.0.0:0"),
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == 2, ran.stderr
        assert "hint:" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_a_hangup_ends_no_proxy_that_has_nothing_to_read_again(tmp_path: Path, behind: Upstream) -> None:
    with guarded(tmp_path, behind.url) as served:
        served.process.send_signal(signal.SIGHUP)
        assert served.get(MOD).status == 200
        assert served.process.poll() is None


def test_the_port_that_the_system_chose_is_told(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path, "off"), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.terminate()
    port = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+), store .*\n", line)
    assert port is not None, line
    assert port[1] != "0"


@pytest.mark.parametrize("wrong", ["https://git.corp.example", "git.corp.example,["])
def test_private_modules_that_are_named_by_no_pattern_are_an_error(tmp_path: Path, wrong: str) -> None:
    ran = subprocess.run(
        command(tmp_path, "off", "--private", wrong), check=False, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 2
    assert "this is no pattern of module paths: --private: " in ran.stderr


def test_a_token_that_is_made_lets_in(tmp_path: Path, behind: Upstream) -> None:
    words = (*command(tmp_path, "off")[:3], "proxy", "token", "build-server")
    made = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    token = made.stderr.split()[-1]
    assert token not in made.stdout
    tokens = secret_file(tmp_path / "tokens", made.stdout)
    with guarded(tmp_path, behind.url, "--tokens", str(tokens)) as served:
        assert served.get(MOD, f"Bearer {token}").status == 200
        assert served.get(MOD, basic("go", token)).status == 200
        assert served.get(MOD, f"Bearer {token}x").status == 401
