"""What the go command is asked, with which environment, and what its answer means in the protocol of module proxies. Pure.

The environment has nothing of ours: a GOFLAGS, a GOPROXY or a GIT_SSH_COMMAND of the server's would change what modules are.

Source: go help environment; go.dev/ref/mod#environment-variables; git(1), git-config(1), "Environment Variables"; ssh_config(5).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.golang import gomod
from gosteward.golang.modulepaths import covers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.modules.requests import ModuleRequest

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
SILENCE = 120  # seconds in which a server has to send something
# What may be said of the network outside: how it is reached, and who is believed there.
NETWORK = (
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
# Nothing of a repository is run, nothing goes on in the background, and what is fetched comes as one file, which has a limit.
_GIT = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fetch.unpackLimit": "1",
    "transfer.unpackLimit": "1",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "transfer.bundleURI": "false",
    "protocol.allow": "never",
}
_SSH = (
    "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "IdentityAgent=none", "ForwardAgent=no", "ClearAllForwardings=yes",
    "PermitLocalCommand=no", "ConnectTimeout=15", "ServerAliveInterval=15", "ServerAliveCountMax=2",
)  # fmt: skip


class Home(NamedTuple):
    """What the administrator prepared.  path: "" for none.   has_ssh: there is a .ssh.   ssh_config: there is one in it.   keys: paths."""

    path: str = ""
    has_ssh: bool = False
    ssh_config: bool = False
    keys: tuple[str, ...] = ()


class Rooms(NamedTuple):
    """Directories of one run.  top: of all.   cache: GOMODCACHE."""

    top: str
    cache: str


class Toolchains(NamedTuple):
    """Where go gets a newer one from.  proxies: as GOPROXY, "" for nowhere.   database: as GOSUMDB, which proves it."""

    proxies: str = ""
    database: str = ""


def argv(goroot: str, request: ModuleRequest) -> tuple[str, ...]:
    """The command that answers a request."""
    go = f"{goroot}/bin/go"
    if request.kind == "list":
        # Retracted versions, too: the client has to see the retraction, and decides. Without "@latest" only tags are read, and nothing is fetched.
        return (go, "list", "-m", "-json", "-versions", "-retracted", "--", request.module)
    if request.kind == "latest":
        return (go, "list", "-m", "-json", "--", f"{request.module}@latest")
    if request.kind == "zip":
        return (go, "mod", "download", "-json", "--", f"{request.module}@{request.version}")
    return (go, "list", "-m", "-json", "--", f"{request.module}@{request.version}")


def explaining(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command that says why go found no protocol to speak to a repository: it shows what git said."""
    asked = command[-1]
    return (command[0], "list", "-m", "-v", "-json", "--", asked if "@" in asked else f"{asked}@latest")


def environment(
    goroot: str, rooms: Rooms, home: Home, network: Mapping[str, str], module: str, insecure: str
) -> dict[str, str]:
    """All of the environment of a go command.

    Args:
        network: the environment of this process.   insecure: patterns as in GOINSECURE, of modules that may come without TLS.
    """
    plain = covers(insecure, module)
    protocols = ["https", *(["http"] if plain else []), *(["ssh"] if home.has_ssh else [])]
    settings = {**_GIT, **{f"protocol.{name}.allow": "always" for name in protocols}}
    found = {name: network[name] for name in NETWORK if network.get(name)}
    found |= {
        theirs: found[ours]
        for ours, theirs in (("SSL_CERT_FILE", "GIT_SSL_CAINFO"), ("SSL_CERT_DIR", "GIT_SSL_CAPATH"))
        if ours in found
    }
    return {
        **found,
        "PATH": f"{goroot}/bin:{SYSTEM_PATH}",
        "LC_ALL": "C",
        "HOME": home.path or f"{rooms.top}/home",
        "XDG_CONFIG_HOME": f"{rooms.top}/config",
        "TMPDIR": f"{rooms.top}/tmp",
        "GOMODCACHE": rooms.cache,
        "GOPATH": f"{rooms.top}/gopath",
        "GOCACHE": f"{rooms.top}/build",
        "GOENV": "off",
        "GOWORK": "off",
        "GO111MODULE": "on",
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "direct",
        "GOSUMDB": "off",
        "GOVCS": "*:git",
        "GOINSECURE": module if plain else "",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",  # there, and empty: then core.askPass and SSH_ASKPASS are not looked at
        "GIT_ALLOW_PROTOCOL": ":".join(protocols),
        "GIT_CEILING_DIRECTORIES": rooms.top,
        # While a server packs a large repository, it sends five bytes every five seconds, if anything (uploadpack.keepAlive).
        "GIT_HTTP_LOW_SPEED_LIMIT": "1",
        "GIT_HTTP_LOW_SPEED_TIME": str(SILENCE),
        "GIT_SSH_VARIANT": "ssh",
        "GIT_SSH_COMMAND": ssh_command(home),
        **_as_variables(settings),
    }


def with_toolchains(plain: Mapping[str, str], module: str, toolchains: Toolchains) -> dict[str, str]:
    """The environment in which go may take the go that a module wants, from proxies and proved by a database; the module itself comes as before."""
    return {
        **plain, "GOTOOLCHAIN": "auto", "GOPROXY": toolchains.proxies, "GOSUMDB": toolchains.database, "GONOPROXY": module, "GONOSUMDB": module,
    }  # fmt: skip


def ssh_command(home: Home) -> str:
    """How git starts ssh. git gives it to a shell: paths of the home have no characters that mean something there, see `admin_home`."""
    config = f"{home.path}/.ssh/config" if home.ssh_config else "/dev/null"
    # ssh looks into the home of the account, and not into HOME.
    known = f"UserKnownHostsFile={home.path}/.ssh/known_hosts" if home.has_ssh else "UserKnownHostsFile=/dev/null"
    words = ["ssh", "-F", config, *(f"-o{option}" for option in (*_SSH, known)), *(f"-i{key}" for key in home.keys)]
    return " ".join(words)


def _as_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings of git that no file can undo. Source: git-config(1), GIT_CONFIG_COUNT."""
    found = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        found[f"GIT_CONFIG_KEY_{number}"], found[f"GIT_CONFIG_VALUE_{number}"] = key, value
    return found


def said(output: bytes) -> dict[str, Any]:
    """What go says of the one module that it was asked for; {} where that is no JSON object."""
    try:
        found = json.loads(output)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def error_of(found: Mapping[str, Any]) -> str:
    """The error in what go says; "" for none. Source: cmd/go/internal/modinfo (`ModuleError`), cmd/go/internal/modcmd (`ModuleJSON`)."""
    error = found.get("Error", "")
    if isinstance(error, dict):
        error = error.get("Err", "")
    return error if isinstance(error, str) else ""


def listing(found: Mapping[str, Any]) -> bytes | None:
    """The answer to a list; None if go said none that makes sense."""
    versions = found.get("Versions") or []
    if not isinstance(versions, list) or not all(isinstance(one, str) and gomod.is_version(one) for one in versions):
        return None
    return "".join(f"{version}\n" for version in versions).encode()


def info(found: Mapping[str, Any]) -> bytes | None:
    """The answer to @latest, a branch or a commit: what a version is, when it was made, and of what; None if go does not say it."""
    version, when = found.get("Version"), found.get("Time")
    if not isinstance(version, str) or not gomod.is_version(version) or not isinstance(when, str):
        return None
    origin = {"Origin": found["Origin"]} if isinstance(found.get("Origin"), dict) else {}
    return json.dumps({"Version": version, "Time": when, **origin}, separators=(",", ":")).encode()
