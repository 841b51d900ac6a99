"""The netrc file, read as go reads it: logins and passwords of machines. Pure.

Other programs read it in other ways. To go a line is pairs of words, so that a word without its partner at the end of a line says nothing; an
entry may go on in the next line; a complete one ends there. Source: cmd/go/internal/auth, netrc.go (`parseNetrc`) and auth.go (`loadCredential`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINES = 10_000
# What Go takes for white space: Python's str.split also cuts at four control characters, which a password may hold.
_WORD = re.compile("[^\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


class Entry(NamedTuple):
    """machine: "host", "host:8443" or "host/path".   login, password: "" where the file has none; such an entry is of no use."""

    machine: str
    login: str = ""
    password: str = ""

    @property
    def complete(self) -> bool:
        """Whether go sends it."""
        return bool(self.machine and self.login and self.password)


def entries(text: str) -> tuple[Entry, ...]:
    """All entries with a machine, in the order of the file, also those that are not complete.

    A `default` entry gives go nothing; its word alone at the end of a line ends the reading. Macros are passed over, up to an empty line.
    """
    found: list[Entry] = []
    entry, in_macro = Entry(""), False
    for line in text.split("\n")[:MAX_LINES]:
        if in_macro:
            in_macro = line != ""
            continue
        words = _WORD.findall(line)
        for word, value in zip(words[::2], words[1::2]):
            in_macro = in_macro or word == "macdef"
            if word == "machine":
                found += [entry] if entry.machine else []
                entry = Entry(value)
            elif word in ("login", "password"):
                entry = entry._replace(**{word: value})
            if entry.complete:
                found.append(entry)
                entry = Entry("")
        if len(words) % 2 and words[-1] == "default":
            break
    return (*found, entry) if entry.machine else tuple(found)


def machines(text: str) -> dict[str, bool]:
    """Machine to whether it has an entry that is complete."""
    found: dict[str, bool] = {}
    for entry in entries(text):
        found[entry.machine] = found.get(entry.machine, False) or entry.complete
    return found


def entry_for(place: str, known: tuple[Entry, ...]) -> Entry | None:
    """The entry whose login and password go sends to a place, None if there is none.

    The longest machine that is the place or leads to it counts, of several entries for it the first. A port belongs to the name: an entry for
    "host" is none for "host:8443".

    Args:
        place: a URL without its scheme and user, "host:8443/path".   known: as from `entries`.
    """
    usable: dict[str, Entry] = {}
    for entry in reversed(known):
        if entry.complete:
            usable[_place(entry.machine)] = entry
    while place and place not in usable:
        place = place.rpartition("/")[0]
    return usable.get(place)


def _place(machine: str) -> str:
    """Names of hosts are compared in small letters, as URLs have them here."""
    machine = machine[len("https://") :] if machine.startswith("https://") else machine
    host, slash, path = (machine[:-1] if machine.endswith("/") else machine).partition("/")
    return f"{host.lower()}{slash}{path}"
