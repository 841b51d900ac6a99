"""The builtin commands of sh, bash and zsh that decide about PATH and the environment. Pure."""

# ruff: noqa: ARG002 - the functions of a table, and the answers of a protocol, all take the same arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from gosteward.shells import known_output, posix_tests
from gosteward.shells.command_words import started
from gosteward.shells.posix_expansion import UNKNOWN
from gosteward.shells.posix_tree import name_of, parse
from gosteward.shells.shell_state import CALL_DEPTH, Call, ReturnedError, ShellState, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.shells.posix_tree import Function, Node, Simple
    from gosteward.shells.shell_state import World
    from gosteward.snapshot import EnvironmentVariable

    Builtin = Callable[["Builtins", tuple[str, ...], Simple], "bool | None"]

EVAL_DEPTH = 4
# Completion scripts: thousands of lines that change neither PATH nor the environment.
PASSED_OVER = ("/usr/share/bash-completion/", "/etc/bash_completion", "/usr/share/zsh/", "/usr/share/doc/fzf/")
QUIET = frozenset(
    ("echo", "printf", "umask", "ulimit", "trap", "bind", "complete", "compdef", "zstyle", "bindkey", "autoload", "zmodload", "hash",
     "rehash", "stty", "mesg", "setopt", "unsetopt", "let", "break", "continue", "wait", "enable", "history", "fc", "disown", ":", "true")
)  # fmt: skip
SPECIAL = {
    "$": UNKNOWN,
    "!": UNKNOWN,
    "?": "0",
    "PPID": UNKNOWN,
    "RANDOM": UNKNOWN,
    "LINENO": UNKNOWN,
    "SECONDS": UNKNOWN,
    "HOSTNAME": UNKNOWN,
}


class Builtins(ShellState):
    """A followed shell with its builtins; `PosixRun` adds the control flow."""

    def __init__(
        self,
        world: World,
        first: Iterable[EnvironmentVariable],
        texts: dict[str, list[str]],
        *,
        shell: str,
        interactive: bool = False,
        login: bool = False,
        collecting: bool = False,
    ) -> None:
        super().__init__(world, first, texts)
        self.shell = shell
        self.interactive = interactive
        self.login = login
        self.collecting = collecting
        self.functions: dict[str, Function] = {}
        self.arguments: list[str] = []
        self.trees: dict[tuple[str, bool], tuple[Node, ...]] = {}
        self.carriage: frozenset[int] = frozenset()
        self.carriages: dict[str, frozenset[int]] = {}
        self.fixed_line = False
        self.depth = 0
        self.locals: list[dict[str, Value | None]] = []
        if interactive or shell == "sh":  # dash has a prompt even where nobody sees it
            self.variables["PS1"] = Value("$ ")
        if shell != "sh":
            self.variables[f"{shell.upper()}_VERSION"] = Value("5.2.15(1)-release" if shell == "bash" else "5.9")
        if shell == "bash":
            self.variables["BASH"] = Value("/bin/bash")

    # What expansions and conditions ask.

    def value(self, name: str) -> str | None:
        if name == "-":
            return ("him" if self.interactive else "h") + ("BHs" if self.interactive else "Bc")
        if name in ("@", "*"):
            return " ".join(self.arguments)
        if name == "#":
            return str(len(self.arguments))
        if name.isdecimal():
            index = int(name[:4])
            return self.shell if index == 0 else self.arguments[index - 1] if index <= len(self.arguments) else None
        if name in ("UID", "EUID") and self.shell != "sh":
            return str(self.world.uid)
        if name == "path" and self.shell == "zsh":
            return self.get("PATH")
        known = self.get(name)
        return SPECIAL.get(name) if known is None else known

    def output(self, command: str) -> str:
        return known_output.of(command, self)

    def file_test(self, test: str, path: str) -> bool | None:
        if not path.startswith("/"):
            if not path:
                return False
            if not self.directory:
                return None
            path = f"{self.directory.rstrip('/')}/{path}"
        return self.world.file_test(test, path)

    def option(self, name: str) -> bool | None:
        if name == "terminal":
            return self.interactive
        return {"interactive": self.interactive, "login": self.login, "posix": self.shell == "sh"}.get(name)

    def find_program(self, name: str) -> bool | None:
        """Whether `command -v name` finds something."""
        if name in self.functions or name in self.aliases or name in BUILTINS:
            return True
        if "/" in name:
            return self.file_test("-x", name)
        for entry in (self.get("PATH") or "").split(":")[:200]:
            if entry.startswith("/") and self.world.file_test("-x", f"{entry}/{name}"):
                return True
        return False

    # Commands.

    def command(self, words: tuple[str, ...], node: Simple) -> bool | None:
        """Run a command whose words are expanded."""
        name = words[0]
        function = self.functions.get(name)
        if function is not None:
            return self.call_function(function, words[1:])
        builtin = BUILTINS.get(name)
        if builtin is not None:
            return builtin(self, words, node)
        if name in QUIET:
            return True
        return self.called(words)

    def call_function(self, function: Function, arguments: tuple[str, ...]) -> bool | None:
        """Run a function's body with its own positional parameters."""
        if self.depth >= CALL_DEPTH:
            self.unsure = True
            return None
        before, self.arguments = self.arguments, list(arguments)
        self.depth += 1
        self.locals.append({})
        self.frames.append(self.frames[-1] if self.frames else ("", 0))
        try:
            return self.run(function.body)
        except ReturnedError as returned:
            return returned.status
        finally:
            self.frames.pop()
            self.leave_function()
            self.depth -= 1
            self.arguments = before

    def leave_function(self) -> None:
        for name, value in self.locals.pop().items():
            if name == "PATH":
                continue
            if value is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = value

    def run(self, nodes: tuple[Node, ...]) -> bool | None:
        raise NotImplementedError

    def source(self, path: str) -> bool | None:
        raise NotImplementedError

    def called(self, words: tuple[str, ...]) -> bool | None:
        """A program is started: nothing of it comes back but, where asked for, the note that it was called."""
        if words and words[0] in ("false",):
            return False
        if self.collecting:
            run = started(words)
            if run.name:
                environment = {} if run.clean else self.environment()
                for unset in run.unset:
                    environment.pop(unset, None)
                for name, text in run.assignments:
                    environment[name] = Value(text, exported=True, sources=self.sources())
                self.calls.append(self.call_of(run.name, run.arguments, environment, run.elsewhere))
        return None

    def call_of(self, name: str, arguments: tuple[str, ...], environment: dict[str, Value], elsewhere: bool) -> Call:
        entries = None if elsewhere else self.entries()
        path = environment.get("PATH")
        if not elsewhere and path is not None and path.text != (self.get("PATH") or ""):
            saved = self.saved()
            self.set_path(path.text)
            entries = self.entries()
            self.restore(saved)
        places = self.sources()
        return Call(name, arguments, entries, self.directory, places[0] if places else None, environment)

    def declare(self, words: tuple[str, ...], node: Simple) -> bool | None:
        """export, declare, typeset, readonly, local: on the words as written, since their arguments are assignments."""
        flags = "".join(word for word in words[1:] if word[:1] in "-+" and len(word) > 1)
        exported = True if words[0] == "export" and "n" not in flags else None
        if words[0] != "export" and "x" in flags:
            exported = "+x" not in words
        local = words[0] in ("local", "private") or (
            words[0] in ("declare", "typeset") and self.locals and "g" not in flags
        )
        if self.shell == "zsh" and "U" in flags and {"path", "PATH"} & {name_of(w) or w for w in words[1:]}:
            self.unique_path = True
            self.set_path(self.get("PATH") or "")
        for raw in node.words[1:]:
            name = name_of(raw)
            if name:
                if local and self.locals:
                    self.locals[-1].setdefault(name, self.variables.get(name))
                self.assignment(raw, node, exported=exported)
            elif raw[:1] not in "-+" and not raw.startswith(("$", "`", '"')):
                self.export(raw.rstrip("\r"), exported=exported if exported is not None else words[0] == "export")
            elif raw[:1] in ("$", "`", '"'):
                self.declare_unknown(raw, exported)
        return True

    def declare_unknown(self, raw: str, exported: bool | None) -> None:
        """`export $(...)`: the pairs of a file where it is one that can be read, else anything."""
        pairs = known_output.pairs(raw, self)
        if pairs is None:
            self.unsure = True
            return
        for name, text in pairs:
            self.assign(name, text, exported=exported)

    def assignment(self, raw: str, node: Simple, exported: bool | None = None) -> None:
        raise NotImplementedError

    def unset_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        for name in words[1:]:
            if words[1] == "-f":
                self.functions.pop(name, None)
            elif not name.startswith("-"):
                self.unset(name)
        return True

    def source_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        if len(words) < 2:
            return None
        path = words[1]
        if UNKNOWN in path or path.startswith("<("):
            self.unsure = self.unsure or not known_output.harmless(node.words[1])
            return None
        if "/" not in path:
            path = next(
                (f"{e}/{path}" for e in (self.get("PATH") or "").split(":")[:100] if self.world.file_test("-r", f"{e}/{path}")),
                path,
            )  # fmt: skip
        if not path.startswith("/"):
            path = f"{(self.directory or self.world.home).rstrip('/')}/{path}"
        if path.startswith(PASSED_OVER):
            return True
        before, self.arguments = self.arguments, list(words[2:]) or self.arguments
        try:
            return self.source(path)
        finally:
            self.arguments = before

    def return_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        raise ReturnedError(status=len(words) < 2 or words[1] == "0")

    def exit_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        self.end("exits")
        return None

    def exec_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        if len(words) > 1:
            self.called(words[1:])
            self.end("exec")
        return True

    def alias(self, words: tuple[str, ...], node: Simple) -> bool | None:
        for word in words[1:]:
            name, is_set, value = word.partition("=")
            if is_set and name in ("go", "gofmt"):
                self.note_alias(name, value)
        return True

    def unalias(self, words: tuple[str, ...], node: Simple) -> bool | None:
        for word in words[1:]:
            self.aliases.pop(word, None)
        return True

    def eval_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        text = " ".join(words[1:])
        if UNKNOWN in text:
            self.unsure = self.unsure or not all(known_output.harmless(word) for word in node.words[1:])
            return None
        if self.depth >= EVAL_DEPTH or len(text) > 65536:
            self.unsure = True
            return None
        self.spend((text,))
        self.depth += 1
        fixed, self.fixed_line = self.fixed_line, True
        try:
            return self.run(parse(text, zsh=self.shell == "zsh"))
        finally:
            self.fixed_line = fixed
            self.depth -= 1

    def set_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        text = " ".join(words[1:3])
        if text.startswith(("-a", "-o allexport")):
            self.export_all = True
        elif text.startswith(("+a", "+o allexport")):
            self.export_all = False
        elif words[1:2] == ("--",):
            self.arguments = list(words[2:])
        elif words[1:] and words[1][:1] not in "-+":
            self.arguments = list(words[1:])
        return True

    def shopt(self, words: tuple[str, ...], node: Simple) -> bool | None:
        if words[1:2] and words[1].startswith("-") and "q" in words[1] and len(words) > 2:
            return self.option({"login_shell": "login"}.get(words[2], words[2]))
        return True

    def shift(self, words: tuple[str, ...], node: Simple) -> bool | None:
        many = words[1] if len(words) > 1 and words[1].isdecimal() else "1"
        self.arguments = self.arguments[int(many[:9]) :]
        return True

    def cd(self, words: tuple[str, ...], node: Simple) -> bool | None:
        target = next((word for word in words[1:] if not word.startswith("-") or word == "-"), self.home_of(""))
        if UNKNOWN in target or target == "-":
            self.directory = ""
        elif target.startswith("/"):
            self.directory = target
        elif self.directory:
            self.directory = f"{self.directory.rstrip('/')}/{target.removeprefix('./')}"
        return None if self.collecting else True

    def test(self, words: tuple[str, ...], node: Simple) -> bool | None:
        return posix_tests.test(node.words[1:], self)

    def command_(self, words: tuple[str, ...], node: Simple) -> bool | None:
        """`command -v NAME`, `type NAME`, `which NAME`, `hash NAME`; `command PROGRAM`."""
        names = [word for word in words[1:] if not word.startswith("-")]
        options = [word for word in words[1:] if word.startswith("-")]
        if words[0] in ("command", "builtin") and not any(o in ("-v", "-V") for o in options):
            return self.command(tuple(names), node) if names and names[0] not in self.functions else None
        return self.find_program(names[0]) if names else False

    def read(self, words: tuple[str, ...], node: Simple) -> bool | None:
        for name in words[1:]:
            if not name.startswith("-") and self.get(name) is not None:
                self.assign(name, UNKNOWN)
        return None

    def emulate(self, words: tuple[str, ...], node: Simple) -> bool | None:
        """zsh: `emulate sh -c '. ~/.profile'`."""
        if "-c" in words[:-1]:
            return self.eval_(("eval", words[words.index("-c") + 1]), node)
        return True


BUILTINS: dict[str, Builtin] = {
    **dict.fromkeys(("export", "declare", "typeset", "readonly", "local", "private", "integer"), Builtins.declare),
    "unset": Builtins.unset_,
    ".": Builtins.source_,
    "source": Builtins.source_,
    "return": Builtins.return_,
    "exit": Builtins.exit_,
    "logout": Builtins.exit_,
    "exec": Builtins.exec_,
    "alias": Builtins.alias,
    "unalias": Builtins.unalias,
    "eval": Builtins.eval_,
    "set": Builtins.set_,
    "shopt": Builtins.shopt,
    "shift": Builtins.shift,
    "cd": Builtins.cd,
    "pushd": Builtins.cd,
    "test": Builtins.test,
    "[": Builtins.test,
    "command": Builtins.command_,
    "builtin": Builtins.command_,
    "type": Builtins.command_,
    "which": Builtins.command_,
    "hash": Builtins.command_,
    "read": Builtins.read,
    "emulate": Builtins.emulate,
}
