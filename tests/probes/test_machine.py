"""What the machine is, whatever a personality or a wrong line of cpuinfo says."""

from __future__ import annotations

import os
import struct
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.host.local import LocalHost
from gosteward.host.rooted import RootedHost
from gosteward.probes import c_library, machine, memory, processor
from gosteward.snapshot import User

if TYPE_CHECKING:
    from pathlib import Path

V1 = "fpu sse sse2 lm syscall nx"
V2 = f"{V1} cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
V3 = f"{V2} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"
V4 = f"{V3} avx512f avx512bw avx512cd avx512dq avx512vl"
PI_ZERO = ("model name\t: ARMv6-compatible processor rev 7 (v6l)", "Features\t: half thumb fastmult vfp edsp java tls")
PI_ZERO_ARCHITECTURE = "CPU architecture: 7"


def elf(machine_number: int, bits: int = 64) -> bytes:
    return b"\x7fELF" + bytes((bits // 32, 1, 1)) + bytes(9) + struct.pack("<HH", 2, machine_number) + bytes(44)


@pytest.mark.parametrize(
    ("flags", "level"), [(V1, 1), (V2, 2), (V3, 3), (V4, 4), (V4.replace("ssse3", ""), 1), ("", 0)]
)
def test_amd64_levels_need_all_that_is_below_them(flags: str, level: int) -> None:
    assert processor.amd64_level(processor.features_of([f"flags\t\t: {flags}"])) == level


@pytest.mark.parametrize(
    ("features", "name", "level"),
    [("half thumb vfp edsp neon vfpv3", "armv7l", 7), ("swp half fastmult edsp", "armv5tejl", 5), ("vfp", "armv5tejl", 5), ("fp asimd evtstrm", "aarch64", 7), ("", "armv7l", 0)],
)  # fmt: skip
def test_arm_levels_go_by_features(features: str, name: str, level: int) -> None:
    assert processor.arm_level(frozenset(features.split()), name) == level


def test_pi_zero_is_armv6_although_its_cpuinfo_says_7() -> None:
    features = processor.features_of([PI_ZERO_ARCHITECTURE, *PI_ZERO])
    assert processor.arm_level(features, "armv6l") == 6


@pytest.mark.parametrize(
    ("name", "wide", "goarch"),
    [("x86_64", True, "amd64"), ("i686", False, "386"), ("i686", True, "amd64"), ("armv7l", False, "arm"), ("armv8l", True, "arm64"), ("aarch64", True, "arm64"), ("mips64", True, "mips64le"), ("riscv64", True, "riscv64"), ("loongarch64", True, "loong64"), ("vax", False, "vax")],
)  # fmt: skip
def test_kernel_is_named_past_a_32_bit_personality(name: str, wide: bool, goarch: str) -> None:
    assert processor.kernel_goarch(name, wide=wide, little_endian=True) == goarch


def test_emulation_is_known_by_the_programs_that_it_runs() -> None:
    magic = elf(183)[:20].hex()
    text = f"enabled\ninterpreter /usr/libexec/anything\nflags: POCF\noffset 0\nmagic {magic}\nmask ff\n"
    assert processor.handler_of(text) == processor.Handler("arm64", "/usr/libexec/anything", held=True)
    assert processor.handler_of(text.replace("enabled", "disabled")) is None
    assert processor.handler_of("enabled\ninterpreter /usr/bin/python3\nflags: \noffset 0\nmagic 0d0a\n") is None


def test_versions_of_c_libraries_are_read_from_their_own_bytes() -> None:
    banner = b"xGNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.\nCopyright"
    assert c_library.glibc_version(b"\0GLIBC_2.40\0" + banner) == "2.36"
    assert c_library.glibc_version(b"\0GLIBC_2.2.5\0GLIBC_2.4\0GLIBC_2.28\0GLIBC_2.17\0") == "2.28"
    assert c_library.musl_version(b"junk\0" + b"1.2.4\0Version\0") == "1.2.4"
    assert c_library.glibc_version(b"") == c_library.musl_version(b"1.2.4") == ""


def test_tightest_limit_of_all_groups_counts() -> None:
    assert memory.control_groups(["0::/a/b"]) == ("/a/b", "")
    assert memory.control_groups(["9:cpu,memory:/d/x", "0::/../.."]) == ("", "/d/x")
    assert memory.meminfo(["MemTotal:  1024 kB", "HugePages: 3", "Bad: x kB", "no"]) == {
        "MemTotal": 1 << 20,
        "HugePages": 3,
    }


class _Files(LocalHost):
    """This machine with some files of its own."""

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__({})
        self.files = files

    def lines(self, path: str) -> list[str]:
        return self.files[path].split("\n") if path in self.files else []

    def text(self, path: str, limit: int = 1 << 20) -> str:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]

    def exists(self, path: str) -> bool:
        return path in self.files


def test_memory_limit_and_kills_of_a_control_group() -> None:
    group = "/sys/fs/cgroup/user.slice/user-1000.slice"
    files = {"/proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope", f"{group}/memory.max": "209715200"}
    files |= {f"{group}/session-3.scope/memory.max": "max", f"{group}/session-3.scope/memory.events": "oom_kill 0"}
    files |= {f"{group}/memory.events": "low 0\noom 4\noom_kill 3"}
    found = memory.collect(_Files(files), User(uid=1000))
    assert (found.limit, found.oom_kills) == (200 << 20, 3)
    first = {
        "/proc/self/cgroup": "4:memory:/docker/1",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    }
    assert memory.collect(_Files(first), User()).limit == -1
    first["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "1000"
    first["/sys/fs/cgroup/memory/memory.oom_control"] = "under_oom 0\noom_kill 2"
    found = memory.collect(_Files(first), User())
    assert (found.limit, found.oom_kills) == (1000, 2)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"/.dockerenv": ""}, "docker"),
        ({"/run/.containerenv": "", "/.dockerenv": ""}, "podman"),
        ({"/.dockerenv": "", "/proc/1/cgroup": "0::/kubepods.slice/kubepods-burstable.slice"}, "kubernetes"),
        ({"/proc/1/environ": "PATH=/bin\0container=lxc\0"}, "lxc"),
        ({"/run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"/proc/1/environ": "container=oci\0"}, "container"),
        ({"/proc/1/cgroup": "0::/init.scope", "/proc/1/environ": "TERM=linux\0"}, ""),
        ({"/proc/1/cgroup": "0::/", "/run/systemd/container": "wsl"}, ""),
    ],
)
def test_containers_are_told_apart(files: dict[str, str], kind: str) -> None:
    host = _Files(files)
    assert machine._container(host, machine._container_by_files(host)) == kind


def test_this_machine_is_described_without_gaps() -> None:
    found, gaps = machine.collect(LocalHost(dict(os.environ)), User(name="root", home="/root"))
    assert gaps == ()
    assert found.userland_goarch
    assert found.kernel_release == os.uname().release
    assert found.memory_total > 0
    assert found.clone3 in ("works", "enosys", "eperm", "")
    assert {limit.name for limit in found.limits} >= {"as", "nofile"}
    assert abs(found.clock - time.time()) < 60
    assert 0 < found.newest_file <= time.time() + 60


def test_root_of_another_machine_is_described_by_its_files(tmp_path: Path) -> None:
    for name in ("bin", "lib", "etc", "var/log"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bin/busybox").write_bytes(elf(183))
    (tmp_path / "bin/sh").symlink_to("/bin/busybox")
    (tmp_path / "lib/ld-musl-aarch64.so.1").write_bytes(b"\0musl\x001.2.5\0")
    (tmp_path / "etc/os-release").write_text("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID='3.20.1'\n# x=y\n")
    (tmp_path / "etc/hostname").write_text("box\n")
    for name, moment in (("etc/passwd", 1000), ("etc/group", 2000), ("var/log/odd", 9_000_000_000)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (moment, moment))
    for name in ("hostname",):
        os.utime(tmp_path / "etc" / name, (3000, 3000))
    found, gaps = machine.collect(RootedHost(str(tmp_path)), User())
    assert gaps == ()
    assert (found.kernel_goarch, found.userland_goarch, found.hostname) == ("arm64", "arm64", "box")
    assert (found.libc, found.libc_version, found.loaders) == ("musl", "1.2.5", ("/lib/ld-musl-aarch64.so.1",))
    assert (found.distribution, found.distribution_version) == ("alpine", "3.20.1")
    # A single file may be of any time.
    assert (found.newest_file, found.clock, found.kernel_release, found.limits) == (3000.0, 0.0, "", ())


@given(st.lists(st.text(alphabet="flagsFeatures: \t=\"'\\0x9kB/.\n", max_size=40), max_size=8), st.binary(max_size=200))
def test_what_is_read_stands_in_the_text(lines: list[str], data: bytes) -> None:
    assert processor.features_of(lines) <= {word for line in lines for word in line.replace(":", " ").split()}
    handler = processor.handler_of("enabled\n" + "\n".join(lines))
    assert handler is None or handler.goarch
    assert all(size >= 0 for size in memory.meminfo(lines).values())
    assert all(path == "" or path.startswith("/") for path in memory.control_groups(lines))
    assert all("=" not in name and any(name in line for line in lines) for name in machine.os_release(lines))
    for version in (c_library.glibc_version(data), c_library.musl_version(data)):
        assert version.rpartition(".")[2].encode() in data
