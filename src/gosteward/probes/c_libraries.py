"""C libraries that CGO_LDFLAGS asks the linker for and that are nowhere on this host. Nothing is started.

Source: ld(1), -l and -L; the directories are those of GNU ld's default scripts and of gcc's own parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.golang import quoted

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import Setting

_DIRECTORIES = ("/usr/local/lib", "/usr/local/lib64", "/lib", "/lib64", "/usr/lib", "/usr/lib64")
_GCC_PLACES = ("/usr/lib/gcc", "/usr/lib64/gcc", "/usr/libexec/gcc")
MOST_LIBRARIES = 50
# What these change about the search is not followed.
_ELSEWHERE = ("--sysroot", "-Wl,", "-Xlinker", "-B", "@", "-target", "--target", "-nostdlib")


def absent(host: Host, triples: tuple[str, ...], settings: tuple[Setting, ...]) -> tuple[str, ...]:
    """Words `-lNAME` of the values of CGO_LDFLAGS that no linker of this host would find, and `-static` without libc.a; to be called as the user."""
    found: dict[str, None] = {}
    usual: tuple[str, ...] = ()
    for value in dict.fromkeys(s.value for s in settings if s.name == "CGO_LDFLAGS" and not s.problem):
        words = quoted.split(value) or ()
        static = "-static" in words
        names = [word[2:] for word in words if word.startswith("-l") and _is_plain(word[2:])][:MOST_LIBRARIES]
        if not (names or static) or any(word.startswith(_ELSEWHERE) for word in words):
            continue
        usual = usual or _directories(host, triples)
        named = _named(words)
        if all(directory.startswith("/") for directory in named):
            for name in names:
                if not any(_is_in(host, directory, name) for directory in (*named, *usual)):
                    found[f"-l{name}"] = None
            if static and not any(host.exists(f"{directory.rstrip('/')}/libc.a") for directory in (*named, *usual)):
                found["-static"] = None
    return tuple(found)


def _is_plain(name: str) -> bool:
    return bool(name) and not name.startswith(":") and "/" not in name


def _named(words: tuple[str, ...]) -> tuple[str, ...]:
    """Directories behind -L, in the same word or in the next."""
    joined = [word[2:] for word in words if word.startswith("-L") and len(word) > len("-L")]
    apart = [following for word, following in zip(words, words[1:]) if word == "-L"]
    return (*joined, *apart)


def _directories(host: Host, triples: tuple[str, ...]) -> tuple[str, ...]:
    of_triples = [f"{top}/{triple}" for triple in triples for top in ("/usr/local/lib", "/lib", "/usr/lib")]
    of_gcc = []
    for place in _GCC_PLACES:
        for triple in host.listdir(place, 50):
            of_gcc += [f"{place}/{triple}/{version}" for version in host.listdir(f"{place}/{triple}", 20)]
    return (*_DIRECTORIES, *of_triples, *of_gcc)


def _is_in(host: Host, directory: str, name: str) -> bool:
    return any(host.exists(f"{directory.rstrip('/')}/lib{name}{end}") for end in (".so", ".a"))
