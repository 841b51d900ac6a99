r"""How to make fish tell what its start-up files do.

Two streams, both on standard error so that their order is kept: `fish_trace=1` prints every command with its depth, and a hook that is
read before the user's files reports changes of PATH and of Go's variables with file and line:

    RS gosteward US name US value US stack trace US

The trace names no lines; callers of the changing line are found by their text in the file that is being sourced.
"""

from __future__ import annotations

import re
from typing import Callable, NamedTuple

from gosteward.shells.trace_attribution import interesting, words
from gosteward.shells.xtrace import RS, US, Frame, Record

HOOK_NAME = "!gosteward.fish"
HOOK_SWITCH = "gosteward_hook"
WATCHED = (
    "GOPATH", "GOROOT", "GOBIN", "GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOSUMDB", "GONOPROXY", "GONOSUMCHECK", "GOFLAGS", "GO111MODULE",
    "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE", "GOTMPDIR", "GOENV", "GOOS", "GOARCH", "GOAMD64", "GOARM", "GOARM64", "GO386", "GOEXPERIMENT",
    "GOWORK", "GOINSECURE", "GOVCS", "GOAUTH", "GODEBUG", "GOTELEMETRY", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "CGO_ENABLED", "CGO_CFLAGS",
    "CGO_LDFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CC", "CXX", "PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "HOME", "TMPDIR",
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "LD_PRELOAD", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY",
    "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC",
)  # fmt: skip
TELL = "printf '\\x1egosteward\\x1f%s\\x1f%s\\x1f%s\\x1f\\n'"
EVENT = re.compile(RS + "gosteward" + f"{US}([^{US}{RS}]*)" * 3 + US)
STEP = re.compile(r"(-*)> (.*)")
CALLED = re.compile(r"called on line (\d{1,8}) of file (.+)")
RECORDS_LIMIT = 100_000
COMPARISONS_LIMIT = 1_000_000
STACK_LIMIT = 64
# The functions and the start-up file of fish itself; vendor_conf.d belongs to packages.
OWN_FILES = re.compile(r"/share/fish/(?:[^/]+|functions/[^/]+)$")
BLOCKS = ("if", "else", "end", "for", "while", "switch", "case", "begin")
APPENDS, PREPENDS = ("a", "gxa", "xa", "gax", "append", "ga"), ("p", "gxp", "xp", "gpx", "prepend", "gp")


def hook() -> str:
    """The file for conf.d; it does nothing unless HOOK_SWITCH is set."""
    return (
        f"if set -q {HOOK_SWITCH}\nset -e {HOOK_SWITCH}\nset --unexport fish_trace 1\n"
        "function __gosteward_path --on-variable PATH\n"
        f"    {TELL} PATH (string join : -- $PATH | string collect) (status stack-trace | string collect) >&2\nend\n"
        f"function __gosteward_variable {' '.join('--on-variable ' + name for name in WATCHED)}\n"
        f"    {TELL} $argv[3] (string join : -- $$argv[3] | string collect) (status stack-trace | string collect) >&2\nend\n"
        f"{TELL} PATH (string join : -- $PATH | string collect) first >&2\n"
        "end\n"
    )


def plain_command(nonce: str, env: str) -> str:
    """For the run that is not traced."""
    return _opening() + _path_section(nonce) + _last_words(nonce, env)


def traced_command(nonce: str, env: str) -> str:
    """For the traced run: also variables that are not exported, and aliases and functions that hide go."""
    pattern = "'^(?:GO|CGO_|PKG_CONFIG|XDG_|GIT_).*|^(?:CC|CXX|TMPDIR|LD_LIBRARY_PATH|LD_PRELOAD|NETRC|SSL_CERT_FILE|SSL_CERT_DIR|.*_proxy|.*_PROXY)$'"
    return (
        "set -g fish_trace\n"
        + _opening()
        + _path_section(nonce)
        + f"builtin printf '\\x1e{nonce} variables\\x1e' >&9\n"
        + f"for gosteward_name in (builtin set -n | builtin string match -r {pattern})\n"
        + "    builtin contains -- $gosteward_name (builtin set -xn); or builtin printf 'declare -- %s=%s\\n' $gosteward_name "
        + "(builtin string escape -- (builtin string join : -- $$gosteward_name)) >&9\nend\n"
        + f"builtin printf '\\x1e{nonce} fish\\x1e' >&9\n"
        + "for gosteward_name in go gofmt\n    builtin functions -q $gosteward_name; and "
        + "builtin printf '%s\\x1f%s\\n' $gosteward_name (builtin functions -D -v $gosteward_name | builtin string join \\x1f) >&9\nend\n"
        + _last_words(nonce, env)
    )


def _opening() -> str:
    return "builtin printf '' >&9; or exec 9>&2\n"


def _path_section(nonce: str) -> str:
    return (
        f"builtin printf '\\x1e{nonce} path\\x1e%s%s' (builtin set -q PATH; and builtin echo =; or builtin echo '') "
        "(builtin string join : -- $PATH | builtin string collect) >&9\n"
    )


def _last_words(nonce: str, env: str) -> str:
    return f"builtin printf '\\x1e{nonce} environment\\x1e' >&9\nexec {env} -0 >&9\n"


class _Step(NamedTuple):
    """A traced command and its depth; `path` is the file that it stands in, "" if unknown (the body of a function)."""

    depth: int
    command: str
    path: str


class _Lines:
    """Where in files commands stand whose words were expanded. Every file is looked through once, and the work has an end."""

    def __init__(self, lines_of: Callable[[str], list[str]]) -> None:
        self.lines_of = lines_of
        self.files: dict[str, dict[str, list[tuple[int, list[str]]]]] = {}
        self.known: dict[tuple[str, str], int] = {}
        self.budget = COMPARISONS_LIMIT

    def find(self, path: str, command: str) -> int:
        """The line that most probably holds the command; 0 if none starts with the same word."""
        key = (path, command)
        if key not in self.known:
            self.known[key] = self._search(path, command)
        return self.known[key]

    def _search(self, path: str, command: str) -> int:
        wanted = words(command[:2000])
        if not wanted or wanted[0] in BLOCKS:
            return 0
        best, score = 0, 0
        candidates = self._index(path).get(wanted[0], ())
        self.budget -= len(candidates)
        for number, there in candidates if self.budget > 0 else candidates[:1]:
            points = 1 + 2 * sum(word in there for word in wanted[1:8]) + (3 if there == wanted else 0)
            points += sum(1 for word in there if "$" in word or word.startswith("~"))
            if points > score:
                best, score = number, points
        return best

    def _index(self, path: str) -> dict[str, list[tuple[int, list[str]]]]:
        """Lines by the words that begin commands in them."""
        found = self.files.get(path)
        if found is None:
            found = self.files[path] = {}
            for number, line in enumerate(self.lines_of(path)[:20_000], 1):
                there = words(line[:2000])
                begins = True
                for word in there:
                    if begins:
                        found.setdefault(word.rstrip(";"), []).append((number, there))
                    begins = word.endswith(";") or word in (
                        "and",
                        "or",
                        "not",
                        "if",
                        "begin",
                        "&&",
                        "||",
                        "!",
                        "else",
                        "while",
                    )
        return found


class _Walk:
    """The commands under way, outermost first, while the trace is read."""

    def __init__(self, home: str, directory: str, lines_of: Callable[[str], list[str]]) -> None:
        self.home = home
        self.hook = f"{directory}/conf.d/{HOOK_NAME}"
        self.lines = _Lines(lines_of)
        self.stack: list[_Step] = []
        self.universal = _universal(f"{directory}/fish_variables", lines_of)

    def step(self, depth: int, command: str) -> None:
        while self.stack and self.stack[-1].depth >= depth:
            self.stack.pop()
        path = ""
        if self.stack:
            above = self.stack[-1]
            path = self.sourced(above.command) or (above.path if above.command.split(" ", 1)[0] in BLOCKS else "")
        self.stack.append(_Step(depth, command, path))

    def sourced(self, command: str) -> str:
        """The file that a `source` command reads, "" for other commands."""
        return self.full((words(command[:4096])[1:] or [""])[0]) if command.startswith("source ") else ""

    def full(self, path: str) -> str:
        return self.home + path[1:] if path.startswith("~/") else path

    def frames(self, innermost: Frame | None) -> tuple[Frame, ...]:
        """Places of the commands under way, innermost first. What fish's own functions do counts for the line that calls them."""
        found = [innermost] if innermost and not self.is_own(innermost.path) else []
        for step in reversed(self.stack[-STACK_LIMIT:]):
            if step.path.startswith("/") and not self.is_own(step.path):
                line = self.lines.find(step.path, step.command)
                if line and not any(frame.path == step.path and frame.line == line for frame in found):
                    found.append(Frame(path=step.path, line=line))
        return tuple(found[:12])

    def is_own(self, path: str) -> bool:
        """A file of fish itself, or the hook."""
        return path == self.hook or OWN_FILES.search(path) is not None

    def path_frames(self, innermost: Frame | None) -> tuple[Frame, ...]:
        """The same for a change of PATH; one that no file of the user's asked for comes from the universal fish_user_paths."""
        return self.frames(innermost) or self.universal


def _universal(path: str, lines_of: Callable[[str], list[str]]) -> tuple[Frame, ...]:
    """The line of fish_variables that holds fish_user_paths."""
    for number, line in enumerate(lines_of(path)[:20_000], 1):
        if line.startswith(
            ("SETUVAR fish_user_paths:", "SETUVAR --export fish_user_paths:", "SETUVAR --path fish_user_paths:")
        ):
            return (Frame(path=path, line=number),)
    return ()


def records(text: str, home: str, directory: str, lines_of: Callable[[str], list[str]]) -> list[Record]:
    """The events of a start-up as records: each `set` of a watched variable, each `source`, and the last command.

    Args:
        text: what the traced fish wrote to its standard error.   directory: that of fish's configuration (~/.config/fish).
        lines_of: lines of a file.
    """
    walk = _Walk(home, directory, lines_of)
    found: list[Record] = []
    path: str | None = None
    position = 0
    hooked = False
    for event in EVENT.finditer(text):
        path = _commands(text[position : event.start()], walk, found, path, hooked)
        hooked = True
        position = event.end()
        if len(found) >= RECORDS_LIMIT:
            return found
        path = _event(walk, found, path, *event.groups())
    path = _commands(text[position:], walk, found, path, hooked)
    if walk.stack:
        found.append(_record(walk.frames(None), path, walk.stack[-1].command))
    return found


def _event(walk: _Walk, found: list[Record], path: str | None, name: str, value: str, stack: str) -> str | None:
    """Two records for what the hook told: who changes, and the new state. Returns PATH."""
    value = value.rstrip("\n")
    innermost = None if stack.startswith("first") else _innermost(stack, walk)
    if name != "PATH":
        found.append(_record(walk.frames(innermost), path, f"{name}={_quoted(value)}"))
        return path
    found.append(_record(walk.path_frames(innermost), path, f"set PATH {value[:4096]}"))
    found.append(_record((), value, ""))
    return value


def _commands(part: str, walk: _Walk, found: list[Record], path: str | None, hooked: bool) -> str | None:
    """Walk the traced commands; without a hook, `set` commands are all that is known of changes. Returns PATH."""
    for line in part.split("\n"):
        match = STEP.fullmatch(line)
        if match is None or len(found) >= RECORDS_LIMIT:
            continue
        walk.step(len(match.group(1)), match.group(2))
        command = walk.stack[-1].command
        word = command.partition(" ")[0]
        if word == "source":
            target = walk.sourced(command)
            if target and not walk.is_own(target):
                found.append(_record((Frame(path=target, line=0),), path, ""))
        elif word == "alias":
            rest = words(command)[1:]
            if rest:
                joined = rest[0] if "=" in rest[0] else "=".join(rest[:2])
                found.append(_record(walk.frames(None), path, f"alias {_quoted(joined)}"))
        elif word == "set" and not hooked:
            path = _set(command, walk, found, path)
    return path


def _set(command: str, walk: _Walk, found: list[Record], path: str | None) -> str | None:
    """What a `set` command says that no hook reported. Returns PATH."""
    every = words(command)[1:]
    flags = "".join(word.lstrip("-")[:8] for word in every if word.startswith("-"))
    name, *values = [word for word in every if not word.startswith("-")] or [""]
    if name == "PATH" and (values or path is None):
        found.append(_record(walk.path_frames(None), path, command))
        old = [path] if path else []
        after = old + values if flags in APPENDS else values + old if flags in PREPENDS else values
        path = ":".join(after)
        found.append(_record((), path, ""))
    elif interesting(name) and values and "e" not in flags and "q" not in flags:
        found.append(_record(walk.frames(None), path, f"{name}={_quoted(' '.join(values))}"))
    return path


def _record(frames: tuple[Frame, ...], path: str | None, command: str) -> Record:
    return Record(
        nested=False,
        depth=len(frames),
        frames=frames,
        time=0.0,
        path=path,
        path_length=-1 if path is None else len(path),
        command=command,
    )


def _innermost(stack: str, walk: _Walk) -> Frame | None:
    """The line that set the variable: the place of the event itself in a stack trace."""
    _, _, event = stack.rpartition("in event handler")
    match = CALLED.search(event or stack)
    if match is None:
        return None
    return Frame(path=walk.full(match.group(2).strip()), line=int(match.group(1)))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
