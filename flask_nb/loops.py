"""Coroutine functions called from where an event loop is running already."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from typing import Any


def beside_running_loop(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return *call*, made in a thread of its own where an event loop is running in the caller's.

    No loop can be run inside another. The thread has the caller's context: the app, the request, ``g``.

    :param call: runs an event loop.
    """

    @wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not has_running_loop():
            return call(*args, **kwargs)
        result: Future[Any] = Future()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                result.set_result(context.run(call, *args, **kwargs))
            except BaseException as exc:
                result.set_exception(exc)

        # A daemon: who interrupts the wait gives the call up, and it must not keep the program from ending.
        threading.Thread(target=work, name="flask_nb-async", daemon=True).start()
        return result.result()

    return run


def has_running_loop() -> bool:
    """Return whether an event loop is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
