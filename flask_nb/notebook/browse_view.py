"""The kernel's side of a view of ``%browse``: takes its messages, asks the app, and answers."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from werkzeug.http import HTTP_STATUS_CODES, parse_options_header

from flask_nb.errors import FlaskNbError
from flask_nb.exchange import FileClient
from flask_nb.exchange.live_stream import LiveStream
from flask_nb.exchange.page_request import (
    MAX_BODY,
    MAX_IN_FLIGHT,
    PageRequest,
    PageRequestError,
    shown_headers,
)
from flask_nb.panel import Display, PanelExchanger, PanelResponse
from flask_nb.panel.body import Body
from flask_nb.panel.used_page import summary_of, used_page

Message = dict[str, Any]
Send = Callable[[Message, list[bytes]], object]

_MAX_STREAMS = 6
_TOO_MANY = f"More than {MAX_IN_FLIGHT} requests of the page are on their way. Wait for their answers."
_TOO_MANY_STREAMS = f"The page listens to more than {_MAX_STREAMS} event streams, as no browser lets it."
_NO_STREAM = "An event stream needs the server, and here the app is called without one."


class BrowseView:
    """One view, and what it may do: ask one app.

    :param client: sends the requests, with the app's cookie jar.
    :param host: the name under which the app is asked.
    :param timeout: asked for the seconds that an answer may take.
    :param address: where the app's server is, None where there can be none.
    :param tab: asked for the address of a path in a tab of its own, empty for none.
    :param first: the answer that the view begins with.
    """

    def __init__(
        self,
        client: PanelExchanger,
        host: str,
        timeout: Callable[[], float],
        address: Callable[[], tuple[str, int]] | None,
        tab: Callable[[str], str],
        first: PanelResponse,
    ) -> None:
        self._client = client
        self._host = host
        self._timeout = timeout
        self._address = address
        self._tab = tab
        self._first: PanelResponse | None = first
        self._send: Send = lambda message, buffers: None
        self._lock = threading.Lock()
        self._in_flight = 0
        self._streams: dict[tuple[str, int], LiveStream | None] = {}
        self.is_open = True
        self._has_moved = False

    def connect(self, send: Send) -> None:
        """Answer over *send* from now on."""
        self._send = send

    def close(self) -> None:
        """Answer no more, and end the event streams."""
        self.is_open = False
        self._end_streams()

    def move(self) -> None:
        """Say that a later view shows the app, also to a front end that draws this one only then; close."""
        self._has_moved = True
        self.push("moved")
        self.close()

    def push(self, kind: str, said: str = "") -> None:
        """Tell all views of the widget something that nobody has asked for.

        :param said: in words, where the view only passes it on.
        """
        self._send({"kind": kind, "said": said}, [])

    def hear(self, message: object, buffers: Sequence[Any]) -> None:
        """Take a message of the front end; what is none of those that a view sends is dropped."""
        if not isinstance(message, dict):
            return
        if not self.is_open:
            if self._has_moved and message.get("kind") == "open":
                self.push("moved")
            return
        view, number, kind = (message.get(name) for name in ("view", "id", "kind"))
        if not isinstance(view, str) or len(view) > 64:
            return
        if kind == "closed":
            self._end_streams(view)
        elif isinstance(number, int):
            actions = {
                "open": self._open,
                "page": self._ask,
                "fetch": self._ask,
                "stream": self._stream,
                "cancel": self._cancel,
                "address": self._tell_address,
            }
            if isinstance(kind, str) and kind in actions:
                actions[kind](message, bytes(buffers[0]) if buffers else b"")

    # --- requests ---

    def _open(self, message: Message, body: bytes) -> None:
        """Begin with what the cell itself has asked for, and ask again when the view is opened again."""
        first, self._first = self._first, None
        if first is None:
            self._ask({**message, "kind": "page", "method": "GET"}, b"")
        else:
            self._begin(message, lambda: self._page_answer(first))

    def _ask(self, message: Message, body: bytes) -> None:
        try:
            asked = PageRequest.parse(message, body)
        except PageRequestError as exc:
            self._reply(message, {"error": str(exc)})
            return
        self._begin(message, lambda: self._answer(asked))

    def _begin(self, message: Message, work: Callable[[], tuple[Message, bytes]]) -> None:
        """Work in a thread of its own: this one is needed for the next message."""
        with self._lock:
            if self._in_flight >= MAX_IN_FLIGHT:
                self._reply(message, {"error": _TOO_MANY})
                return
            self._in_flight += 1
        if self._address is None:
            self._work(message, work)
        else:
            threading.Thread(target=self._work, args=(message, work), daemon=True).start()

    def _work(self, message: Message, work: Callable[[], tuple[Message, bytes]]) -> None:
        try:
            answer, body = work()
        except FlaskNbError as exc:
            answer, body = {"error": str(exc)}, b""
        except Exception as exc:  # the view waits for an answer, whatever has gone wrong
            answer, body = {"error": f"{type(exc).__name__}: {exc}"}, b""
        finally:
            with self._lock:
                self._in_flight -= 1
        self._reply(message, answer, body)

    def _reply(self, message: Mapping[str, Any], answer: Message, body: bytes = b"") -> None:
        if self.is_open:
            kind = {"kind": "answer"} | answer
            self._send({**kind, "view": message["view"], "id": message["id"]}, [body] if body else [])

    def _answer(self, asked: PageRequest) -> tuple[Message, bytes]:
        request = asked.made(self._host, self._timeout(), takes_streams=not asked.is_page)
        response = self._client.send(request, asked.follow, Display(scripts=True))
        return self._page_answer(response) if asked.is_page else self._fetch_answer(response)

    def _fetch_answer(self, response: PanelResponse) -> tuple[Message, bytes]:
        body = response.get_data()
        if len(body) > MAX_BODY:
            return {"error": f"The answer has {len(body):,} bytes. A page here can read 8 MB at most."}, b""
        return {
            **_head(response),
            "headers": [list(pair) for pair in shown_headers(response.headers)],
            "redirected": bool(response.history),
        }, body

    def _page_answer(self, response: PanelResponse) -> tuple[Message, bytes]:
        answer = {**_head(response), "summary": summary_of(response), "failed": response.status_code >= 500}
        body = Body(response.exchange, response.display)
        disposition = parse_options_header(response.headers.get("Content-Disposition", ""))[0]
        if disposition.lower() == "attachment" and response.status_code == 200:
            if len(body.data) > MAX_BODY:
                return {
                    "error": f"The file has {len(body.data):,} bytes; here it may have 8 MB. {_SERVE}"
                }, b""
            return {**answer, "file": body.file_name}, body.data
        page = used_page(response, FileClient(self._client, response.exchange.request).fetch)
        return {**answer, "notes": page.notes, "leads": _elsewhere(response)}, page.document.encode(
            "utf-8", "replace"
        )

    def _tell_address(self, message: Message, body: bytes) -> None:
        path = message.get("path")
        if isinstance(path, str) and path.startswith("/"):
            # In a thread: proxies are asked whether they lead here.
            self._begin(message, lambda: ({"url": self._tab(path)}, b""))

    # --- event streams ---

    def _stream(self, message: Message, body: bytes) -> None:
        key = (message["view"], message["id"])
        try:
            asked = PageRequest.parse({**message, "method": "GET"}, b"")
        except PageRequestError as exc:
            self._reply(message, {"kind": "end", "error": str(exc)})
            return
        with self._lock:
            refusal = _NO_STREAM if self._address is None else ""
            refusal = refusal or (_TOO_MANY_STREAMS if len(self._streams) >= _MAX_STREAMS else "")
            if not refusal:
                self._streams[key] = None
        if refusal:
            self._reply(message, {"kind": "end", "error": refusal})
        else:
            threading.Thread(target=self._listen, args=(key, message, asked), daemon=True).start()

    def _listen(self, key: tuple[str, int], message: Message, asked: PageRequest) -> None:
        end: Message = {"kind": "end"}
        try:
            end["status"] = self._open_stream(key, asked).read(
                lambda chunk: self._reply(message, {"kind": "chunk"}, chunk)
            )
        except (OSError, http.client.HTTPException) as exc:
            end["error"] = f"The event stream {asked.path[:100]} has ended: {type(exc).__name__}"
        finally:
            with self._lock:
                self._streams.pop(key, None)
        self._reply(message, end)

    def _open_stream(self, key: tuple[str, int], asked: PageRequest) -> LiveStream:
        assert self._address is not None
        request = asked.made(self._host, self._timeout())
        cookies = self._client.cookies.header(request.host, request.path)
        request = request.with_header("Cookie", cookies) if cookies else request
        stream = LiveStream(request, self._client.recorder, self._address())
        with self._lock:
            if key not in self._streams:
                stream.close()
            self._streams[key] = stream
        return stream

    def _cancel(self, message: Message, body: bytes) -> None:
        with self._lock:
            stream = self._streams.pop((message["view"], message["id"]), None)
        if stream is not None:
            stream.close()

    def _end_streams(self, view: str | None = None) -> None:
        with self._lock:
            keys = [key for key in self._streams if view in (None, key[0])]
            streams = [self._streams.pop(key) for key in keys]
        for stream in streams:
            if stream is not None:
                stream.close()


_SERVE = "Open it in a tab of its own: %serve"


def _head(response: PanelResponse) -> Message:
    code = response.status_code
    reason = response.status.partition(" ")[2] or HTTP_STATUS_CODES.get(code, "")
    before = response.history[-1:]
    request = response.exchange.request
    location = before[0].headers.get("Location", "") if before else ""
    return {
        "status": code,
        "reason": reason,
        "method": request.method,
        "path": request.path,
        "hash": f"#{urlsplit(location).fragment}" if urlsplit(location).fragment else "",
    }


def _elsewhere(response: PanelResponse) -> str:
    """Return where an answer redirects to, if that is not the app."""
    if not 300 <= response.status_code < 400 or not response.location:
        return ""
    request = response.exchange.request
    return urljoin(f"http://{request.host}{request.path}", response.location)
