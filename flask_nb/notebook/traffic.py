"""What is told of the requests that no cell has asked for: a browser's, curl's, those of a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter

from flask_nb.exchange import KeptExchange, Ring
from flask_nb.exchange.masks import indented, printable
from flask_nb.panel.panel import output_text
from flask_nb.panel.words import counted

from .sources import CellSources

_MOST_KINDS = 3
_MAX_LINES = 10
_MAX_LINE = 200
_SINCE = "since the last cell: "
_ADDED = attrgetter("added")


class Traffic:
    """The rings of a notebook's apps, as people and the debugger see them.

    :param rings: asked for what the apps have been asked and have answered.
    :param sources: opens frames to the debugger.
    """

    def __init__(self, rings: Callable[[], Iterable[Ring]], sources: CellSources) -> None:
        self._rings = rings
        self._sources = sources
        self._told: dict[Ring, int] = {}
        self._offered: dict[Ring, int] = {}

    def begin_cell(self) -> None:
        """Let ``%debug`` and ``%tb`` open what has failed between two cells."""
        self.end_cell(True)

    def end_cell(self, succeeded: bool) -> None:
        """Let them open what has failed meanwhile, unless it is the cell itself that has."""
        raised = [each.exception for each in self._unseen(self._offered) if each.has_failed]
        if succeeded and any(raised):
            self._sources.offer_to_debugger(list(filter(None, raised))[-1])

    def news(self) -> list[str]:
        """Return lines on what has failed or was refused since they were asked for last, equal ones once."""
        bad = (each for each in self._unseen(self._told) if each.has_failed or each.is_refused)
        kinds = Counter(each.brief for each in bad if not each.is_own)
        lines = [f"{brief} (×{count})" if count > 1 else brief for brief, count in kinds.items()]
        if len(lines) > _MOST_KINDS:
            lines = [*lines[:_MOST_KINDS], f"… {len(lines) - _MOST_KINDS} more: %serve log"]
        return [f"{_SINCE if not place else ' ' * len(_SINCE)}{line}" for place, line in enumerate(lines)]

    def _unseen(self, seen: dict[Ring, int]) -> list[KeptExchange]:
        """Return what has come to each ring after the number that was seen last, and note that it is seen."""
        unseen = []
        for ring in self._rings():
            if since := ring.since(seen.get(ring, 0)):
                seen[ring] = since[-1].number
                unseen += since
        return sorted(unseen, key=_ADDED)

    @staticmethod
    def log(most: int, rings: Sequence[Ring]) -> str:
        """Return the last requests of some apps, the newest at the end, with what happened in each."""
        last = sorted((each for ring in rings for each in ring.last(most)), key=_ADDED)[-most:]
        if not last:
            return "no request so far"
        rest = sum(ring.count for ring in rings) - len(last)
        kept = sum(map(len, rings))
        note = [f"({rest} earlier ones; {kept} are kept: %serve log --last N)"] if rest else []
        return "\n".join([*note, *_table(last)])


def tally(ring: Ring) -> str:
    """Return how many requests there have been; empty if there were none."""
    if not ring.count:
        return ""
    said = [f"{counted(ring.count, 'request')} so far"]
    said += [f"{ring.failed} failed"] if ring.failed else []
    said += [f"{ring.refused} refused"] if ring.refused else []
    return f"{', '.join(said)}: %serve log"


def _table(exchanges: Sequence[KeptExchange]) -> Iterator[str]:
    """A line on each, which names its app if there are several, and what happened in it."""
    rows = [[each.verb, each.url, each.code, each.endpoint or "-", each.who] for each in exchanges]
    if len({each.app for each in exchanges}) > 1:
        rows = [[each.app, *row] for each, row in zip(exchanges, rows, strict=True)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, exchange in zip(rows, exchanges, strict=True):
        yield "  ".join(map(str.ljust, row, widths)).rstrip()
        yield from (indented(indented(text)) for text in _happened(exchange))


def _happened(exchange: KeptExchange) -> Iterator[str]:
    """What the request has printed, logged and raised."""
    if exchange.is_refused:
        yield exchange.refusal
    if output := printable(output_text(exchange.parts)).rstrip("\n"):
        lines = [line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…" for line in output.split("\n")]
        hidden = [f"… {counted(len(lines) - _MAX_LINES, 'more line')}"] if len(lines) > _MAX_LINES else []
        yield "\n".join([*lines[:_MAX_LINES], *hidden])
    if exchange.failure is not None:
        yield exchange.failure.text(exchange.endpoint)
