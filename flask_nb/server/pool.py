"""The threads of a server, which take turns: one of them leads, the others work or wait.

The thread that leads watches all sockets. When it finds a request it answers that itself, and only when this
takes long does another thread take the lead from it. So as long as views are quick one thread does it all,
and no request is handed from one thread to another. That matters: CPython runs one thread at a time, and a
request that changes threads pays with two waits for the interpreter's lock, each of which can cost more than
the whole answer. (With a thread that watches and others that work, 16 connections got a tenth of the answers
that one connection got.)

Views that are slow again and again change the order: for a while each leader then passes the lead on before
it begins with a view.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .in_flight import InFlight, Work

__all__ = ["Pool"]

#: For how long a leader may be busy with a view, and how often that is looked at, in seconds.
_PATIENCE, _LOOK = 0.003, 0.005

#: For how long after the last request somebody goes on looking.
_LOOK_ON = 1.0

#: If the lead is taken twice within the first time, it is passed on by itself for the second.
_OFTEN, _PASS_ON = 0.05, 0.25


class Pool:
    """Threads that watch sockets and answer requests.

    :param turn: watches the sockets once; called by whoever leads.
    :param answer: answers a request.
    :param wake: makes a turn that waits return.
    :param threads: how many requests are worked on at once.
    :param max_threads: how many views may have been abandoned before others are turned away.
    :param grace: seconds that a view that was stopped is given to come back before it is abandoned.
    """

    def __init__(
        self,
        turn: Callable[[], None],
        answer: Callable[[Work], None],
        wake: Callable[[], None],
        *,
        threads: int,
        max_threads: int,
        grace: float,
    ) -> None:
        self._turn = turn
        self._answer = answer
        self._wake = wake
        self._threads = threads
        self.lock = threading.RLock()
        self.in_flight = InFlight(self.lock, self._notify, threads, max_threads, grace)
        self._workers: dict[int, threading.Thread] = {}
        # Threads that wait, each at a lock of its own. Who came last is called first: then few threads work,
        # and it is few whose memory the allocator keeps apart.
        self._idle: list[threading.Lock] = []
        self._lookout: threading.Lock | None = None
        self._numbers = 0
        self._leader: int | None = None
        self._busy_since = 0.0  # since when the leader is busy with a view; 0 while it watches
        self._active_at = 0.0  # when it began with the last one
        self._taken_at = self._passes_on_until = 0.0
        self.is_over = False

    def start(self) -> None:
        """Start with a leader and one to take the lead.

        :raises RuntimeError: no thread can be started.
        """
        with self.lock:
            self._add_thread()
            self._add_thread()

    @property
    def leads(self) -> bool:
        """Whether the calling thread leads."""
        return self._leader == threading.get_ident()

    def has_caller(self) -> bool:
        """Whether the calling thread is one of these."""
        return threading.get_ident() in self._workers

    def step_aside(self) -> None:
        """Let another thread lead, since the calling one is about to wait."""
        with self.lock:
            if self.leads:
                self._leader = None
                self._busy_since = 0.0
                self._notify()

    def end(self) -> None:
        """End all threads; one that works ends when it has come back."""
        with self.lock:
            self.is_over = True
            while self._idle or self._lookout is not None:
                self._call()
            self._wake()

    def leave_to_parent(self) -> None:
        """End, being a copy in a forked process, where nobody will ever release the locks."""
        self.is_over = True
        self.lock = threading.RLock()
        self.in_flight.leave_to_parent(self.lock)

    def join(self, seconds: float) -> None:
        """Wait for all threads but those whose views have not come back."""
        deadline = time.monotonic() + seconds
        for ident, worker in list(self._workers.items()):
            if ident not in self.in_flight.threads() and ident != threading.get_ident():
                worker.join(max(0.0, deadline - time.monotonic()))

    # What each thread does.

    def _run(self) -> None:
        try:
            while not self.is_over:
                work = self._next()
                if work is not None:
                    self._answer(work)
                elif self.leads:
                    self._lead()
                else:
                    return
        finally:
            self.step_aside()
            with self.lock:
                self._workers.pop(threading.get_ident(), None)

    def _next(self) -> Work | None:
        """Return a request to answer, or None to lead or, without the lead, to end."""
        with self.lock:
            while not self.is_over:
                if (work := self.in_flight.take()) is not None:
                    if self._leader is None or (self._busy_since and self._lookout is None):
                        self._notify()
                    return work
                if self._leader is None:
                    self._leader = threading.get_ident()
                    return None
                if len(self._idle) > self._threads:  # views that had been abandoned came back
                    self._call()  # this one may have been the lookout
                    return None
                self._wait()
            return None

    def _wait(self) -> None:
        call = threading.Lock()
        call.acquire()
        if self._lookout is None and time.monotonic() - self._active_at <= _LOOK_ON:
            self._lookout = call
            self._look_out(call)
        else:
            self._idle.append(call)
            self._is_called(call)

    def _look_out(self, call: threading.Lock) -> None:
        """Wait, and take the lead from a thread that has been busy for too long."""
        while not self._is_called(call, _LOOK):
            now = time.monotonic()
            if self._busy_since and now - self._busy_since > _PATIENCE:
                self._take_lead(now)
                break
            if now - self._active_at > _LOOK_ON:
                break
        if self._lookout is call:
            self._lookout = None

    def _is_called(self, call: threading.Lock, seconds: float = -1) -> bool:
        """Wait to be called, without the lock; tell whether that has happened."""
        self.lock.release()
        try:
            return call.acquire(timeout=seconds)
        finally:
            self.lock.acquire()

    def _take_lead(self, now: float) -> None:
        self._leader, self._busy_since = None, 0.0
        if now - self._taken_at < _OFTEN:
            self._passes_on_until = now + _PASS_ON
        self._taken_at = now

    def _lead(self) -> None:
        me = threading.get_ident()
        while self._leader == me and not self.is_over:
            self._turn()
            while (work := self.in_flight.take()) is not None:
                now = time.monotonic()
                if now < self._passes_on_until:
                    self.step_aside()
                else:
                    self._active_at = self._busy_since = now
                    if self._lookout is None:
                        self._notify()
                self._answer(work)
                with self.lock:
                    if self._leader != me:
                        return
                    self._busy_since = 0.0

    # Called under the lock.

    def _notify(self) -> None:
        """Call a thread that waits, or start one."""
        with self.lock:
            if self._idle or self._lookout is not None:
                self._call()
            elif not self.is_over and len(self._workers) < self._threads + 3 + self.in_flight.stuck:
                try:
                    self._add_thread()
                except RuntimeError:  # none left, or the interpreter is exiting: those there are will do
                    pass

    def _call(self) -> None:
        if self._idle:
            self._idle.pop().release()
        elif self._lookout is not None:
            self._lookout.release()
            self._lookout = None

    def _add_thread(self) -> None:
        self._numbers += 1
        name = f"flask_nb-worker-{self._numbers}"
        worker = threading.Thread(target=self._run, name=name, daemon=True)
        worker.start()
        assert worker.ident is not None
        self._workers[worker.ident] = worker
