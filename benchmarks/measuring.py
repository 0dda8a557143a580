"""Measure candidates in turn, round by round, and print them beside their peers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]


def microseconds(
    candidates: Mapping[str, Work], rounds: int = 41, seconds: float = 0.004
) -> dict[str, float]:
    """Return the median time of each candidate in µs.

    Rounds are short and candidates take turns in each, so that whatever else the machine does meets all
    of them alike. Time is that of the thread on its core, without what it waits for one.

    :param candidates: what is measured, by name.
    :param rounds: how often each has its turn.
    :param seconds: about how long a turn lasts.
    """
    turns = {name: _fitting(work, seconds) for name, work in candidates.items()}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, work in candidates.items():
            times[name].append(_time_of(work, turns[name]) / turns[name] * 1e6)
    return {name: statistics.median(measured) for name, measured in times.items()}


def _fitting(work: Work, seconds: float) -> int:
    """How many calls a turn has; what is made at the first call is made by then."""
    _time_of(work, 50)
    return max(1, round(seconds / (_time_of(work, 50) / 50)))


def _time_of(work: Work, calls: int) -> float:
    begun = time.thread_time()
    for _ in range(calls):
        work()
    return time.thread_time() - begun
