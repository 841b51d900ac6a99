from __future__ import annotations

from gosteward.shells import crontab
from gosteward.shells.command_words import shell_call, started


def test_cron_takes_variables_literally_and_the_command_up_to_a_percent_sign() -> None:
    text = [
        "# x",
        'PATH = "/usr/bin:$HOME/bin" ',
        "MAILTO=",
        "17 3 * * 1-5 date +\\%F && go build % input",
        "@daily go vet",
        "x y",
    ]
    path, mail, build, vet = crontab.entries(text, system=False)
    assert path.assignment is not None
    assert (path.assignment.name, path.assignment.value, path.line) == ("PATH", "/usr/bin:$HOME/bin", 2)
    assert mail.assignment is not None
    assert build.job is not None
    assert (build.job.command, build.line) == ("date +%F && go build ", 4)
    assert vet.job is not None
    assert vet.job.schedule == "@daily"


def test_system_crontabs_name_a_user() -> None:
    (entry,) = crontab.entries(["*/5 *\t* * *\tdev\tcd /srv && go build"], system=True)
    assert entry.job is not None
    assert (entry.job.user, entry.job.command) == ("dev", "cd /srv && go build")


def test_wrappers_are_looked_through() -> None:
    run = started(("nice", "-n", "10", "timeout", "-k", "5", "60", "env", "-u", "X", "A=b", "go", "build"))
    assert (run.name, run.arguments, run.assignments, run.unset) == ("go", ("build",), (("A", "b"),), ("X",))
    assert started(("flock", "-n", "/tmp/lock", "-c", "go build")).name == "sh"
    assert started(("sudo", "-u", "dev", "go", "build")) == started(("go", "build"))._replace(elsewhere=True)
    assert started(("/usr/bin/env", "-i", "go")).clean


def test_shell_calls_are_taken_apart() -> None:
    call = shell_call("/bin/bash", ("-lc", "go build", "x"))
    assert call is not None
    assert (call.shell, call.text, call.login) == ("bash", "go build", True)
    script = shell_call("sh", ("-e", "/srv/build.sh", "-c"))
    assert script is not None
    assert script.script == "/srv/build.sh"
