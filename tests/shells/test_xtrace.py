"""Records of bash and zsh: what PS4 writes, and whatever else may stand between."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.shells import xtrace
from gosteward.shells.xtrace import GS, RS, US, Frame
from growth import grows_linearly

if TYPE_CHECKING:
    from pathlib import Path

PIECES = st.sampled_from(
    [
        US,
        RS,
        GS,
        "+",
        "++",
        " ",
        "\n",
        "0",
        "1",
        "-1",
        "12",
        "/home/dev/.bashrc",
        "PATH=/x",
        "99999999999999",
        "é",
        "\udcff",
        "³",
        "\0",
    ]
)
HOSTILE = st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join)


def record(*fields: str, command: str = "true", pluses: str = "+") -> str:
    return pluses + "".join(US + field for field in fields) + RS + f" {command}\n"


def test_a_record_of_bash_has_its_call_stack_path_and_time() -> None:
    text = "noise\n" + record(
        "0",
        "2",
        "/home/dev/.bashrc /home/dev/.profile",
        "3 1 0",
        "source source",
        "1795549946.5",
        "8",
        "/usr/bin",
        "",
        command="PATH=/x",
    )
    (found,) = xtrace.parse(text)
    assert found.frames == (Frame("/home/dev/.bashrc", 3), Frame("/home/dev/.profile", 1))
    assert (found.nested, found.depth, found.time, found.path, found.path_length) == (
        False,
        2,
        1795549946.5,
        "/usr/bin",
        8,
    )
    assert found.command == "PATH=/x"


def test_names_with_blanks_stay_together_and_functions_are_told_from_files() -> None:
    text = record("1", "2", "/home/dev/my file /home/dev/.bashrc", "4 9", "add source", "", "", "", "")
    (found,) = xtrace.parse(text)
    assert found.frames == (Frame("/home/dev/my file", 4, "add"), Frame("/home/dev/.bashrc", 9))
    assert (found.nested, found.path, found.path_length) == (True, None, -1)


def test_a_long_path_is_known_by_its_ends() -> None:
    (found,) = xtrace.parse(record("0", "0", "", "", "", "", "200000", "/usr/bin:/a", ":/z"))
    assert found.cut
    assert (found.path, found.path_length) == ("/usr/bin:/a:/z", 200000)


def test_a_record_of_zsh_has_places_instead_of_lists() -> None:
    places = f"/home/dev/.zshrc:3{GS}/home/dev/.zshrc:5{GS}zsh:0"
    (found,) = xtrace.parse(record("0", "2", places, "", f"add{GS}/home/dev/.zshrc", "1.5", "4", "/bin", ""))
    assert found.frames == (Frame("/home/dev/.zshrc", 3, "add"), Frame("/home/dev/.zshrc", 5))


def test_an_answer_is_taken_apart_only_with_its_nonce() -> None:
    text = f"log{RS}other path{RS}=/evil{RS}n1 path{RS}=/usr/bin{RS}n1 environment{RS}A=1\0B=x=y\0"
    assert xtrace.sections(text, "n1") == {"path": "=/usr/bin", "environment": "A=1\0B=x=y\0"}
    assert xtrace.environment("A=1\0B=x=y\0") == {"A": "1", "B": "x=y"}
    assert xtrace.before_answer(text, "n1") == f"log{RS}other path{RS}=/evil"


def test_a_record_of_a_process_in_the_background_is_no_part_of_the_answer() -> None:
    late = record(
        "1", "1", "/home/dev/.bashrc", "3", "source", "1.5", "8", "/usr/bin", "", command="sleep 60", pluses="++"
    )
    text = f"{RS}n1 path{RS}=/usr/bin{late}{RS}n1 environment{RS}A=1\0{late}B=2\0"
    assert xtrace.sections(text, "n1") == {"path": "=/usr/bin", "environment": "A=1\0B=2\0"}


@given(HOSTILE)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    for found in xtrace.parse(text):
        assert len(found.frames) <= xtrace.FRAMES
        assert len(found.command) <= xtrace.COMMAND_LIMIT
        assert all(frame.line >= 0 for frame in found.frames)
    xtrace.parse(record(*text.split("x", 8)))
    xtrace.environment(xtrace.sections(text, "1").get("environment", ""))


def test_digits_of_other_scripts_are_no_reason_to_fail() -> None:
    (found,) = xtrace.parse(record("³", "³", "/a", "³ ٣", "", "³", "³", "", ""))
    assert (found.depth, found.path, found.frames) == (0, None, (Frame("/a", 0),))


def test_time_is_linear_in_the_text() -> None:
    for unit in ("+" * 50, US * 50, "+" + US, RS, record(*["0"] * 9), "+" + US + "a" * 100):
        assert grows_linearly(lambda size, unit=unit: xtrace.parse(unit * (size // len(unit))), 1_000_000)


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("broken", [False, True])
def test_the_environment_is_told_even_where_the_loader_is_led_astray(tmp_path: Path, shell: str, broken: bool) -> None:
    if broken:
        (tmp_path / "libc.so.6").write_bytes(b"no library")
    text = f"export LD_LIBRARY_PATH={tmp_path}\nexec 9>&1\n{xtrace.environment_command('/usr/bin/env')}echo never"
    answer = subprocess.run([f"/bin/{shell}", "-c", text], capture_output=True, text=True, check=False, env={"A": "b"})
    found = xtrace.environment(answer.stdout)
    assert (found["LD_LIBRARY_PATH"], found["A"], "LD_PRELOAD" in found) == (str(tmp_path), "b", False)
    assert not any(name.startswith("GOSTEWARD") for name in found)
    assert "never" not in answer.stdout
