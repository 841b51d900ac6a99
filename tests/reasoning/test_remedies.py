"""The commands that a finding offers do, in a real shell, what they promise."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.reasoning import remedies
from gosteward.snapshot import Binary, Context, Elf, GoTree, Location, PathEntry, Snapshot, User

if TYPE_CHECKING:
    from pathlib import Path


def run(command: str) -> str:
    return subprocess.run(["/bin/bash", "-c", command], check=True, capture_output=True, text=True).stdout


def tree(path: str) -> GoTree:
    go = Binary(path=f"{path}/bin/go", goroot=path, elf=Elf(goarch="amd64"))
    return GoTree(path=path, real_path=path, version="go1.26.8", go=go)


def context(*entries: PathEntry) -> Context:
    return Context(name="bash-interactive", kind="terminal", shell="bash", search_path=entries)


def host(*contexts: Context, go: str = "/usr/local/go", home: str = "/home/dev") -> Snapshot:
    return Snapshot(user=User(name="dev", uid=1000, home=home), contexts=contexts, toolchains=(tree(go),))


LOCAL = PathEntry(directory="/usr/local/bin")


def test_links_are_offered_where_the_context_looks() -> None:
    (command,) = remedies.best(host(context(LOCAL)), ("bash-interactive",))
    assert command == "ln --symbolic /usr/local/go/bin/go /usr/local/go/bin/gofmt /usr/local/bin/"


def test_no_link_for_everybody_leads_into_a_home() -> None:
    (command,) = remedies.best(host(context(LOCAL), go="/home/dev/sdk/go"), ("bash-interactive",))
    assert "ln " not in command
    assert ">> /home/dev/.bashrc" in command


def test_no_link_replaces_the_go_that_another_context_has() -> None:
    other = Binary(path="/opt/go/bin/go", goroot="/opt/go")
    login = Context(name="bash-login", kind="login", search_path=(PathEntry(directory="/opt/go/bin", go=other),))
    assert not remedies.link_commands(host(context(LOCAL), login), (context(LOCAL),))


@pytest.mark.parametrize("home", ["/home/dev", "/home/it's me"])
def test_the_guarded_line_adds_the_directory_once(home: str, tmp_path: Path) -> None:
    snapshot = host(home=home)
    file = tmp_path / "rc"
    file.write_text(remedies.guarded_line(snapshot, "bash", f"{home}/go/bin") + "\n")
    found = subprocess.run(
        ["/bin/bash", "-c", f"PATH=/usr/bin:/bin; . {file}; . {file}; echo $PATH"],
        env={"HOME": home}, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert found == f"/usr/bin:/bin:{home}/go/bin\n"


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="abc$&\\/#|,@%\"' :=~{}", min_size=1, max_size=40))
def test_a_replaced_line_is_exactly_the_new_text(new: str) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile("w+", suffix=".rc") as file:
        file.write("first\nsecond\nthird\n")
        file.flush()
        run(remedies.replace_line(Snapshot(), Location(file.name, 2, "second"), new))
        with open(file.name) as changed:
            assert changed.read() == f"first\n{new}\nthird\n"
