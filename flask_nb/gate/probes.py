"""Whether an address leads here: the kernel asks it, and the gate sees what arrives."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask_nb import gate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PING = "/__flask_nb_ping"
"""The path that the gate answers itself."""


class Probe:
    """A request that the kernel sends to itself by way of an address.

    :param nonce: its query, which nobody else knows.
    :ivar has_arrived: whether it came here.
    :ivar prefix: the prefix that was taken off its path on the way.
    """

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self.has_arrived = False
        self.prefix = ""


class Probes:
    """The probes of a kernel that are on their way."""

    def __init__(self) -> None:
        self._expected: dict[str, Probe] = {}

    @contextmanager
    def expecting(self) -> Iterator[Probe]:
        """Expect a probe within a block."""
        probe = Probe(secrets.token_urlsafe(16))
        self._expected[probe.nonce] = probe
        try:
            yield probe
        finally:
            del self._expected[probe.nonce]

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer a request for :data:`PING`, and note what it tells if it is one of ours."""
        probe = self._expected.get(environ.get("QUERY_STRING", ""))
        if probe is not None:
            probe.prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
            probe.has_arrived = True
        return gate.text_page("200 OK", "flask_nb\n", environ, start_response)
