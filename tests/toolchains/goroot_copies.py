"""A part of a real GOROOT that may be spoiled, and a log of our own that names what it was."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from gosteward.golang.distribution import mode_of

if TYPE_CHECKING:
    from sumdb.log_server import Log

GOROOT = Path(os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go"))  # `make test` names the one of the fault lab
VERSION, PLATFORM = "go1.26.8", "linux-amd64"
MODULE, MODULE_VERSION = "golang.org/toolchain", f"v0.0.1-{VERSION}.{PLATFORM}"
TOOLS = "pkg/tool/linux_amd64"
PARTS = ("VERSION", "bin/gofmt", f"{TOOLS}/asm", "src/go.mod", "src/cmd/go.mod", "src/make.bash", "src/fmt", "lib/wasm")
GO_ENV = "# Defaults\n\nGOPROXY=https://{proxy},direct\nGOSUMDB={database}\n\n# More\nGOTOOLCHAIN=auto\n"


def copy_of_parts(place: Path) -> Path:
    """Real files of a release, with the modes that cmd/distpack gives them, and a small program as its go."""
    tree = place / VERSION
    for part in PARTS:
        for source in [f for f in (GOROOT / part).rglob("*") if f.is_file()] or [GOROOT / part]:
            target = tree / source.relative_to(GOROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (tree / "go.env").write_text(original_go_env())
    (tree / "bin/go").write_text("#!/bin/sh\necho go version go1.26.8 linux/amd64\n")
    for file in files_of(tree):
        (tree / file).chmod(mode_of(file))
    return tree


def original_go_env() -> str:
    from gosteward.golang.proxyurls import DEFAULT_DATABASE, DEFAULT_PROXY

    text = GO_ENV.format(proxy="*", database=DEFAULT_DATABASE)
    return text.replace("https://*,direct", DEFAULT_PROXY)


def files_of(tree: Path) -> list[str]:
    return sorted(str(f.relative_to(tree)) for f in tree.rglob("*") if f.is_file() and not f.is_symlink())


def in_module(name: str) -> str:
    folder, base = os.path.split(name)
    return f"{MODULE}@{MODULE_VERSION}/{os.path.join(folder, '_go.mod' if base == 'go.mod' else base)}"


def h1_of(tree: Path) -> str:
    """As golang.org/x/mod/sumdb/dirhash defines it, by code that shares nothing with ours."""
    named = sorted((in_module(f), hashlib.sha256((tree / f).read_bytes()).hexdigest()) for f in files_of(tree))
    lines = "".join(f"{digest}  {name}\n" for name, digest in named)
    return f"h1:{base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()}"


def log_it(log: Log, tree: Path) -> None:
    lines = (f"{MODULE} {MODULE_VERSION} {h1_of(tree)}", f"{MODULE} {MODULE_VERSION}/go.mod h1:{'A' * 43}=")
    log.add(MODULE, MODULE_VERSION, "".join(f"{line}\n" for line in lines))


def zip_it(tree: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files_of(tree):
            archive.writestr(in_module(file), (tree / file).read_bytes())
