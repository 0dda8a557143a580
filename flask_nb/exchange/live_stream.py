"""An answer that has no end, read piece by piece for as long as somebody listens."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress

from .reading import CHUNK
from .recorder import KEY_HEADER, Recorder
from .request import Request

_CONNECT_SECONDS = 10.0


class LiveStream:
    """One answer of the server that is read while it comes.

    :param request: what is asked.
    :param recorder: says whose request it is.
    :param address: the server's host and port.
    """

    def __init__(self, request: Request, recorder: Recorder, address: tuple[str, int]) -> None:
        self._request = request
        self._recorder = recorder
        self._connection = http.client.HTTPConnection(*address, timeout=_CONNECT_SECONDS)
        self._socket: socket.socket | None = None
        self._is_closed = threading.Event()

    def read(self, receive: Callable[[bytes], object]) -> int:
        """Hand over each piece as it comes; return the status when the answer has ended.

        :raises OSError: the server cannot be reached.
        :raises http.client.HTTPException: what it says is no HTTP.
        """
        recording = self._recorder.expect()
        try:
            with closing(self._connection):
                self._send(recording.key)
                with closing(self._connection.getresponse()) as response:
                    if response.status == 200:
                        self._read(response, receive)
                    return response.status
        finally:
            self._recorder.forget(recording)

    def _send(self, key: str) -> None:
        self._connection.connect()
        self._socket = self._connection.sock
        if self._is_closed.is_set():
            raise ConnectionAbortedError
        request = self._request
        self._connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in (*request.wire_headers(), (KEY_HEADER, key)):
            self._connection.putheader(name, value.encode("latin-1", "replace"))
        self._connection.endheaders(request.body)

    def _read(self, response: http.client.HTTPResponse, receive: Callable[[bytes], object]) -> None:
        assert self._socket is not None
        self._socket.settimeout(None)  # a stream may be silent for as long as it likes
        with suppress(OSError, http.client.HTTPException, ValueError):
            while not self._is_closed.is_set() and (chunk := response.read1(CHUNK)):
                receive(chunk)

    def close(self) -> None:
        """End it, from whatever thread."""
        self._is_closed.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
