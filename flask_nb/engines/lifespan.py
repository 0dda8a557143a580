"""The startup and shutdown of an ASGI app, which the specification calls its lifespan.

One task of the event loop runs from the one to the other. What goes wrong is told as what the app raised,
where it has raised something.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import MutableMapping
from typing import Any

from flask_nb.errors import AppStartError

Message = MutableMapping[str, Any]

START_SECONDS = 10.0
STOP_SECONDS = 3.0  # Jupyter kills a kernel after five


class Lifespan:
    """The lifespan of one app.

    :param app: the app.
    :param label: what people call it.
    """

    def __init__(self, app: Any, label: str) -> None:
        self.app = app
        self.label = label
        self.state: dict[str, Any] = {}
        """What the startup leaves for requests."""
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._is_up = False
        self._has_received = False
        self._raised: BaseException | None = None
        self._message = ""
        self._outcome: asyncio.Event
        self._shutdown: asyncio.Event

    @property
    def is_starting(self) -> bool:
        """Whether the startup has begun, and not ended."""
        return self._lock.locked() and not self._is_up

    async def start(self) -> None:
        """Start the app up, unless it is: an app without a lifespan is at once.

        :raises AppStartError: it did not answer in time, or said no.
        :raises BaseException: what the app raised meanwhile.
        """
        async with self._lock:
            if not self._is_up:
                await self._start()
                self._is_up = True

    async def _start(self) -> None:
        self.state, self._raised, self._message, self._has_received = {}, None, "", False
        self._outcome, self._shutdown = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._run())
        try:
            await asyncio.wait_for(self._outcome.wait(), START_SECONDS)
        except BaseException as exc:
            self._task.cancel()
            if not isinstance(exc, TimeoutError):
                raise
            raise AppStartError(
                f"the startup of {self.label} did not end within {START_SECONDS:g} s and was stopped. "
                f"The next request tries again"
            ) from None
        if self._raised is not None:
            raise self._raised
        if self._message:
            raise AppStartError(f"the startup of {self.label} failed: {self._message}")

    async def _run(self) -> None:
        versions = {"version": "3.0", "spec_version": "2.0"}
        try:
            await self.app(
                {"type": "lifespan", "asgi": versions, "state": self.state}, self._receive, self._send
            )
        except (Exception, SystemExit) as exc:  # which would end the loop of all apps
            # An app without a lifespan refuses the scope before it asks for an event; one that asks has a
            # lifespan, and what it raises is its failure.
            self._raised = exc if self._has_received else None
        finally:
            self._outcome.set()

    async def _receive(self) -> Message:
        if not self._has_received:
            self._has_received = True
            return {"type": "lifespan.startup"}
        await self._shutdown.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"].endswith(".failed"):
            self._raised = self._raised or sys.exc_info()[1]  # frameworks say so where they caught it
            self._message = str(message.get("message") or "it gave no reason")
        elif message["type"] not in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
            raise RuntimeError(f"{message['type']} is no answer to an event of the lifespan")
        self._outcome.set()

    async def stop(self) -> str:
        """Shut the app down, if it was started.

        :return: what went wrong, in words; empty if nothing did.
        """
        if not self._is_up:
            return ""
        async with self._lock:  # a request that comes meanwhile starts it up again, but not before
            return await self._stop()

    async def _stop(self) -> str:
        task, self._task, self._is_up = self._task, None, False
        if task is None or task.done():
            return ""
        self._raised, self._message = None, ""
        self._shutdown.set()
        done, _ = await asyncio.wait([task], timeout=STOP_SECONDS)
        if not done:
            task.cancel()
            return f"the shutdown of {self.label} did not end within {STOP_SECONDS:g} s and was stopped"
        if self._raised is not None:
            return f"the shutdown of {self.label} failed: {type(self._raised).__name__}: {self._raised}"
        return f"the shutdown of {self.label} failed: {self._message}" if self._message else ""
