"""An exchange: one request with its response and what happened between.

Both classes stand here, because each holds the other.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from werkzeug.test import TestResponse

from .request import Request
from .seen import Seen

if TYPE_CHECKING:
    from .failure import Failure

PartKind = Literal["stdout", "stderr", "log", "warning", "display"]


class OutputPart(NamedTuple):
    """One piece of what the app put out while it answered.

    :param kind: where it came from.
    :param text: it as text.
    :param data: for a display, its representations by MIME type.
    """

    kind: PartKind
    text: str
    data: Mapping[str, Any] = MappingProxyType({})


class Exchange:
    """One request, its response, and what happened between.

    :param endpoint: the endpoint that answered, None if none did or that is not known.
    :param rule: the rule that matched.
    :param view_args: the values of the rule's variables.
    :param parts: what was printed, logged, warned and displayed, in order.
    :param logs: the log records.
    :param warnings: the warnings.
    :param exception: what the view raised, with its traceback; the frames of the last failures alone
        are kept, see :class:`.Ring`.
    :param failure: the same in words, without what differs from run to run.
    :param truncated: why the body is not whole, or None.
    :param near_rules: after a 404 without a matching rule, the rules that come closest; None otherwise.
    :param own_headers: the headers as the app set them, before the server added to them; None if unknown.
    :param seen: what was seen within the app: templates, flashes, the session, SQL statements, steps.
    :param notes: what is to be said about the exchange as a whole, such as that it redirects in circles, or
        what to type instead. Whoever knows something appends a sentence.
    :param is_request_cut: whether only the beginning of the request's body was kept.
    :param is_refused: whether the gate refused it, and the app never saw it.
    :param elapsed: seconds from sending to the last byte; shown on request only, since runs differ in it.
    """

    def __init__(
        self,
        request: Request,
        response: ExchangeResponse,
        endpoint: str | None = None,
        rule: str | None = None,
        view_args: Mapping[str, Any] = MappingProxyType({}),
        parts: Sequence[OutputPart] = (),
        logs: Sequence[logging.LogRecord] = (),
        warnings: Sequence[warnings.WarningMessage] = (),
        exception: BaseException | None = None,
        failure: Failure | None = None,
        truncated: str | None = None,
        near_rules: Sequence[str] | None = None,
        own_headers: Sequence[tuple[str, str]] | None = None,
        seen: Seen | None = None,
        notes: Iterable[str] = (),
        is_request_cut: bool = False,
        is_refused: bool = False,
        elapsed: float = 0.0,
    ) -> None:
        self.request = request
        self.response = response
        self.endpoint = endpoint
        self.rule = rule
        self.view_args = view_args
        self.parts = parts
        self.logs = logs
        self.warnings = warnings
        self.exception = exception
        self.failure = failure
        self.truncated = truncated
        self.near_rules = near_rules
        self.own_headers = own_headers
        self.seen = seen or Seen()
        self.notes = list(notes)
        self.is_request_cut = is_request_cut
        self.is_refused = is_refused
        self.elapsed = elapsed

    @property
    def output(self) -> str:
        """What was printed, standard output and standard error in order."""
        return "".join(part.text for part in self.parts if part.kind in {"stdout", "stderr"})

    @property
    def traceback(self) -> str:
        """The failure as text: the lines of the user's cells and the message. Empty if nothing failed."""
        return self.failure.text(self.endpoint) if self.failure else ""

    def __repr__(self) -> str:
        return f"<Exchange {self.request} → {self.response.status}>"


class ExchangeResponse(TestResponse):
    """A :class:`werkzeug.test.TestResponse` that knows its exchange.

    Everything of the test client's responses is there: ``status_code``, ``json``, ``text``, ``headers``,
    ``request``, ``history``; and :attr:`exchange` with what happened meanwhile.
    """

    exchange: Exchange
    history: tuple[ExchangeResponse, ...]

    def __repr__(self) -> str:
        return f"<ExchangeResponse {self.exchange.request} → {self.status}>"
