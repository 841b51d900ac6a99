"""Readers of what a build has to do with: patches of somebody's own, and what make.bash writes."""

from __future__ import annotations

from fuzz.target import Target, text_of
from gosteward.errors import UsageError
from gosteward.golang import build_output, patched_names

OUTSIDE = ("/", "..", "./")


def _patch(data: bytes) -> object:
    found = patched_names.names(text_of(data))
    if any(name.startswith(OUTSIDE) or "/../" in name or not name.isprintable() for name in found):
        raise AssertionError(found)
    return found


def _output(data: bytes) -> object:
    return [build_output.phase_of(line) for line in text_of(data).split("\n")]


BUILDS = {
    "patch": Target(
        _patch,
        errors=(UsageError,),
        words="--- +++ a/ b/ @@ -1,3 +1,3 @@ diff --git /dev/null rename from Index: *** \\ .. new file mode 100644",
    ),
    "build-output": Target(_output, words="Building Go toolchain1 using packages and commands for ##### ( ."),
}
