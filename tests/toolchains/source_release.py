"""A release whose sources can really be built in a second: its make.bash compiles one small program with $GOROOT_BOOTSTRAP/bin/go.

    release = source_release("go1.26.90", place)     a SmallRelease; bin/go is what its make.bash comes to, built here once
    BUILDER                                          GOROOT of the real Go that builds it
    (place / "environment").read_bytes()             what the last run of make.bash found in its environment, NUL-separated

    source_release(..., before="exit 3")             lines that make.bash runs before it compiles

Its objects are cached where go itself would keep them for whoever runs the tests, so that Go's standard library is compiled once.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from toolchains.small_release import SmallRelease, mode_of, small_release

BUILDER = Path(os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go"))  # `make test` names the one of the fault lab
OBJECTS = Path.home() / ".cache/go-build"
# What it imports is all that has to be compiled.
PROGRAM = """package main

import "syscall"

var version string

func main() {
	file, _ := syscall.Open("/proc/self/cmdline", syscall.O_RDONLY, 0)
	buffer := make([]byte, 1000)
	count, _ := syscall.Read(file, buffer)
	for at := count - 1; at > 0; at-- {
		if buffer[at-1] == 0 && string(buffer[at:count-1]) == "version" {
			syscall.Write(1, []byte("go version "+version+" linux/amd64\\n"))
			return
		}
	}
	syscall.Exit(2)
}
"""
MAKE = """#!/usr/bin/env bash
set -e
env -0 > PLACE/environment
echo "Building Go cmd/dist using $GOROOT_BOOTSTRAP. ($("$GOROOT_BOOTSTRAP/bin/go" version | sed 's/go version //'))"
BEFORE
echo "Building Go toolchain1 using $GOROOT_BOOTSTRAP."
mkdir -p ../bin ../pkg/include ../pkg/tool/linux_amd64 ../pkg/obj
version=$(head -1 ../VERSION)
GOCACHE=OBJECTS GO111MODULE=off CGO_ENABLED=0 GOFLAGS=-trimpath \\
    "$GOROOT_BOOTSTRAP/bin/go" build -ldflags="-s -w -buildid= -X main.version=$version" -o ../bin/go cmd/go/main.go
echo "Building packages and commands for linux/amd64."
cp cmd/gofmt.sh ../bin/gofmt
for tool in asm cgo compile cover fix link preprofile vet; do echo "# $tool" > ../pkg/tool/linux_amd64/$tool; done
cp runtime/textflag.h ../pkg/include/textflag.h
echo left by a build > ../pkg/obj/object
"""


def source_release(version: str, place: Path, before: str = "", **changed: bytes) -> SmallRelease:
    """A release.  place: directory of the caller's.   changed: as for `small_release`, after the build: its archives then lie."""
    place.mkdir(parents=True, exist_ok=True)
    make = MAKE.replace("OBJECTS", str(OBJECTS)).replace("PLACE", str(place)).replace("BEFORE", before)
    files = {
        "src/make.bash": make.encode(),
        "src/cmd/go/main.go": PROGRAM.encode(),
        "src/cmd/gofmt.sh": b"#!/bin/sh\nexec cat\n",
        "src/runtime/textflag.h": b"#define NOPROF 1\n",
    }
    built = _built(
        {
            **small_release(version, **files).files,
            "src/make.bash": make.replace(before, "").encode() if before else make.encode(),
        }
    )
    return small_release(version, **{**files, **built, **changed})


def _built(files: dict[str, bytes]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as top:
        write_files(
            Path(top), {name: content for name, content in files.items() if not name.startswith(("bin/", "pkg/"))}
        )
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": top,
            "GOROOT_BOOTSTRAP": str(BUILDER),
            "GOTOOLCHAIN": "local",
            "GOENV": "off",
        }
        subprocess.run(["bash", "make.bash"], cwd=f"{top}/src", env=environ, check=True, capture_output=True)
        made = [
            file
            for part in ("bin", "pkg/tool", "pkg/include")
            for file in (Path(top) / part).rglob("*")
            if file.is_file()
        ]
        return {str(file.relative_to(top)): file.read_bytes() for file in made}


def write_files(top: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(content)
        (top / name).chmod(mode_of(name))


def source_archive(files: dict[str, bytes]) -> bytes:
    """goX.Y.Z.src.tar.gz."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(name for name in files if not name.startswith(("bin/", "pkg/"))):
            member = tarfile.TarInfo(f"go/{name}")
            member.size, member.mode = len(files[name]), mode_of(name)
            tar.addfile(member, io.BytesIO(files[name]))
    return whole.getvalue()
