"""Which module versions a proxy gives: look at a policy before it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions.places import add_store, add_upstream, here, store_of, upstream_of
from gosteward.cli.proxy_actions.vulnerabilities import add_vulnerabilities, known_vulnerabilities
from gosteward.errors import FINDINGS, HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.modules.answers import Refusal
    from gosteward.modules.policy import ModulePolicy
    from gosteward.modules.storage.disk import DiskStore

HELP = "look at a policy: what it says of a module version, or whether it can be read"


def add_arguments(parser: ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    check = steps.add_parser("check", help="read a policy, and say how many rules it has")
    check.add_argument("file", metavar="FILE")
    flags.add_language(check)
    test = steps.add_parser("test", help="say whether a module version may be had, and by which rule")
    test.add_argument("module", metavar="MODULE@VERSION")
    test.add_argument("--policy", metavar="FILE", required=True)
    test.add_argument(
        "--time", metavar="TIME", default="",
        help="when the version was made, 2026-11-28T10:00:00Z (default: by its .info, where its age counts)",
    )  # fmt: skip
    add_upstream(test, "to ask for the .info", none="")
    add_store(test)
    add_vulnerabilities(test)
    flags.add_language(test)


def run(options: Namespace) -> int:
    from gosteward.modules.policing import loaded

    policy = loaded(options.file if options.step == "check" else options.policy)
    words = flags.catalog(options.lang)
    if options.step == "check":
        text = Text(
            "{path} can be used; rules: {rules}, ages: {ages}, sizes: {sizes}, routes: {routes}",
            path=options.file,
            rules=str(len(policy.rules)),
            ages=str(len(policy.ages)),
            sizes=str(len(policy.sizes)),
            routes=str(len(policy.routes)),
        )
        print(visible(words.text(text)))
        for table, found in (("vulnerable", policy.vulnerable), ("licences", policy.licences)):
            if found is not None:
                print(visible(words.text(Text("it also judges by [{table}]", table=table))))
        return HEALTHY
    return _test(options, policy)


def _test(options: Namespace, policy: ModulePolicy) -> int:
    from gosteward.modules import policy as rules
    from gosteward.modules.requests import is_canonical

    module, _, version = options.module.partition("@")
    if not is_canonical(module, version):
        hint = "MODULE@VERSION, such as golang.org/x/text@v0.3.0"
        raise UsageError("this is no module with a whole version", subject=options.module, hint=hint)
    words = flags.catalog(options.lang)
    rule = rules.by_name(policy, module, version)
    refusal = rules.denial(rule, options.module) if not rule.allows else _vulnerable(options, policy, module, version)
    refusal = refusal or (_young(options, policy, module, version) if rule.allows else None)
    refusal = refusal or _unlicensed(options, policy, module, version)
    if refusal is not None:
        print(visible(words.text(Text("refused: {reason}", reason=refusal.reason))))
        return FINDINGS
    print(visible(words.text(Text("allowed: {module} ({place})", module=options.module, place=str(rule.place)))))
    print(visible(words.text(_origin(options, policy, module))))
    if policy.licences is not None and not _is_stored(options, module, version):
        print(visible(words.text(Text("its licence is judged when its zip is in the store"))))
    return HEALTHY


def _origin(options: Namespace, policy: ModulePolicy, module: str) -> Text:
    """Where a module comes from, and by what that place knows who asks."""
    from gosteward.modules import policy as rules
    from gosteward.modules.upstreams import upstreams

    host, me = here()
    route = rules.route_for(policy, module)
    behind = rules.upstreams_for(policy, module, upstreams(upstream_of(options, host, me)))
    if not behind:
        return Text("from the store alone")
    places = ", ".join(upstream.shown for upstream in behind)
    if route is None:
        return Text("from {places}", places=places)
    secret = behind[0].secret
    if secret is None:
        return Text("from {places} ({place})", places=places, place=str(route.place))
    return Text("from {places} ({place}; {secret})", places=places, place=str(route.place), secret=secret.shown)


def _vulnerable(options: Namespace, policy: ModulePolicy, module: str, version: str) -> Refusal | None:
    """Why its vulnerabilities refuse a version; None if they do not. Raises StewardError."""
    from gosteward.modules.policed_vulnerabilities import PolicedVulnerabilities, Told

    if policy.vulnerable is None:
        return None
    host, me = here()

    found = Told(known_vulnerabilities(options, store_of(options, host, me), host, me))
    return PolicedVulnerabilities(found).refusal(policy, module, version)


def _unlicensed(options: Namespace, policy: ModulePolicy, module: str, version: str) -> Refusal | None:
    """Why its licences refuse a version, if its zip is in the store; None if they do not, or it is not. Raises StewardError."""
    from gosteward.modules import policed_licences

    if policy.licences is None:
        return None
    store, path = _place_of_zip(options, module, version)
    stored = store.opened(path, use=False)
    if stored is None:
        return None
    with open(stored.descriptor, "rb") as file:
        found = policed_licences.licences_in(file.fileno(), module, version)
    return policed_licences.refusal(policy.licences, module, version, found)


def _is_stored(options: Namespace, module: str, version: str) -> bool:
    store, path = _place_of_zip(options, module, version)
    return store.status(path) is not None


def _place_of_zip(options: Namespace, module: str, version: str) -> tuple[DiskStore, str]:
    from gosteward.modules.requests import request_for
    from gosteward.modules.storage.disk import DiskStore

    host, me = here()
    return DiskStore(store_of(options, host, me)), request_for("zip", module, version).path


def _young(options: Namespace, policy: ModulePolicy, module: str, version: str) -> Refusal | None:
    """Why its age refuses a version; None if it does not. Raises UsageError."""
    import time

    from gosteward.modules import policy as rules
    from gosteward.modules.policed_answers import moment, stated_time

    wanted = rules.age_wanted(policy, module, version)
    if not wanted.seconds:
        return None
    if options.time:
        made = moment(options.time)
        if not made:
            raise UsageError("this is no time", subject=options.time, hint="such as 2026-11-28T10:00:00Z")
    else:
        made = stated_time(_info(options, policy, module, version))
    if not made:
        return rules.timeless(wanted, options.module)
    return rules.youth(wanted, options.module, time.time() - made)


def _info(options: Namespace, policy: ModulePolicy, module: str, version: str) -> bytes:
    """The .info of a version: from the store, else from who is asked for such modules. Raises UsageError: there is none."""
    import time

    from gosteward.modules import policy as rules
    from gosteward.modules.answers import Refusal
    from gosteward.modules.changing import asked
    from gosteward.modules.origins.local_files import LocalFiles
    from gosteward.modules.origins.upstream import UpstreamOrigin
    from gosteward.modules.requests import request_for
    from gosteward.modules.storage.disk import DiskStore
    from gosteward.modules.upstreams import upstreams
    from gosteward.toolchains.origins.web import Web

    host, me = here()
    path = request_for("info", module, version).path
    stored = DiskStore(store_of(options, host, me)).opened(path)
    if stored is not None:
        with open(stored.descriptor, "rb") as file:
            return file.read(stored.size)
    usual = upstreams(upstream_of(options, host, me))
    behind = rules.upstreams_for(policy, module, usual)
    origin = UpstreamOrigin(behind, Web(host, me), sources={"file": LocalFiles()})
    found = asked(origin, path, time.time)
    if isinstance(found, Refusal) or found.status != 200:
        said = found.reason if isinstance(found, Refusal) else found.body.decode("utf-8", "replace")
        hint = "give it by --time"
        raise UsageError(f"when it was made cannot be found out ({said[:300]})", subject=options.module, hint=hint)
    return found.body
