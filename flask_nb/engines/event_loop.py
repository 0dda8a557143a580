"""One event loop for all async apps of the process, in a thread of its own, for as long as one is served.

One for all, so that what a notebook keeps in a variable, such as a client with open connections, goes on
working when a cell makes its app anew.
"""

from __future__ import annotations

import asyncio
import threading
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

from flask_nb.stopping import Stoppable

T = TypeVar("T")

_PATIENCE = 2.0  # seconds that whatever still runs is given to end with the loop


class LoopThread:
    """An event loop that runs while it has users, from when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def enter(self) -> None:
        """Have one more user."""
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        """Have one user less; with the last one the loop ends."""
        with self._lock:
            self._users -= 1
            if self._users or self._loop is None or self._thread is None:
                return
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        loop.call_soon_threadsafe(loop.stop)
        if thread is not threading.current_thread():
            thread.join(2 * _PATIENCE)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, which is started unless it runs."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run, args=[self._loop], name="flask_nb-asgi", daemon=True
                )
                self._thread.start()
            return self._loop

    def run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Run a coroutine in the loop and return what it returns.

        :raises TimeoutError: when it takes longer; then it is cancelled.
        """
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(seconds)
        except BaseException:
            future.cancel()
            raise


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        while _has_been_ended(loop):
            pass
        loop.run_until_complete(_end(loop))
    except TimeoutError:
        pass
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _has_been_ended(loop: asyncio.AbstractEventLoop) -> bool:
    """Run the loop; return whether a task has ended it, by ``sys.exit()``, and not whoever stopped it."""
    try:
        loop.run_forever()
    except (SystemExit, KeyboardInterrupt):
        return True
    return False


async def _end(loop: asyncio.AbstractEventLoop) -> None:
    """End what still runs."""
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(_PATIENCE):
        await asyncio.gather(*tasks, return_exceptions=True)
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()


@types.coroutine
def by_steps(work: Stoppable, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Run a coroutine so that another thread may stop each of its steps, and nothing that the loop does.

    A step that computes for ever, or waits without ``await``, holds up the whole loop: no cancelling from
    within ever gets its turn.
    """
    value: Any = None
    thrown: list[BaseException] = []  # no local name for it: its traceback will hold this frame

    def step() -> Any:
        return coroutine.throw(thrown.pop()) if thrown else coroutine.send(value)

    while True:
        try:
            awaited = work.run(step, is_cleanup=True)
        except StopIteration as done:
            result: T = done.value
            return result
        try:
            value = yield awaited
        except BaseException as exc:
            thrown.append(exc)


ASYNC_APPS = LoopThread()
"""The loop of all async apps that are served."""
