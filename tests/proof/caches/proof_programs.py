"""The server programs: how each is found, configured and started.

Tables only. Each text is the least that makes it a caching reverse proxy with its own
defaults; ``@EXTRA@`` takes what a setup adds. Which setups there are is in
``proof_servers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """A server program.

    Texts and arguments have marks: ``@FOLDER@`` its directory, ``@PORT@`` its own
    port, ``@ORIGIN@`` the origin's, ``@EXTRA@`` what a setup adds.

    Attributes:
        binary: Its name.
        needs: Other programs, and paths, that it cannot do without.
        packages: Debian packages that bring all of them.
        version: The arguments that make it say its version.
        arguments: Those that run it, in the foreground.
        files: Its configuration, by name in the folder; ``""`` for a directory.
        ready: What it prints when it is ready, where listening is not enough.
    """

    binary: str
    packages: tuple[str, ...]
    version: str
    arguments: str
    files: Mapping[str, str]
    needs: tuple[str, ...] = ()
    ready: str = field(default="")


_NGINX = """
daemon off;
worker_processes 1;
pid @FOLDER@/pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path @FOLDER@/body;
    proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi;
    uwsgi_temp_path @FOLDER@/uwsgi;
    scgi_temp_path @FOLDER@/scgi;
    CACHE_PATH
    server {
        listen 127.0.0.1:@PORT@;
        keepalive_requests 1000000;
        location / {
            proxy_pass http://127.0.0.1:@ORIGIN@;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_next_upstream off;
            CACHE_USE
            @EXTRA@
        }
    }
}
"""
_NGINX_ARGUMENTS = "-e stderr -p @FOLDER@ -c @FOLDER@/nginx.conf"

NGINX = Program(
    "nginx",
    ("nginx",),
    "-v",
    _NGINX_ARGUMENTS,
    {
        "nginx.conf": _NGINX.replace(
            "CACHE_PATH", "proxy_cache_path @FOLDER@/cache keys_zone=z:8m;"
        ).replace(
            "CACHE_USE",
            "proxy_cache z; add_header X-Cache-Status $upstream_cache_status always;",
        )
    },
)

#: The same without a cache: what stands between, and changes fields.
HOP = Program(
    "nginx",
    ("nginx",),
    "-v",
    _NGINX_ARGUMENTS,
    {"nginx.conf": _NGINX.replace("CACHE_PATH", "").replace("CACHE_USE", "")},
)

VARNISH = Program(
    "varnishd",
    ("varnish", "gcc", "libc6-dev"),
    "-V",
    "-F -j none -n @FOLDER@/work -T none -a 127.0.0.1:@PORT@ -f @FOLDER@/own.vcl"
    " -s malloc,32m",
    {
        "own.vcl": """
vcl 4.1;
import std;
backend default { .host = "127.0.0.1"; .port = "@ORIGIN@"; }
@EXTRA@
"""
    },
    needs=("gcc",),  # it compiles its configuration
    ready="Child launched OK",
)

SQUID = Program(
    "squid",
    ("squid",),
    "-v",
    "-N -d 1 -f @FOLDER@/squid.conf",
    {
        "squid.conf": """
http_port 127.0.0.1:@PORT@ accel vhost
cache_peer 127.0.0.1 parent @ORIGIN@ 0 no-query no-digest originserver login=PASSTHRU
never_direct allow all
http_access allow all
forward_max_tries 1
@EXTRA@
refresh_pattern . 0 20% 4320
cache_mem 16 MB
access_log none
cache_log @FOLDER@/cache.log
pid_filename none
netdb_filename none
pinger_enable off
coredump_dir @FOLDER@
visible_hostname proof
shutdown_lifetime 0 seconds
"""
    },
)

APACHE = Program(
    "apache2",
    ("apache2",),
    "-v",
    "-DFOREGROUND -d @FOLDER@ -f @FOLDER@/apache.conf",
    {
        "cache": "",
        "apache.conf": """
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule cache_module /usr/lib/apache2/modules/mod_cache.so
DefaultRuntimeDir @FOLDER@
PidFile @FOLDER@/pid
ErrorLog /dev/stderr
Listen 127.0.0.1:@PORT@
ServerName 127.0.0.1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
KeepAliveTimeout 60
MaxKeepAliveRequests 0
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:@ORIGIN@/ retry=0 nocanon
CacheQuickHandler on
@EXTRA@
""",
    },
    needs=("/usr/lib/apache2/modules/mod_cache.so",),
)

HAPROXY = Program(
    "haproxy",
    ("haproxy",),
    "-v",
    "-db -f @FOLDER@/haproxy.cfg",
    {
        "haproxy.cfg": """
global
    maxconn 256
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    # else a refused connection costs three seconds
    retries 0
cache c
    total-max-size 4
    max-age 3600
    process-vary on
frontend front
    bind 127.0.0.1:@PORT@
    default_backend back
backend back
    http-request cache-use c
    @EXTRA@
    http-response cache-store c
    server origin 127.0.0.1:@ORIGIN@
"""
    },
)

TRAFFIC_SERVER = Program(
    "traffic_server",
    ("trafficserver",),
    "-V",
    "--run-root=@FOLDER@/runroot.yaml",
    {
        "cache": "",
        "log": "",
        "run": "",
        "runroot.yaml": """
prefix: /usr
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: @FOLDER@
datadir: @FOLDER@/cache
includedir: /usr/include
libdir: /usr/lib/trafficserver
libexecdir: /usr/lib/trafficserver/modules
localstatedir: @FOLDER@
runtimedir: @FOLDER@/run
logdir: @FOLDER@/log
cachedir: @FOLDER@/cache
""",
        "remap.config": "map / http://127.0.0.1:@ORIGIN@/\n",
        "storage.config": "@FOLDER@/cache 32M\n",
        "ip_allow.yaml": """
ip_allow:
  - {apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL}
""",
        "records.config": """
CONFIG proxy.config.http.server_ports STRING @PORT@:ip-in=127.0.0.1
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 2
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.diags.output.note STRING E
CONFIG proxy.config.diags.output.error STRING E
CONFIG proxy.config.diags.output.fatal STRING E
CONFIG proxy.config.url_remap.remap_required INT 1
CONFIG proxy.config.url_remap.pristine_host_hdr INT 1
CONFIG proxy.config.http.cache.http INT 1
CONFIG proxy.config.http.connect_attempts_max_retries INT 0
CONFIG proxy.config.http.connect_attempts_max_retries_dead_server INT 0
CONFIG proxy.config.http.down_server.cache_time INT 0
@EXTRA@
""",
    },
    ready="cache enabled",
)
