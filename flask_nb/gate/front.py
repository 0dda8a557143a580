"""The address by which a front end reaches a server through a proxy, and what changes behind one.

A proxy that takes a prefix off each path says so in ``X-Forwarded-Prefix``. A page can send that header as
well, so it counts only where the kernel itself has found this proxy, and only from this machine.

Redirects are answered with relative references (RFC 9110 §10.2.2): some proxies put their prefix before a
path of the app and others do not (jupyter-server-proxy 4.6 does, even where it stands already).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flask_nb import gate

from .names import Authority

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Front(NamedTuple):
    """Where browsers reach a server through a proxy.

    :param prefix: the path that the proxy takes off, without a slash at its end; may be empty.
    :param host: the name that browsers know it by, with a port where it is not usual; empty if unknown.
    :param scheme: ``http`` or ``https``; empty if unknown.
    :param process: the process that is the proxy, if it is one of this machine.
    """

    prefix: str
    host: str = ""
    scheme: str = ""
    process: int | None = None

    def has_sent(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request came through this proxy, and had the prefix taken off."""
        prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
        return bool(prefix) and prefix == self.prefix and gate.is_over_loopback(environ)

    def admits(self, host: str, environ: WSGIEnvironment) -> bool:
        """Return whether this Host is the proxy's own.

        What a hub is called its kernels do not know. But where the very process that has started this kernel
        passes a request on, it has admitted the Host, and whoever asks, already.
        """
        if self.process is not None and self.has_sent(environ) and gate.is_held_by(environ, self.process):
            return Authority.parse(host) is not None
        ours, theirs = Authority.parse(self.host), Authority.parse(host)
        return ours is not None and theirs is not None and ours.name == theirs.name

    def scheme_of(self, environ: WSGIEnvironment) -> str:
        """Return how the browser has sent a request that came through this proxy."""
        first = environ.get("HTTP_X_FORWARDED_PROTO", "").partition(",")[0].strip().lower()
        said = first if first in ("http", "https") else ""
        return self.scheme or said or str(environ.get("wsgi.url_scheme", "http"))

    def answering(self, environ: WSGIEnvironment, start_response: StartResponse) -> StartResponse:
        """Return a ``start_response`` that makes paths right for the browser."""
        path = str(environ.get("REQUEST_URI") or environ.get("PATH_INFO", "")).partition("?")[0]

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            headers = [(name, self._fitting(name.lower(), value, path)) for name, value in headers]
            return start_response(status, headers, *([exc_info] if exc_info else []))

        return start

    def _fitting(self, name: str, value: str, path: str) -> str:
        if name == "location":
            return self._relative(value, path)
        return self._within(value) if name == "set-cookie" else value

    def _relative(self, target: str, path: str) -> str:
        """Return a path of the app as seen from another one, whatever stands before both."""
        if not target.startswith("/") or target.startswith("//"):
            return target
        if target == self.prefix or target.startswith((f"{self.prefix}/", f"{self.prefix}?")):
            target = target[len(self.prefix) :]
        up = "../" * (path.count("/") - 1)
        return f"{up or './'}{target.removeprefix('/')}"

    def _within(self, cookie: str) -> str:
        """Keep a cookie from other apps behind the same proxy, and from what runs there besides."""
        content, *attributes = cookie.split(";")
        if content.startswith("__Host-"):  # it must be for the whole host, or browsers drop it
            return cookie
        return ";".join([content, *map(self._attribute_within, attributes)])

    def _attribute_within(self, attribute: str) -> str:
        name, _, path = attribute.partition("=")
        path = path.strip()
        is_within = path == self.prefix or path.startswith(f"{self.prefix}/")
        if name.strip().lower() != "path" or not path.startswith("/") or is_within:
            return attribute
        return f"{name}={self.prefix}{path}"
