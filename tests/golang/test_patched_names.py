"""Which files patch(1) would change is known before it runs, or the patch is refused: tried against the real one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.golang.patched_names import names
from growth import grows_linearly

SEEDS = Path(__file__).parents[1] / "fuzz/seeds/patch"
HUNK = "@@ -1 +1 @@\n-a\n+b\n"


def test_names_are_those_that_git_and_diff_write() -> None:
    assert names((SEEDS / "git").read_text()) == ("src/cmd/go/main.go", "src/cmd/go/new.go")
    assert names((SEEDS / "plain").read_text()) == ("src/fmt/print.go",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "only words\n",
        f"--- a/../../etc/passwd\n+++ b/../../etc/passwd\n{HUNK}",
        f"--- /etc/passwd\n+++ /etc/passwd\n{HUNK}",
        f"--- a//etc/passwd\n+++ b//etc/passwd\n{HUNK}",
        f"--- passwd\n+++ passwd\n{HUNK}",
        f'--- "a/src/\\056\\056/x"\n+++ "a/src/\\056\\056/x"\n{HUNK}',
        f"--- a/src/x\n+++ b/src/y\n{HUNK}",
        f"--- /dev/null\n+++ /dev/null\n{HUNK}",
        "diff --git a/src/x b/../y\nnew file mode 100644\n",
        "diff --git a/src/x b/src/x\nold mode 100644\nnew mode 100755\n",
        "diff --git a/src/x b/src/y\nrename from src/x\nrename to src/y\n",
        f"diff --git a/src/x b/src/x\nnew file mode 120000\n--- /dev/null\n+++ b/src/x\n{HUNK}",
        f"Index: ../x\n--- a/src/x\n+++ b/src/x\n{HUNK}",
        "*** a/src/x\n--- b/src/x\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n",
        "--- a/src/x\n+++ b/src/x\n1d\n",
        "1c\nevil\n.\n!id\n",
        f" --- a/src/x\n +++ b/../x\n {HUNK}",
        "--- a/src/x\n+++ b/src/x\n@@ -1,9 +1,9 @@\n-a\n+b\n",
        f"--- a/src/x\n+++ b/src/x\n{HUNK}--- a/../y\n+++ b/../y\n{HUNK}",
    ],
)
def test_what_leads_out_or_is_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        names(text)


LINES = st.sampled_from(
    [
        "--- a/src/x", "+++ b/src/x", "--- a/y", "+++ b/y", "--- /dev/null", "+++ /dev/null", "+++ b/../z", "--- ../z", "*** a/x", "--- y", "+++ z",
        "@@ -1 +1 @@", "@@ -0,0 +1 @@", "@@ -1,2 +1,2 @@", "-a", "+b", " a", "", "Index: z", "Index: a/z", "diff --git a/y b/y", "diff --git a/z b/z",
        "new file mode 100644", "deleted file mode 100644", "rename from y", "rename to z", "1c", ".", "0a1", "> b", " --- a/z", " +++ a/z", " @@ -1 +1 @@", " -a",
        " +b", "X--- a/z", "Prereq: 1",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=14))
def test_patch_touches_no_file_that_was_not_named(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    try:
        allowed = set(names(text))
    except UsageError:
        return
    top = tmp_path_factory.mktemp("tree")
    files = {"src/x": "a\n", "y": "a\n", "z": "a\n", "x": "a\n"}
    for name, content in files.items():
        (top / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (top / "in" / name).write_text(content)
    (top / "z").write_text("a\n")
    command = ["patch", "-u", "-p1", "--forward", "--fuzz=0", "--batch", "--no-backup-if-mismatch", "--reject-file=-"]
    subprocess.run(command, cwd=top / "in", input=text, capture_output=True, text=True, check=False, timeout=20)
    found = {str(f.relative_to(top / "in")): f.read_text() for f in (top / "in").rglob("*") if f.is_file()}
    touched = {name for name in {*files, *found} if files.get(name) != found.get(name)}
    assert touched <= allowed, text
    assert (top / "z").read_text() == "a\n"
    shutil.rmtree(top)


def test_time_grows_with_the_patch() -> None:
    assert grows_linearly(
        lambda count: names("".join(f"--- a/f{n}\n+++ b/f{n}\n{HUNK}" for n in range(count // 40))), 40_000
    )
