"""Who may talk to the pages and what a page may load: trusted host names, same-origin writes, strict headers.

Host names: a DNS rebinding attack needs a name, so literal addresses are taken and names must be known.
Writes: browsers send `Origin` with every POST; `Sec-Fetch-Site` is not sent to plain-http addresses, so it only adds.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final

from flask import Flask, Response, abort, current_app, request


def policy(*scripts: str, connects: str = "") -> str:
    """Return what a page may load: from here alone.

    scripts: what else its scripts may do (CSP 3, `script-src`). connects: another origin that they may ask.
    """
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *scripts)),
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {connects}".rstrip(),
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


_HEADERS: Final = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_PROXIES: Final = frozenset({"FORWARDED", "X_FORWARDED_FOR", "X_REAL_IP"})
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PUBLIC: Final = ("/static/", "/manifest.webmanifest", "/service-worker.js", "/offline", "/ca.crt")
NAMES: Final = "COACH_HOST_NAMES"
TRUSTS_LOCAL: Final = "COACH_TRUSTS_LOCAL"


def install_security(app: Flask) -> None:
    """Guard every request of `app`.

    Its setting COACH_HOST_NAMES adds trusted host names; COACH_TRUSTS_LOCAL false wants a cookie of this machine, too.
    """
    app.config.setdefault(TRUSTS_LOCAL, True)
    own = socket.gethostname().lower()
    app.config.setdefault(NAMES, ())
    trusted = {"localhost", "coach.local", own, f"{own}.local", *(n.lower() for n in app.config[NAMES])}

    def guard() -> None:
        if not is_trusted_host(request.host, trusted):
            abort(400, "This address is not one of the coach's. Open it by the address that the coach printed.")
        if request.method not in _READS and not _is_same_origin():
            abort(403, "This request came from another site.")

    app.before_request(guard)
    app.after_request(_add_headers)


def host_name(host: str) -> str:
    """Return `host` without its port and brackets, lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if host.count(":") == 1 else host.lower()


def is_trusted_host(host: str, names: set[str]) -> bool:
    """Whether a Host header is a literal address or one of `names`."""
    name = host_name(host)
    if name.rstrip(".") in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_near(address: str, host: str, headers: Iterable[str]) -> bool:
    """Whether a request came from a browser on this very machine and not through a proxy. headers: their names."""
    if _PROXIES & {name.upper().replace("-", "_") for name in headers}:
        return False
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
    name = host_name(host)
    return is_loopback and (name == "localhost" or name == "::1" or name.startswith("127."))


def is_from_this_machine() -> bool:
    """Whether the request was made by a browser on this very machine and not through a proxy, and that is enough."""
    if not current_app.config[TRUSTS_LOCAL]:
        return False
    return is_near(request.remote_addr or "", request.host, request.headers.keys())


def _is_same_origin() -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin == request.host_url.rstrip("/")


def _add_headers(response: Response) -> Response:
    if not request.path.startswith(_PUBLIC):
        response.headers.setdefault("Cache-Control", "no-store")  # pain and positions stay out of a browser's cache
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
