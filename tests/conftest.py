"""Fixtures and rules that every part of the suite shares."""

from __future__ import annotations

import gc
import inspect
import os
import signal
import threading
import time
from collections.abc import Generator, Iterator
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import jupyter_client.launcher
import pytest
from click.testing import CliRunner, Result
from forking import ForkServer
from hypothesis import HealthCheck, settings
from jupyter_client.connect import LocalPortCache
from jupyter_core.utils import ensure_event_loop
from ports import free_port
from spare import SPARE

# How long an example takes says nothing on a busy machine. In CI the examples are the same each time: what
# is new is found where somebody sits in front of it, where each run has others.
settings.register_profile(
    "flask_nb",
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.register_profile("thorough", settings.get_profile("flask_nb"), max_examples=200)
settings.load_profile("flask_nb")

PATIENCE = 10
"""How many seconds a thread may take to end after its test."""

LIBRARIES_OWN = frozenset({"asgiref.local", "decimal_context"})
"""Context variables that a library sets when it is first used, and keeps."""

FORKS = ForkServer()
"""What starts kernels in this process, nbval's and those of `flask-nb` included."""

MARKERS = ("browser", "programs", "deploy", "weekly")
"""Tests that need what a developer's machine may lack; `.ci/run` has it all."""


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the process for the programs that tests start.

    They are to be interrupted also when the suite runs in a shell's background: there Ctrl-C is ignored, and
    what is ignored is inherited. A kernel ends as it begins where one of its ports has been taken meanwhile.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    jupyter_client.launcher.Popen = FORKS.start  # type: ignore[attr-defined]
    LocalPortCache.find_available_port = lambda cache, ip: free_port()  # type: ignore[assignment,method-assign]
    if "mix_stderr" in inspect.signature(CliRunner).parameters:
        tell_streams_apart()


def pytest_unconfigure() -> None:
    """End what kernels and programs have been copied from."""
    FORKS.close()
    SPARE.close()


def tell_streams_apart() -> None:
    """Give the runner of click 8.1 what that of 8.2 has: both streams in ``output``, ``stderr`` by itself."""
    *others, _ = CliRunner.__init__.__defaults__ or ()
    CliRunner.__init__.__defaults__ = (*others, False)
    Result.output = property(lambda result: result.stdout + result.stderr)  # type: ignore[method-assign,assignment]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read the folder of a marker whose tests are left out."""
    name = collection_path.name
    return True if name in MARKERS and f"not {name}" in config.option.markexpr else None


def pytest_collection() -> None:
    """Let Python's collector wait: what is collected stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Let Python's collector pass over the tests themselves: thousands of them cost it 0.2 s each time."""
    gc.enable()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, object]:
    """Let the collector pass over what is left of a file, modules above all, once the file's tests have run.

    Else each collection goes through all that the run has imported so far: after a while 0.1 s each time.
    """
    told: object = yield
    if nextitem is not None and nextitem.path != item.path:
        gc.collect()
        gc.freeze()
    return told


@pytest.fixture
def port() -> int:
    """A port that nobody has."""
    return free_port()


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Give each test the environment as it was: commands leave ``FLASK_RUN_FROM_CLI`` and others behind."""
    before = variables()
    yield
    after = variables()
    if after != before:
        for name in after.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def variables() -> dict[str, str]:
    """Return the environment but for what pytest itself changes with each step of a test."""
    found = dict(os.environ)
    found.pop("PYTEST_CURRENT_TEST", None)
    return found


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fail a test after which a context, a thread or a socket is left.

    What fixtures of a module or of the session hold is there before a test and may stay: this fixture begins
    after theirs and ends before them.
    """
    contexts, threads, descriptors = copy_context(), set(threading.enumerate()), open_descriptors()
    yield
    leaks = left_in_contexts(contexts)
    if not (threads.issuperset(threading.enumerate()) and descriptors.issuperset(open_descriptors())):
        leaks += left_running(threads) + left_open(descriptors)
    assert not leaks, f"left behind: {', '.join(leaks)}"


@pytest.fixture
def is_thorough() -> bool:
    """Whether what could be tried for ever is to be tried longer, as Hypothesis is by its profile."""
    return settings().max_examples >= settings.get_profile("thorough").max_examples


@pytest.fixture(scope="session")
def forks() -> ForkServer:
    """What starts kernels in this process."""
    return FORKS


@pytest.fixture(scope="session")
def jupyter_loop() -> Iterator[None]:
    """The event loop for blocking calls that Jupyter's libraries make when they first need it, and keep."""
    loop = ensure_event_loop()
    yield
    loop.close()


def open_descriptors() -> set[str]:
    """Return the numbers of this process's descriptors; none where the system does not tell."""
    try:
        listing = os.open("/proc/self/fd", os.O_RDONLY)
    except OSError:
        return set()
    try:
        return set(os.listdir(listing)) - {str(listing)}
    finally:
        os.close(listing)


def left_in_contexts(before: Context) -> list[str]:
    """Return the context variables that hold another value than before."""
    return [
        f"{variable.name} = {value!r}"
        for variable, value in copy_context().items()
        if value is not None and before.get(variable) is not value and variable.name not in LIBRARIES_OWN
    ]


def left_running(before: set[threading.Thread]) -> list[str]:
    """Return the threads that do not end; what a test let go at its end may still be on its way out."""
    deadline = time.monotonic() + PATIENCE
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=0.1)
    if not before.issuperset(threading.enumerate()):
        gc.collect()  # a pool's thread ends with its pool
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith("asyncio_"):
            thread.join(timeout=max(0, deadline - time.monotonic()))
    left = {thread.name for thread in set(threading.enumerate()) - before}
    # A loop keeps the threads of its executor; Playwright's loop lasts for the session.
    return [f"thread {name}" for name in left if not name.startswith("asyncio_")]


def left_open(before: set[str]) -> list[str]:
    """Return the sockets that stay open.

    Python warns of files that are not closed, and warnings are errors here; the rest, such as copies of the
    standard streams that ``readline`` makes, is the libraries' own.
    """
    if not before.issuperset(open_descriptors()):
        gc.collect()  # what only awaits its collection is no leak; it takes 0.1 s, so not after each test
    targets = [link_target(f"/proc/self/fd/{number}") for number in open_descriptors() - before]
    return [target for target in targets if target.startswith("socket:")]


def link_target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""  # a library's thread has just closed it


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, pytest.TestReport]:
    """Fail a marked test that is skipped where ``CI`` is set: there it would hide that nothing was tried."""
    report: pytest.TestReport = yield
    if report.skipped and not hasattr(report, "wasxfail") and is_marked(item) and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


def is_marked(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in MARKERS)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, pytest.CollectReport]:
    """Fail a whole file of such tests that skips itself, as ``importorskip`` at its top does."""
    report: pytest.CollectReport = yield
    marked = collector.path.parent.name in MARKERS
    if report.outcome == "skipped" and marked and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
