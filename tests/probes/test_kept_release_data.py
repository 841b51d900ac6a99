"""What `refresh` kept is read as anybody's: what is newer counts, and what is damaged or foreign leaves what ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.knowledge import release_data, release_document
from gosteward.probes.kept_release_data import NAME, known_in
from gosteward.toolchains.refreshed import release_data as kept_data

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = release_data.shipped()


def test_newer_counts_and_older_does_not(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    assert known_in(state).data == SHIPPED
    newer = SHIPPED._replace(advisories=SHIPPED.advisories._replace(as_of="2027-03-01T00:00:00Z", source="mirror"))
    kept_data.keep(newer, state)
    assert known_in(state) == (newer, None)
    older = SHIPPED._replace(advisories=SHIPPED.advisories._replace(as_of="2020-01-01T00:00:00Z", entries=()))
    kept_data.keep(older, state)
    assert known_in(state) == (SHIPPED, None)


def test_damaged_or_foreign_one_does_not_count_and_that_is_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    kept_data.keep(SHIPPED, str(state))
    file = state / NAME
    for damage in (b"", b"{", b"[]", b"\xff" * 100, b" " * (release_document.SIZE_LIMIT + 1)):
        file.write_bytes(damage)
        data, said = known_in(str(state))
        assert data == SHIPPED
        assert said is not None
        assert str(file) in str(said)
    file.unlink()
    file.symlink_to("/etc/passwd")
    assert known_in(str(state)).damage is not None
    file.unlink()
    kept_data.keep(SHIPPED, str(state))
    state.chmod(0o777)
    assert "not yours alone" in str(known_in(str(state)).damage)
