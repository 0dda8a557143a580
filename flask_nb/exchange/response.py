"""The value of a request magic: Werkzeug's test response that can display itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from werkzeug.test import TestResponse

if TYPE_CHECKING:
    from .exchange import Exchange


class ExchangeResponse(TestResponse):
    """A :class:`werkzeug.test.TestResponse` that shows its exchange when it is displayed.

    Everything of the test client's responses is there: ``status_code``, ``json``, ``text``, ``headers``,
    ``request``, ``history``; and :attr:`exchange` with what happened meanwhile.
    """

    exchange: Exchange

    def __repr__(self) -> str:
        return f"<ExchangeResponse {self.exchange.request} → {self.status}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the exchange as text and as HTML."""
        from .html import exchange_html
        from .text import exchange_text

        lenses = {"text/plain": exchange_text, "text/html": exchange_html}
        wanted = [kind for kind in lenses if (not include or kind in include) and kind not in (exclude or ())]
        return {kind: lenses[kind](self.exchange) for kind in wanted}, {}
