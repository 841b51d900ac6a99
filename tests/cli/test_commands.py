"""The commands, most of them as real processes: what they do with bad input, bad places to write to, and signals."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gosteward.cli import why
from gosteward.cli.main import main
from gosteward.errors import PrivilegeError, UsageError
from gosteward.report import FORMATS
from gosteward.snapshot import Context, Snapshot, User

if TYPE_CHECKING:
    from collections.abc import Callable

    Here = Callable[..., subprocess.CompletedProcess[bytes]]

ROOT = os.geteuid() == 0
PROGRAM = (sys.executable, "-I", "-m", "gosteward")
MACHINE = Path(__file__).parents[1] / "machines" / "debian-stomped-tree.json"
ESCAPE = "\x1b]0;owned\x07\x1b[31m\x00\ud800</script>\n::error::"


def gosteward(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[bytes]:
    if "input" not in more:
        more.setdefault("stdin", subprocess.DEVNULL)
    words = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(words, capture_output="stdout" not in more, timeout=30, check=False, **more)


@pytest.fixture
def here(capsysbinary: pytest.CaptureFixture[bytes]) -> Here:
    """A command in this process, where nothing but its words and its answer counts: to start one takes half a second."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        words = list(map(str, arguments))
        code = main(words)
        said = capsysbinary.readouterr()
        return subprocess.CompletedProcess(words, code, said.out, said.err)

    return run


def through_shell(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run a shell script whose "$@" is a command of ours."""
    words = ["bash", "-c", script, "bash", *PROGRAM, *map(str, arguments)]
    return subprocess.run(words, check=False, capture_output=True, timeout=30)


def is_one_clear_error(ran: subprocess.CompletedProcess[bytes], code: int) -> bool:
    lines = ran.stderr.decode().splitlines()
    first, *others = lines
    short = len(ran.stderr) < 2000 and all(line.startswith("hint: ") for line in others)
    return ran.returncode == code and ran.stdout == b"" and first.startswith("gosteward: ") and short


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_exit_code(closed: str, tmp_path: Path) -> None:
    target = tmp_path / "report"
    ran = through_shell(f'"$@" {closed}', "doctor", "--snapshot", MACHINE, "-o", target)
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert target.read_text().startswith("gosteward ")
    assert through_shell(f'"$@" {closed}', "doctor", "--snapshot", MACHINE).returncode == 1


@pytest.mark.parametrize("arguments", [("explain", "--list"), ("doctor", "--snapshot", MACHINE)])
def test_a_full_disk_is_told_in_one_line(arguments: tuple[str | Path, ...]) -> None:
    with open("/dev/full", "wb") as full:
        ran = gosteward(*arguments, stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 73
    assert ran.stderr == b"gosteward: cannot write: standard output: No space left on device\n"


def test_a_reader_who_has_seen_enough_hears_no_complaint() -> None:
    ran = through_shell('"$@" | true; echo ${PIPESTATUS[0]}', "explain", "--list")
    assert ran.stdout in (b"141\n", b"0\n")
    assert ran.stderr == b""


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", '"x"', "{", "\xff", '{"schema": 1}', '{"x": 1}', "[" * 100_000, '{"a":' * 100_000,
        '{"taken_at": ' + "9" * 100_000 + "}", '{"wall_clock": NaN}', '{"mounts": [{"point": "' + "x" * 300_000 + '"}], "user": {"uid": 1e999}}', '{"machine": []}', '{"contexts": [{"name": 3}]}', '{"contexts": "' + "x" * 100_000 + '"}',
        '{"schema": "' + "\\u001b[31m\\ud800" * 1000 + '"}', '{"gaps": [' + "0," * 300_000 + "0]}",
    ],
)  # fmt: skip
def test_what_is_no_snapshot_gets_one_clear_error(text: str, tmp_path: Path, here: Here) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(text, encoding="latin-1")
    ran = here("doctor", "--snapshot", file)
    assert is_one_clear_error(ran, 2)
    assert b"\x1b" not in ran.stderr


def poisoned(value: Any, key: str = "") -> Any:
    """The same facts, with a hostile end on whatever a host's files can say."""
    if isinstance(value, dict):
        return {name: poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, key) for item in value]
    said_by_host = key in ("text", "value", "directory", "path", "version", "hostname", "pretty_name", "command")
    return value + ESCAPE if isinstance(value, str) and said_by_host else value


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_format_passes_on_what_steers_a_terminal(form: str, lang: str, tmp_path: Path, here: Here) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(poisoned(json.loads(MACHINE.read_text()))))
    ran = here("doctor", "--snapshot", file, "--format", form, "--lang", lang, "--fail-on", "note")
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert not {0, 7, 27} & set(ran.stdout)
    assert b"\n::error::" not in ran.stdout or form == "junit"
    ran.stdout.decode("utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--root", "/nonexistent"), ("--root", "/etc/passwd"), ("--snapshot", "/nonexistent"), ("--snapshot", "/etc"),
        ("--project", "/nonexistent"), ("--user", "no\x1b[31msuch"), ("--user", "9" * 30), ("--only", "nope"), ("--root", "x" * 5000),
        ("--offline", "--context", "nope"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_usage_error(arguments: tuple[str, ...], here: Here) -> None:
    ran = here("doctor", *arguments)
    assert is_one_clear_error(ran, 2)
    assert b"\x1b" not in ran.stderr


@pytest.mark.parametrize("command", ["doctor", "path", "snapshot"])
@pytest.mark.parametrize(
    ("flag", "value", "reason"),
    [
        ("--user", "root", "it was recorded for one user"), ("--project", "/", "it holds the modules of its own host"),
        ("--context", "cron", "what it holds follows from all of its contexts"), ("--root", "/", "there is one host to judge"),
    ],
)  # fmt: skip
def test_what_a_recording_cannot_follow_is_refused(
    command: str, flag: str, value: str, reason: str, here: Here
) -> None:
    ran = here(command, "--snapshot", MACHINE, flag, value)
    assert is_one_clear_error(ran, 2)
    assert ran.stderr.decode().startswith(f"gosteward: {flag} cannot be used with --snapshot: {reason}\nhint: ")


def test_what_a_recording_needs_not_is_harmless_beside_it() -> None:
    assert gosteward("doctor", "--snapshot", MACHINE, "--offline", "--deadline", "1").returncode == 1


def test_a_project_of_an_unpacked_root_is_an_absolute_path_in_it(tmp_path: Path) -> None:
    (tmp_path / "srv/app").mkdir(parents=True)
    assert gosteward("path", "--root", tmp_path, "--project", "/srv/app").returncode == 0
    ran = gosteward("path", "--root", tmp_path, "--project", "srv/app")
    assert is_one_clear_error(ran, 2)
    assert b"an absolute path inside of it" in ran.stderr


class TestUnknownContext:
    """--context with a name that nothing has."""

    def test_the_error_names_those_that_there_are(self, tmp_path: Path) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/sh").write_text("")
        (tmp_path / "bin/sh").chmod(0o755)
        ran = gosteward("doctor", "--root", tmp_path, "--context", "nope")
        assert is_one_clear_error(ran, 2)
        assert ran.stderr.endswith(b"hint: contexts of 0 here: sh-login, sh-script\n")

    def test_root_has_no_sudo_and_is_told_why(self) -> None:
        ran = gosteward("doctor", "--offline", "--user", "0", "--context", "sudo")
        assert is_one_clear_error(ran, 2)
        assert b"hint: root's commands need no sudo, `--user NAME` shows what sudo does" in ran.stderr
        assert b"contexts of root here: " in ran.stderr

    def test_a_host_without_sudo_says_so(self, tmp_path: Path) -> None:
        ran = gosteward("doctor", "--root", tmp_path, "--user", "1000", "--context", "sudo")
        assert is_one_clear_error(ran, 2)
        assert ran.stderr.endswith(b"hint: sudo is not installed\n")


class TestOutputFile:
    """-o FILE."""

    def write(self, target: str | Path) -> int:
        return gosteward("doctor", "--snapshot", MACHINE, "-o", target).returncode

    def test_a_place_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        assert self.write(tmp_path) == 2
        assert self.write(tmp_path / "gone" / "x") == 73
        assert self.write("/proc/x") == 73
        assert self.write("/dev/full") == 73
        assert self.write("/dev/null") == 1
        assert list(tmp_path.iterdir()) == []

    def test_links_are_replaced_and_never_followed(self, tmp_path: Path) -> None:
        victim = tmp_path / "victim"
        victim.write_text("kept")
        for name, target in (("link", "victim"), ("dangling", "nowhere")):
            (tmp_path / name).symlink_to(target)
            assert self.write(tmp_path / name) == 1
            assert not (tmp_path / name).is_symlink()
        assert victim.read_text() == "kept"
        assert not (tmp_path / "nowhere").exists()

    @pytest.mark.skipif(not ROOT, reason="plants as somebody else")
    def test_planted_links_to_devices_and_pipes_are_refused(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o1777)
        (tmp_path / "link").symlink_to("/dev/null")
        os.mkfifo(tmp_path / "pipe")
        for name in ("link", "pipe"):
            os.chown(tmp_path / name, 61235, 61235, follow_symlinks=False)
            assert self.write(tmp_path / name) == 73

    def test_what_is_replaced_keeps_its_mode(self, tmp_path: Path) -> None:
        target = tmp_path / "report"
        target.write_text("")
        target.chmod(0o640)
        assert self.write(target) == 1
        assert stat.S_IMODE(target.stat().st_mode) == 0o640

    def test_only_its_owner_reads_a_snapshot_with_secrets(self, tmp_path: Path) -> None:
        plain, masked = tmp_path / "plain", tmp_path / "masked"
        gosteward("snapshot", "--snapshot", MACHINE, "-o", plain, umask=0o022)
        gosteward("snapshot", "--snapshot", MACHINE, "--redact", "-o", masked, umask=0o022)
        assert [stat.S_IMODE(p.stat().st_mode) for p in (plain, masked)] == [0o600, 0o644]


def observe(*command: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return gosteward("why", "--offline", *command, **more)


class TestWhy:
    """`gosteward why -- COMMAND`."""

    def test_words_of_the_command_are_its_own_even_if_they_look_like_ours(self) -> None:
        ran = observe("--", "sh", "-c", 'echo "$@"', "sh", "--offline", "-o", "x", "--", "./...", "--help")
        assert (ran.returncode, ran.stderr) == (0, b"--offline -o x -- ./... --help\n")

    def test_the_command_gets_no_terminal_and_no_input(self) -> None:
        ran = observe("--", "sh", "-c", "cat; tty; exec 3<>/dev/tty", input=b"typed")
        assert b"typed" not in ran.stderr
        assert b"not a tty" in ran.stderr
        assert ran.returncode in (1, 3)

    def test_what_it_leaves_in_the_background_is_not_waited_for(self) -> None:
        begun = time.monotonic()
        ran = observe("--", "sh", "-c", "sleep 20 & echo $!")
        os.kill(int(ran.stderr), signal.SIGKILL)
        assert ran.returncode == 0
        assert time.monotonic() - begun < 15

    def test_at_its_limit_the_whole_group_is_killed(self) -> None:
        ran = observe("--deadline", "0.5", "--", "sh", "-c", "sleep 60 & echo $!; exec >&- 2>&-; sleep 60")
        assert ran.returncode in (1, 3)
        assert b"timed out" in ran.stdout
        assert gone(int(ran.stderr.split()[0]))

    @pytest.mark.parametrize(
        "how", ["setsid sleep 60", "(setsid sh -c '(setsid sleep 60 & echo $!; wait)' &) ; sleep 60"]
    )
    def test_at_its_limit_whoever_left_the_group_is_killed_too(self, how: str) -> None:
        ran = observe("--deadline", "0.5", "--", "sh", "-c", f"{how} & echo $!; exec >&- 2>&-; sleep 60")
        assert b"timed out" in ran.stdout
        pids = [int(word) for word in ran.stderr.split() if word.isdigit()]
        assert pids
        assert all(gone(pid) for pid in pids)

    def test_what_left_the_group_ends_with_a_command_that_is_interrupted(self) -> None:
        words = [*PROGRAM, "why", "--offline", "--", "sh", "-c", "setsid sh -c 'echo $$; sleep 60' & sleep 60"]
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            child = int(process.stderr.readline())
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 143
        assert gone(child)

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_it_and_the_command(self, number: signal.Signals, code: int) -> None:
        words = [*PROGRAM, "why", "--offline", "--", "sh", "-c", "echo $$; sleep 60"]
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            child = int(process.stderr.readline())
            process.send_signal(number)
            assert process.wait(5) == code
            assert process.stderr.read() == b""
        assert gone(child)

    def test_it_works_where_the_current_directory_was_removed(self, tmp_path: Path) -> None:
        place = tmp_path / "gone"
        place.mkdir()
        ran = through_shell(f'cd {place} && rmdir {place} && "$@"', "why", "--offline", "--", "pwd", "-P")
        assert (ran.returncode, ran.stderr) == (0, b"/\n")


def gone(pid: int) -> bool:
    """Whether a process ends within a second; one that nobody reaps counts."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def snapshot_without_contexts() -> Snapshot:
    facts = json.loads(MACHINE.read_text())
    from gosteward.recording import decode_snapshot

    return decode_snapshot({**facts, "contexts": []})


@pytest.mark.parametrize(
    ("name", "path"), [("cron", "/usr/bin:/bin"), ("ssh", ""), ("sudo", ""), ("systemd", ""), ("login", "")]
)
def test_why_knows_ways_that_nothing_on_the_host_uses_yet(name: str, path: str) -> None:
    snapshot = snapshot_without_contexts()
    context = why.context_of(snapshot, name)
    assert context is not None
    environment = why.environment_of(context, snapshot.user, snapshot.user, ("go", "version"))
    assert environment["PATH"] == path or (not path and "/bin" in environment["PATH"])


def test_why_tells_which_contexts_there_are() -> None:
    with pytest.raises(UsageError):
        why.context_of(snapshot_without_contexts(), "nope")


def test_a_command_of_somebody_else_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    other = User(name="other", uid=61235, gid=61235, home="/home/other")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert why.account_of(None, other) == other
    monkeypatch.setattr("os.geteuid", lambda: 61235)
    assert why.account_of(None, other) == other
    assert why.account_of(Context(name="bash-login", kind="login"), other) == other
    for context in (Context(name="sudo", kind="sudo"), Context(name="sudo", kind="sudo", run_as="root")):
        with pytest.raises(PrivilegeError, match=r"only root .*: sudo runs commands as root"):
            why.account_of(context, other)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(PrivilegeError, match="the user is other"):
        why.account_of(None, other)


def test_cron_for_short_is_never_a_job_of_root() -> None:
    theirs = Context(name="cron:/etc/crontab:9", kind="cron", run_as="root")
    mine = Context(name="cron:/var/spool/cron/crontabs/other:2", kind="cron", run_as="other")
    snapshot = Snapshot(user=User(name="other", uid=61235, home="/home/other"), contexts=(theirs, mine))
    assert why.context_of(snapshot, "cron") == mine
    assert why.context_of(snapshot, theirs.name) == theirs
    typical = why.context_of(snapshot._replace(contexts=(theirs,)), "cron")
    assert typical is not None
    assert (typical.name, typical.run_as) == ("cron", "")


@pytest.mark.skipif(not ROOT, reason="becomes root and others")
class TestWhyAsSomebody:
    """Whom `why` really runs a command as."""

    SHOW = ("--", "sh", "-c", 'echo "$(id -u) $LOGNAME [$SUDO_USER $SUDO_UID] $SECRET"')

    def test_sudo_means_root_with_the_environment_of_sudo(self) -> None:
        ran = observe("--user", "61235", "--context", "sudo", *self.SHOW, env={**os.environ, "SECRET": "ours"})
        assert (ran.returncode, ran.stderr) == (0, b"0 root [61235 61235] \n")

    def test_another_users_command_gets_nothing_of_our_environment(self) -> None:
        ran = observe("--user", "61235", *self.SHOW, env={**os.environ, "SECRET": "ours"})
        assert (ran.returncode, ran.stderr) == (0, b"61235 61235 [ ] \n")


@pytest.mark.skipif(ROOT, reason="root may run commands as root")
def test_sudo_is_refused_to_who_is_not_root() -> None:
    ran = observe("--context", "sudo", "--", "id")
    assert is_one_clear_error(ran, 77)
    assert b"hint: call gosteward itself with sudo" in ran.stderr
