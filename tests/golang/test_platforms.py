"""Which archive a machine takes, and what stands against it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.golang.platforms import FIRST_ARCHIVES, Platform, obstacles, of_archive, of_module, platform_of
from gosteward.knowledge import release_digests
from gosteward.snapshot import Machine


def machine(goarch: str = "amd64", kernel: str = "6.1.0-18-amd64", **more: object) -> Machine:
    return Machine(userland_goarch=goarch, kernel_release=kernel)._replace(**more)


def reasons(version: str, host: Machine) -> list[str]:
    return [str(text) for text in obstacles(version, host)]


@pytest.mark.parametrize(
    ("kernel", "userland", "archive"),
    [
        ("amd64", "amd64", "linux-amd64"),
        ("amd64", "386", "linux-386"),  # a 32-bit userland on a 64-bit kernel
        ("arm64", "arm", "linux-armv6l"),
        ("arm64", "arm64", "linux-arm64"),
        ("riscv64", "riscv64", "linux-riscv64"),
        ("mips64le", "mipsle", "linux-mipsle"),
    ],
)
def test_userland_decides_and_not_the_kernel(kernel: str, userland: str, archive: str) -> None:
    found = platform_of(Machine(kernel_goarch=kernel, userland_goarch=userland, goarm=7))
    assert found.archive == archive
    assert of_archive(archive) == found == of_module(found.module)


@pytest.mark.parametrize("host", [machine("arm", goarm=5), machine("elf-machine-2"), machine("arm64be"), machine("")])
def test_machine_without_a_release_is_told_so(host: Machine) -> None:
    with pytest.raises(UsageError):
        platform_of(host)


def test_arm_of_unknown_level_is_not_refused() -> None:
    assert platform_of(machine("arm", goarm=0)) == Platform("arm")


@pytest.mark.parametrize(
    ("version", "host", "part"),
    [
        ("go1.24.0", machine(kernel="2.6.32-754.el6.x86_64"), "Linux 3.2"),
        ("go1.24rc1", machine(kernel="3.1.9"), "Linux 3.2"),
        ("go1.18", machine(kernel="2.6.31"), "Linux 2.6.32"),
        ("go1.22.0", machine("loong64", kernel="4.19.0"), "Linux 5.19"),
        ("go1.27.0", machine("ppc64", kernel="3.10.1"), "Linux 3.13"),
        ("go1.20.14", machine(libc="musl", loaders=("/lib/ld-musl-x86_64.so.1",)), "glibc"),
        ("go1.20.14", machine("arm64", libc="musl"), "glibc"),
        ("go1.20.14", machine("riscv64"), "no archive"),
        ("go1.7.6", machine("arm64"), "no archive"),
        ("go1.27.0", machine("386", cpu_features=("sse",)), "SSE2"),
    ],
)
def test_obstacle_is_named(version: str, host: Machine, part: str) -> None:
    (reason,) = reasons(version, host)
    assert part in reason


@pytest.mark.parametrize(
    ("version", "host"),
    [
        ("go1.27.4", machine()),
        ("go1.27.4", machine(kernel="3.2")),
        ("go1.23.12", machine(kernel="2.6.32-754.el6.x86_64")),
        ("go1.27.0", machine("ppc64", kernel="3.10.0-1160.el7.ppc64")),  # Red Hat's kernel can do it
        ("go1.21.0", machine(libc="musl")),
        ("go1.20.14", machine(libc="musl", loaders=("/lib64/ld-linux-x86-64.so.2",))),  # a layer for glibc is installed
        ("go1.27.0", machine("386", cpu_features=("sse", "sse2"))),
        ("go1.27.0", machine("386", kernel="", cpu_features=())),  # nothing is known
        ("go1.17beta1", machine("arm64")),
    ],
)
def test_nothing_stands_against_it(version: str, host: Machine) -> None:
    assert reasons(version, host) == []


def test_first_archives_are_those_of_the_table_of_digests() -> None:
    files = release_digests.table()
    for goarch, first in FIRST_ARCHIVES.items():
        if first != "go1.2.2":  # digests begin with 1.5.3
            assert f"{first}.{Platform(goarch).archive}.tar.gz" in files


@given(st.text(max_size=20), st.text(max_size=30), st.sampled_from([*FIRST_ARCHIVES, "x"]))
def test_no_text_makes_it_fail_otherwise(version: str, kernel: str, goarch: str) -> None:
    try:
        found = obstacles(version, machine(goarch, kernel))
    except UsageError:
        return
    assert all(str(text) for text in found)
