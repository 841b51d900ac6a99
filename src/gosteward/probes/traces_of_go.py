"""Whether go has run for a user before: what it leaves in a home without being asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.shells.user_files import as_user

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import User

# The counters of every command since Go 1.23, and the build cache. Source: golang.org/x/telemetry; cmd/go/internal/cache.
LEFT = (".config/go/telemetry", ".cache/go-build")


def collect(host: Host, user: User) -> bool:
    """Whether one of these directories is there."""
    home = user.home.rstrip("/")
    if not home.startswith("/"):
        return False
    with as_user(host, user):
        return any(host.is_directory(f"{home}/{name}") for name in LEFT)
