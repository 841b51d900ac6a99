"""How a setting is taken back where it was given."""

from __future__ import annotations

from gosteward.reasoning.settings_in_force import advice_to_unset, commands_to_unset
from gosteward.snapshot import Location, Setting, Snapshot


def of(path: str, text: str, line: int = 5) -> Setting:
    return Setting("GOCACHE", ".cache", "environment", Location(path, line, text), ("x",))


def test_a_crontab_is_changed_through_crontab_and_without_counting_lines() -> None:
    setting = of("/var/spool/cron/crontabs/dev", "GOCACHE=.cache")
    assert commands_to_unset(Snapshot(), setting) == (
        "crontab -u dev -l | sed '/^[[:space:]]*GOCACHE[[:space:]]*=/d' | crontab -u dev -",
    )
    assert "next run" in str(advice_to_unset(Snapshot(), setting))


def test_a_unit_wants_a_reload_and_a_profile_a_new_session() -> None:
    unit = of("/etc/systemd/system/nightly.service", "Environment=GOCACHE=.cache")
    assert "daemon-reload" in str(advice_to_unset(Snapshot(), unit))
    profile = of("/home/dev/.profile", "export GOCACHE=.cache")
    assert "new session" in str(advice_to_unset(Snapshot(), profile))
    assert commands_to_unset(Snapshot(), profile) == ("sed -i '5{/GOCACHE/d;}' /home/dev/.profile",)
