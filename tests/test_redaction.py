"""What `snapshot --redact` masks, and that it masks nothing that rules need."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.recording import encode_snapshot
from gosteward.redaction import line_without_secrets, redacted
from gosteward.snapshot import Context, EnvironmentVariable, Location, Machine, NetworkCheck, Setting, Snapshot, User

SECRETS = ("hunter2secret", "ghp_abcdefghijklmnop1234", "glpat-ABCDEFGHIJKLMNOP12", "s3cr3t-value", "alice", "build17")


def snapshot() -> Snapshot:
    line = "export GOPROXY=https://alice:hunter2secret@proxy.example/go GITHUB_TOKEN=ghp_abcdefghijklmnop1234"
    place = Location("/home/alice/.profile", 3, line)
    return Snapshot(
        machine=Machine(hostname="build17.corp.example"),
        user=User(name="alice", uid=1000, home="/home/alice"),
        contexts=(
            Context(
                name="bash-login",
                kind="login",
                variables=(
                    EnvironmentVariable(
                        "GOPROXY", "https://alice:hunter2secret@proxy.example/go?key=s3cr3t-value", (place,)
                    ),
                    EnvironmentVariable("GOAUTH", "netrc s3cr3t-value"),
                ),
            ),
        ),
        go_settings=(Setting("GOPROXY", "https://oauth2:glpat-ABCDEFGHIJKLMNOP12@git.example", "environment", place),),
        network=(NetworkCheck(kind="goproxy", url="https://x:hunter2secret@proxy.example"),),
    )


def test_secrets_and_names_are_gone_and_the_rest_stays() -> None:
    text = encode_snapshot(redacted(snapshot()))
    for secret in SECRETS:
        assert secret not in text, secret
    for kept in ("/home/user/.profile", "proxy.example", "GOPROXY", "bash-login", "https://***@"):
        assert kept in text, kept


def test_a_user_named_like_a_system_directory_does_not_move_it() -> None:
    place = Location("/home/dev/.profile", 1, "go build >/dev/null # for dev")
    hidden = redacted(
        Snapshot(user=User(name="dev"), go_settings=(Setting("GOPATH", "/home/dev/go", "environment", place),))
    )
    assert hidden.go_settings[0].location == Location("/home/user/.profile", 1, "go build >/dev/null # for user")


def test_names_of_everybody_stay() -> None:
    plain = Snapshot(user=User(name="root", home="/root"), machine=Machine(hostname="localhost"))
    assert redacted(plain) == plain


def test_a_password_with_a_slash_in_it_is_a_password() -> None:
    for line in ("http_proxy=http://dev:pa/ss#1@proxy:3128/", "http_proxy=http://dev:pa#s@s@proxy:3128/"):
        assert line_without_secrets(line) == "http_proxy=http://***@proxy:3128/"
    for line in ("GOPROXY=http://nexus:8081/repo/@v/x", "see http://host:3000/a@v1.0.0"):
        assert line_without_secrets(line) == line


@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_a_second_time_changes_nothing(text: str) -> None:
    once = redacted(Snapshot(root=text))
    assert redacted(once) == once
