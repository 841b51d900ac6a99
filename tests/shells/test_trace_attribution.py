"""Who put what on PATH, from records alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.shells.trace_attribution import attribute, keeps_old_value, words
from gosteward.shells.xtrace import Frame, Record
from gosteward.snapshot.places import Location
from growth import grows_linearly

RC = "/home/dev/.bashrc"


def record(line: int, path: str | None, command: str = "true", nested: bool = False, file: str = RC) -> Record:
    frames = (Frame(file, line),) if line else ()
    length = -1 if path is None else len(path)
    return Record(nested=nested, depth=1, frames=frames, time=0.0, path=path, path_length=length, command=command)


def lines(*texts: str) -> object:
    return lambda path, line: texts[line - 1] if path == RC and 0 < line <= len(texts) else ""


def test_a_subshell_that_speaks_late_is_not_taken_for_the_author() -> None:
    records = [record(2, "/bin", "PATH=/bin:/x"), record(1, "/bin", "sleep 1", nested=True), record(0, "/bin:/x")]
    told = attribute(records, "/bin", (), ("/bin:/x", 7), lines("sleep 1 &", "PATH=$PATH:/x"))
    assert [s.line for s in told.entries[1].sources] == [2]


def test_an_export_after_the_assignment_exports_it() -> None:
    records = [record(1, "/bin", "GOPATH=/g"), record(2, "/bin", "export GOPATH"), record(3, "/bin", "unset GOBIN")]
    told = attribute(records, "/bin", (), None, lines("GOPATH=/g", "export GOPATH"))
    assert (told.assignments["GOPATH"].value, told.assignments["GOPATH"].exported) == ("/g", True)
    assert told.assignments["GOBIN"].value is None


def test_lines_that_build_on_the_old_path_are_told_from_resets() -> None:
    def keeps(*texts: str) -> bool:
        return keeps_old_value(Location(RC, 1, texts[0]), lines(*texts))

    assert keeps("PATH=$PATH:/x")
    assert keeps("export PATH=/x:${PATH}")
    assert keeps("path=(/x $path)")
    assert keeps("path+=(/x)")
    assert keeps("set -gxa PATH /x")
    assert keeps("set --append PATH /x")
    assert keeps('PATH="/x:\\', '$PATH"')
    assert keeps('eval "$(tool)"')
    assert not keeps("PATH=/x")
    assert not keeps("export PATH=/x:/y")
    assert not keeps("path=(/x)")
    assert not keeps("set -gx PATH /x")


def test_words_undo_what_a_trace_quotes() -> None:
    assert words("alias 'go=git checkout' x\\ y \"a\\\"b\" $'\\tc\\x' 'it'\\''s'") == [
        "alias", "go=git checkout", "x y", 'a"b', "\tcx", "it's",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=12), max_size=6))
def test_words_come_out_as_any_shell_has_quoted_them(wanted: list[str]) -> None:
    assert words(" ".join("'" + word.replace("'", "'\\''") + "'" for word in wanted)) == wanted


@given(st.text(alphabet="ab '\"\\$\n=", max_size=60))
def test_words_are_made_of_the_characters_of_the_text(text: str) -> None:
    assert sum(map(len, words(text))) <= len(text)
    assert {char for word in words(text) for char in word} <= {*text, "\a", "\b"}


@given(
    st.lists(
        st.builds(
            record,
            st.integers(0, 4),
            st.none() | st.sampled_from(["/bin", "/bin:/x", "", ":", "/x:/bin:/x"]),
            st.sampled_from(
                ["PATH=/x", "export PATH", "PATH=", "unset GOPATH", "alias go=x", "read x", "declare -x GO=", "=", ""]
            ),
            st.booleans(),
        ),
        max_size=12,
    ),
    st.none() | st.tuples(st.sampled_from(["/bin", "", "/x"]), st.integers(-1, 9)),
)
def test_no_sequence_of_records_makes_it_fail(records: list[Record], final: tuple[str | None, int] | None) -> None:
    told = attribute(records, "/bin", (), final, lines("PATH=/x", "PATH=$PATH:/x", "x"))
    if final is not None and final[0] is not None and final[1] <= len(final[0]):
        assert [entry.directory for entry in told.entries] == (final[0].split(":") if final[0] else [])


def test_many_changes_of_a_long_path_take_no_quadratic_time() -> None:
    records = [record(1, f"/bin:/{'x' * 2000}:/{number}", f"PATH=/{number}") for number in range(20_000)]
    assert grows_linearly(lambda size: attribute(records[:size], "/bin", (), None, lines("PATH=$PATH")), 20_000)
