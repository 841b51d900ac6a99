"""Why hashes are not proved to be in the checksum database: somebody lies, or nothing could be judged."""

from __future__ import annotations

from gosteward.errors import FINDINGS, NOT_JUDGED, StewardError


class RefusalError(StewardError):
    """The hashes are not proved.

    Attributes:
        reason: a word for programs, see the two kinds below.
    """

    def __init__(self, what: str, *, reason: str, subject: str = "", hint: str = "") -> None:
        super().__init__(what, subject=subject, hint=hint)
        self.reason = reason


class ForgeryError(RefusalError):
    """What was served contradicts the key, the tree head, what was seen before, or what was asked for. Trying again is no remedy.

    Attributes:
        reason: "signature" (not signed by the key), "fork" (two heads that exclude each other), "tile" (hashes that are not those of
            the tree), "record" (not in the tree), "foreign-record" (about something else, or about more), "uncovered" (the tree ends
            before the record), "proof" (a proof that proves nothing).
        heads: for a fork, and for tiles that do not fit while two heads are compared: the older and the newer signed head; else ().
        evidence: for a fork: the root that the newer tree has at the size of the older one, and the consistency proof from it; else ().
    """

    exit_code = FINDINGS

    def __init__(
        self,
        what: str,
        *,
        reason: str,
        subject: str = "",
        hint: str = "",
        heads: tuple[str, ...] = (),
        evidence: tuple[bytes, ...] = (),
    ) -> None:
        super().__init__(what, reason=reason, subject=subject, hint=hint)
        self.heads = heads
        self.evidence = evidence


class UnjudgedError(RefusalError):
    """There was no answer of a checksum database, so nothing is known, neither good nor bad.

    Attributes:
        reason: "malformed" (an answer in no known form, as of a portal or a broken proxy), "not-found" (404 or 410: nobody vouches for
            that word), "status" (any other), "behind" (the server ends before a head that was seen), "remembered" (the remembered
            head is damaged, or signed by another key).
        status: of the answer, 0 where it does not matter.
    """

    exit_code = NOT_JUDGED

    def __init__(self, what: str, *, reason: str, subject: str = "", hint: str = "", status: int = 0) -> None:
        super().__init__(what, reason=reason, subject=subject, hint=hint)
        self.status = status


def malformed(what: str) -> UnjudgedError:
    """For a parser: a text is not in the form that it should have."""
    return UnjudgedError(f"malformed {what}", reason="malformed")
