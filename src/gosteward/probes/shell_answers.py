"""What a shell said in the end, taken out of what came through its pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells import xtrace

if TYPE_CHECKING:
    from gosteward.host import commands


class Answer(NamedTuple):
    """What a shell said.

    Attributes:
        run: how it ended.   log: what came before its answer.   sections: by name, {} if it never came to its end.
        path: PATH, None if unset or unknown.   environment: as a child sees it.
        astray: it answered on its standard error, because descriptor 9 was closed.
    """

    run: commands.Run
    log: str
    sections: dict[str, str]
    path: str | None
    environment: dict[str, str]
    astray: bool = False

    @property
    def complete(self) -> bool:
        """The start-up files ran to their end."""
        return "path" in self.sections

    @classmethod
    def of(cls, run: commands.Run, nonce: str) -> Answer:
        """Take apart what came out of a shell; a shell whose descriptor 9 was closed answers on its standard error."""
        answer = run.answer.decode("utf-8", "surrogateescape")
        found = xtrace.sections(answer, nonce)
        errors = run.errors.decode("utf-8", "surrogateescape") if run.errors else ""
        astray = "environment" not in found and nonce in errors
        if astray:
            found = {**xtrace.sections(errors, nonce), **found}
        log = xtrace.before_answer(answer, nonce)
        if xtrace.US in errors or not log:
            log += xtrace.before_answer(errors, nonce)
        path = found.get("path", "")
        return cls(
            run=run,
            log=log,
            sections=found,
            path=path[1:] if path.startswith("=") else None,
            environment=xtrace.environment(found.get("environment", "")),
            astray=astray,
        )
