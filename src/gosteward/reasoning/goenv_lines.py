"""Lines of the file that `go env -w` writes, changed as text: a wrong line there can keep go itself from starting. Pure.

Source: cmd/go/internal/envcmd (`updateEnvFile`); cmd/go/internal/cfg/cfg.go (`EnvFile`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.actions import LAST, LINE_SHOWN, EditLines, LineEdit
from gosteward.golang import goenv
from gosteward.reasoning.viewpoint import SESSION_KINDS, own_contexts, runs_as_user, variable

if TYPE_CHECKING:
    from gosteward.snapshot import Context, Setting, Snapshot


def setting_action(snapshot: Snapshot, name: str, value: str) -> EditLines | None:
    """What gives a Go variable a value for everything that the user starts, as `go env -w` would.

    Returns:
        One line more, or another text for the line that counts now; None where the user's sessions read no such file, or not the
        same one, where it cannot be read, where its line is too long to be known, and where it says so already.
    """
    path = file_of_user(snapshot)
    lines = tuple(s for s in snapshot.go_settings if _line_of(s, path))
    if not path or "\n" in value or any(s.problem == "unreadable" for s in lines):
        return None
    given = next((s for s in lines if s.name == name and not s.problem), None)
    if given is None or given.location is None or not given.location.line:
        return EditLines(path, (LineEdit(LAST, after=(f"{name}={value}",)),))
    if given.value == value or len(given.location.text) >= LINE_SHOWN:
        return None
    return EditLines(path, (LineEdit(given.location.line, given.location.text, (f"{name}={value}",)),))


def removal_action(setting: Setting) -> EditLines | None:
    """What takes one line out of a goenv file; None for a setting of another origin, and for a line that is too long to be known."""
    where = setting.location
    if setting.origin != "goenv-file" or where is None or not where.line or len(where.text) >= LINE_SHOWN:
        return None
    return EditLines(where.path, (LineEdit(where.line, where.text),))


def file_of_user(snapshot: Snapshot) -> str:
    """The goenv file that go reads in the user's sessions, there or not; "" where they have none, or several."""
    contexts = own_contexts(snapshot, *SESSION_KINDS) or own_contexts(snapshot)
    own = tuple(c for c in contexts if runs_as_user(snapshot, c))
    paths = {_file_in(snapshot, c) for c in own} or {goenv.file_named("", "", snapshot.user.home)}
    path = paths.pop() if len(paths) == 1 else ""
    return path if path.startswith("/") else ""


def _file_in(snapshot: Snapshot, context: Context) -> str:
    home = _value(context, "HOME") or snapshot.user.home
    # Below the root directory no user has a directory of settings, whatever HOME says.
    return goenv.file_named(_value(context, "GOENV"), _value(context, "XDG_CONFIG_HOME"), home if home != "/" else "")


def _value(context: Context, name: str) -> str:
    found = variable(context, name)
    return found.value if found is not None and found.exported else ""


def _line_of(setting: Setting, path: str) -> bool:
    return setting.origin == "goenv-file" and setting.location is not None and setting.location.path == path
