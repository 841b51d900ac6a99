"""Readers of the policy of a module proxy, and of what it looks at in answers of others."""

from __future__ import annotations

from fuzz.target import Target, text_of
from gosteward.errors import UsageError
from gosteward.golang import version_ranges
from gosteward.modules import policy as rules
from gosteward.modules import policy_file
from gosteward.modules.policed_answers import stated_time

MODULE, VERSION = "example.com/lib", "v1.2.3"


def _policy(data: bytes) -> object:
    policy = policy_file.parse(data.decode("utf-8", "replace"), "/etc/gosteward/policy.toml")
    rule = rules.by_name(policy, MODULE, VERSION)
    return (
        policy,
        rule,
        rules.denied_whole(policy, MODULE),
        rules.age_wanted(policy, MODULE, VERSION),
        rules.largest(policy, MODULE, VERSION),
    )


def _retractions(data: bytes) -> object:
    found = version_ranges.retracted_by(text_of(data))
    return found, version_ranges.hold(found, VERSION)


TARGETS = {
    "module-policy": Target(
        _policy, errors=(UsageError,), words='default minimum_age maximum_zip private [[rule]] [[age]] [[size]] [[route]] netrc header_file helper allow deny versions = [ ] " <v1.2.3 7d'
    ),
    "version-range": Target(lambda data: version_ranges.parse(text_of(data)).holds(VERSION), errors=(ValueError,), words="< <= > >= = v1.2.3 , -rc.1"),
    "retractions": Target(_retractions, words="retract [ , ] ( ) v1.0.0 // module"),
    "stated-time": Target(lambda data: stated_time(data), words='{ } "Time" : "2026-11-28T10:00:00Z" + . Version'),
}  # fmt: skip
