"""A plugin of pytest for ``flask-nb test``: a bar on a terminal, elsewhere a line for each notebook."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import click
import pytest

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

NBVAL_SECONDS = 2000
"""What nbval waits for a cell unless it is told otherwise: longer than a person would."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Settle what nbval is told, and show how far it is, in the process that a person looks at."""
    # pytest loads this before nbval, and whoever imports nbformat that early pays 2 s more for it.
    from .testing import CELL_SECONDS

    option = config.option
    if option.nbval_cell_timeout == NBVAL_SECONDS:
        option.nbval_cell_timeout = CELL_SECONDS
    if option.nbval_kernel_name:
        option.nbval_current_env = False  # what a settings file says
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Bar() if sys.stdout.isatty() else _Lines())


class _Lines:
    """A line for each notebook as it ends, in the place of pytest's dots."""

    def __init__(self) -> None:
        self.left: Counter[str] = Counter()
        self.counts: dict[str, Counter[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin when it is known which cells there are."""
        self.begin([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Begin when the first of the processes knows it; each knows all cells."""
        if not self.left:
            self.begin(ids)

    def begin(self, ids: list[str]) -> None:
        """Note the cells that will be run."""
        self.left.update(_notebook(nodeid) for nodeid in ids)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, tuple[str, str, Any], tuple[str, str, Any]]:
        """Leave out the letter for a cell."""
        category, _, word = yield
        return category, "", word

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what became of a cell."""
        if report.when == "call" or not report.passed:
            self.counts.setdefault(_notebook(report.nodeid), Counter())[report.outcome] += 1

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Say how the cells of a notebook ended, after the last of them."""
        notebook = _notebook(nodeid)
        self.left[notebook] -= 1
        if not self.left[notebook]:
            self.end(notebook)

    @pytest.hookimpl(tryfirst=True)  # before pytest tells the failures
    def pytest_sessionfinish(self) -> None:
        """Say the same of notebooks that were given up in their midst."""
        for notebook in list(self.counts):
            self.end(notebook)

    def end(self, notebook: str) -> None:
        """Say how the cells of a notebook ended."""
        counts = self.counts.pop(notebook).items()
        click.echo(f"{notebook}: {', '.join(f'{count} {word}' for word, count in counts)}")


class _Bar(_Lines):
    """A bar over all cells, which names the one that ended last."""

    bar: ProgressBar[str] | None = None

    def begin(self, ids: list[str]) -> None:
        """Show the bar."""
        super().begin(ids)
        self.bar = click.progressbar(length=len(ids), item_show_func=lambda name: name, show_eta=False)
        self.bar.__enter__()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Move the bar."""
        if self.bar is not None:
            self.bar.update(1, nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End the bar's line."""
        if self.bar is not None:
            self.bar.__exit__(None, None, None)


def _notebook(nodeid: str) -> str:
    return nodeid.partition("::")[0]
