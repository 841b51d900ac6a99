"""The configuration of an nginx in front of the service."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from gosteward.cli.proxy_actions.places import add_store, store_of
from gosteward.errors import HEALTHY, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "print the configuration of an nginx in front of the service"
_PLAIN = re.compile(r"[A-Za-z0-9/._:*\[\]-]+")

HEAD = """\
# Inside of http {{ }}: for example /etc/nginx/conf.d/gosteward-proxy.conf
upstream gosteward_proxy {{
    server {address};
    keepalive 32;
}}

server {{
    listen {port};
    server_name {name};
    server_tokens off;
    # A path is not to be made another one: "//" is an error.
    merge_slashes off;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    # The errors of the service are its own words, as go acts by them.
    proxy_intercept_errors off;
    proxy_next_upstream off;
    # A file is passed on while it comes, and not written to the disk once more.
    proxy_max_temp_file_size 0;
    # The first bytes of a file may have to wait until the whole of it is proved.
    proxy_read_timeout 960s;
"""

# The store has files of canonical versions alone, which never change. Lists, @latest and branches lie elsewhere, as do files that are not whole.
HITS = """\

    root {store}/modules;
    open_file_cache max=20000 inactive=60s;
    open_file_cache_valid 60s;
    # A file that was not there may be there now.
    open_file_cache_errors off;

    # What is stored: by nginx. These names and no others, so that nothing else of the directory can be asked for.
    location ~ "^/([a-z0-9~_!-][a-z0-9._~!-]*/)+@v/v[0-9][a-z0-9.+_~!-]*\\.info$" {{
        types {{ }}
        default_type application/json;
        add_header Cache-Control "public, max-age=31536000, immutable";
        try_files $uri @gosteward;
    }}
    location ~ "^/([a-z0-9~_!-][a-z0-9._~!-]*/)+@v/v[0-9][a-z0-9.+_~!-]*\\.mod$" {{
        types {{ }}
        default_type "text/plain; charset=utf-8";
        add_header Cache-Control "public, max-age=31536000, immutable";
        try_files $uri @gosteward;
    }}
    location ~ "^/([a-z0-9~_!-][a-z0-9._~!-]*/)+@v/v[0-9][a-z0-9.+_~!-]*\\.zip$" {{
        types {{ }}
        default_type application/zip;
        add_header Cache-Control "public, max-age=31536000, immutable";
        try_files $uri @gosteward;
    }}
    location @gosteward {{
        proxy_pass http://gosteward_proxy;
    }}
"""

REST = """\

    # All else: by the service, which reads the path as the client wrote it.
    location / {{
        proxy_pass http://gosteward_proxy;
    }}
}}
"""


def add_arguments(parser: ArgumentParser) -> None:
    add_store(parser)
    parser.add_argument(
        "--listen", metavar="ADDR", default="127.0.0.1:3000", help="where the service listens (default: 127.0.0.1:3000)"
    )
    parser.add_argument("--port", metavar="ADDR", default="80", help="where nginx listens (default: 80)")
    parser.add_argument("--name", metavar="HOST", default="_", help="server_name (default: _)")
    parser.add_argument(
        "--ask-always", action="store_true",
        help="let the service answer everything: needed with --policy, --htpasswd, --tokens, which nginx knows nothing of",
    )  # fmt: skip


def run(options: Namespace) -> int:
    import os

    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost

    host = LocalHost(os.environ)
    store = store_of(options, host, user_with_id(host, os.geteuid()))
    for value in (store, options.listen, options.port, options.name):
        if not _PLAIN.fullmatch(value):
            raise UsageError("this cannot stand in the configuration of nginx", subject=value)
    address = f"127.0.0.1{options.listen}" if options.listen.startswith(":") else options.listen
    sys.stdout.write(configuration(store, address, options.port, options.name, ask_always=options.ask_always))
    return HEALTHY


def configuration(store: str, address: str, port: str, name: str, *, ask_always: bool = False) -> str:
    """What is printed."""
    template = HEAD + ("" if ask_always else HITS) + REST
    return template.format(store=store, address=address, port=port, name=name)
