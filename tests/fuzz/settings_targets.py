"""Readers of what sites, users and projects write down about the Go that they want: settings, and lines that name a release."""

from __future__ import annotations

from fuzz.target import Target, text_of
from gosteward import settings
from gosteward.errors import UsageError
from gosteward.golang import version_files
from gosteward.toolchains.installed import profile_dropins

NAMES = ("go.mod", "go.work", ".go-version", ".tool-versions")


def _settings(data: bytes) -> object:
    chosen = settings.parse(data.decode("utf-8", "replace"), "/etc/gosteward/settings.toml")
    return settings.merged(chosen)


def _version_lines(data: bytes) -> object:
    found = version_files.wish_lines(NAMES[data[0] % 4 if data else 0], text_of(data[1:]))
    return found, [(wish.version, wish.agrees("go1.26.8"), wish.asking_for("go1.26.8")) for wish in found]


TARGETS = {
    "settings": Target(
        _settings, errors=(UsageError,), words='[toolchains] sources root group links adopt offline only_sources = " [ ] true /'
    ),
    "version-lines": Target(_version_lines, lines=True, words="toolchain go golang default local 1.26.8 go1.26 ( ) // # nodejs"),
    "zprofile": Target(lambda data: profile_dropins.reads_profile(text_of(data)), words="/etc/profile .d/golang.sh # . source"),
}  # fmt: skip
