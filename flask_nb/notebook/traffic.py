"""What is told of the requests that no cell has asked for: a browser's, curl's, those of a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from flask_nb.exchange import KeptExchange, Ring
from flask_nb.exchange.failure import indented
from flask_nb.exchange.masks import mask_secrets, printable
from flask_nb.panel.words import counted

from .sources import CellSources

_MOST_KINDS = 3
_MAX_LINES = 10
_MAX_LINE = 200
_SINCE = "since the last cell: "


class Traffic:
    """The ring of a notebook, as people and the debugger see it.

    :param ring: what has been asked and answered.
    :param sources: opens frames to the debugger.
    """

    def __init__(self, ring: Ring, sources: CellSources) -> None:
        self._ring = ring
        self._sources = sources
        self._told = 0
        self._offered = 0

    def begin_cell(self) -> None:
        """Let ``%debug`` and ``%tb`` open what has failed between two cells."""
        self._offer()

    def end_cell(self, succeeded: bool) -> None:
        """Let them open what has failed meanwhile, unless it is the cell itself that has."""
        if succeeded:
            self._offer()
        self._offered = self._ring.count

    def _offer(self) -> None:
        self._sources.offer_to_debugger(self._ring.last_exception(self._offered))
        self._offered = self._ring.count

    def news(self) -> list[str]:
        """Return lines on what has failed or was refused since they were asked for last, equal ones once."""
        since = self._ring.since(self._told)
        self._told = since[-1].number if since else self._told
        bad = (each for each in since if each.has_failed or each.is_refused)
        kinds = Counter(each.brief for each in bad if not each.is_own)
        lines = [f"{brief} (×{count})" if count > 1 else brief for brief, count in kinds.items()]
        if len(lines) > _MOST_KINDS:
            lines = [*lines[:_MOST_KINDS], f"… {len(lines) - _MOST_KINDS} more: %serve log"]
        return [f"{_SINCE if not place else ' ' * len(_SINCE)}{line}" for place, line in enumerate(lines)]

    def count(self) -> str:
        """Return how many requests there have been; empty if there were none."""
        ring = self._ring
        if not ring.count:
            return ""
        said = [f"{counted(ring.count, 'request')} so far"]
        said += [f"{ring.failed} failed"] if ring.failed else []
        said += [f"{ring.refused} refused"] if ring.refused else []
        return f"{', '.join(said)}: %serve log"

    def log(self, most: int) -> str:
        """Return the last requests, the newest at the end, with what happened in each."""
        last = self._ring.last(most)
        if not last:
            return "no request so far"
        rest = self._ring.count - len(last)
        note = [f"({rest} earlier ones; {len(self._ring)} are kept: %serve log --last N)"] if rest else []
        return "\n".join([*note, *_table(last)])


def _table(exchanges: Sequence[KeptExchange]) -> Iterator[str]:
    rows = [(each.verb, each.url, each.code, each.endpoint or "-", each.who) for each in exchanges]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, exchange in zip(rows, exchanges, strict=True):
        yield "  ".join(map(str.ljust, row, widths)).rstrip()
        yield from (indented(indented(text)) for text in _happened(exchange))


def _happened(exchange: KeptExchange) -> Iterator[str]:
    """What the request has printed, logged and raised."""
    if exchange.is_refused:
        yield exchange.refusal
    parts = (part.text if part.text.endswith("\n") else f"{part.text}\n" for part in exchange.parts)
    if output := printable(mask_secrets("".join(parts))).rstrip("\n"):
        lines = [line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…" for line in output.split("\n")]
        hidden = [f"… {counted(len(lines) - _MAX_LINES, 'more line')}"] if len(lines) > _MAX_LINES else []
        yield "\n".join([*lines[:_MAX_LINES], *hidden])
    if exchange.failure is not None:
        yield exchange.failure.text(exchange.endpoint)
