"""Fixtures and rules that every part of the suite shares."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import nbval.kernel
import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says nothing on a busy machine. In CI the examples are the same each time: what
# is new is found where somebody sits in front of it.
settings.register_profile(
    "flask_nb",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("flask_nb")

MARKERS = ("browser", "programs", "deploy")
"""Tests that need what a developer's machine may lack; `.ci/run` has it all."""


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the process for the programs that tests start.

    They are to be interrupted also when the suite runs in a shell's background: there Ctrl-C is ignored, and
    what is ignored is inherited.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    nbval.kernel.start_new_kernel = partial(start_patiently, nbval.kernel.start_new_kernel)


def start_patiently(start: Callable[..., Any], **options: Any) -> Any:
    """Start a kernel for nbval, up to three times.

    Whoever starts a kernel looks for free ports, lets them go and names them to the kernel. Meanwhile another
    worker's tests, which open thousands of connections, may get one of them; the kernel then dies at once.
    """
    for _ in range(2):
        try:
            return start(**options)
        except RuntimeError:
            continue
    return start(**options)


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Give each test the environment as it was: commands leave ``FLASK_RUN_FROM_CLI`` and others behind."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, pytest.TestReport]:
    """Fail a marked test that is skipped where ``CI`` is set: there it would hide that nothing was tried."""
    report: pytest.TestReport = yield
    marked = any(item.get_closest_marker(name) for name in MARKERS)
    if report.skipped and not hasattr(report, "wasxfail") and marked and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, pytest.CollectReport]:
    """Fail a whole file of such tests that skips itself, as ``importorskip`` at its top does."""
    report: pytest.CollectReport = yield
    marked = collector.path.parent.name in MARKERS
    if report.outcome == "skipped" and marked and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
