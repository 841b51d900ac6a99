"""GS813: CGO_LDFLAGS asks for a library that is not on this host, libc.a among them, or a flag asks the C compiler for code of another size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.golang import quoted
from gosteward.reasoning import cgo
from gosteward.reasoning.settings_in_force import InForce, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.reasoning.viewpoint import context_named, variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.cgo import Standing
    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS813",
    slug="cgo-flags-do-not-fit",
    title="flags for cgo do not fit this host",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        "/usr/bin/ld: cannot find -lclntsh: No such file or directory",
        "/usr/bin/ld: cannot find -lc: No such file or directory",
        "fatal error: bits/wordsize.h: No such file or directory",
        "cgo: cannot parse gcc output $WORK/b001//_cgo_.o as ELF, Mach-O, PE, XCOFF object",
    ),
)
_FLAGS = ("CGO_LDFLAGS", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS")
_OTHER_SIZE = {"amd64": ("-m32", "-mx32"), "386": ("-m64", "-mx32")}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name in _FLAGS:
        seen: dict[Setting, list[str]] = {}
        wrong: dict[Setting, tuple[str, ...]] = {}
        for standing in cgo.standings(snapshot):
            setting = cgo.setting_in(snapshot, standing, name)
            words = _wrong(snapshot, standing, setting) if setting is not None else ()
            if setting is not None and words:
                seen.setdefault(setting, []).append(standing.context)
                wrong[setting] = words
        for setting, contexts in seen.items():
            found = _finding(snapshot, InForce(setting, tuple(contexts)), wrong[setting])
            if found is not None:
                yield found


def _wrong(snapshot: Snapshot, standing: Standing, setting: Setting) -> tuple[str, ...]:
    """Words of a value that cannot work where cgo is on and builds for this host with its own compiler."""
    foreign = standing.goarch_setting is not None or standing.goos_setting is not None
    compiler = standing.tool("cc").path
    if standing.state != "on" or foreign or not compiler or setting.origin == "goroot":
        return ()
    words = quoted.split(setting.value) or ()
    sizes = tuple(word for word in words if word in _OTHER_SIZE.get(standing.goarch, ()))
    # A compiler that CC names may have a place of its own for libraries, and gcc looks into those of LIBRARY_PATH.
    context = context_named(snapshot, standing.context)
    elsewhere = standing.cc_setting is not None or (context is not None and variable(context, "LIBRARY_PATH"))
    if setting.name != "CGO_LDFLAGS" or elsewhere:
        return sizes
    return (*sizes, *(word for word in words if word in snapshot.c_toolchain.absent_libraries))


def _finding(snapshot: Snapshot, found: InForce, words: tuple[str, ...]) -> Finding | None:
    severity = cgo.severity(snapshot, chosen=True)
    if not severity:
        return None
    setting, wanted = found.setting, cgo.needs(snapshot)
    message = (
        Text(
            "{place} sets {name}={value}: no linker of this host finds {words}, so nothing that uses cgo can be linked",
            place=place(setting),
            name=setting.name,
            value=setting.value,
            words=" ".join(words),
        )
        if words[0].startswith("-l")
        else Text(
            "{place} sets {name}={value}: there is no libc.a on this host, so nothing that uses cgo can be linked with {words}",
            place=place(setting),
            name=setting.name,
            value=setting.value,
            words=words[0],
        )
        if words[0] == "-static"
        else Text(
            "{place} sets {name}={value}: {words} asks the C compiler for code of another size than go builds, so nothing that uses cgo can be built",
            place=place(setting),
            name=setting.name,
            value=setting.value,
            words=" ".join(words),
        )
    )
    finding = unwanted(snapshot, RULE, found, message)
    return finding._replace(
        severity=severity if finding.severity != "warning" else "warning",
        locations=(*finding.locations, *cgo.places_of(wanted)),
    )
