"""fish's trace and the hook's reports."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.shells import fish_trace
from gosteward.shells.trace_attribution import attribute
from gosteward.shells.xtrace import RS, US
from growth import grows_linearly

HOME = "/home/dev"
DIRECTORY = f"{HOME}/.config/fish"
FILES = {
    f"{DIRECTORY}/config.fish": [
        "fish_add_path -g /opt/a",
        "if test -d /opt",
        "    set -gx GOPATH $HOME/go",
        "end",
        "add /opt/b",
    ],
    f"{DIRECTORY}/fish_variables": ["# VERSION: 3.0", "SETUVAR fish_user_paths:/opt/u"],
}
PIECES = st.sampled_from(
    ["\n", "> ", "--> ", "----> ", "source ", "source ~/a", "set ", "set PATH /x", "set -a PATH", "alias go x", "alias ", "if", US, RS,
     RS + "gosteward" + US, "PATH" + US, "first" + US, "called on line 3 of file ~/a", "in event handler", "'", '"', "\\", "é", "\udcff"]
)  # fmt: skip
HOSTILE = st.lists(PIECES | st.text(max_size=6), max_size=60).map("".join)


def lines_of(path: str) -> list[str]:
    return FILES.get(path, [])


def text_of(path: str, line: int) -> str:
    return lines_of(path)[line - 1] if 0 < line <= len(lines_of(path)) else ""


def event(name: str, value: str, stack: str) -> str:
    return f"{RS}gosteward{US}{name}{US}{value}{US}{stack}{US}\n"


def in_handler(place: str) -> str:
    return f"in function '__gosteward_path'\n\tcalled on line 1 of file x\nin event handler: handler\n\tcalled on line {place}\n"


TRACE = (
    "> source /usr/share/fish/config.fish\n--> __fish_reconstruct_path\n----> set -xg PATH /opt/u /usr/bin\n"
    f"---> source {DIRECTORY}/conf.d/{fish_trace.HOOK_NAME}\n"
    + event("PATH", "/opt/u:/usr/bin", "first")
    + f"> source {DIRECTORY}/config.fish\n--> fish_add_path -g /opt/a\n----> set -g fish_user_paths /opt/a\n"
    + event("PATH", "/opt/a:/opt/u:/usr/bin", in_handler("127 of file /usr/share/fish/config.fish"))
    + "--> if\n---> test -d /opt\n---> set -gx GOPATH /home/dev/go\n"
    + event("GOPATH", "/home/dev/go", in_handler("3 of file ~/.config/fish/config.fish"))
    + "--> end if\n"
)


def test_every_entry_has_the_line_that_a_person_wrote() -> None:
    records = fish_trace.records(TRACE, HOME, DIRECTORY, lines_of)
    told = attribute(records, "/usr/bin", (), ("/opt/a:/opt/u:/usr/bin", 22), text_of)
    assert [(e.directory, [(s.path, s.line) for s in e.sources]) for e in told.entries] == [
        ("/opt/a", [(f"{DIRECTORY}/config.fish", 1)]),
        ("/opt/u", [(f"{DIRECTORY}/fish_variables", 2)]),
        ("/usr/bin", []),
    ]
    assert [(s.path, s.line) for s in told.assignments["GOPATH"].sources] == [(f"{DIRECTORY}/config.fish", 3)]
    assert told.files == (f"{DIRECTORY}/fish_variables", f"{DIRECTORY}/config.fish")


def test_the_last_command_of_a_trace_that_stops_is_placed() -> None:
    records = fish_trace.records(f"> source {DIRECTORY}/config.fish\n--> add /opt/b\n", HOME, DIRECTORY, lines_of)
    assert [(frame.path, frame.line) for frame in records[-1].frames] == [(f"{DIRECTORY}/config.fish", 5)]


def test_without_the_hook_set_commands_are_read() -> None:
    trace = f"> source {DIRECTORY}/config.fish\n--> set -a PATH /x\n--> set -gxp PATH /y\n--> set -e GOBIN\n--> set CC clang\n"
    records = fish_trace.records(f"> set PATH /bin\n{trace}", HOME, DIRECTORY, lines_of)
    assert [record.path for record in records if record.path][-1] == "/y:/bin:/x"
    assert [record.command for record in records if record.command.startswith(("CC", "GOBIN"))] == ["CC='clang'"]


@given(HOSTILE)
def test_every_frame_of_a_record_is_a_line_of_a_named_file(text: str) -> None:
    lines = text.split("\n")
    records = fish_trace.records(text, HOME, DIRECTORY, lambda _: lines)
    assert all(frame.path and frame.line >= 0 for record in records for frame in record.frames)
    assert all((record.path is None) == (record.path_length < 0) for record in records)
    told = attribute(records, None, (), None, text_of)
    assert set(told.files) <= {frame.path for record in records for frame in record.frames}


def test_time_is_linear_in_the_trace() -> None:
    many = [f"set GOPATH{number} $HOME" for number in range(10_000)]
    units = (
        "--> set GOPATH {}\n",
        f"> source {DIRECTORY}/config.fish\n--> set GOPATH {{}}\n",
        "> " + "-" * 40 + "> x {}\n",
        event("GOPATH", "{}", "called on line 3 of file ~/a"),
    )
    for unit in units:

        def read(size: int, unit: str = unit) -> object:
            return fish_trace.records("".join(map(unit.format, range(size))), HOME, DIRECTORY, lambda _: many)

        assert grows_linearly(read, 5_000)
