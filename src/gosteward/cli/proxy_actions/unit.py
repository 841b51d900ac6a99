"""Units of systemd for the service."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from gosteward.errors import HEALTHY, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "print the systemd units for the service"
NAME = "gosteward-proxy"
# MemoryMax and TasksMax. A go that makes a zip of 500 MiB takes 1.1 GiB, its git 0.3 GiB, and four of them run at once.
PLAIN, WITH_CHECKOUT = ("1G", 256), ("6G", 1024)

SOCKET = """\
# /etc/systemd/system/{name}.socket
[Unit]
Description=Go module proxy, socket

[Socket]
ListenStream={listen}
Backlog=1024

[Install]
WantedBy=sockets.target
"""

SERVICE = """\
# /etc/systemd/system/{name}.service
[Unit]
Description=Go module proxy
Documentation=man:gosteward(1)
Requires={name}.socket
After=network-online.target {name}.socket
Wants=network-online.target

[Service]
Type=notify
ExecStart={program} proxy serve --store /var/lib/{name} --listen {address}
User={name}
Group={name}
StateDirectory={name}
StateDirectoryMode=0755
UMask=0022
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
LimitNOFILE=16384
MemoryMax={memory}
TasksMax={tasks}
# Where memory runs out, the program that takes most of it ends (go and git, if there are any), and the service goes on.
OOMPolicy=continue

# It writes to its state directory, and to nothing else.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
PrivateMounts=yes
RemoveIPC=yes

# It opens connections. What it starts (git, for the upstream `checkout`; helpers of a policy) has no more rights.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @mount @debug
SystemCallErrorNumber=EPERM

# It sees no other process, and nothing of the kernel.
ProtectProc=invisible
ProcSubset=pid
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes

[Install]
WantedBy=multi-user.target
Also={name}.socket
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("kind", choices=("service", "socket"), help="which of the two")
    parser.add_argument(
        "--listen", metavar="ADDR", default="127.0.0.1:3000", help="HOST:PORT or unix:/PATH (default: 127.0.0.1:3000)"
    )
    parser.add_argument("--program", metavar="PATH", default="", help="the gosteward to start (default: this one)")
    parser.add_argument(
        "--checkout", action="store_true", help="with room for the go and the git of the upstream `checkout`"
    )


def run(options: Namespace) -> int:
    listen = options.listen
    if any(c.isspace() or c in '%"\\' for c in listen + options.program) or not listen:
        raise UsageError("this cannot stand in a unit", subject=options.program or listen)
    program = os.path.abspath(options.program or shutil.which(sys.argv[0]) or sys.argv[0])
    path = (
        listen[len("unix:") :]
        if listen.startswith("unix:")
        else listen.lstrip(":")
        if listen.startswith(":")
        else listen
    )
    template = SERVICE if options.kind == "service" else SOCKET
    memory, tasks = WITH_CHECKOUT if options.checkout else PLAIN
    text = template.format(name=NAME, program=program, address=listen, listen=path, memory=memory, tasks=tasks)
    sys.stdout.write(text)
    return HEALTHY
