"""``%exchange``: the requests that there have been, as a list, wholly, sent again, compared, copied."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask_nb import cells
from flask_nb.cells import ExchangeArguments
from flask_nb.errors import MagicArgumentError
from flask_nb.exchange import ExchangeResponse, KeptExchange, Ring
from flask_nb.exchange.copies import NOTATIONS
from flask_nb.exchange.recall import recalled, sent_request
from flask_nb.exchange.sending import Sending
from flask_nb.panel import Panel, PanelResponse, differences
from flask_nb.panel.as_test import as_test

from .display import Report, show
from .tables import Table

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .host import Host


class Exchanges:
    """What ``%exchange`` does.

    :param ip: the shell, whose variables hold the exchanges that ``--as`` has kept.
    :param host: what has sent and recorded them.
    """

    def __init__(self, ip: InteractiveShell, host: Host) -> None:
        self._ip = ip
        self._host = host

    def exchange(self, line: str, cell: str | None, scope: object) -> Any:
        """List the exchanges, or do with one of them what is asked."""
        arguments = cells.parse_exchange(line)
        with self._host.apps.turned_to(arguments.app):
            if arguments.which is None:
                return _listed(self._matching(arguments), arguments)
            response = self._find(arguments.which, arguments)
            return getattr(self, f"_{arguments.action}")(response, arguments)

    # --- finding ---

    @property
    def _ring(self) -> Ring:
        return self._host.apps.current.ring

    def _matching(self, arguments: ExchangeArguments) -> list[KeptExchange]:
        """Return the exchanges that the filters leave, the oldest first."""
        return [each for each in self._ring.last(len(self._ring)) if _fits(each, arguments)]

    def _find(self, which: cells.Which, arguments: ExchangeArguments) -> PanelResponse:
        if isinstance(which, str):
            return self._named(which)
        kept = self._matching(arguments)
        found = kept[which:][:1] if which < 0 else [each for each in kept if each.number == which]
        if not found or (which < 0 and -which > len(kept)):
            is_filtered = len(kept) < len(self._ring)
            raise MagicArgumentError(_missing(which, kept, is_filtered=is_filtered))
        return recalled(found[0], PanelResponse, self._host.settings.timeout)

    def _named(self, name: str) -> PanelResponse:
        value = self._ip.user_ns.get(name)
        if isinstance(value, PanelResponse):
            return value
        known = sorted(
            name
            for name, value in self._ip.user_ns.items()
            if isinstance(value, ExchangeResponse) and not name.startswith("_")
        )
        hint = f"There are: {', '.join(known)}" if known else f"Keep one with --as {name}"
        raise MagicArgumentError(f"no exchange is called {name!r}. {hint}, or type a number of %exchange")

    # --- what is asked of one ---

    def _show(self, response: PanelResponse, arguments: ExchangeArguments) -> PanelResponse:
        return response

    def _replay(self, response: PanelResponse, arguments: ExchangeArguments) -> Table:
        show(again := self._host.replay(response))
        return _compared(response, again)

    def _diff(self, response: PanelResponse, arguments: ExchangeArguments) -> Table:
        assert arguments.other is not None
        return _compared(response, self._find(arguments.other, arguments))

    def _debug(self, response: PanelResponse, arguments: ExchangeArguments) -> None:
        exc = response.exchange.exception
        if exc is None and response.exchange.failure is None:
            raise MagicArgumentError(f"{response.exchange.request} did not fail: there is no frame to open")
        if exc is None:
            raise MagicArgumentError(
                f"the frame of {response.exchange.request} is gone: the last five failures keep theirs. "
                f"To have it again, type %exchange {arguments.which} --replay, then %debug"
            )
        self._host.sources.offer_to_debugger(exc)
        self._ip.run_line_magic("debug", "")

    def _copy(self, response: PanelResponse, arguments: ExchangeArguments) -> Report:
        return Report(self.copied(response, arguments.copy))

    def copied(self, response: PanelResponse, notation: str) -> str:
        """Return the request that led to a response in another notation, without its secrets.

        :param notation: ``curl``, ``python``, ``http`` or ``pytest``.
        :raises MagicArgumentError: there was no answer that a test could assert.
        """
        if notation == "pytest" and not response.status_code:
            raise MagicArgumentError(f"{response.exchange.request} was stopped: there is no answer to assert")
        if notation == "pytest":
            return as_test(response)
        request = sent_request(response)
        base = self._host.asked(response).serving.url or f"http://{request.host}"
        return NOTATIONS[notation](Sending(request, base))


def _fits(kept: KeptExchange, arguments: ExchangeArguments) -> bool:
    return (
        (not arguments.failed or kept.has_failed or kept.is_refused)
        and (arguments.method in (None, kept.method))
        and (arguments.path is None or fnmatchcase(kept.path, urlsplit(arguments.path).path))
    )


def _missing(which: int, kept: Sequence[KeptExchange], *, is_filtered: bool) -> str:
    if is_filtered:
        return f"there is no exchange {which} that fits: %exchange {which} shows it without filters"
    if not kept:
        return f"there is no exchange {which}: no request so far"
    if which < 0:
        return f"there is no exchange {which}: there are {len(kept)}. %exchange lists them"
    first, last = kept[0].number, kept[-1].number
    return f"there is no exchange {which}: those from {first} to {last} are kept. %exchange lists them"


def _listed(kept: Sequence[KeptExchange], arguments: ExchangeArguments) -> Table:
    rows = [
        (str(each.number), each.verb, each.url, each.code, each.endpoint or "", each.who)
        for each in kept[-arguments.last :]
    ]
    rest = len(kept) - len(rows)
    notes = [f"{rest} earlier: %exchange --last N"] if rest else []
    if not rows:
        meant = cells.misspelt_method(arguments.method or "")
        did_you = f". Did you mean --method {meant}?" if meant else ""
        notes.append(f"no request so far, or none that fits{did_you}")
    return Table(("number", "method", "path", "status", "endpoint", "who"), rows, notes, whole=2)


def _compared(before: PanelResponse, now: PanelResponse) -> Table:
    display = before.display
    found = differences(*(Panel(each.exchange, display) for each in (before, now)))
    notes = [] if found else ["no difference"]
    notes += [
        f"of the {which} only the beginning is kept: {each.exchange.truncated}"
        for which, each in (("first", before), ("second", now))
        if each.exchange.truncated
    ]
    return Table(("what", "before", "now"), found, notes, whole=1)
