"""What the programs print that start-up files ask most often, as far as reading can know it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.shells.posix_expansion import UNKNOWN, expand, pieces
from gosteward.shells.posix_tree import Simple, parse

if TYPE_CHECKING:
    from gosteward.shells.posix_builtins import Builtins

# Programs whose output, given to eval, leaves PATH and Go's variables alone.
HARMLESS = frozenset(
    ("dircolors", "lesspipe", "lesspipe.sh", "lessfile", "ssh-agent", "gpg-agent", "keychain", "direnv", "starship", "zoxide", "thefuck",
     "fzf", "atuin", "register-python-argcomplete", "tset", "resize", "kubectl", "helm", "gh", "pip", "oh-my-posh", "navi", "mcfly", "stack",
     "pipx", "uv", "rustup", "just", "op", "luarocks", "gcloud", "aws_completer", "locale", "vivid", "hub", "github-copilot-cli")
)  # fmt: skip
# Version managers whose `init` puts a directory of shims in front of PATH.
SHIMS = frozenset(("goenv", "pyenv", "rbenv", "nodenv", "jenv"))
PAIRS_LIMIT = 500
# A substitution within a substitution is followed a few times; each goes as deep as some twenty commands.
COST, NESTED_LIMIT = 20, 50
_FILE = re.compile(r"(?:~|\$HOME|\$\{HOME\}|/)[\w./~${}-]{1,300}|(?<![\w./-])\.env\b[\w.-]{0,100}")
_PAIR = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")


def of(command: str, shell: Builtins) -> str:
    """Output of a command substitution without its last line feeds; UNKNOWN if it cannot be known."""
    if shell.nesting >= NESTED_LIMIT:
        return UNKNOWN
    shell.nesting += COST
    try:
        return _of(command, shell)
    finally:
        shell.nesting -= COST


def _of(command: str, shell: Builtins) -> str:
    nodes = parse(command[:4096])
    if len(nodes) != 1 or not isinstance(nodes[0], Simple) or nodes[0].assignments or not nodes[0].words:
        return UNKNOWN
    words = tuple(expand(word, shell, depth=4) for word in nodes[0].words)
    name, arguments = words[0].rpartition("/")[2], words[1:]
    if any(UNKNOWN in word for word in words):
        return UNKNOWN
    if name == "id":
        known = {"-u": str(shell.world.uid), "-un": shell.world.user, "-nu": shell.world.user}
        return known.get(" ".join(arguments), UNKNOWN)
    if name in ("whoami", "logname") and not arguments:
        return shell.world.user
    if name == "uname" and arguments in ((), ("-s",)):
        return "Linux"
    if name == "echo" and not any(argument.startswith("-") for argument in arguments):
        return " ".join(arguments)
    if name in ("dirname", "basename") and len(arguments) == 1:
        head, _, tail = arguments[0].rstrip("/").rpartition("/")
        return (head or "/") if name == "dirname" else tail
    if name == "go" and arguments == ("env", "GOPATH"):
        return shell.get("GOPATH") or f"{shell.home_of('')}/go"
    if name == "go" and arguments == ("env", "GOBIN"):
        return shell.get("GOBIN") or ""
    if name in SHIMS and arguments[:1] == ("init",):
        root = shell.get(f"{name.upper()}_ROOT") or f"{shell.home_of('')}/.{name}"
        return f'export PATH="{root}/shims:${{PATH}}"' if not set('"$`\\') & set(root) else UNKNOWN
    if name == "brew" and arguments[:1] == ("shellenv",) and re.fullmatch(r"/[\w./-]+/bin/brew", words[0]):
        prefix = words[0][: -len("/bin/brew")]
        return f'export PATH="{prefix}/bin:{prefix}/sbin:${{PATH}}"'
    return UNKNOWN


def harmless(raw: str) -> bool:
    """Whether a word consists of outputs of programs that do not touch PATH, such as `"$(dircolors -b)"` or `<(kubectl completion bash)`."""
    inner = [piece.text for piece in pieces(raw) if piece.kind == "command"]
    if raw.startswith("<("):
        inner = [raw[2:-1]]
    return bool(inner) and all(_harmless_command(text) for text in inner)


def _harmless_command(text: str) -> bool:
    words = [word for word in text.split() if "=" not in word]
    return bool(words) and words[0].strip("\"'").rpartition("/")[2] in HARMLESS


def named_file(raw: str) -> str:
    """The file that `$(grep -v '^#' ~/.env | xargs)` or `$(cat .env)` reads, as written; "" if it is something else."""
    for piece in pieces(raw):
        if piece.kind == "command" and re.match(r"\s*(?:grep|egrep|cat|sed|awk|xargs|envsubst|<)\b|\s*<", piece.text):
            match = _FILE.search(re.sub(r"'[^']*'", "", piece.text))
            return match[0] if match else ""
    return ""


def keeps_quotes(raw: str) -> bool:
    """Whether the quotes of that file's values come through: only xargs without -d or -0 removes them."""
    return not re.search(r"xargs(?!.*(?:-d|-0|--delimiter|--null))", raw)


def pairs(raw: str, shell: Builtins) -> tuple[tuple[str, str], ...] | None:
    """NAME and value of every line of the file that `export $(...)` reads; None if it is not such a form or cannot be read."""
    written = named_file(raw)
    path = expand(written, shell) if written else ""
    if not path or UNKNOWN in path:
        return None
    path = path if path.startswith("/") else f"{(shell.directory or shell.world.home).rstrip('/')}/{path}"
    lines = shell.lines(path)
    return (
        None
        if lines is None
        else tuple(found for found in (pair(line, keeps_quotes(raw)) for line in lines[:PAIRS_LIMIT]) if found)
    )


def pair(line: str, quotes: bool) -> tuple[str, str] | None:
    """NAME and value of a line; without quotes where `quotes` is not set."""
    match = _PAIR.match(line.rstrip("\r"))
    if match is None or line.lstrip().startswith("#"):
        return None
    return match[1], match[2] if quotes else match[2].strip("\"'")
