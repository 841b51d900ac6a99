"""Other JSON texts out of one: single bytes that change make most of them no JSON at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

TEXTS = (
    "", "/", ".", "..", "/usr/bin:/bin", ":", "$HOME/go", "~", "~root", "a b", "'", '"', "\n", "\r", "\x00", "\udcff", "\u00b2", "\u202e",
    "go", "go1.26.8", "go1.\u00b2", "1", "-1", "off", "direct", "https://a.example", "http://u:p@[::1]:99999/x", ",,|;", "v1.0.0", "h1:x=",
    "amd64", "cron:/x:1", "x" * 2000, "{message}", "{0}", "%s", "GOROOT", "PATH", "[", "*.example", "(", "\\",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2, 64, 0o755, 1 << 31, 1 << 63, 10**30, 0.5, -0.0, 1e300, True, None)
MOST_STEPS = 4


def mutated(data: bytes, chance: Random) -> bytes:
    """The value with a few of its parts changed, doubled, moved or left out; the bytes themselves where they are no JSON."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return data
    for _ in range(chance.randint(1, MOST_STEPS)):
        places = _places(value)
        if not places:
            break
        container, key = chance.choice(places)
        _change(container, key, places, chance)
    return json.dumps(value, separators=(",", ":")).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key or index) of everything inside."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        container = waiting.pop()
        if isinstance(container, (dict, list)):
            keys = list(container) if isinstance(container, dict) else range(len(container))
            found += [(container, key) for key in keys]
            waiting += [container[key] for key in keys]
    return found


def _change(container: Any, key: Any, places: list[tuple[Any, Any]], chance: Random) -> None:
    old = container[key]
    step = chance.random()
    if step < 0.15:
        del container[key]
    elif step < 0.3 and isinstance(container, list):
        container.insert(key, json.loads(json.dumps(old)))
    elif step < 0.5:  # what another part has, most often one of the same kind
        others = [other[at] for other, at in places if type(other[at]) is type(old)]
        container[key] = json.loads(json.dumps(chance.choice(others)))
    elif isinstance(old, str):
        text = chance.choice(TEXTS)
        cut = chance.randint(0, len(old))
        container[key] = chance.choice((text, old[:cut] + text + old[cut:], old[:cut]))
    elif isinstance(old, (bool, int, float)) or old is None:
        container[key] = chance.choice(NUMBERS)
    elif isinstance(old, list) and old:
        chance.shuffle(old)
    else:
        container[key] = chance.choice(TEXTS)
