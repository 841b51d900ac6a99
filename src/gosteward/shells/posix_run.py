"""Follow sh, bash and zsh source on paper: what it does to PATH and the environment, without starting anything. Pure.

Conditions on files, variables and the kind of shell are decided; where one cannot be known, the likely branch (`then`) is followed
and what it changes makes the result unsure. Programs are never run: what a few of them print is known (`id -u`), else UNKNOWN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.shells import posix_tests
from gosteward.shells.posix_builtins import Builtins
from gosteward.shells.posix_expansion import UNKNOWN, expand, fields, is_literal
from gosteward.shells.posix_tokens import array_words
from gosteward.shells.posix_tree import (
    Case,
    Chain,
    Function,
    Group,
    If,
    Loop,
    Pipe,
    Simple,
    Test,
    appends,
    name_of,
    parse,
    value_of,
)
from gosteward.shells.shell_state import (
    FILES_LIMIT,
    LOOP_LIMIT,
    NESTING_LIMIT,
    SOURCE_DEPTH,
    ReturnedError,
    StoppedError,
)
from gosteward.shells.trace_attribution import interesting

if TYPE_CHECKING:
    from gosteward.shells.posix_tree import Node


class PosixRun(Builtins):
    """One followed shell.

    Args (besides those of ShellState):
        shell: "sh", "bash" or "zsh".   interactive, login: how it was started.
        collecting: note every program called, also in branches that are not the likely ones.
    """

    def source(self, path: str) -> bool | None:
        """Read a file as `. path` does; False if it cannot be read."""
        if len(self.frames) >= SOURCE_DEPTH or len(self.files) >= FILES_LIMIT:
            self.unsure = True
            return None
        lines = self.lines(path)
        if lines is None:
            return False
        self.files[path] = None
        self.frames.append((path, 1))
        if path not in self.carriages:
            self.carriages[path] = frozenset(n for n, line in enumerate(lines, 1) if line.endswith("\r"))
        carriage, self.carriage = self.carriage, self.carriages[path]
        before = self.may_have_returned
        try:
            return self.run(self.parsed(path, lines))
        except ReturnedError as returned:
            return returned.status
        finally:
            self.carriage, self.may_have_returned = carriage, before
            self.frames.pop()

    def parsed(self, path: str, lines: list[str]) -> tuple[Node, ...]:
        """The tree of a file, built once for all shells of one kind."""
        key = (path, self.shell == "zsh")
        if key not in self.trees:
            text = "\n".join(line.removesuffix("\r") for line in lines)
            self.trees[key] = parse(text, zsh=self.shell == "zsh")
        return self.trees[key]

    def text(self, text: str, path: str, line: int) -> bool | None:
        """Run a command line that stands on a line of a file (`sh -c`, a cron job)."""
        self.frames.append((path, line))
        self.fixed_line = True
        try:
            return self.run(parse(text, zsh=self.shell == "zsh"))
        except ReturnedError as returned:
            return returned.status
        finally:
            self.fixed_line = False
            self.frames.pop()

    def run(self, nodes: tuple[Node, ...]) -> bool | None:
        """Run commands in order; the status of the last one."""
        status: bool | None = True
        for node in nodes:
            status = self.node(node)
        return status

    def node(self, node: Node) -> bool | None:
        """Run one command; whether it succeeds, None if that cannot be known."""
        self.at(0 if self.fixed_line else node.line)
        if self.nesting >= NESTING_LIMIT:
            self.unsure = True
            return None
        self.nesting += 1
        try:
            return self.run_node(node)
        finally:
            self.nesting -= 1

    def run_node(self, node: Node) -> bool | None:
        if isinstance(node, Simple):
            return self.simple(node)
        if isinstance(node, Test):
            self.spend((node.text,))
            return posix_tests.bracket(node.text, self)
        if isinstance(node, Chain):
            return self.chain(node)
        if isinstance(node, If):
            return self.if_(node)
        if isinstance(node, Case):
            return self.case(node)
        if isinstance(node, Loop):
            return self.loop(node)
        if isinstance(node, Pipe):
            return self.pipe(node)
        if isinstance(node, Group):
            return self.subshell(node.body) if node.subshell else self.run(node.body)
        self.functions[node.name] = node
        if node.name in ("go", "gofmt"):
            self.note_alias(node.name, "", "function")
        return True

    def doubtful(self, nodes: tuple[Node, ...]) -> bool | None:
        """Run what may not run; it ends neither the file nor the shell."""
        with self.doubting(in_function=bool(self.locals)):
            self.run(nodes)
        return None

    def subshell(self, nodes: tuple[Node, ...]) -> bool | None:
        saved = self.saved()
        try:
            return self.run(nodes)
        except ReturnedError as returned:
            return returned.status
        except StoppedError:
            if self.ending is None:
                raise
            self.ending = None
            return None
        finally:
            self.restore(saved)

    def chain(self, node: Chain) -> bool | None:
        status: bool | None = True
        for connector, part in node.parts:
            if connector == "&&" and status is False:
                continue
            if connector == "||" and status is not False:
                if status is None and self.collecting:
                    self.doubtful((part,))
                continue
            status = (
                self.doubtful((part,)) if connector == "&&" and status is None and _matters(part) else self.node(part)
            )
        return status

    def if_(self, node: If) -> bool | None:
        for test, body in node.arms:
            status = self.run(test)
            if status:
                return self.run(body)
            if status is None:
                self.doubtful(body)
                if self.collecting:
                    continue
                return None
        if self.collecting and node.arms and status is None:
            return self.doubtful(node.otherwise)
        return self.run(node.otherwise)

    def case(self, node: Case) -> bool | None:
        self.spend((node.subject, *(pattern for patterns, _ in node.arms for pattern in patterns)))
        subject = expand(node.subject, self)
        for patterns, body in node.arms:
            found: bool | None = False
            for pattern in patterns:
                found = posix_tests.either(found, posix_tests.matches(subject, pattern, self))
            if found:
                return self.run(body)
            if found is None:
                self.doubtful(body)
                if not self.collecting:
                    return None
        return True

    def loop(self, node: Loop) -> bool | None:
        if node.kind != "for":
            self.run(node.test) if node.test and self.collecting else None
            return self.doubtful(node.body) if self.collecting else None
        for value in self.loop_values(node.words)[:LOOP_LIMIT]:
            if node.name:
                self.assign(node.name, value)
            self.run(node.body)
        return None

    def loop_values(self, words: tuple[str, ...]) -> list[str]:
        found: list[str] = []
        self.spend(words)
        for word in words:
            if word in ("$@", '"$@"', "$*"):
                found += self.arguments
                continue
            for field in fields(word, self, zsh=self.shell == "zsh"):
                plain = word.replace("(N)", "") if self.shell == "zsh" else word
                if any(char in plain for char in "*?[") and UNKNOWN not in field:
                    found += self.world.glob(field.replace("(N)", "")) or ((field,) if self.shell != "zsh" else ())
                else:
                    found.append(field)
        return found

    def pipe(self, node: Pipe) -> bool | None:
        if len(node.parts) == 1:
            return posix_tests.negated(self.node(node.parts[0])) if node.negated else self.node(node.parts[0])
        searched = self.searched(node)
        for part in node.parts if searched is None else ():
            self.subshell((part,))
        return posix_tests.negated(searched) if node.negated else searched

    def searched(self, node: Pipe) -> bool | None:
        """Whether `echo TEXT | grep -q WORD` finds the word, None for other pipelines."""
        first, last = node.parts[0], node.parts[-1]
        if not (len(node.parts) == 2 and isinstance(first, Simple) and isinstance(last, Simple)):
            return None
        if first.words[:1] not in (("echo",), ("printf",)) or last.words[:1] not in (("grep",), ("egrep",), ("fgrep",)):
            return None
        self.spend(first.words + last.words)
        text = " ".join(expand(word, self) for word in first.words[1:])
        wanted = [expand(word, self) for word in last.words[1:] if not word.startswith("-")]
        if len(wanted) != 1 or UNKNOWN in text + wanted[0] or any(char in wanted[0] for char in "\\[]*+?(|"):
            return None
        plain = wanted[0].removeprefix("^").removesuffix("$").removeprefix(":").removesuffix(":")
        bounded = wanted[0].strip("^$") != plain
        return f":{plain}:" in f":{text.strip(':')}:" if bounded else plain in text

    def simple(self, node: Simple) -> bool | None:
        self.spend(node.words + node.assignments)
        if not node.words:
            for assignment in node.assignments:
                self.assignment(assignment, node)
            return True
        if node.words[0] == "((":
            return None
        words = self.arguments_of(node)
        if not words or not words[0]:
            return None
        if node.assignments and words[0] not in ("export", "declare", "typeset", "readonly"):
            saved = self.saved()
            for assignment in node.assignments:
                self.assignment(assignment, node, exported=True)
            status = self.called(words)
            self.restore(saved)
            return status
        return self.command(words, node)

    def arguments_of(self, node: Simple) -> tuple[str, ...]:
        """Words of a command, expanded."""
        found: list[str] = []
        for word in node.words:
            found += (expand(word, self),) if is_literal(word) else fields(word, self, zsh=self.shell == "zsh")
        if node.last_line in self.carriage and found and not self.fixed_line:
            found[-1] += "\r"
        return tuple(found)

    def assignment(self, raw: str, node: Simple, exported: bool | None = None) -> None:
        """`NAME=value`, `NAME+=value`, and zsh's `path=(...)`."""
        name, value = name_of(raw), value_of(raw)
        if raw.partition("=")[0].rstrip("+").endswith("]"):
            if name in ("path", "PATH"):
                self.unsure = True
            return
        if value.startswith("(") and value.endswith(")"):
            self.array(name, value, appends(raw))
            return
        text = expand(value, self, assignment=True)
        if node.last_line in self.carriage and not self.fixed_line:
            text += "\r"
        if name == "path" and self.shell == "zsh":
            name, text = "PATH", f"{self.get('PATH') or ''}:{text}" if appends(raw) else text
        elif appends(raw):
            text = (self.get(name) or "") + text
        self.assign(name, text, exported=exported)

    def array(self, name: str, raw: str, append: bool) -> None:
        """`name=(a b c)`: only zsh's `path` is of interest."""
        if name != "path" or self.shell != "zsh":
            return
        entries: list[str] = [self.get("PATH") or ""] if append and self.get("PATH") else []
        for word in array_words(raw, zsh=True):
            if word in ("$path", '"$path[@]"', '"${path[@]}"', "${path[@]}", "$path[@]", '"$path"', "${path}"):
                entries += [self.get("PATH") or ""] if self.get("PATH") else []
                continue
            qualified = word.endswith(")") and "(" in word
            text = expand(word.partition("(")[0] if qualified else word, self, assignment=False)
            if qualified and "N" in word.rpartition("(")[2]:
                present = self.file_test("-d" if "/" in word.rpartition("(")[2] else "-e", text)
                if present is False:
                    continue
            entries.append(text)
        self.assign("PATH", ":".join(entries))


def _matters(node: Node) -> bool:
    """Whether what may not run could change PATH or the environment, or end the shell."""
    if isinstance(node, Simple):
        quiet = node.words[:1] and node.words[0] in ("echo", "printf", ":", "true", "alias", "return", "exit")
        return (
            not quiet or node.words[0] in ("return", "exit") or any(interesting(name_of(a)) for a in node.assignments)
        )
    return not isinstance(node, (Test, Function))
