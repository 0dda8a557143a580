"""A plugin of pytest for ``flask-nb test``: the kernel of a notebook starts while the one before is run.

A start takes half a second, in which nbval only waits. It leans on these names of nbval: the ``parent`` of
a cell, and that file's ``setup``, which starts the kernel, and ``teardown``, which ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Begin, unless several processes keep the machine busy by themselves."""
    if not (hasattr(config, "workerinput") or config.getoption("numprocesses", None)):
        config.pluginmanager.register(_KernelsAhead())


class _KernelsAhead:
    """Has one kernel more than there are notebooks at work."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "kernel-ahead")
        self.files: Iterator[Any] = iter(())
        self.ahead: Any = None

    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Start the first kernel."""
        if not session.config.option.collectonly:
            self.files = _files(session.items)
            self.start_next()

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Start the next one as soon as pytest has taken the one that was ahead."""
        if item.parent is self.ahead:
            self.start_next()

    def start_next(self) -> None:
        """Set a file up, which pytest waits for when it comes to that."""
        self.ahead = next(self.files, None)
        if self.ahead is not None:
            self.ahead.setup = self.thread.submit(self.ahead.setup).result

    def pytest_sessionfinish(self) -> None:
        """End a kernel that pytest did not come to."""
        if self.ahead is not None:
            self.thread.submit(self.ahead.teardown).result()
        self.thread.shutdown()


def _files(items: Iterable[pytest.Item]) -> Iterator[Any]:
    """Return the notebooks in the order in which they are run."""
    return iter(dict.fromkeys(item.parent for item in items))
