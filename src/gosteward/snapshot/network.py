"""What the network answered: one check per GOPROXY entry, checksum database and proxy server, and per module that go would fetch."""

from typing import NamedTuple, Optional

from gosteward.snapshot.places import Location
from gosteward.snapshot.projects import ChecksumConflict


class NetworkCheck(NamedTuple):
    """One server asked as `go` would ask it.

    Attributes:
        kind: "goproxy", "sumdb", "http-proxy", "module" (a zip that a workspace needs), "origin" (the host of a module that
            go asks itself, past every proxy), "netrc" (the file with passwords; no server is
            asked).   url: with passwords masked (for "netrc" the path).   host, port.
        ok: it answered as such a server answers.
        step: the step that failed: "parse", "resolve", "connect", "tls", "http", "content", "" when ok.
        reason: "unresolvable", "refused", "unreachable", "timeout", "unknown-authority", "expired", "not-yet-valid", "wrong-host",
            "not-tls", "status", "login-page", "missing-directory", "unsupported-sumdb" (no proxy relays the database, and it cannot be asked itself), "stale-latest",
            "checksum", "credentials" (401, 403, 407 and we know of none), "unreadable", "incomplete" (netrc: an entry without a password),
            "port" (netrc: an entry under another name than go looks for, which is the detail), "password-in-clear" (in a URL of http://), "".
        detail: one line for people (certificate issuer, HTTP status, errno text).   issuer: of the certificate that was refused.
        status: HTTP status, 0 without one.   seconds: it took.
        contexts: names of the contexts whose settings name it.   setting: where it is set.   required: a module of an
            examined workspace is not in the cache, so it will be asked.   fallback: go asks the entries behind it after such a failure.
        clock_difference: server's Date minus our clock in seconds, 0 without a Date.
        via: URL of the HTTP proxy that was used, with passwords masked, "" without one.
        direct: the HTTP proxy on the way refused it, and the server itself answers when it is asked without one.
        trust_store: the bundle of certificates that go reads here, "" where none was needed or there is none.
        trust_setting: where SSL_CERT_FILE or SSL_CERT_DIR is set, None for the distribution's store.
        authority_file: a file beside the store that holds the missing authority (delivered, but never taken in), "" if none.
        not_before, not_after: of the server's certificate, "2026-11-24T16:30:00Z", "" unknown.
        conflict: for kind "module": bytes that are not those of go.sum.
        uid, mode: for kind "netrc": of the file that cannot be read, -1 where nobody could look; else of name_file, where that is closed to the user.
        name_file: "/etc/hosts" or "/etc/resolv.conf" where it has to do with the failure, else "".
        name_problem: of that file: "unreadable" (for the user), "dangling", "missing", "no-server", "".
        name_line: the line of /etc/hosts that gave the address which does not answer.
        module: for kinds "module" and "origin": "path@version"; with reason "not-there": nothing that GOPROXY names has it; "not-given": the proxy
            refuses it, or fails with it.
    """

    kind: str
    url: str
    host: str = ""
    port: int = 0
    ok: bool = True
    step: str = ""
    reason: str = ""
    detail: str = ""
    issuer: str = ""
    status: int = 0
    seconds: float = 0.0
    contexts: tuple[str, ...] = ()
    setting: Optional[Location] = None
    required: bool = False
    fallback: bool = False
    clock_difference: float = 0.0
    via: str = ""
    direct: bool = False
    trust_store: str = ""
    trust_setting: Optional[Location] = None
    authority_file: str = ""
    not_before: str = ""
    not_after: str = ""
    conflict: Optional[ChecksumConflict] = None
    module: str = ""
    uid: int = -1
    mode: int = -1
    name_file: str = ""
    name_problem: str = ""
    name_line: Optional[Location] = None
