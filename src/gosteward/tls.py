"""TLS for the network client: contexts that verify as Go does, and what a failed handshake means.

Imported only where a connection needs it: `ssl` costs some 20 ms. Source: crypto/tls and crypto/x509 of Go (TLS 1.2 at least, no
common names); OpenSSL's x509_vfy.h for the codes.
"""

from __future__ import annotations

import socket
import ssl

_NOT_YET_VALID, _EXPIRED, _HOST_MISMATCH, _IP_MISMATCH = 9, 10, 62, 64
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
)
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_MOST_CERTIFICATES = 2_000


def verifying(pem: str) -> ssl.SSLContext:
    """A context that trusts the certificates in a PEM text, and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if getattr(ssl, "HAS_NEVER_CHECK_COMMON_NAME", False):
        context.hostname_checks_common_name = False
    if pem and not _loaded(context, pem):
        # One that OpenSSL cannot read must not hide the others: Go passes over it.
        for block in pem.split(_END)[:_MOST_CERTIFICATES]:
            start = block.find(_BEGIN)
            if start >= 0:
                _loaded(context, block[start:] + _END)
    return context


def unverified() -> ssl.SSLContext:
    """A context for a look at a certificate: nothing may be sent over such a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def chain_of(connection: socket.socket) -> tuple[bytes, ...]:
    """The certificates that the other side sent, its own first; only that one where Python does not tell the others."""
    if not isinstance(connection, ssl.SSLSocket):
        return ()
    own = connection.getpeercert(True)
    return (own, *_issuers(connection)) if own else ()


def explained(error: Exception) -> tuple[str, str]:
    """Reason (as in `NetworkCheck`) and a line for people, of an exception of the handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_code(error.verify_code), error.verify_message or ""
    if isinstance(error, ssl.SSLError) and error.reason:
        return ("not-tls" if error.reason in _NOT_TLS else ""), error.reason.replace("_", " ").lower()
    if isinstance(error, socket.timeout):
        return "timeout", "no answer to the TLS handshake"
    text = getattr(error, "strerror", None) or str(error) or "the connection was closed"
    return "unreachable", f"{text} during the TLS handshake"


def _of_code(code: int) -> str:
    if code in (_HOST_MISMATCH, _IP_MISMATCH):
        return "wrong-host"
    return {_EXPIRED: "expired", _NOT_YET_VALID: "not-yet-valid"}.get(code, "unknown-authority")


def _loaded(context: ssl.SSLContext, pem: str) -> bool:
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _issuers(connection: ssl.SSLSocket) -> tuple[bytes, ...]:
    public = getattr(connection, "get_unverified_chain", None)
    if public is not None:  # Python 3.13
        return tuple(bytes(c) for c in public()[1:])
    chain = getattr(getattr(connection, "_sslobj", None), "get_unverified_chain", None)
    try:
        return tuple(ssl.PEM_cert_to_DER_cert(c.public_bytes()) for c in (chain() or ())[1:]) if chain else ()
    except (AttributeError, TypeError, ValueError):
        return ()
