"""A Go setting taken back, or given another value, at the line where it was given. Pure.

Whatever file it is: a start-up file of any shell, /etc/environment and its relatives, a crontab, a unit (one of a package gets a
drop-in), the goenv file. Other lines that build PATH with the variable get its value written out first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.actions import LINE_SHOWN, EditLines, LineEdit, WriteFile
from gosteward.finding import Text
from gosteward.reasoning.assignment_lines import with_value, without
from gosteward.reasoning.command_spans import commands_in
from gosteward.reasoning.goenv_lines import removal_action
from gosteward.reasoning.remedies import real_path, replaced_line, startup_file
from gosteward.reasoning.settings_in_force import place
from gosteward.reasoning.viewpoint import context_named

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.snapshot import Location, Setting, Snapshot, StartupLine

CRONTABS = "/var/spool/cron/"
_SYSTEM_CRONTABS = ("/etc/crontab", "/etc/anacrontab")
# What packages brought, what the kernel shows, and what version managers write anew.
_NOT_OURS = ("/usr/", "/lib/", "/nix/", "/gnu/", "/run/", "/proc/", "/snap/", "/var/lib/")
_MANAGERS = ("/.gvm/", "/.asdf/", "/.goenv/", "/.sdkman/", "/.linuxbrew/", "/mise/")
_DIALECTS = {"fish": "fish", "csh": "csh", "crontab": "crontab", "sshd_config": "words"}
# A value that may be written in the place of `$NAME` in any quotes: `$HOME/sdk/go1.22`.
_WRITTEN_OUT = re.compile(r"(?:\$HOME|\$\{HOME\})?/?[A-Za-z0-9_@%+,./-]*")


def unset_actions(snapshot: Snapshot, setting: Setting) -> tuple[Action, ...]:
    """What takes a setting back; () where nobody can tell how its line reads without it, or where it is not ours to change."""
    if setting.origin == "goenv-file":
        found = removal_action(setting)
        return (found,) if found is not None else ()
    setting = origin_of(snapshot, setting)
    where = _line(setting)
    if where is None:
        return ()
    dropped = _drop_in(snapshot, setting, where)
    if dropped is not None:
        return (dropped,)
    if not _ours(where.path):
        return ()
    written_out = _written_out(snapshot, setting, where)
    if written_out is None:
        return ()
    # The line itself may go on to use the variable.
    own = next(
        (edit.after[0] for path, edit in written_out if (path, edit.line) == (where.path, where.line)), where.text
    )
    syntax = syntax_of(snapshot, setting, where.path)
    after = without(own, setting.name, syntax)
    if after is None:
        return ()
    if not after and syntax == "shell" and _alone_in_block(snapshot, setting, where):
        # sh does not take an `if` without a command in it.
        after = (f"{where.text[: len(where.text) - len(where.text.lstrip())]}:",)
    edits = [(path, edit) for path, edit in written_out if (path, edit.line) != (where.path, where.line)]
    if setting.name == "GOROOT":
        edits += _other_lines(snapshot, setting, where, syntax)
    return _by_file(snapshot, [(where.path, LineEdit(where.line, where.text, after)), *edits])


def _other_lines(snapshot: Snapshot, setting: Setting, where: Location, syntax: str) -> list[tuple[str, LineEdit]]:
    """Lines of the same file that would give the variable a value again; nobody needs any."""
    file = startup_file(snapshot, where.path)
    found = []
    for line in file.lines if file is not None else ():
        place = line.location
        if line.kind == "variable" and line.name == setting.name and place.line != where.line:
            after = without(place.text, setting.name, syntax) if len(place.text) < LINE_SHOWN and line.alone else None
            found += [(where.path, LineEdit(place.line, place.text, after))] if after is not None else []
    return found


def change_actions(snapshot: Snapshot, setting: Setting, value: str) -> tuple[Action, ...]:
    """What gives a setting another value at its own line; () as above."""
    setting = origin_of(snapshot, setting)
    where = setting.location if setting.origin == "goenv-file" else _line(setting)
    if where is None or not where.line or len(where.text) >= LINE_SHOWN or "\n" in value:
        return ()
    if setting.origin == "goenv-file":
        return (EditLines(where.path, (LineEdit(where.line, where.text, (f"{setting.name}={value}",)),)),)
    syntax = syntax_of(snapshot, setting, where.path)
    after = with_value(where.text, setting.name, setting.value, value, syntax) if _ours(where.path) else None
    if after is None:
        return ()
    return replaced_line(snapshot, where, after)


def origin_of(snapshot: Snapshot, setting: Setting) -> Setting:
    """The setting at the line where its value is written: `export $(cat .env)` only hands it on."""
    where = setting.location
    if setting.origin != "environment" or where is None or re.search(rf"\b{re.escape(setting.name)}\b", where.text):
        return setting
    lines = [
        line.location
        for file in snapshot.startup_files
        for line in file.lines
        if line.kind == "variable" and line.name == setting.name and line.value == setting.value
    ]
    return setting._replace(location=lines[0]) if len(lines) == 1 else setting


def added_actions(snapshot: Snapshot, setting: Setting) -> tuple[Action, ...]:
    """One line more that gives a variable a value, behind the line at the setting's location; () as above."""
    where = _line(setting)
    if where is None or not _ours(where.path) or where.text.rstrip().endswith("\\"):
        return ()
    forms = {
        "shell": "export {name}={value}",
        "fish": "set -gx {name} {value}",
        "csh": "setenv {name} {value}",
        "lines": "{name}={value}",
        "crontab": "{name}={value}",
    }
    form = forms.get(syntax_of(snapshot, setting, where.path), "")
    if "/systemd/" in where.path and re.match(r"\s*\w*Environment\s*=", where.text):
        form = f"{where.text.partition('=')[0].strip()}={{name}}={{value}}"
    if not form or not re.fullmatch(r"[A-Za-z0-9_.,:/-]+", setting.value):
        return ()
    indentation = where.text[: len(where.text) - len(where.text.lstrip())]
    new = indentation + form.format(name=setting.name, value=setting.value)
    return replaced_line(snapshot, where, where.text, new)


def word_actions(snapshot: Snapshot, setting: Setting, word: str) -> tuple[Action, ...]:
    """What takes one word out of a line that builds a list from another one (`GOFLAGS="$GOFLAGS -mod=vendor"`); () as above."""
    where = _line(setting)
    found = re.findall(rf"(?:^|(?<=[\s\"'=])){re.escape(word)}(?=[\s\"']|$)", where.text) if where is not None else []
    if where is None or len(found) != 1 or "\\" in where.text or not _ours(where.path):
        return ()
    new = re.sub(rf"[ \t]+{re.escape(word)}(?=[\s\"']|$)|{re.escape(word)}[ \t]*", "", where.text, count=1)
    return replaced_line(snapshot, where, new)


def repaired_actions(snapshot: Snapshot, setting: Setting, value: str) -> tuple[Action, ...]:
    """The setting with the value that was meant, or without any where that is ""."""
    return change_actions(snapshot, setting, value) if value else unset_actions(snapshot, setting)


def commands_behind(setting: Setting) -> tuple[str, ...]:
    """What makes a service notice that its unit has changed."""
    units = {name.partition(":")[2] for name in setting.contexts if name.startswith("systemd:")}
    path = setting.location.path if setting.location is not None else ""
    if setting.origin != "environment" or "/systemd/" not in path or not units:
        return ()
    manager = "systemctl --user" if "/systemd/user" in path else "systemctl"
    started = sorted(unit for unit in units if "@." not in unit and re.fullmatch(r"[A-Za-z0-9@_.:-]+", unit))
    return (f"{manager} daemon-reload", *(f"{manager} restart {unit}" for unit in started))


def advice_to_unset(snapshot: Snapshot, setting: Setting) -> Text:
    """What the actions of `unset_actions` do, or what to do without any."""
    if setting.origin == "goenv-file":
        return Text(
            "`{command}` takes the line back and leaves the others of the file.", command=unset_command(setting.name)
        )
    where = setting.location
    path = where.path if where is not None else ""
    if where is not None and _written_out(snapshot, setting, where) is None:
        return Text(
            "Another line builds PATH with ${name}: write the directory out there before you remove {place}.",
            name=setting.name,
            place=place(setting),
        )
    if "/systemd/" in path:
        return Text(
            "Take the value out at {place} (for a unit of a package, in a drop-in of your own), run `systemctl daemon-reload`, and start the unit again.",
            place=place(setting),
        )
    if path.startswith(CRONTABS):
        return Text("Remove the line at {place}: the next run of the job is without it.", place=place(setting))
    return Text(
        "Remove the line at {place}, and open a new session: running ones keep the old value.", place=place(setting)
    )


def unset_command(name: str) -> str:
    """Takes a line of the goenv file back. go looks for the toolchain first, and stops there if GOTOOLCHAIN names none that it can have."""
    return f"GOTOOLCHAIN=local go env -u {name}" if name == "GOTOOLCHAIN" else f"go env -u {name}"


def advice_to_correct(setting: Setting, value: str) -> Text:
    """What `change_actions` does."""
    return Text(
        "Write {name}={value} at {place}. Running sessions keep the old value.",
        name=setting.name,
        value=value,
        place=place(setting),
    )


def syntax_of(snapshot: Snapshot, setting: Setting, path: str) -> str:
    """How a file is written, as `assignment_lines` names it."""
    file = startup_file(snapshot, path)
    name = path.rpartition("/")[2]
    if name == "fish_variables":
        return "fish-variables"
    if name == "pam_env.conf":
        return "pam-rules"
    if path.startswith((CRONTABS, "/etc/cron.d/")) or path in _SYSTEM_CRONTABS:
        return "crontab"
    if "/systemd/" in path:
        return "words"
    if file is not None:
        return _DIALECTS.get(file.dialect, "lines" if file.dialect.endswith("-environment") else "shell")
    contexts = [context_named(snapshot, name) for name in setting.contexts]
    by_systemd = bool(contexts) and all(c is not None and c.kind.startswith("systemd") for c in contexts)
    # An EnvironmentFile= is a list of values, and a script says what it is by its commands.
    return (
        "lines" if by_systemd and setting.location and re.match(r"\s*[A-Za-z_]\w*=", setting.location.text) else "shell"
    )


def _line(setting: Setting) -> Location | None:
    """The line of a file that gives the value, if all of it is known."""
    where = setting.location
    known = where is not None and where.line > 0 and where.path.startswith("/") and len(where.text) < LINE_SHOWN
    return where if known and setting.origin == "environment" else None


def _ours(path: str) -> bool:
    foreign = path.startswith(_NOT_OURS) and not path.startswith("/usr/local/")
    return not foreign and not any(part in path for part in _MANAGERS)


def _drop_in(snapshot: Snapshot, setting: Setting, where: Location) -> WriteFile | None:
    """For a unit of a package: a file of ours beside it that takes the variable away again (before systemd 235: empties it)."""
    match = re.fullmatch(r"/(?:usr/)?lib/systemd/(system|user)/([^/]+\.service)(?:\.d/[^/]+)?", where.path)
    if match is None:
        return None
    top = "/etc/systemd/system" if match[1] == "system" else f"{snapshot.user.home}/.config/systemd/user"
    path = f"{top}/{match[2]}.d/go-without-{setting.name.lower().replace('_', '-')}.conf"
    return WriteFile(path, f"[Service]\nEnvironment={setting.name}=\nUnsetEnvironment={setting.name}\n")


def _by_file(snapshot: Snapshot, edits: list[tuple[str, LineEdit]]) -> tuple[Action, ...]:
    files: dict[str, list[LineEdit]] = {}
    for path, edit in edits:
        files.setdefault(real_path(snapshot, path), []).append(edit)
    return tuple(EditLines(path, tuple(sorted(found))) for path, found in files.items())


def _alone_in_block(snapshot: Snapshot, setting: Setting, where: Location) -> bool:
    """Whether the line may be all that an `if`, a loop or a function holds."""
    file = startup_file(snapshot, where.path)
    lines = file.lines if file is not None else ()
    own = next((line for line in lines if line.location.line == where.line and line.name == setting.name), None)
    indentation = where.text[: len(where.text) - len(where.text.lstrip())]
    if (own is not None and own.alone) or (not indentation and (own is None or _has_several(where.text))):
        return False
    beside = (line.location for line in lines if line.kind in ("path", "source"))
    return not any(
        abs(line.line - where.line) == 1 and re.match(rf"{indentation}\S", line.text) is not None for line in beside
    )


def _has_several(text: str) -> bool:
    return len(commands_in(text) or ()) > 1


def _written_out(snapshot: Snapshot, setting: Setting, where: Location) -> list[tuple[str, LineEdit]] | None:
    """Lines that build PATH with the variable, with its value in its place; None where one of them cannot be written so."""
    users = _path_lines_with(snapshot, setting, where)
    if not users:
        return []
    text, name = _text_instead(snapshot, setting, where), re.escape(setting.name)
    edits = []
    for path, line in users:
        place = line.location
        new = re.sub(rf"(?<!\{{)\$(?:{name}\b|\{{{name}\}})", lambda _: text, place.text) if text else ""
        if not new or len(place.text) >= LINE_SHOWN or re.search(rf"\$\{{?{name}\b", new):
            return None
        edits.append((path, LineEdit(place.line, place.text, (new,))))
    return edits


def _path_lines_with(snapshot: Snapshot, setting: Setting, where: Location) -> list[tuple[str, StartupLine]]:
    """Lines that see the value of this one: those of the same file from there on, and of files that do not set it themselves."""
    name = re.escape(setting.name)
    uses = re.compile(rf"\${name}\b|\${{{name}[}}:%#]")
    found: dict[tuple[str, int], StartupLine] = {}
    for file in snapshot.startup_files:
        own = any(line.kind == "variable" and line.name == setting.name for line in file.lines)
        for line in file.lines:
            sees = line.location.line >= where.line if file.path == where.path else not own
            if line.kind == "path" and sees and uses.search(line.location.text):
                found.setdefault((file.path, line.location.line), line)
    return [(path, line) for (path, _), line in found.items()]


def _text_instead(snapshot: Snapshot, setting: Setting, where: Location) -> str:
    """What to write for `$NAME`: what the line that sets it says, "" if that is too odd to be written elsewhere."""
    if setting.name == "GOPATH":
        return "$HOME/go"  # what go takes once the setting is gone
    file = startup_file(snapshot, where.path)
    lines = tuple(
        line for line in (file.lines if file else ()) if line.name == setting.name and line.kind == "variable"
    )
    raw = next((line.value for line in lines if line.location.line == where.line), setting.value)
    raw = raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'" and "$" not in raw[:1] else raw
    raw = f"$HOME{raw[1:]}" if raw.startswith("~/") else raw
    for text in (raw, setting.value):
        if text and _WRITTEN_OUT.fullmatch(text):
            return text
    return ""
