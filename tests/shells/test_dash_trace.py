"""dash's own trace, whose lines are found by their text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.shells import dash_trace
from gosteward.shells.trace_attribution import attribute
from gosteward.shells.xtrace import RS, US
from growth import grows_linearly

FILES = {
    "/etc/profile": ["# system", "PATH=/usr/bin", ". /etc/more"],
    "/etc/more": ["export GOPATH=/g", "# PATH=/no", "PATH=$PATH:/opt/go/bin"],
    "/home/dev/.profile": ["PATH=$HOME/bin:$PATH"],
    "/etc/loop": ["for d in a b; do", "  [ -d /$d ] || continue", "  PATH=$PATH:/$d", "done"],
}
PIECES = st.sampled_from(
    [US, RS, "+", "\n", " ", ". /a", ". ", "PATH=/x", "A=1 PATH=", "=", "export", "[", "(", "\\", "é", "\udcff"]
)
HOSTILE = st.lists(PIECES | st.text(max_size=6), max_size=60).map("".join)


def lines_of(path: str) -> list[str]:
    return FILES.get(path, [])


def text_of(path: str, line: int) -> str:
    return lines_of(path)[line - 1] if 0 < line <= len(lines_of(path)) else ""


def traced(*steps: tuple[str, str], numbers: tuple[int, ...] = ()) -> str:
    lines = numbers or ("",) * len(steps)
    return "".join(f"+{US}{line}{US}{path}{RS} {command}\n" for line, (path, command) in zip(lines, steps))


def test_commands_are_found_in_the_files_that_were_being_read() -> None:
    after = "/usr/bin:/opt/go/bin"
    log = traced(
        ("/usr/bin", "PATH=/usr/bin"),
        ("/usr/bin", ". /etc/more"),
        ("/usr/bin", "export GOPATH=/g"),
        (after, f"PATH={after}"),  # dash assigns first
        (f"/home/dev/bin:{after}", f"PATH=/home/dev/bin:{after}"),
    )
    records = dash_trace.records(log, ("/etc/profile", "/home/dev/.profile"), lines_of)
    told = attribute(records, "/bin", (), (f"/home/dev/bin:{after}", 34), text_of)
    assert [frame for record in records for frame in record.frames] == [
        ("/etc/profile", 2, ""), ("/etc/profile", 3, ""), ("/etc/more", 1, ""), ("/etc/more", 3, ""), ("/home/dev/.profile", 1, ""),
    ]  # fmt: skip
    assert {e.directory: [(s.path, s.line) for s in e.sources] for e in told.entries} == {
        "/home/dev/bin": [("/home/dev/.profile", 1)],
        "/usr/bin": [("/etc/profile", 2)],
        "/opt/go/bin": [("/etc/more", 3)],
    }


def test_a_loop_goes_back_and_does_not_open_the_next_file() -> None:
    steps = [
        ("/bin", "[ -d /a ]"),
        ("/bin:/a", "PATH=/bin:/a"),
        ("/bin:/a", "[ -d /b ]"),
        ("/bin:/a:/b", "PATH=/bin:/a:/b"),
    ]
    records = dash_trace.records(traced(*steps), ("/etc/loop", "/home/dev/.profile"), lines_of)
    assert [frame for record in records for frame in record.frames] == [("/etc/loop", n, "") for n in (2, 3, 2, 3)]


def test_where_the_shell_tells_lines_they_are_believed() -> None:
    steps = [
        ("/bin", ". /etc/more"),
        ("/bin", "export 'GOPATH=/g'"),
        ("/bin:/x", "PATH=/bin:/x"),
        ("/bin:/x", "PATH=/bin:/y"),
    ]
    records = dash_trace.records(traced(*steps, numbers=(3, 1, 3, 1)), ("/etc/profile", "/home/dev/.profile"), lines_of)
    assert [frame for record in records for frame in record.frames] == [
        ("/etc/profile", 3, ""), ("/etc/more", 1, ""), ("/etc/more", 3, ""), ("/home/dev/.profile", 1, ""),
    ]  # fmt: skip


@given(HOSTILE)
def test_every_record_stands_in_the_log_and_its_line_in_a_file(text: str) -> None:
    lines = text.split("\n")
    records = dash_trace.records(text, ("/a", "/b"), lambda _: lines)
    for record in records:
        assert record.command in text
        assert all(0 < frame.line <= len(lines) for frame in record.frames)
    told = attribute(records, None, (), None, text_of)
    assert set(told.files) <= {frame.path for record in records for frame in record.frames}


def test_time_is_linear_in_the_log() -> None:
    many = ["x"] * 20_000
    for unit in (("/bin", "y"), ("/bin", ". /etc/profile"), ("/bin", "x"), ("/bin", "A=1 " * 1000 + "B")):
        log = traced(*[unit] * 4_000)

        def read(size: int, log: str = log) -> object:
            return dash_trace.records(log[: size * len(log) // 4_000], ("/etc/profile",), lambda _: many)

        assert grows_linearly(read, 4_000)
