"""Show which Go a project asks for, by which line of which file, and which installed release serves it; or let it ask for another one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from gosteward.catalogs import Catalog
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.installed.store import Installed
    from gosteward.toolchains.pinning import Project, Serving

HELP = "show or say which Go a project asks for"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "version",
        metavar="VERSION",
        nargs="?",
        default="",
        help="let it ask for this: 1.26.8, or 1.26 and latest of those that are installed",
    )
    parser.add_argument("--project", metavar="DIR", default="", help="which one (default: the current directory)")
    flags.add_root(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    if options.version:
        return pin(options, "pin", options.version)
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.toolchains import pinning

    host = LocalHost(os.environ)
    trees = _trees(options, host)
    used = tuple(tree.tree for tree in trees if tree.current)
    project = pinning.project_at(directory_of(options), host, user_with_id(host, os.geteuid()), used)
    serving = pinning.serving(project, trees)
    words = flags.catalog(options.lang)
    flags.write(_json(project, serving) if options.format == "json" else _text(project, serving, words), "")
    return HEALTHY


def pin(options: Namespace, command: str, version: str) -> int:
    """Let the project ask for a release, and say so. Returns the exit code."""
    from gosteward.toolchains import pinning

    changing = flags.changing(command)
    trees = _trees(options, changing.host)
    used = tuple(tree.tree for tree in trees if tree.current)
    project = pinning.project_at(directory_of(options), changing.host, changing.user, used)
    release = pinning.release_named(version, trees)
    actions, notes = pinning.pinned(project, release, changing.host)
    number = changing.do(actions) if actions else 0
    paths = [action.path for action in actions]
    if getattr(options, "format", "text") == "json":
        document = {
            "schema": "gosteward.pin/1",
            "project": project.directory,
            "version": release,
            "run": number,
            "changed": paths,
            "notes": [str(note) for note in notes],
        }
        flags.write(json.dumps(document, indent=1) + "\n", "")
        return HEALTHY
    texts = [
        Text("{path} asks for {version}", path=path, version=release) for path in paths or filter(None, [project.file])
    ]
    if number:
        notes = (*notes, Text("`gosteward undo {run}` takes this back.", run=str(number)))
    words = flags.catalog(options.lang)
    flags.write(_lines(words.text(text) for text in (*texts, *notes)), "")
    return HEALTHY


def directory_of(options: Namespace) -> str:
    """The project that is meant, by its whole path."""
    return os.path.abspath(options.project or ".")


def _trees(options: Namespace, host: LocalHost) -> tuple[Installed, ...]:
    """What is installed for this user; those of the whole host serve others than root as well."""
    from gosteward.toolchains import pinning
    from gosteward.toolchains.installed import store

    shared = () if options.root else (store.default_root(0, {}, ""),)
    return pinning.trees_below((flags.root_of(options), *shared), host)


def _json(project: Project, serving: Serving) -> str:
    document = {
        "schema": "gosteward.pin/1",
        "project": project.directory,
        "file": project.file,
        "refused": project.refused,
        "wanted": serving.wanted,
        "by": serving.by,
        "lines": [{"path": w.path, "line": w.line, "text": w.text, "kind": w.kind} for w in project.wishes],
        "gotoolchain": project.gotoolchain._asdict(),
        "goroot": serving.tree.tree if serving.tree is not None else "",
        "in_use": serving.tree is not None and serving.tree.current,
    }
    return json.dumps(document, indent=1) + "\n"


def _text(project: Project, serving: Serving, words: Catalog) -> str:
    lines = []
    if serving.wanted and serving.by:
        lines.append(words.text(Text("{version} by {place}", version=serving.wanted, place=serving.by)))
    else:
        lines.append(words.words("No file and no setting asks for a release."))
    for wish in project.wishes:
        place = f"{wish.path}:{wish.line}: {wish.text.strip()}"
        if place != serving.by:
            lines.append(f"  {place}")
    if project.refused:
        lines.append(words.text(Text("go does not read {place}: no go command works there", place=project.refused)))
    if project.gotoolchain.value:
        lines.append(f"  GOTOOLCHAIN={project.gotoolchain.value} ({project.gotoolchain.origin})")
    return _lines((*lines, words.text(_served(serving))))


def _served(serving: Serving) -> Text:
    tree = serving.tree
    if tree is None:
        wanted = serving.wanted[2:] or "latest"
        return Text("no installed release serves it: `gosteward install {version}`", version=wanted)
    if tree.current:
        return Text("{version} serves it, which is in use: {tree}", version=tree.version, tree=tree.tree)
    return Text(
        "{version} is installed, and not in use: {tree}; the go in use would fetch a copy of its own",
        version=tree.version,
        tree=tree.tree,
    )


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{visible(line)}\n" for line in texts)
