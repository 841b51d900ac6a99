"""What was meant by a value that the go command refuses, where that is certain. Pure.

Nothing here switches verification off: a misspelt `off` in GOSUMDB has no meaning, it is an error.
"""

from __future__ import annotations

import re

from gosteward.golang import goversion
from gosteward.golang.goflags import KNOWN, fault
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import KNOWN_DATABASES, database_problem, entry_problem

_RAW_WORD = re.compile(r"""[ \t\r\n]*("[^"]*"|'[^']*'|[^ \t\r\n]+)""")
_QUOTED_INSIDE = re.compile(r"""(?<!\S)(--?[\w-]+=)(["'])([^"']*)\2(?!\S)""")
_WEB_SCHEME = re.compile(r"(h{0,2}t{1,3}p{0,2}s{0,2}p?)[:;]?/{1,3}(?=\w)", re.IGNORECASE)
_RELEASE = re.compile(r"v?(?:go)?[ -]?(1(?:\.\d{1,4}){1,2}(?:(?:rc|beta|alpha)\d{1,4})?)", re.IGNORECASE)
_ARCHITECTURES = {
    "x86_64": "amd64", "x86-64": "amd64", "x64": "amd64", "aarch64": "arm64", "armv8": "arm64", "armv8l": "arm64", "i386": "386",
    "i486": "386", "i586": "386", "i686": "386", "x86": "386", "armv7l": "arm", "armv7": "arm", "armv6l": "arm", "armhf": "arm",
    "armel": "arm", "ppc64el": "ppc64le", "mipsel": "mipsle", "mips64el": "mips64le",
}  # fmt: skip
_SYSTEMS = {
    "macos": "darwin", "osx": "darwin", "mac": "darwin", "win": "windows", "win32": "windows", "win64": "windows",
    "windows_nt": "windows", "linux-gnu": "linux", "gnu/linux": "linux",
}  # fmt: skip
_MOST_FAULTS = 50


def proxies(value: str) -> str:
    """A GOPROXY with commas between its entries, whole schemes, three slashes for a directory; "" where one entry stays a riddle.

    A word that can be no server (`default`) is left out where servers remain.
    """
    parts = re.split(r"([,|;\s]+)", value.strip().strip(",|;"))
    entries = [_proxy(text) for text in parts[::2]]
    separators = ["|" if "|" in text else "," for text in parts[1::2]]
    pairs = tuple(zip(entries, (*separators, "")))
    if any("://" in text for text in entries):
        pairs = tuple((text, mark) for text, mark in pairs if text in ("direct", "off") or not is_word(text))
    meant = "".join(text for pair in pairs for text in pair).rstrip(",|")
    found = proxy_list(meant)
    sound = bool(found) and not any(entry_problem(entry) for entry in found)
    return meant if sound and meant != value else ""


def is_word(text: str) -> bool:
    """Whether an entry of GOPROXY can be no server at all."""
    return re.fullmatch(r"[A-Za-z]+", text) is not None


def _proxy(text: str) -> str:
    if text.startswith("/"):
        return f"file://{text}"
    if text.lower().startswith("file://") and not text.startswith("file:///"):
        return f"file:///{text[7:].lstrip('/')}"
    if re.fullmatch(r"[A-Za-z]{1,9}", text):
        return next((word for word in ("direct", "off") if _alike(text.lower(), word)), text)
    match = _WEB_SCHEME.match(text)
    if match is None:
        return text
    return f"{'https' if 's' in match[1].lower() else 'http'}://{text[match.end() :]}"


def _alike(text: str, word: str) -> bool:
    """Whether one letter is missing, too many, another one, or two stand in each other's place."""
    if text == word:
        return True
    shorter, longer = sorted((text, word), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    head = next((n for n, (a, b) in enumerate(zip(shorter, longer)) if a != b), len(shorter))
    if len(shorter) < len(longer):
        return shorter[head:] == longer[head + 1 :]
    swapped = shorter[head + 1 : head + 2] + shorter[head : head + 1] == longer[head : head + 2]
    return shorter[head + 1 :] == longer[head + 1 :] or (swapped and shorter[head + 2 :] == longer[head + 2 :])


def database(value: str) -> str:
    """A GOSUMDB that means Go's own database, however it is written; "" for any other."""
    fields = value.split()
    if len(fields) == 2 and fields[0] in KNOWN_DATABASES:
        return fields[0]
    name = re.sub(r"^[a-z]+:/*", "", fields[0].lower()).partition("+")[0].strip("/") if len(fields) == 1 else ""
    name = name.partition(":")[0]
    meant = next((known for known in KNOWN_DATABASES if _alike(name, known)), "")
    meant = KNOWN_DATABASES[0] if name in ("sum.golang.com", "sumdb.golang.org", "golang.org") else meant
    return meant if meant != value and not database_problem(meant or "?") else ""


def toolchain(value: str) -> str:
    """A GOTOOLCHAIN: the word in small letters, the name of a release with `go` in front and all its numbers; "" for a riddle."""
    name, plus, follows = value.strip().partition("+")
    follows = follows.strip().lower()
    if plus and follows not in ("auto", "path"):
        return ""
    word = name.strip().lower()
    if word in ("auto", "path", "local"):
        meant = word
    else:
        match = _RELEASE.fullmatch(name.strip())
        version = goversion.parse(match[1]) if match is not None else None
        if match is None or version is None:
            return ""
        meant = f"go{match[1].lower()}.0" if version.stage == -1 else f"go{match[1].lower()}"
    meant += f"{plus}{follows}"
    return meant if meant != value else ""


def target(name: str, value: str) -> str:
    """A GOOS or GOARCH by the name that Go has for it: amd64 for x86_64; "" for one that means nothing."""
    word = value.strip().lower()
    return {"GOOS": _SYSTEMS, "GOARCH": _ARCHITECTURES}[name].get(word, word if word != value else "")


def flags(value: str) -> str:
    """A GOFLAGS that go takes: values behind `=`, quotes in front of the flag, dashes where they were forgotten; other words left out."""
    text = _QUOTED_INSIDE.sub(r"\2\1\3\2", value)
    for mark in "\"'":
        text += mark if text.count(mark) == 1 and re.search(rf"(?<!\S){mark}", text) else ""
    words = _raw_words(text)
    for _ in range(_MOST_FAULTS):
        wrong = fault(" ".join(words))
        if wrong is None:
            return " ".join(words)
        place = next((n for n, word in enumerate(words) if word.strip("\"'") == wrong.word), None)
        if place is None:
            return ""
        words = _without_fault(words, place, wrong.kind)
    return ""


def flags_without(value: str, unwanted: tuple[str, ...]) -> str:
    """A GOFLAGS without these words; the others stay as they are written."""
    return " ".join(word for word in _raw_words(value) if word.strip("\"'") not in unwanted)


def _without_fault(words: list[str], place: int, kind: str) -> list[str]:
    word = words[place]
    if kind == "value":
        count = next((n for n, w in enumerate(words[place + 1 :]) if not _is_value_of(word, w)), len(words) - place - 1)
        given = words[place + 1 : place + 1 + (count if word.lstrip("-") == "ldflags" else min(count, 1))]
        if len(given) == 1:
            mark = given[0][0] if given[0][0] in "\"'" else ""
            return [*words[:place], f"{mark}{word}={given[0][len(mark) :]}", *words[place + 2 :]]
        if given and not any(c in "\"'" for w in given for c in w):
            return [*words[:place], f"'{word}={' '.join(given)}'", *words[place + 1 + len(given) :]]
    if kind == "word" and word.partition("=")[0] in KNOWN:
        return [*words[:place], f"-{word}", *words[place + 1 :]]
    return [*words[:place], *words[place + 1 :]]


def _is_value_of(flag: str, word: str) -> bool:
    """Whether a word behind a flag without a value can be that value: no flag of go's own; the linker's -s and -w behind -ldflags."""
    if flag.lstrip("-") == "ldflags" and (word in ("-s", "-w") or word.startswith("-X")):
        return True
    return not word.startswith("-")


def _raw_words(value: str) -> list[str]:
    words, place = [], 0
    while match := _RAW_WORD.match(value, place):
        words.append(match[1])
        place = match.end()
    return words
