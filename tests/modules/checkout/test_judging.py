"""What the go command says, and what that is for a client: only what is known not to be there is absent."""

from __future__ import annotations

import pytest

from gosteward.host.confined import LIMITS
from gosteward.modules.checkout import judging

MODULE = "git.corp.example/team/text"
GIT = "invalid version: git ls-remote -q --end-of-options https://git.corp.example/team/text.git in /srv/vcs: exit status 128:\n\t"
NO_PROTOCOL = f"go: {MODULE}.git@latest: no secure protocol found for repository\n"
HTTPS, SSH = "# cd /srv/cache; git ls-remote https://x\n", "# cd /srv/cache; git ls-remote ssh://x\n"
NOT_FOUND = "fatal: repository 'https://git.corp.example/team/text/' not found\n"
SAID = {
    404: (
        f"{MODULE}@v1.9.0: invalid version: unknown revision v1.9.0",
        f"{MODULE}@fatal: invalid version: unknown revision x509",
        f"{MODULE}@v1.0.1-0.20260101000000-0123456789ab: invalid pseudo-version: does not match version-control timestamp (expected 20260102000000)",
        f'module {MODULE}/sub: no matching versions for query "latest"',
        f'{MODULE}@v2.0.0: invalid version: go.mod has non-.../v2 module path "{MODULE}" at revision v2.0.0',
        f"{MODULE}@v3.0.0: invalid version: missing {MODULE}/go.mod and .../v3/go.mod at revision v3.0.0",
        f'{MODULE}@v2.0.0+incompatible: invalid version: module contains a go.mod file, so module path must match major version ("{MODULE}/v2")',
        f"{GIT}fatal: repository 'https://git.corp.example/team/text.git/' not found",
        f"{GIT}ERROR: Repository not found.\n\tfatal: Could not read from remote repository.",
        f'unrecognized import path "{MODULE}": reading https://{MODULE}?go-get=1: 404 Not Found',
        f'unrecognized import path "{MODULE}": parse https://{MODULE}?go-get=1: no go-import meta tags ()',
        f"{HTTPS}{NOT_FOUND}{SSH}ERROR: Repository not found.\n{NO_PROTOCOL}",
    ),
    403: (
        f"{GIT}fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled",
        f"{GIT}fatal: Authentication failed for 'https://git.corp.example/team/text.git/'",
        f"{GIT}fatal: unable to access 'https://git.corp.example/team/text.git/': The requested URL returned error: 403",
        f"{GIT}git@git.corp.example: Permission denied (publickey).\n\tfatal: Could not read from remote repository.",
        f"{GIT}Host key verification failed.\n\tfatal: Could not read from remote repository.",
        f"{HTTPS}{NOT_FOUND}{SSH}Permission denied (publickey).\n{NO_PROTOCOL}",
        f"{HTTPS}fatal: could not read Username for 'https://x': terminal prompts disabled\n{NO_PROTOCOL}",
        f'unrecognized import path "{MODULE}": reading https://{MODULE}?go-get=1: 401 Unauthorized',
        f"{MODULE}@latest: GOVCS disallows using hg for private {MODULE}; see 'go help vcs'",
    ),
    504: (
        f"{GIT}ssh: connect to host git.corp.example port 22: Connection timed out",
        f"{GIT}fatal: unable to access 'https://git.corp.example/': Operation too slow. Less than 500 bytes/sec transferred the last 30 seconds",
        f'unrecognized import path "{MODULE}": https fetch: Get "https://{MODULE}?go-get=1": dial tcp 192.0.2.1:443: i/o timeout',
    ),
    502: (
        f"{GIT}fatal: unable to access 'https://git.corp.example/': Could not resolve host: git.corp.example",
        f"{GIT}fatal: unable to access 'https://git.corp.example/': The requested URL returned error: 500",
        f"{GIT}fatal: unable to access 'https://git.corp.example/': server certificate verification failed. CAfile: none CRLfile: none",
        f'unrecognized import path "{MODULE}": https fetch: Get "https://{MODULE}?go-get=1": tls: failed to verify certificate: x509: unknown authority',
        f'unrecognized import path "{MODULE}": reading https://{MODULE}?go-get=1: 503 Service Unavailable',
        f'unrecognized import path "{MODULE}": parse https://login.corp.example/?to={MODULE}: no go-import meta tags ()',
        f"{MODULE}@v1.0.0: invalid pseudo-version: git fetch --unshallow -f origin in /srv/vcs: exit status 128: fatal: early EOF; unknown revision",
        f"{HTTPS}{NOT_FOUND}{SSH}ssh: connect to host git.corp.example port 22: Connection refused\n{NO_PROTOCOL}",
        NO_PROTOCOL,
        f"{MODULE}@v1.0.0 requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)",
        "signal: killed",
        "downloaded zip file too large",
        "",
    ),
}  # fmt: skip
CASES = [(status, text) for status, texts in SAID.items() for text in texts]


@pytest.mark.parametrize(("status", "text"), CASES)
def test_what_go_says_is_told_with_the_status_that_go_acts_by(status: int, text: str) -> None:
    found = judging.refusal(text, MODULE, "v1.9.0")
    assert found.status == status
    assert found.reason


@pytest.mark.parametrize("query", ["timed out", "Authentication failed", "returned error: 404"])
def test_names_that_sound_like_an_error_are_none(query: str) -> None:
    assert judging.refusal(f"{MODULE}@{query}: invalid version: unknown revision {query}", MODULE, query).status == 404


def test_secrets_and_our_directories_are_not_told() -> None:
    text = f"git ls-remote https://deploy:hunter2@git.corp.example/x in /srv/store/cache/cache/vcs/{'ab' * 32}: exit status 128"
    assert (
        judging.refusal(text, MODULE, "main", ("/srv/store/",)).reason
        == "git ls-remote https://***@git.corp.example/x: exit status 128"
    )


def test_the_go_that_is_wanted_is_read() -> None:
    assert judging.too_new_for(SAID[502][9]) == "1.99"
    assert judging.too_new_for(SAID[502][0]) == ""


def test_what_is_too_large_is_named_and_known_for_it() -> None:
    for text in (
        "downloaded zip file too large",
        f"{MODULE}@v1.0.0: create zip: module source tree too large (max size is 524288000 bytes)",
    ):
        found = judging.refusal(text, MODULE, "v1.0.0")
        assert (found.status, found.reason.startswith(f"{MODULE}@v1.0.0: ")) == (502, True)
        assert judging.is_too_large(found.reason)
    assert not judging.is_too_large(judging.refusal(GIT, MODULE, "v1.0.0").reason)


def test_a_pack_beyond_the_limit_of_a_file_is_told_with_that_limit() -> None:
    found = judging.refusal(
        "git fetch -f origin: exit status 128:\n\tfatal: fetch-pack: invalid index-pack output", MODULE, "v1.0.0"
    )
    assert (found.status, "more than 2048 MiB" in found.reason) == (502, True)
    assert LIMITS["FSIZE"] == judging.MOST_FILE
