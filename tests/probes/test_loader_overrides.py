"""Libraries that the loader's variables put before the host's own: real ones, damaged and changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gosteward.host.rooted import RootedHost
from gosteward.probes.loader_overrides import faults
from gosteward.probes.work_contexts import WorkContext
from gosteward.snapshot import CompilerTool, Context, EnvironmentVariable, User

DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev")
TRIPLE = "x86_64-linux-gnu"
SYSTEM = f"usr/lib/{TRIPLE}"


def elf(machine: int = 62) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + machine.to_bytes(2, "little") + bytes(100)


def reasons(top: Path, programs: dict[str, str], **variables: str) -> list[tuple[str, str, str]]:
    """(reason, file, program) for a host whose /usr/bin has these real programs."""
    for name, source in programs.items():
        (top / "usr/bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(source, top / "usr/bin" / name)
    values = {n: EnvironmentVariable(n, v) for n, v in variables.items()}
    work = WorkContext(Context("bash-login", "login"), DEV, "/home/dev", own=True, variables=values)
    tools = tuple(CompilerTool("cc", n, f"/usr/bin/{n}", context="bash-login") for n in programs)
    found = faults(RootedHost(str(top)), (work,), tools, (TRIPLE,), "2.36")
    return [(f.reason, f.file, f.program) for f in found]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "damaged"), (b"#!/bin/sh\n" * 20, "damaged"), (elf() + b"longer", "libc"), (elf(), ""), (elf(183), "")]
)  # fmt: skip
def test_a_c_library_before_the_hosts_own_is_judged(tmp_path: Path, content: bytes, reason: str) -> None:
    for name, data in ((f"{SYSTEM}/libc.so.6", elf()), ("opt/sdk/lib/libc.so.6", content)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(data)
    found = reasons(tmp_path, {"cc": "/bin/ls"}, LD_LIBRARY_PATH="/opt/gone:/opt/sdk/lib")
    assert found == ([(reason, "/opt/sdk/lib/libc.so.6", "/usr/bin/cc")] if reason else [])


def test_only_what_programs_need_counts(tmp_path: Path) -> None:
    (tmp_path / "opt/sdk").mkdir(parents=True)
    (tmp_path / "opt/sdk/libother.so.1").write_bytes(b"no library")
    assert (
        reasons(tmp_path, {"cc": "/bin/ls"}, LD_LIBRARY_PATH="/opt/sdk", LD_PRELOAD="/opt/sdk/libother.so.1 gone.so")
        == []
    )


def test_a_preloaded_library_for_a_newer_glibc_is_told(tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    data = Path("/bin/ls").read_bytes()  # any file with versions does
    (tmp_path / "opt/fits.so").write_bytes(data)
    assert reasons(tmp_path, {"cc": "/bin/ls"}, LD_PRELOAD="/opt/fits.so") == []
    newer = data.replace(b"GLIBC_2.2.5\0", b"GLIBC_2.500\0").replace(b"GLIBC_2.17\0", b"GLIBC_2.99\0")
    (tmp_path / "opt/newer.so").write_bytes(newer)
    assert reasons(tmp_path, {"cc": "/bin/ls"}, LD_PRELOAD="/opt/fits.so:/opt/newer.so") == [
        ("glibc", "/opt/newer.so", "/usr/bin/cc")
    ]
