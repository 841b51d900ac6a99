"""A Go release of a few files, whose bytes are always the same: as a tree, as tarball of go.dev, and as zip of the toolchain module.

    release = small_release("go1.26.90")          bin/go is a script that answers `go version`
    release.files                                content by name below GOROOT
    release.tar_gz(), release.name               go1.26.90.linux-amd64.tar.gz
    release.zip(), release.module_version        v0.0.1-go1.26.90.linux-amd64
    release.h1                                   of the zip, computed here and not by our code
    small_release(**{"src/fmt/print.go": b"..."})   other files instead, or more of them

Its version is one that never was, so that the table of pinned digests does not know it. Modes, names and what the zip leaves out are as cmd/distpack makes them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from typing import NamedTuple

TIME = "2026-08-05T12:00:00Z"
SECONDS = 1785931200
TOOLS = ("asm", "cgo", "compile", "cover", "fix", "link", "preprofile", "vet")
TARBALL_ONLY = ("api/", "doc/", "misc/", "test/")
GO = """#!/bin/sh
# A go that knows one command.
[ "$1" = version ] || { echo "go: unknown command $1" >&2; exit 2; }
echo "go version VERSION linux/ARCH"
"""
MODULE = "golang.org/toolchain"


class SmallRelease(NamedTuple):
    """A release.  arch: GOARCH, as in the module version; "arm" is "armv6l" in the name of the tarball."""

    version: str
    arch: str
    files: dict[str, bytes]

    @property
    def name(self) -> str:
        return f"{self.version}.linux-{self.archive_arch}.tar.gz"

    @property
    def archive_arch(self) -> str:
        return {"arm": "armv6l"}.get(self.arch, self.arch)

    @property
    def module_version(self) -> str:
        return f"v0.0.1-{self.version}.linux-{self.arch}"

    def tar_gz(self) -> bytes:
        packed, whole = io.BytesIO(), io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name in sorted(self.files):
                member = tarfile.TarInfo(f"go/{name}")
                member.size, member.mode, member.mtime = len(self.files[name]), mode_of(name), SECONDS
                tar.addfile(member, io.BytesIO(self.files[name]))
        with gzip.GzipFile(fileobj=whole, mode="wb", mtime=0, filename="") as compressed:
            compressed.write(packed.getvalue())
        return whole.getvalue()

    @property
    def module_files(self) -> dict[str, bytes]:
        """Content by name in the zip, without the prefix."""
        kept = {name: content for name, content in self.files.items() if not name.startswith(TARBALL_ONLY)}
        return {renamed(name): content for name, content in kept.items()}

    def zip(self) -> bytes:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(self.module_files.items()):
                member = zipfile.ZipInfo(f"{MODULE}@{self.module_version}/{name}", (2026, 8, 5, 12, 0, 0))
                member.compress_type, member.create_system = zipfile.ZIP_DEFLATED, 3
                member.external_attr = (0o100000 | mode_of(name)) << 16
                archive.writestr(member, content)
        return whole.getvalue()

    @property
    def h1(self) -> str:
        names = {f"{MODULE}@{self.module_version}/{name}": content for name, content in self.module_files.items()}
        lines = [f"{hashlib.sha256(names[name]).hexdigest()}  {name}\n" for name in sorted(names)]
        return f"h1:{base64.b64encode(hashlib.sha256(''.join(lines).encode()).digest()).decode()}"


def small_release(version: str = "go1.26.90", arch: str = "amd64", **changed: bytes) -> SmallRelease:
    """A release.  changed: content by name, of files that are different or added."""
    go = GO.replace("VERSION", version).replace("ARCH", arch).encode()
    files = {
        "VERSION": f"{version}\ntime {TIME}\n".encode(),
        "LICENSE": b"A licence.\n",
        "go.env": b"GOPROXY=https://proxy.example,direct\nGOTOOLCHAIN=auto\n",
        "bin/go": go,
        "bin/gofmt": b"#!/bin/sh\nexec cat\n",
        "lib/wasm/go_js_wasm_exec": b"#!/bin/sh\n",
        "lib/time/zoneinfo.zip": b"no zip",
        "pkg/include/textflag.h": b"#define NOPROF 1\n",
        "src/all.bash": b"#!/bin/sh\n",
        "src/go.mod": b"module std\n\ngo 1.26\n",
        "src/cmd/go.mod": b"module cmd\n\ngo 1.26\n",
        "src/fmt/print.go": b"package fmt\n",
        "src/runtime/proc.go": b"package runtime\n\n" + b"// a long file\n" * 10_000,
        "api/go1.txt": b"pkg fmt\n",
        "doc/README.md": b"# Documents\n",
        "misc/go.mod": b"module misc\n",
        "test/helloworld.go": b"package main\n",
    }
    files.update({f"pkg/tool/linux_{arch}/{tool}": f"#!/bin/sh\n# {tool}\n".encode() for tool in TOOLS})
    return SmallRelease(version, arch, {**files, **changed})


def mode_of(name: str) -> int:
    program = name.startswith(("bin/", "pkg/tool/")) or name.endswith((".bash", "_wasm_exec"))
    return 0o755 if program else 0o644


def renamed(name: str) -> str:
    return f"{name[: -len('go.mod')]}_go.mod" if name.endswith("/go.mod") else name
