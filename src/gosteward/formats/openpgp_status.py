"""What gpgv says on its status descriptor about a detached signature, read strictly. Pure.

    [GNUPG:] NEWSIG
    [GNUPG:] GOODSIG FD533C07C264648F Google Inc. (Linux Packages Signing Authority) <linux-packages-keymaster@google.com>
    [GNUPG:] VALIDSIG 0E22...648F 2026-07-08 1783500000 0 4 0 1 10 00 EB4C...4796

The exit status of gpgv says too little: it is 0 for a revoked key, for a SHA-1 signature, and for any key of the ring. Hence:

1. the text is whole, and has known words only;
2. there is one signature, not several;
3. no word speaks against it: bad, unchecked, expired, made by a revoked key;
4. the certificate that it belongs to is the pinned one: sub-keys come and go, the primary key stays;
5. it is good, or its key has expired since it was made: Go 1.12.13 was signed by a key that has expired since;
6. it is over the bytes as they are (class 00), with SHA-256, SHA-384 or SHA-512.

The descriptor must carry nothing else (`--status-fd` of its own), and the ring be one file (`--keyring`) without a home directory.

Source: GnuPG, doc/DETAILS, "Format of the --status-fd output"; RFC 4880, 5.2.1 (classes) and 9.4 (hash algorithms).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gosteward.errors import FINDINGS, NOT_JUDGED, StewardError

# Google Inc. (Linux Packages Signing Authority): signs Go's archives, and Chrome (golang/go#38910).
GO_RELEASE_KEY = "EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796"
SIZE_LIMIT = 1 << 16
HASHES = {"8": "SHA256", "9": "SHA384", "10": "SHA512"}
_BINARY_DOCUMENT = "00"
_PREFIX = "[GNUPG:] "

_NEUTRAL = frozenset(
    {"NEWSIG", "KEY_CONSIDERED", "SIG_ID", "GOODSIG", "EXPKEYSIG", "VALIDSIG", "KEYEXPIRED", "SIGEXPIRED"}
    | {"NOTATION_NAME", "NOTATION_FLAGS", "NOTATION_DATA", "POLICY_URL", "VERIFICATION_COMPLIANCE_MODE"}
    | {"TRUST_UNDEFINED", "TRUST_NEVER", "TRUST_MARGINAL", "TRUST_FULLY", "TRUST_ULTIMATE", "PROGRESS", "WARNING"}
)
# Word -> reason, what happened; the first that is there counts.
_REFUSING = {
    "BADSIG": ("bad", "the signature is not over these bytes"),
    "REVKEYSIG": ("revoked", "the signature is by a key that was revoked"),
    "KEYREVOKED": ("revoked", "the signature is by a key that was revoked"),
    "EXPSIG": ("expired", "the signature has expired"),
}
_UNJUDGING = {
    "NO_PUBKEY": ("unknown-key", "the signature is by a key that is not in the ring"),
    "ERRSIG": ("unchecked", "the signature could not be checked"),
    "NODATA": ("no-signature", "there is no signature"),
    "UNEXPECTED": ("malformed", "the signature is damaged"),
    "FAILURE": ("unchecked", "gpgv failed"),
    "ERROR": ("unchecked", "gpgv failed"),
}
_FINGERPRINT = re.compile("[0-9A-F]{40}", re.ASCII)
_NUMBER = re.compile("[0-9]{1,12}", re.ASCII)
_REFRESH = "the certificate in the ring may be older than the key that signed: get the newest one"


class SignatureError(StewardError):
    """Nothing is proved by the signature.

    Attributes:
        reason: a word for programs.
    """

    def __init__(self, what: str, *, reason: str, subject: str = "", hint: str = "") -> None:
        super().__init__(what, subject=subject, hint=hint)
        self.reason = reason


class SignatureRefusedError(SignatureError):
    """The signature must not be accepted, now or later.

    Attributes:
        reason: "bad", "revoked", "expired" (signature, or key before it signed), "several", "foreign-key", "weak-hash", "class".
    """

    exit_code = FINDINGS


class SignatureUnjudgedError(SignatureError):
    """Nothing is known about the signature, neither good nor bad.

    Attributes:
        reason: "no-signature", "unknown-key", "unchecked", "malformed".
    """

    exit_code = NOT_JUDGED


class Signature(NamedTuple):
    """A signature that counts.

    Attributes:
        primary: fingerprint of the certificate's primary key.   signing_key: of the key that signed, mostly a sub-key.
        made_at: seconds since the epoch, as the signer says.
        key_expired_at: seconds since the epoch, when the key has expired since; 0 while it is valid.
        hash: "SHA512".
    """

    primary: str
    signing_key: str
    made_at: int
    key_expired_at: int
    hash: str


def parse(status: bytes, primary: str = GO_RELEASE_KEY, *, accept_expired_key: bool = True) -> Signature:
    """Read what gpgv wrote, and accept or refuse; the numbers are those above.

    Args:
        status: all that came from the status descriptor.
        primary: fingerprint of the pinned primary key, 40 hexadecimal digits in capitals.
        accept_expired_key: also when the key has expired after it signed, as for old releases.

    Raises:
        SignatureRefusedError, SignatureUnjudgedError: it is not accepted.
    """
    lines = _lines(status)  # 1
    words = _by_word(lines)
    if len(words.get("NEWSIG", ())) > 1:  # 2
        raise SignatureRefusedError("there are several signatures, and one is expected", reason="several")
    _refuse_by_word(words)  # 3
    if "NEWSIG" not in words or "VALIDSIG" not in words:
        raise SignatureUnjudgedError("there is no signature", reason="no-signature")
    fields = _valid(words)
    if fields[9] != primary:  # 4
        raise SignatureRefusedError(
            "the signature is by another key than the pinned one", reason="foreign-key", subject=fields[9]
        )
    made_at, expired_at = int(fields[2]), _expiry(lines, words, fields[0])
    if expired_at and not (accept_expired_key and made_at < expired_at):  # 5
        raise SignatureRefusedError("the key had expired", reason="expired", subject=fields[0])
    if fields[8] != _BINARY_DOCUMENT:  # 6
        raise SignatureRefusedError(
            "the signature is not over the bytes as they are", reason="class", subject=fields[8]
        )
    if fields[7] not in HASHES:
        raise SignatureRefusedError(
            "the signature uses a hash that can be forged", reason="weak-hash", subject=fields[7]
        )
    return Signature(fields[9], fields[0], made_at, expired_at, HASHES[fields[7]])


def _lines(status: bytes) -> list[tuple[str, str]]:
    """Word and arguments of each line. Only "\\n" ends a line: a name in a key may hold other separators."""
    text = status.decode("utf-8", "replace")
    if len(status) > SIZE_LIMIT or (text and not text.endswith("\n")):
        raise _malformed()
    found = []
    for line in text.split("\n")[:-1]:
        word, _, arguments = line[len(_PREFIX) :].partition(" ")
        known = word in _NEUTRAL or word in _REFUSING or word in _UNJUDGING
        if not line.startswith(_PREFIX) or not known:
            raise _malformed(line)
        found.append((word, arguments))
    return found


def _by_word(lines: list[tuple[str, str]]) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for word, arguments in lines:
        words.setdefault(word, []).append(arguments)
    return words


def _refuse_by_word(words: dict[str, list[str]]) -> None:
    for word, (reason, what) in _REFUSING.items():
        if word in words:
            raise SignatureRefusedError(what, reason=reason)
    for word, (reason, what) in _UNJUDGING.items():
        if word in words:
            hint = _REFRESH if reason == "unknown-key" else ""
            raise SignatureUnjudgedError(what, reason=reason, subject=_printable(words[word][0]), hint=hint)


def _valid(words: dict[str, list[str]]) -> list[str]:
    """Fields of VALIDSIG: key, date, time, expiry, version, reserved, key algorithm, hash algorithm, class, primary key."""
    lines = words["VALIDSIG"]
    fields = lines[0].split(" ")
    whole = len(lines) == 1 and len(fields) == 10
    if not whole or not all(_FINGERPRINT.fullmatch(fields[at]) for at in (0, 9)) or not _NUMBER.fullmatch(fields[2]):
        raise _malformed(lines[0])
    return fields


def _expiry(lines: list[tuple[str, str]], words: dict[str, list[str]], signing_key: str) -> int:
    """When the key that signed expired; 0 if it has not. That the signature is good must be said once, and of that key."""
    good, expired = words.get("GOODSIG", []), words.get("EXPKEYSIG", [])
    said = good + expired
    if len(said) != 1 or said[0].partition(" ")[0] not in (signing_key, signing_key[-16:]):
        raise _malformed(said[0] if said else "")
    if good:
        return 0
    # gpgv names the expiry of every expired key of the certificate, over and over, without saying which key is meant.
    # Only in front of SIG_ID it is that of the key that signed.
    places = [at for at, (word, _) in enumerate(lines) if word == "SIG_ID"]
    word, time = lines[places[0] - 1] if len(places) == 1 and places[0] else ("", "")
    if word != "KEYEXPIRED" or not _NUMBER.fullmatch(time):
        raise _malformed(f"{word} {time}")
    return int(time)


def _malformed(line: str = "") -> SignatureUnjudgedError:
    return SignatureUnjudgedError(
        "gpgv said something that is not understood", reason="malformed", subject=_printable(line)
    )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:120])
