"""What a route of a policy may say about passwords, and what it may not."""

from __future__ import annotations

import pytest

from gosteward.errors import UsageError
from gosteward.modules import policy as rules
from gosteward.modules import policy_file
from gosteward.modules.upstreams import Secret

HERE = "https://athens.corp.example"


def route(lines: str, upstream: str = HERE) -> str:
    return f'[[route]]\nmodules = ["git.corp.example"]\nupstream = "{upstream}"\n{lines}\n'


@pytest.mark.parametrize(
    ("line", "secret", "shown"),
    [
        ('netrc = "/etc/g/netrc"', Secret("netrc", ("/etc/g/netrc",)), "netrc /etc/g/netrc"),
        ('header_file = "/etc/g/h"', Secret("header_file", ("/etc/g/h",)), "header_file /etc/g/h"),
        (
            'helper = ["/usr/bin/t", "--key=s3cret"]',
            Secret("helper", ("/usr/bin/t", "--key=s3cret")),
            "helper /usr/bin/t",
        ),
    ],
)
def test_a_route_has_one_kind_of_secret_for_all_its_upstreams(line: str, secret: Secret, shown: str) -> None:
    policy = policy_file.parse(route(line, f"{HERE}/a,{HERE}/b" if "header" not in line else HERE), "p.toml")
    assert {upstream.secret for upstream in policy.routes[0].upstreams} == {secret}
    assert secret.shown == shown
    assert rules.starts_programs(policy) == (secret.kind == "helper")


@pytest.mark.parametrize(
    ("line", "upstream", "said"),
    [
        ('netrc = "/n"\nheader_file = "/h"', HERE, "a route has one of netrc, header_file and helper: p.toml:1: netrc, header_file"),
        ('netrc = "n"', HERE, "the path is not absolute: p.toml:1: netrc"),
        ('helper = ["t"]', HERE, "the path is not absolute: p.toml:1: helper"),
        ('helper = "/usr/bin/t --key=s3cret"', HERE, "helper is a list such as"),
        ("helper = []", HERE, "helper is a list such as"),
        ('helper = ["/usr/bin/t", 1]', HERE, "helper is a list such as"),
        ("netrc = []", HERE, "netrc is a path: p.toml:1: netrc"),
        ('netrc = ""', HERE, "netrc is a path"),
        ('netrc = "/n"', "http://athens.corp.example", "no password is sent but over https: p.toml:1: netrc: http://athens.corp.example"),
        ('netrc = "/n"', f"{HERE},http://127.0.0.1:3000", "no password is sent but over https"),
        ('netrc = "/n"', "file:///srv/mirror", "no password is sent but over https"),
        ('netrc = "/n"', "https://ci:s3cret@athens.corp.example", "there is a password in the URL, too"),
        ('header_file = "/h"', f"{HERE},https://other.example", "a header file is for one server"),
        ('password = "s3cret"', HERE, "not a key of a policy: p.toml:1: password"),
    ],
)  # fmt: skip
def test_what_would_not_work_or_would_tell_others_is_an_error_that_tells_nothing(
    line: str, upstream: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        policy_file.parse(route(line, upstream), "p.toml")
    assert said in str(caught.value)
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"
