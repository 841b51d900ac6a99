"""Readers of what shells, PAM, cron, sudo, sshd and systemd read, and of the traces that shells write."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fuzz.target import Target, lines_of, text_of
from gosteward.shells import (
    command_words,
    crontab,
    csh_lines,
    dash_trace,
    environment_lines,
    fish_lines,
    fish_trace,
    login_defs,
    pam,
    posix_lines,
    sshd,
    sudo,
    systemd,
    unit_file,
    xtrace,
)
from gosteward.shells.csh_run import CshRun
from gosteward.shells.fish_run import FishRun
from gosteward.shells.posix_run import PosixRun
from gosteward.shells.shell_state import StoppedError
from gosteward.shells.trace_attribution import attribute, keeps_old_value, words
from gosteward.snapshot import EnvironmentVariable

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = "/home/dev"
FIRST = (EnvironmentVariable("PATH", "/usr/bin:/bin"), EnvironmentVariable("HOME", HOME))
# Whoever follows a file stops after so many commands. The real limit is twelve times as high, and teaches nothing more.
FEW_STEPS = 1_000


class OneFile:
    """A host that holds one file and knows nothing else."""

    uid, user, home = 1000, "dev", HOME

    def __init__(self, lines: list[str]) -> None:
        self.only = lines

    def file_test(self, test: str, path: str) -> bool | None:
        return None

    def lines(self, path: str) -> list[str] | None:
        return self.only

    def glob(self, pattern: str) -> list[str]:
        return []

    def home_of(self, user: str) -> str:
        return ""


def followed_posix(data: bytes, shell: str) -> object:
    """What is known of a shell that has read the file."""
    run = PosixRun(OneFile(lines_of(data)), FIRST, {}, shell=shell, interactive=True, collecting=True)
    run.steps = FEW_STEPS
    with contextlib.suppress(StoppedError):
        run.source("/x")
    return run.entries(), run.interesting_variables(), run.calls, run.ending


def _followed_fish(data: bytes) -> object:
    run = FishRun(OneFile(lines_of(data)), FIRST, {}, interactive=True)
    run.steps = FEW_STEPS
    with contextlib.suppress(StoppedError):
        run.universal_variables("/x")
        run.source("/x")
    return run.entries(), run.interesting_variables(), run.ending


def _followed_csh(data: bytes) -> object:
    run = CshRun(OneFile(lines_of(data)), FIRST, {})
    with contextlib.suppress(StoppedError):
        run.source("/x")
    return run.entries(), run.interesting_variables()


def _crontab(data: bytes) -> object:
    lines = lines_of(data)
    jobs = [entry.job for entry in crontab.entries(lines, system=True) if entry.job is not None]
    started = [command_words.started(tuple(job.command.split())) for job in jobs]
    calls = [command_words.shell_call(run.name, run.arguments) for run in started]
    return crontab.entries(lines, system=False), started, calls, environment_lines.cron("/x", lines)


def _sudoers(data: bytes) -> object:
    lines = lines_of(data)
    read = sudo.lines_of("/etc/sudoers", _few_times(lines), lambda _: ["a"])
    return sudo.evaluate(read, "dev", 1000, ("sudo",)), environment_lines.sudoers("/x", lines)


def _few_times(lines: list[str]) -> Callable[[str], list[str]]:
    """A file that includes itself; how often it may is limited by the reader, too, but that many rounds teach nothing."""
    rounds = iter(range(4))
    return lambda _: lines if next(rounds, None) is not None else []


def _environment_d(data: bytes) -> object:
    lines = lines_of(data)
    known: dict[str, str] = {}
    for assignment in systemd.environment_file(lines):
        known[assignment.name] = systemd.expanded(assignment.value, known)
    return known, environment_lines.systemd_environment("/x", lines)


def _pam_rules(data: bytes) -> object:
    lines = lines_of(data)
    known: dict[str, str] = {}
    for rule in pam.rules(lines):
        known[rule.name] = pam.apply(rule, known, {"HOME": HOME}) or ""
    return known, environment_lines.pam_rules("/x", lines)


def _unit(data: bytes) -> object:
    unit = unit_file.unit(systemd.entries("/x", lines_of(data)), {"h": HOME})
    known = {a.name: a.value for entry in unit.environment for a in systemd.assignments(entry)}
    return unit, [unit_file.argv(command, known) for command in unit.commands], unit_file.mentions_go(text_of(data))


def _login_definitions(data: bytes) -> object:
    lines = lines_of(data)
    found = login_defs.values(lines)
    return found, login_defs.search_path(found, root=False), environment_lines.login_definitions("/x", lines)


def _sshd_configuration(data: bytes) -> object:
    lines = lines_of(data)
    found = sshd.settings("/x", _few_times(lines), lambda _: ["a.conf"], "dev", ("sudo",))
    return found, environment_lines.sshd_settings("/x", lines)


def _split(data: bytes) -> tuple[str, list[str]]:
    """A trace, and behind a zero byte the file that it is about."""
    log, _, file = text_of(data).partition("\0")
    return log, file.split("\n")


def _attributed(records: list[xtrace.Record], lines: list[str]) -> object:
    def text(path: str, line: int) -> str:
        return lines[line - 1] if 0 < line <= len(lines) else ""

    told = attribute(records, "/usr/bin:/bin", (), None, text)
    return told, [keeps_old_value(source, text) for entry in told.entries for source in entry.sources[:1]]


def _bash_trace(data: bytes) -> object:
    log, lines = _split(data)
    found = xtrace.sections(log, "n1")
    environment = xtrace.environment(found.get("environment", ""))
    return _attributed(xtrace.parse(xtrace.before_answer(log, "n1")), lines), environment


def _dash_trace(data: bytes) -> object:
    log, lines = _split(data)
    return _attributed(dash_trace.records(log, ("/etc/profile", f"{HOME}/.profile"), lambda _: lines), lines)


def _fish_trace(data: bytes) -> object:
    log, lines = _split(data)
    return _attributed(fish_trace.records(log, HOME, f"{HOME}/.config/fish", lambda _: lines), lines)


POSIX = (
    "PATH=$PATH:/usr/local/go/bin export GOPATH=~/go path+=(/x) path=( if [ -d ~/go ] ; then else elif fi case $- in *i*) ;; esac for do "
    "done while { } ( ) (( )) [[ ]] function f() && || | & < > <<EOF\n \nEOF\n ' \" ` $( ${ } ${PATH:+ :$PATH $'x\\n' \\ # \r \t = == -- . "
    'source eval exec exit return alias go=\' unset emulate -c local set -- shift $1 ${1} "$@" $((1+ command -v test \x01 \u201c \u00a0'
)
FISH = (
    "set -gx PATH $PATH fish_add_path if test -d ~/go else end switch case for in while begin function f and or not && || ; ( ) \" ' \\ "
    "$argv[1] status is-interactive contains source eval alias go= string -e -U -a -p -q --path SETUVAR fish_user_paths:/a\\x1e/b"
)
CSH = "setenv PATH ${PATH}: set path = ( $path ) if then endif foreach end source alias $?prompt exit \\ ' \" ` ~/go"
TRACE = "+ \x1f \x1e \x1d 0 1 /home/dev/.bashrc source PATH=/x export unset alias cd eval \x1en1 \x00 environment path"
SCRIPTS = ("hostile_homes/*/.bashrc", "hostile_homes/*/.bash_profile", "lab/dev/path-*/setup.sh")
TARGETS = {
    "sh-lines": Target(
        lambda data: posix_lines.read("/x", lines_of(data), home=HOME), seeds=SCRIPTS, lines=True, words=POSIX
    ),
    "zsh-lines": Target(
        lambda data: posix_lines.read("/x", lines_of(data), home=HOME, zsh=True), SCRIPTS, lines=True, words=POSIX
    ),
    "fish-lines": Target(lambda data: fish_lines.read("/x", lines_of(data), home=HOME), lines=True, words=FISH),
    "fish-variables": Target(lambda data: fish_lines.universal_variables("/x", lines_of(data)), lines=True, words=FISH),
    "csh-lines": Target(lambda data: csh_lines.read("/x", lines_of(data), home=HOME), lines=True, words=CSH),
    "following-csh": Target(_followed_csh, seeds=("fuzz/seeds/csh-lines/*",), lines=True, words=CSH),
    "following-bash": Target(lambda data: followed_posix(data, "bash"), SCRIPTS, lines=True, words=POSIX),
    "following-zsh": Target(lambda data: followed_posix(data, "zsh"), SCRIPTS, lines=True, words=POSIX),
    "following-fish": Target(
        _followed_fish, seeds=("fuzz/seeds/fish-*/*", "lab/dev/*fish*/setup.sh"), lines=True, words=FISH
    ),
    "crontab": Target(
        _crontab, lines=True, words="PATH= @reboot @daily * */5 1-5 dev % \\% sh -c bash -lc env nice sudo"
    ),
    "sudoers": Target(
        _sudoers,
        lines=True,
        words='Defaults secure_path= secure_path=" env_keep+= env_keep-= !env_reset #include @includedir User_Alias ALL=(ALL) %sudo \\ , : #1000 ! !',
    ),
    "pam-environment": Target(
        lambda data: environment_lines.pam_environment("/x", lines_of(data)), lines=True, words="PATH= export ' \" #"
    ),
    "pam-rules": Target(_pam_rules, lines=True, words='PATH DEFAULT= OVERRIDE= DEFAULT=" ${PATH} @{HOME} \\$ \\ #'),
    "pam-service": Target(
        lambda data: pam.calls("su", _few_times(lines_of(data))),
        words="auth session required [success=1 ] pam_env.so include substack @include readenv=0 envfile=/x su -session",
    ),
    "environment-d": Target(_environment_d, lines=True, words="PATH= ${PATH} ${A:-x} ${A:+x} $A ' \" \\ #"),
    "unit": Target(
        _unit,
        lines=True,
        words='[Service] ExecStart= ExecStartPre= Environment= EnvironmentFile=- PassEnvironment= User= ExecSearchPath= %h %% $A ${A} ; \\; \\ " @ - : |',
    ),
    "manager": Target(
        lambda data: environment_lines.manager_configuration("/x", lines_of(data)),
        lines=True,
        words="[Manager] DefaultEnvironment= ManagerEnvironment= PATH= \" ' \\",
    ),
    "login-definitions": Target(_login_definitions, lines=True, words="ENV_PATH ENV_SUPATH PATH= #"),
    "sshd-configuration": Target(
        _sshd_configuration,
        lines=True,
        words='Match User dev Group SetEnv PermitUserEnvironment Include /etc/* UsePAM all " * ? !',
    ),
    "ssh-environment": Target(
        lambda data: environment_lines.ssh_environment("/x", lines_of(data)), lines=True, words="PATH= #"
    ),
    "exported-pairs": Target(
        lambda data: environment_lines.pairs("/x", lines_of(data), quotes=False), lines=True, words="PATH= # ' \""
    ),
    "bash-trace": Target(_bash_trace, words=TRACE),
    "dash-trace": Target(_dash_trace, words=TRACE),
    "fish-trace": Target(
        _fish_trace,
        words="\n>\x20 \n-->\x20 ---->\x20 source set PATH -a alias \x1egosteward\x1f \x1f first in\x20event\x20handler called\x20on\x20line\x203\x20of\x20file ~/a",
    ),
    "traced-words": Target(lambda data: words(text_of(data)), words="' \" \\ $' \\x41 \\n = alias declare -x"),
}
