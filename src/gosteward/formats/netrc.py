"""The netrc file, read as go reads it: which machines have a login and a password. The passwords themselves are not kept. Pure.

Source: cmd/go/internal/auth/netrc.go (`parseNetrc`).
"""

from __future__ import annotations

MAX_LINES = 10_000


def machines(text: str) -> dict[str, bool]:
    """Machine to whether its entry is complete (login and password).

    Reading ends at a `default` entry, as in go; macros are passed over.
    """
    found: dict[str, bool] = {}
    machine, seen, in_macro = "", {""}, False
    for line in text.split("\n")[:MAX_LINES]:
        if in_macro:
            in_macro = line != ""
            continue
        words = line.split()
        for word, value in zip(words[::2], words[1::2]):
            if word == "machine":
                machine, seen = value, set()
                found.setdefault(machine, False)
            elif word in ("login", "password"):
                seen.add(word)
            elif word == "macdef":
                in_macro = True
            elif word == "default":
                return found
            if machine and {"login", "password"} <= seen:
                found[machine] = True
        if len(words) % 2 and words[-1] == "default":
            break
    return found
