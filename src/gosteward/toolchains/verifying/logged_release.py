"""The h1 that the public log names for the release that a tree should be: by the proof in our record, without a network, else by asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.finding import Text
from gosteward.golang import platforms
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE, module_version
from gosteward.sumdb import proof
from gosteward.sumdb.refusals import ForgeryError
from gosteward.toolchains.installed import goroots
from gosteward.toolchains.verifying.checks import FAILED, OK, UNJUDGED, Check
from gosteward.toolchains.verifying.manifests import Release

if TYPE_CHECKING:
    from gosteward.sumdb.proof import LoggedHashes
    from gosteward.toolchains.installed.goroots import Goroot
    from gosteward.toolchains.proving.transparency import Log


class Logged(NamedTuple):
    """What the log says.

    Attributes:
        checks: what there is to say about that.   release: None if it is not known.   possible: it may be in the log at all.
    """

    checks: tuple[Check, ...]
    release: Release | None = None
    possible: bool = True


def logged_release(goroot: Goroot, log: Log) -> Logged:
    """What the log names for the version and the platform of a tree."""
    reason = goroots.cannot_be_logged(goroot)
    if reason:
        return Logged((Check("log", UNJUDGED, reason),), possible=False)
    platform = platforms.of_module(goroot.platform)
    if platform is None:
        text = Text("Go has no release for {platform}", platform=goroot.platform)
        return Logged((Check("log", UNJUDGED, text),), possible=False)
    wanted = module_version(goroot.version, platform)
    found, checks = _stored(goroot, wanted, log)
    if found is None:
        try:
            found = log.logged(TOOLCHAIN_MODULE, wanted)
        except ForgeryError as error:
            return Logged((*checks, Check("log", FAILED, Text("the log was forged: {reason}", reason=error.what))))
        except (StewardError, OSError) as error:
            return Logged((*checks, _unknown(wanted, error)))
    text = Text(
        "the log names {h1} for {version}, record {record}", h1=found.zip_h1, version=wanted, record=str(found.record)
    )
    return Logged((*checks, Check("log", OK, text)), Release(goroot.version, platform, found.zip_h1))


def _stored(goroot: Goroot, wanted: str, log: Log) -> tuple[LoggedHashes | None, tuple[Check, ...]]:
    """What the proof in our record says. It proves itself, whoever wrote it."""
    proofs = goroot.record.get("proofs")
    texts = [p.get("text") for p in proofs if isinstance(p, dict)] if isinstance(proofs, list) else []
    for text in texts:
        if isinstance(text, str) and text:
            try:
                return proof.verified(text, TOOLCHAIN_MODULE, wanted, (log.key,)), ()
            except StewardError as error:
                said = Text("the proof in the record of this tree proves nothing: {reason}", reason=error.what)
                return None, (Check("record", FAILED, said),)
    return None, ()


def _unknown(wanted: str, error: StewardError | OSError) -> Check:
    why = error.what if isinstance(error, StewardError) else f"{error.strerror or error}: {error.filename or ''}"
    text = Text("what the log names for {version} is not known: {reason}", version=wanted, reason=why)
    remedy = Text("let it reach a module proxy that serves the checksum database, and run it again")
    return Check("log", UNJUDGED, text, remedy=remedy)
