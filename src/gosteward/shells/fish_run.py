"""Follow fish source on paper: what it does to PATH and the environment, without starting anything. Pure."""

# ruff: noqa: ARG002 - the functions of a table, and the answers of a protocol, all take the same arguments

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Callable

from gosteward.shells import fish_expansion, known_output, posix_tests
from gosteward.shells.fish_tree import Block, Command, parse
from gosteward.shells.posix_expansion import UNKNOWN
from gosteward.shells.shell_state import (
    CALL_DEPTH,
    FILES_LIMIT,
    LOOP_LIMIT,
    NESTING_LIMIT,
    SOURCE_DEPTH,
    ReturnedError,
    ShellState,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.shells.fish_tree import Statement
    from gosteward.shells.shell_state import World
    from gosteward.snapshot import EnvironmentVariable

    Builtin = Callable[["FishRun", list[str], Command], "bool | None"]

QUIET = frozenset(
    [
        "echo",
        "printf",
        "true",
        ":",
        "bind",
        "abbr",
        "complete",
        "emit",
        "functions",
        "disown",
        "jobs",
        "ulimit",
        "umask",
        "argparse",
        "math",
        "random",
        "string",
    ]
)


class FishRun(ShellState):
    """One followed fish; see ShellState for what it knows."""

    def __init__(
        self,
        world: World,
        first: Iterable[EnvironmentVariable],
        texts: dict[str, list[str]],
        *,
        interactive: bool = False,
        login: bool = False,
    ) -> None:
        super().__init__(world, first, texts)
        self.interactive = interactive
        self.login = login
        self.lists: dict[str, list[str]] = {}
        self.user_paths: list[str] = []
        self.functions: dict[str, Block] = {}
        self.trees: dict[str, tuple[Statement, ...]] = {}
        self.locals: list[dict[str, list[str]]] = [{}]
        self.depth = 0

    # What expansions ask.

    def values(self, name: str) -> list[str]:
        for scope in reversed(self.locals):
            if name in scope:
                return scope[name]
        if name == "PATH":
            return (self.get("PATH") or "").split(":") if self.get("PATH") else []
        if name == "fish_user_paths":
            return self.user_paths
        if name in self.lists:
            return self.lists[name]
        text = self.get(name)
        if text is None:
            return {"USER": [self.world.user], "__fish_config_dir": [f"{self.world.home}/.config/fish"]}.get(name, [])
        return text.split(":") if name.endswith("PATH") else [text]

    def output(self, command: str) -> str:
        words = command.split()
        if words[:1] == ["status"]:
            return UNKNOWN
        texts = [text for word in words for text in fish_expansion.expand(word, _Plain(self))]
        if not texts:
            return ""
        name, arguments = texts[0].rpartition("/")[2], tuple(texts[1:])
        if name == "id" and arguments == ("-u",):
            return str(self.world.uid)
        if name in ("whoami",) or (name == "id" and arguments == ("-un",)):
            return self.world.user
        if name == "go" and arguments == ("env", "GOPATH"):
            return self.get("GOPATH") or f"{self.home_of('')}/go"
        return "Linux" if name == "uname" and not arguments else UNKNOWN

    # Files and control flow.

    def universal_variables(self, path: str) -> None:
        """Take over what fish_variables holds."""
        for number, line in enumerate(self.lines(path) or (), 1):
            found = fish_expansion.universal(line)
            if found is None:
                continue
            self.files[path] = None
            self.frames.append((path, number))
            name, exported, elements = found
            if name == "fish_user_paths":
                self.user_paths = list(elements)
                self.set_path(":".join([*elements, *(e for e in self.values("PATH") if e not in elements)]))
            elif self.get(name) is None:
                self.store(name, list(elements), exported=exported)
            self.frames.pop()

    def source(self, path: str) -> bool | None:
        """Read a file as `source path` does."""
        if len(self.frames) >= SOURCE_DEPTH or len(self.files) >= FILES_LIMIT:
            self.unsure = True
            return None
        lines = self.lines(path)
        if lines is None:
            return False
        self.files[path] = None
        self.frames.append((path, 1))
        before = self.may_have_returned
        try:
            if path not in self.trees:
                self.trees[path] = parse("\n".join(lines))
            return self.run(self.trees[path])
        except ReturnedError as returned:
            return returned.status
        finally:
            self.may_have_returned = before
            self.frames.pop()

    def run(self, statements: tuple[Statement, ...]) -> bool | None:
        """Run statements in order; the status of the last one."""
        status: bool | None = True
        for statement in statements:
            if (statement.connector == "and" and status is False) or (
                statement.connector == "or" and status is not False
            ):
                continue
            doubtful = statement.connector == "and" and status is None
            status = self.doubtful((statement._replace(connector=""),)) if doubtful else self.statement(statement)
        return status

    def statement(self, statement: Statement) -> bool | None:
        self.at(statement.line)
        if self.nesting >= NESTING_LIMIT:
            self.unsure = True
            return None
        self.nesting += 1
        try:
            status = self.command(statement) if isinstance(statement, Command) else self.block(statement)
        finally:
            self.nesting -= 1
        return posix_tests.negated(status) if statement.negated else status

    def doubtful(self, statements: tuple[Statement, ...]) -> bool | None:
        """Run what may not run; it ends neither the file nor the shell."""
        with self.doubting(in_function=self.depth > 0):
            self.run(statements)
        return None

    def block(self, block: Block) -> bool | None:
        if block.kind == "function":
            if block.words:
                self.functions[block.words[0]] = block
                if block.words[0] in ("go", "gofmt"):
                    self.note_alias(block.words[0], "", "function")
            return True
        if block.kind == "if":
            return self.if_(block)
        if block.kind == "for":
            return self.for_(block)
        if block.kind == "switch":
            return self.switch(block)
        return self.run(block.arms[0][1]) if block.kind == "begin" and block.arms else None

    def if_(self, block: Block) -> bool | None:
        for test, body in block.arms:
            status = self.run(test) if test else True
            if status:
                return self.run(body)
            if status is None:
                return self.doubtful(body)
        return True

    def for_(self, block: Block) -> bool | None:
        name = block.words[0] if block.words else ""
        self.spend(block.words)
        for word in block.words[2:]:
            for text in fish_expansion.expand(word, self)[:LOOP_LIMIT]:
                values = self.world.glob(text) if "*" in word and UNKNOWN not in text else (text,)
                for value in values:
                    self.locals[-1][name] = [value]
                    self.run(block.arms[0][1])
        return None

    def switch(self, block: Block) -> bool | None:
        tests = [test[0].words if test and isinstance(test[0], Command) else () for test, _ in block.arms]
        self.spend([*block.words, *(pattern for patterns in tests for pattern in patterns)])
        subject = " ".join(text for word in block.words for text in fish_expansion.expand(word, self))
        if UNKNOWN in subject:
            return None
        for patterns, (_, body) in zip(tests, block.arms):
            if any(p.count("*") < 20 and fnmatch.fnmatchcase(subject, p.strip("'\"")) for p in patterns):
                return self.run(body)
        return True

    def command(self, command: Command) -> bool | None:
        if command.piped:
            return None
        self.spend(command.words)
        words = [text for word in command.words for text in fish_expansion.expand(word, self)]
        if not words:
            return None
        name = words[0]
        function = self.functions.get(name)
        if function is not None and function.arms:
            return self.call_function(function, words[1:])
        builtin = BUILTINS.get(name)
        if builtin is not None:
            return builtin(self, words, command)
        if name in ("bass", "fenv", "replay"):
            self.unsure = True
        return True if name in QUIET else False if name == "false" else None

    def call_function(self, function: Block, arguments: list[str]) -> bool | None:
        if self.depth >= CALL_DEPTH:
            self.unsure = True
            return None
        self.depth += 1
        self.locals.append({"argv": arguments})
        self.frames.append(self.frames[-1])
        try:
            return self.run(function.arms[0][1])
        except ReturnedError as returned:
            return returned.status
        finally:
            self.frames.pop()
            self.locals.pop()
            self.depth -= 1

    # Builtins.

    def store(self, name: str, values: list[str], exported: bool | None) -> None:
        """Set a global variable from a list."""
        if name == "PATH":
            self.assign("PATH", ":".join(values), exported=True)
            return
        if name == "fish_user_paths":
            self.set_user_paths(values)
            return
        self.lists[name] = values
        before = self.variables.get(name)
        keep = before.exported if before is not None else False
        joined = (":" if name.endswith("PATH") else " ").join(values)
        self.assign(name, joined, exported=keep if exported is None else exported)

    def set_user_paths(self, values: list[str]) -> None:
        values = list(dict.fromkeys(values))
        rest = [entry for entry in self.values("PATH") if entry not in self.user_paths or entry in values]
        self.user_paths = values
        self.set_path(":".join([*values, *(entry for entry in rest if entry not in values)]))

    def set_(self, words: list[str], command: Command) -> bool | None:
        flags, rest = options(words[1:])
        if not rest:
            return True
        name, values = rest[0], rest[1:]
        if "q" in flags:
            return all(bool(self.values(n.partition("[")[0])) or self.get(n) is not None for n in rest)
        if "e" in flags:
            return self.erase(rest)
        if "[" in name:
            self.unsure = self.unsure or name.startswith(("PATH[", "fish_user_paths["))
            return True
        if "a" in flags or "p" in flags:
            values = self.values(name) + values if "a" in flags else values + self.values(name)
        if name.endswith("PATH"):
            values = [part for value in values for part in value.split(":")]
        local = "l" in flags or (
            len(self.locals) > 1 and "g" not in flags and self.get(name) is None and name not in self.lists
        )
        if (local or name in self.locals[-1]) and not {"g", "U"} & flags and name != "PATH":
            self.locals[-1][name] = values
            if "x" not in flags or len(self.locals) > 1:
                return True
        self.store(name, values, exported=True if "x" in flags else False if "u" in flags else None)
        return True

    def erase(self, names: list[str]) -> bool | None:
        for name in names:
            self.lists.pop(name, None)
            self.locals[-1].pop(name, None)
            if name == "fish_user_paths":
                self.set_user_paths([])
            elif "[" not in name:
                self.unset(name)
            elif name.startswith("PATH["):
                self.unsure = True
        return True

    def add_path(self, words: list[str], command: Command) -> bool | None:
        flags, directories = options(words[1:])
        on_path = "P" in flags
        present = self.values("PATH") if on_path else self.user_paths
        new = []
        for directory in directories:
            clean = directory.rstrip("/") or "/"
            if UNKNOWN in clean:
                self.unsure = True
            elif self.world.file_test("-d", clean) and clean not in new and ("m" in flags or clean not in present):
                new.append(clean)
        if new:
            kept = [entry for entry in present if entry not in new]
            self.store(
                "PATH" if on_path else "fish_user_paths", kept + new if "a" in flags else new + kept, exported=None
            )
        return bool(new)

    def export_(self, words: list[str], command: Command) -> bool | None:
        """The `export NAME=value` of fish; `$PATH` in it becomes a row of words, of which the last one wins."""
        for word in words[1:]:
            variable, is_set, value = word.partition("=")
            if is_set:
                self.store(variable, value.split(":") if variable.endswith("PATH") else [value], exported=True)
            elif self.values(variable):
                self.store(variable, self.values(variable), exported=True)
        return True

    def alias(self, words: list[str], command: Command) -> bool | None:
        _, rest = options(words[1:])
        name, is_set, value = rest[0].partition("=") if rest else ("", "", "")
        if name in ("go", "gofmt"):
            self.note_alias(name, value if is_set else " ".join(rest[1:]))
        return True

    def source_(self, words: list[str], command: Command) -> bool | None:
        path = words[1] if len(words) > 1 else UNKNOWN
        if UNKNOWN in path or path == "-":
            self.unsure = self.unsure or not known_output.harmless(command.words[-1].replace("(", "<(", 1))
            return None
        return self.source(path if path.startswith("/") else f"{self.world.home}/{path}")

    def exit_(self, words: list[str], command: Command) -> bool | None:
        self.end("exits")
        return None

    def return_(self, words: list[str], command: Command) -> bool | None:
        raise ReturnedError(status=len(words) < 2 or words[1] == "0")

    def exec_(self, words: list[str], command: Command) -> bool | None:
        if len(words) > 1:
            self.end("exec")
        return True

    def status(self, words: list[str], command: Command) -> bool | None:
        text = "".join(words[1:2]).lstrip("-")
        if text in ("is-interactive", "i"):
            return self.interactive
        return self.login if text in ("is-login", "l") else None

    def contains(self, words: list[str], command: Command) -> bool | None:
        rest = [word for word in words[1:] if not word.startswith("-")]
        if not rest or any(UNKNOWN in word for word in rest):
            return None
        return rest[0] in rest[1:]

    def test(self, words: list[str], command: Command) -> bool | None:
        parts = [word for word in words[1:] if word != "]"]
        if len(parts) == 2 and parts[0] in posix_tests.FILE_TESTS:
            return None if UNKNOWN in parts[1] else self.world.file_test(parts[0], parts[1])
        if len(parts) <= 2 and parts[:1] and parts[0] in ("-n", "-z"):
            text = parts[1] if len(parts) > 1 else ""
            return bool(text) == (parts[0] == "-n")
        if len(parts) == 3 and parts[1] in ("=", "!="):
            return None if UNKNOWN in parts[0] + parts[2] else (parts[0] == parts[2]) == (parts[1] == "=")
        return None

    def type_(self, words: list[str], command: Command) -> bool | None:
        names = [word for word in words[1:] if not word.startswith("-")]
        if not names or (words[0] == "command" and len(names) == len(words) - 1):
            return None
        return names[0] in BUILTINS or any(
            self.world.file_test("-x", f"{entry}/{names[0]}")
            for entry in self.values("PATH")[:200]
            if entry.startswith("/")
        )

    def eval_(self, words: list[str], command: Command) -> bool | None:
        text = " ".join(words[1:])
        if UNKNOWN in text or self.depth >= 4 or len(text) > 65536:
            self.unsure = self.unsure or not all(known_output.harmless(word) for word in command.words[1:])
            return None
        self.spend((text,))
        self.depth += 1
        try:
            return self.run(tuple(s._replace(line=0) for s in parse(text)))
        finally:
            self.depth -= 1


class _Plain:
    """Variables only: commands within commands are not followed."""

    def __init__(self, shell: FishRun) -> None:
        self.values = shell.values
        self.home_of = shell.home_of

    def output(self, command: str) -> str:
        return UNKNOWN


LONG_OPTIONS = {
    "global": "g", "export": "x", "universal": "U", "local": "l", "append": "a", "prepend": "p", "erase": "e", "query": "q",
    "unexport": "u", "path": "P", "move": "m",
}  # fmt: skip


def options(words: list[str]) -> tuple[set[str], list[str]]:
    """Flags, as letters, and the words behind them."""
    flags: set[str] = set()
    for index, word in enumerate(words):
        if word == "--":
            return flags, words[index + 1 :]
        if word.startswith("--"):
            flags.add(LONG_OPTIONS.get(word[2:], ""))
        elif word.startswith("-") and len(word) > 1:
            flags |= set(word[1:])
        else:
            return flags, words[index:]
    return flags, []


BUILTINS: dict[str, Builtin] = {
    "set": FishRun.set_,
    "fish_add_path": FishRun.add_path,
    "export": FishRun.export_,
    "alias": FishRun.alias,
    "source": FishRun.source_,
    ".": FishRun.source_,
    "exit": FishRun.exit_,
    "return": FishRun.return_,
    "exec": FishRun.exec_,
    "status": FishRun.status,
    "contains": FishRun.contains,
    "test": FishRun.test,
    "[": FishRun.test,
    "type": FishRun.type_,
    "command": FishRun.type_,
    "which": FishRun.type_,
    "eval": FishRun.eval_,
}
