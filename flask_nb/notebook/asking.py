"""Asking an address whether it leads to this kernel, with a deadline that holds whatever comes."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_nb.gate import OTHER_USER, Probe

__all__ = ["DEADLINE", "Answer", "ask"]

#: Seconds that an address may take: a cell waits for it.
DEADLINE = 1.5

_ENOUGH = 2000


@dataclass(frozen=True)
class Answer:
    """What became of a request to an address.

    :param has_arrived: whether it came to this kernel, and the answer came back.
    :param prefix: what had been taken off its path.
    :param status: the status of the answer; 0 if there was none.
    :param said: why there was none.
    :param is_refused: whether the request came to this kernel, or to one like it, as another user's.
    """

    has_arrived: bool = False
    prefix: str = ""
    status: int = 0
    said: str = ""
    is_refused: bool = False


def ask(url: str, headers: Mapping[str, str], probe: Probe) -> Answer:
    """Send a GET, by no proxy that the environment names and without following a redirect."""
    connection = _connection(url)
    outcome: Future[tuple[int, bytes]] = Future()
    path = urlsplit(url)._replace(scheme="", netloc="").geturl()

    def run() -> None:
        try:
            connection.request("GET", path, headers=dict(headers))
            response = connection.getresponse()
            outcome.set_result((response.status, response.read(_ENOUGH)))
        except BaseException as exc:
            outcome.set_exception(exc)
        finally:
            connection.close()

    # In a thread: a timeout of a socket is one for each byte, and names are resolved without any.
    threading.Thread(target=run, name="flask_nb-probe", daemon=True).start()
    if not wait([outcome], DEADLINE).done:
        _cut(connection)
        return Answer(said=f"no answer within {DEADLINE:g} s")
    if (exc := outcome.exception()) is not None:
        return Answer(said=_explained(exc))
    status, body = outcome.result()
    is_refused = status == 403 and OTHER_USER.encode() in body
    return Answer(probe.has_arrived and status == 200, probe.prefix, status, is_refused=is_refused)


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        import ssl  # seldom, and slow to load

        # A server of one's own often has a certificate of its own: the nonce proves what was reached.
        context = ssl._create_unverified_context() if _is_own(host) else ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=DEADLINE, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=DEADLINE)


def _is_own(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1", socket.gethostname())


def _cut(connection: http.client.HTTPConnection) -> None:
    """Let the thread that waits for an answer end."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _explained(exc: BaseException) -> str:
    if isinstance(exc, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(exc, TimeoutError):
        return f"no answer within {DEADLINE:g} s"
    return f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__
