"""GS706: the distribution's link to go leads to a package that is gone."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, of_program
from gosteward.reasoning.link_repair import destination
from gosteward.reasoning.package_names import install, manager_of
from gosteward.reasoning.viewpoint import programs_named_go
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Impact
    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS706",
    slug="package-link-dangling",
    title="the distribution's link to go leads nowhere",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("bash: /usr/bin/go: No such file or directory", "update-alternatives: warning: forcing reinstallation"),
)
ALTERNATIVES = "/etc/alternatives/"
_PACKED = ("/usr/lib/go", "/usr/lib64/go", "/usr/share/go")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    # Where /bin is /usr/bin, one link has two names.
    seen: set[str] = set()
    for program in sorted(programs_named_go(snapshot), key=lambda p: not p.path.startswith("/usr/bin/")):
        if program.kind != "missing" or not program.links or not _of_distribution(program):
            continue
        if program.links[-1].path in seen:
            continue
        seen.add(program.links[-1].path)
        impact = of_program(snapshot, program)
        if impact.used:
            yield _finding(snapshot, program, impact)


def _of_distribution(program: Binary) -> bool:
    """Links in /usr/bin that lead to a tree as packages have them. What somebody linked by hand is GS306's subject."""
    ours = program.path.startswith(("/usr/bin/", "/bin/"))
    alternative = any(link.path.startswith(ALTERNATIVES) for link in program.links)
    return alternative or (ours and destination(program.links[-1]).startswith(_PACKED))


def _finding(snapshot: Snapshot, program: Binary, impact: Impact) -> Finding:
    last = program.links[-1]
    alternative = next((link for link in program.links if link.path.startswith(ALTERNATIVES)), None)
    return Finding(
        rule=RULE,
        subject=program.path,
        message=Text(
            "{path} is a link of the distribution to {target}, which does not exist: the package behind it is gone or incomplete",
            path=program.path,
            target=destination(last),
        ),
        locations=tuple(dict.fromkeys((Location(program.path), Location(last.path)))),
        evidence=(f"ls -l {quote(program.path)}", *(f"{link.path} -> {link.target}" for link in program.links)),
        contexts=impact.contexts,
        severity=impact.severity,
        explains=(*NO_GO_RUNS, *(Explains("GS306", path) for path in _names(program))),
        risk="manual",
        commands=_commands(snapshot, program, alternative.path if alternative else ""),
        advice=Text("Let the alternatives system choose again; it knows which packages are there.")
        if alternative is not None
        else Text(
            "Install the package again that the link leads to. To leave the distribution's Go for good, take its packages away as a whole."
        ),
    )


def _names(program: Binary) -> tuple[str, ...]:
    """Paths under which others may know the same broken link."""
    paths = (program.path, program.links[-1].path)
    return tuple(dict.fromkeys((*paths, *(p.removeprefix("/usr") for p in paths if p.startswith("/usr/bin/")))))


def _commands(snapshot: Snapshot, program: Binary, alternative: str) -> tuple[str, ...]:
    if alternative:
        return (f"update-alternatives --auto {quote(alternative[len(ALTERNATIVES) :])}",)
    root = destination(program.links[-1]).partition("/bin/")[0].rpartition("/")[2]
    line = root.removeprefix("go-")
    machine = snapshot.machine
    if manager_of(machine) == "apt" and line != root and line.replace(".", "").isdigit():
        return (f"apt-get install --reinstall golang-{line}-go golang-{line}-src",)
    return install(machine, "golang") if manager_of(machine) == "dnf" else ()
