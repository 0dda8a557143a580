"""Responses that show themselves, and the client that returns them."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from flask_nb import exchange
from flask_nb.exchange import Exchanger, ExchangeResponse, Request

from .body import Body
from .html import write_html
from .options import LAST, Display
from .panel import Panel
from .text import write_text

if TYPE_CHECKING:
    from flask_nb.exchange import FileClient

    from .inlining import Page

MAX_BUNDLE = 300_000
"""Bytes that a displayed bundle has at most, text and HTML together."""

_PLAINLY = Display()


class PanelResponse(ExchangeResponse):
    """An :class:`.ExchangeResponse` that shows its exchange when it is displayed.

    How it is shown stands with the response and not with the exchange: whatever sends and records can do
    without, and a cell that keeps ``r.exchange`` keeps what happened, not a picture of it.
    """

    display = _PLAINLY
    """How the exchange is to be shown."""

    files: FileClient | None = None
    """Asks the app for the files of a page that has not been shown yet."""

    @cached_property
    def page(self) -> Page | None:
        """An HTML body with the app's own files in it, None of any other.

        They are asked for when the page is shown for the first time, and once: a response that nobody
        looks at asks for nothing, and each display of one looks like the first.
        """
        if self.files is None:
            return None
        from .inlining import inlined_page

        sent, text = self.exchange.request, Body(self.exchange, self.display).text
        url = f"http://{sent.host}{sent.path}"
        page = inlined_page(text, url, self.files.fetch, scripts=self.display.scripts)
        self.files = None  # it holds on to the server
        return page

    def show_in_passing(self) -> None:
        """Be shown before a cell's end: its value, and so what the next cell calls ``_``, is another one."""
        if self.display.name == LAST:
            self.display = self.display.called("--as page, then page")

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the exchange as text and as HTML."""
        with_html = (not include or "text/html" in include) and "text/html" not in (exclude or ())
        panel = Panel(self.exchange, self.display, self.page if with_html else None)
        # HTML gets the room that the text leaves, whether or not the text is asked for: what a front end
        # stores must not depend on which of the two it wanted. The panel has worked out the costly parts
        # (parsing, layout, masks) when the text is written, so this costs little.
        bundle = {"text/plain": write_text(panel)}
        html_room = MAX_BUNDLE - len(bundle["text/plain"].encode())
        if with_html:
            bundle["text/html"] = write_html(panel, html_room)
        if (include and "text/plain" not in include) or "text/plain" in (exclude or ()):
            del bundle["text/plain"]
        return bundle, {}


class PanelExchanger(Exchanger):
    """An :class:`.Exchanger` whose responses show themselves."""

    response_class = PanelResponse

    def send(self, request: Request, follow: bool = True, display: Display = _PLAINLY) -> PanelResponse:
        """Send a request and return the response, see :meth:`.Exchanger.send`.

        :param display: how the exchange, and those that led to it, are to be shown.
        """
        response = cast(PanelResponse, super().send(request, follow))
        for each in (*response.history, response):
            self._prepare(cast(PanelResponse, each), display)
        return response

    def _prepare(self, response: PanelResponse, display: Display) -> None:
        response.display = display
        if Body(response.exchange, display).kind == "html":
            response.files = exchange.FileClient(self, response.exchange.request)
