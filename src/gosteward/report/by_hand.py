"""Actions as the commands that a person would type. Pure.

They do the same to a host that nobody changes meanwhile. What `--fix` does besides (to check first, to write beside and rename, to
remember) no single command does.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import (
    FIRST,
    LAST,
    Action,
    CloseTree,
    EditLines,
    InstallRelease,
    LineEdit,
    MakeDirectory,
    MoveAside,
    OpenTree,
    RemoveLink,
    ReplaceLink,
    SetMode,
    SetOwner,
    UnixLineEnds,
    UnpackTree,
    Vendor,
    WidenAcl,
    WriteFile,
)

if TYPE_CHECKING:
    from gosteward.finding import Finding


def commands(found: Finding) -> tuple[str, ...]:
    """All that a person types to repair a finding, in order."""
    return (*(c for group in _grouped(found.actions) for c in _group_commands(group)), *found.commands)


def _grouped(actions: tuple[Action, ...]) -> list[list[Action]]:
    """Changes to the same mode, one behind the other, belong into one command."""
    groups: list[list[Action]] = []
    for action in actions:
        last = groups[-1][-1] if groups else None
        if isinstance(action, SetMode) and isinstance(last, SetMode) and last.after == action.after:
            groups[-1].append(action)
        else:
            groups.append([action])
    return groups


def _group_commands(group: list[Action]) -> tuple[str, ...]:
    if isinstance(group[0], SetMode):
        return (f"chmod {group[0].after:04o} {' '.join(quote(action.path) for action in group)}",)
    return command_for(group[0])


def command_for(action: Action) -> tuple[str, ...]:
    """One action, as one command or two."""
    path = quote(action.path)
    if isinstance(action, EditLines):
        return _editing(action)
    if isinstance(action, WriteFile):
        return _writing(action)
    if isinstance(action, ReplaceLink):
        return _linking(action)
    if isinstance(action, SetOwner):
        who = f"{action.uid}:{action.gid}"
        return (f"chown -hR --from={action.before} {who} {path}" if action.tree else f"chown -h {who} {path}",)
    if isinstance(action, UnixLineEnds):
        return (f"sed -i -e '1s/^\\xef\\xbb\\xbf//' -e 's/\\r$//' {path}",)
    if isinstance(action, MakeDirectory):
        return (_making(action, path),)
    if isinstance(action, RemoveLink):
        return (f"rm {path}",)
    if isinstance(action, MoveAside):
        return (f"mv {path} {quote(set_aside(action.path))}",)
    if isinstance(action, SetMode):
        return (f"chmod {action.after:04o} {path}",)
    if isinstance(action, CloseTree):
        return (f"find {path} -perm -o+w ! -type l -exec chmod o-w {{}} +",)
    if isinstance(action, Vendor):
        tidy = "go mod tidy && " if action.sums else ""
        return (f"cd {path} && {tidy}go mod vendor",)
    if isinstance(action, UnpackTree):
        return (f"gosteward install {action.version[2:]} --root {quote(action.path.rpartition('/')[0] or '/')}",)
    if isinstance(action, InstallRelease):
        return (_installing(action),)
    if isinstance(action, OpenTree):
        who = "a" if action.others else "u"
        return (f"chmod -R {who}+rX {path}", f"chmod {who}+x {path}/bin/* {path}/pkg/tool/*/*")
    return (_widening(action),)


def set_aside(path: str) -> str:
    """The name that a person would give to what is moved aside: hidden, so that nothing takes it for a Go tree."""
    directory, _, name = path.rpartition("/")
    return f"{directory}/.{name}.aside"


def _editing(action: EditLines) -> tuple[str, ...]:
    scripts = [_script(edit) for edit in action.edits if edit.line != LAST]
    added = [line for edit in action.edits if edit.line == LAST for line in edit.after]
    found = []
    if scripts:
        found.append(f"sed -i {' '.join(f'-e {quote(script)}' for script in scripts)} {quote(action.path)}")
    if added:
        found.append(f"printf '%s\\n' {' '.join(map(quote, added))} >> {quote(action.path)}")
    return tuple(found)


def _script(edit: LineEdit) -> str:
    """A command of sed; numbers are those of its input, so that several of them do not get in each other's way."""
    text = "\n".join(edit.after).replace("\\", "\\\\")
    if edit.line == FIRST:
        return "1i\\" + text.replace("\n", "\\\n")
    if not edit.after:
        return f"{edit.line}d"
    text = text.replace("&", "\\&").replace("\n", "\\n")
    delimiter = next((d for d in "#|,@%" if d not in text), "#")
    return f"{edit.line}s{delimiter}.*{delimiter}{text.replace('#', chr(92) + '#') if delimiter == '#' else text}{delimiter}"


def _installing(action: InstallRelease) -> str:
    """`install` puts links in these places; what else is to lead to the release only a repair knows."""
    version = action.version[len("go") :] or "latest"
    if action.path in ("/usr/local/go", "/usr/local/bin/go", "/usr/local/bin/gofmt"):
        return f"gosteward install {version} --adopt"
    return "gosteward doctor --fix" if action.path else f"gosteward install {version}"


def _making(action: MakeDirectory, path: str) -> str:
    if action.uid is None or action.gid is None:
        return f"mkdir -p -m {action.mode:04o} {path}"
    return f"install -d -m {action.mode:04o} -o {action.uid} -g {action.gid} {path}"


def _writing(action: WriteFile) -> tuple[str, ...]:
    lines = " ".join(map(quote, action.content.splitlines()))
    if action.syntax == "sudoers":
        return (f"printf '%s\\n' {lines} | EDITOR=tee visudo -f {quote(action.path)}",)
    directory = action.path.rpartition("/")[0]
    return (f"mkdir -p {quote(directory)}", f"printf '%s\\n' {lines} > {quote(action.path)}")


def _linking(action: ReplaceLink) -> tuple[str, ...]:
    # -T: a directory that came to be at the path meanwhile is not taken for the place to put the link in. Busybox knows it, too.
    if action.before is None:
        return (f"ln -T -s {quote(action.target)} {quote(action.path)}",)
    directory, _, name = action.path.rpartition("/")
    new = quote(f"{directory}/.{name}.new")
    return (f"ln -T -s {quote(action.target)} {new}", f"mv -T {new} {quote(action.path)}")


def _widening(action: WidenAcl) -> str:
    rights = "".join(right if right in action.rights else "-" for right in "rwx")
    entries = (f"u:{action.uid}:{rights},m::{rights}") if action.uid is not None else f"m::{rights}"
    return f"setfacl -m {entries} {quote(action.path)}"
