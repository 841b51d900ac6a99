"""go.mod and go.work as Go itself reads them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import gomod
from growth import grows_linearly

if TYPE_CHECKING:
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")  # `make test` names the one of the fault lab
needs_go = pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")

SOUND = {
    "plain": "module example.com/app\n\ngo 1.21\n",
    "blocks": """// Deprecated: use v2
module example.com/app // the app

go 1.24.1
toolchain go1.26.8
godebug default=go1.21
godebug (
	panicnil=1
)
require example.com/greet v1.0.0
require (
	example.com/Upper v1.2.3-0.20200101000000-abcdefabcdef // indirect
	example.com/old v2.0.0+incompatible // indirect; for tests
	example.com/three/v3 v3.1.0 // Indirect
	gopkg.in/yaml.v3 v3.0.1 //indirect

	// a comment of its own
	"example.com/quoted" v1.0.0
)
exclude example.com/greet v1.0.1
replace (
	example.com/greet => ../greet
	example.com/old v2.0.0+incompatible => example.com/fork v1.0.0
	example.com/space => "./with space"
)
retract (
	v1.0.0 // wrong
	[v1.1.0, v1.2.0]
)
tool example.com/greet/cmd/hello
ignore ./node_modules
exclude ( )
""",
    "carriage returns": "module example.com/app\r\n\r\ngo 1.21\r\nrequire (\r\n\texample.com/a v1.0.0 // indirect\r\n)\r\n",
    "glued comment": "module example.com/app//x\ngo 1.21//y\n",
    "empty": "",
}
BROKEN = {
    "unknown directive": ("module example.com/app\nrequires example.com/a v1.0.0\n", 2),
    "two dots": ("module example.com/app\ngo 1.21.0.1\n", 2),
    "go prefix": ("module example.com/app\ngo go1.21\n", 2),
    "go block": ("module example.com/app\ngo (\n\t1.21\n)\n", 2),
    "go twice": ("module example.com/app\ngo 1.21\ngo 1.22\n", 3),
    "toolchain": ("module example.com/app\ntoolchain 1.21\n", 2),
    "no version": ("module example.com/app\nrequire example.com/a\n", 2),
    "major version": ("module example.com/app\nrequire example.com/a v2.0.0\n", 2),
    "arrow": ("module example.com/app\nreplace example.com/a -> ../a\n", 2),
    "module as directory": ("module example.com/app\nreplace example.com/a => a\n", 2),
    "quotes": ("module example.com/app\nrequire 'example.com/a' v1.0.0\n", 2),
    "string without end": ('module "example.com/app\n', 1),
    "C comment": ("module example.com/app /* x */\n", 1),
    "byte order mark": ("\ufeffmodule example.com/app\n", 1),
    "merge conflict": ("module example.com/app\n<<<<<<< HEAD\ngo 1.21\n=======\ngo 1.22\n>>>>>>> x\n", 2),
    "closing parenthesis": ("module example.com/app\n)\n", 2),
    "godebug": ("module example.com/app\ngodebug x\n", 2),
    "retract": ("module example.com/app\nretract [v1.0.0 v1.1.0]\n", 2),
}


def asked(go: str, text: str, directory: Path, name: str = "go.mod") -> subprocess.CompletedProcess[str]:
    """What the real go says about a file."""
    directory.joinpath(name).write_bytes(text.encode())
    home = directory / "home"
    home.joinpath(".config/go/telemetry").mkdir(parents=True, exist_ok=True)
    home.joinpath(".config/go/telemetry/mode").write_text("off")
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOFLAGS": "-mod=mod",
    }
    command = [f"{GOROOT}/bin/go", go, "edit", "-json", name]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@needs_go
@pytest.mark.parametrize("name", SOUND)
def test_sound_file_says_what_go_reads_in_it(name: str, tmp_path: Path) -> None:
    answer = asked("mod", SOUND[name], tmp_path)
    assert answer.returncode == 0, answer.stderr
    wanted = json.loads(answer.stdout)
    read = gomod.parse(SOUND[name])
    assert read.errors == ()
    assert read.module == wanted.get("Module", {}).get("Path", "")
    assert (read.go, read.toolchain) == (wanted.get("Go", ""), wanted.get("Toolchain", ""))
    assert [(r.path, r.version, r.indirect) for r in read.requires] == [
        (r["Path"], r["Version"], r.get("Indirect", False)) for r in wanted.get("Require") or ()
    ]
    assert [(r.path, r.version, r.target, r.target_version) for r in read.replaces] == [
        (r["Old"]["Path"], r["Old"].get("Version", ""), r["New"]["Path"], r["New"].get("Version", ""))
        for r in wanted.get("Replace") or ()
    ]


@needs_go
@pytest.mark.parametrize("name", BROKEN)
def test_line_that_go_refuses_is_the_one_that_is_named(name: str, tmp_path: Path) -> None:
    text, line = BROKEN[name]
    answer = asked("mod", text, tmp_path)
    assert answer.returncode != 0
    assert int(re.findall(r"go\.mod:(\d+)", answer.stderr)[0]) == line
    assert gomod.parse(text).errors[0][0].number == line


@needs_go
@pytest.mark.parametrize("text", ['go 1.21\n\nuse (\n\t./x // here\n\t"../y"\n)\nreplace a.example/b => ./b\n', "use ./x\n", "go 1.21\nrequire x v1.0.0\n", "use\n", "go 1.2.3.4\n", "use ./x ./y\n", ""])  # fmt: skip
def test_go_work_is_read_as_go_reads_it(text: str, tmp_path: Path) -> None:
    answer = asked("work", text, tmp_path, "go.work")
    read = gomod.parse(text, gomod.WORK_DIRECTIVES)
    assert bool(read.errors) is (answer.returncode != 0)
    if answer.returncode == 0:
        wanted = json.loads(answer.stdout)
        assert [line.words[0] for line in read.uses] == [use["DiskPath"] for use in wanted.get("Use") or ()]
        assert read.go == wanted.get("Go", "")


def test_unclosed_block_is_named_by_its_first_line() -> None:
    ((line, problem),) = gomod.parse("module m\nrequire (\n\texample.com/a v1.0.0\n").errors
    assert (line.number, line.text, problem) == (2, "require (", "the block is not closed")


def test_branch_as_version_is_no_error_because_go_resolves_it() -> None:
    assert gomod.parse("module m\nrequire example.com/a master\n").errors == ()


def test_first_line_of_each_newer_directive_is_kept() -> None:
    lines = gomod.parse(SOUND["blocks"]).directives
    assert {line.verb: line.number for line in lines if line.verb in gomod.SINCE} == {
        "toolchain": 5, "godebug": 6, "retract": 27, "tool": 30, "ignore": 31,
    }  # fmt: skip


def test_capitals_are_escaped_as_in_the_module_cache() -> None:
    assert gomod.escape("github.com/BurntSushi/toml") == "github.com/!burnt!sushi/toml"


WORDS = st.sampled_from(["require", "replace", "go", "(", ")", "[", ",", "=>", "//", '"', "`", "\\", "a", "v1.0.0", " ", "\t", "\r", "\n", "\x00", "é", "\udcff"])  # fmt: skip


@given(st.lists(WORDS, max_size=40).map("".join) | st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    for directives in (gomod.MOD_DIRECTIVES, gomod.WORK_DIRECTIVES):
        read = gomod.parse(text, directives)
        assert all(1 <= line.number <= text.count("\n") + 1 for line, _ in read.errors)


@pytest.mark.parametrize("piece", ['"\\', "require (\n", "a ", "(", "`", "//", "a v1.0.0\n"])
def test_time_is_linear_in_the_length(piece: str) -> None:
    assert grows_linearly(lambda size: gomod.parse(piece * (size // len(piece))), 200_000)
