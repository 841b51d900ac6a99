"""What to install: the command of the host's own package manager, or none at all."""

from __future__ import annotations

import pytest

from gosteward.reasoning import package_names
from gosteward.snapshot import Machine


@pytest.mark.parametrize(
    ("distribution", "command"),
    [
        ("debian", "apt install gcc libc6-dev"),
        ("fedora", "dnf install gcc"),
        ("alpine", "apk add gcc musl-dev"),
        ("arch", "pacman -S gcc"),
    ],
)
def test_compiler_comes_with_the_headers_it_needs(distribution: str, command: str) -> None:
    assert package_names.install_part(Machine(distribution=distribution), "c-compiler") == (command,)


def test_a_derived_distribution_uses_the_manager_of_its_parent() -> None:
    machine = Machine(distribution="somebodys-linux", distribution_like=("ubuntu", "debian"))
    assert package_names.install_part(machine, "git") == ("apt install git",)


def test_an_unknown_distribution_gets_no_guess() -> None:
    machine = Machine(distribution="somebodys-linux")
    assert package_names.install_part(machine, "c-compiler") == ()
    assert package_names.providing_pc(machine, "greet") == ()


def test_debian_writes_triples_with_dashes_and_has_names_of_its_own_for_architectures() -> None:
    debian = Machine(distribution="debian")
    assert package_names.cross_packages(debian, "arm64") == "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
    assert package_names.cross_packages(debian, "386") == "gcc-i686-linux-gnu libc6-dev-i386-cross"
    assert package_names.cross_packages(debian, "arm") == "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
    assert package_names.cross_compiler("arm64") == "aarch64-linux-gnu-gcc"


def test_a_name_that_a_shell_would_read_differently_gives_no_command() -> None:
    assert package_names.providing_pc(Machine(distribution="fedora"), "x'; reboot '") == ()
    assert package_names.providing_pc(Machine(distribution="debian"), "gtk+-3.0") == (
        "apt-file search --regexp '/gtk\\+-3\\.0\\.pc$'",
    )
