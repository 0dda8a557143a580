"""What was registered on one app or blueprint: by whom, in whose place, and what is told of it.

The ledger decides; where a value stands, and how it gets there, is a slot's business (:mod:`.slots`,
:mod:`.routes`). Withdrawing takes the value out of its slot, repeating puts it into the same slot of
another app.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from .registrations import Entry, Identity, Slot
from .workspace import Run


class Ledger:
    """What has been registered on one app or blueprint.

    :param is_of_blueprint: whether it is a blueprint's, whose registrations reach apps.
    :param changed: called after each change; a blueprint passes it on to the apps that have it.
    """

    def __init__(self, is_of_blueprint: bool, changed: Callable[[], None]) -> None:
        self.is_of_blueprint = is_of_blueprint
        self._entries: dict[Entry, None] = {}
        self._by_identity: dict[Identity, list[Entry]] = {}
        self._lock = threading.RLock()
        self._changed = changed

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __contains__(self, entry: object) -> bool:
        return entry in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def same(self, identity: Identity) -> list[Entry]:
        """Return the registrations of that identity, the latest last."""
        return list(self._by_identity.get(identity, ()))

    def register(
        self, run: Run, slot: Slot, value: Any, identity: Identity, meets: Iterable[Entry] = ()
    ) -> Entry:
        """Let *value* stand in *slot*, in the place of what the run displaces, which is told.

        :param meets: what it displaces besides that of its identity.
        """
        with self._lock:
            old = [one for one in dict.fromkeys([*self.same(identity), *meets]) if run.displaces(one)]
            entry = self.note(run, slot, value, identity)
            slot.put(entry, old)
        self.displaced(run, old)
        return entry

    def note(self, run: Run, slot: Slot, value: Any, identity: Identity, *, group: Hashable = None) -> Entry:
        """Record what is put into *slot*."""
        entry = Entry(
            slot, value, identity, run.owner, run.number, run.body, run.next_rank(), run.causes, group
        )
        self.admit(entry)
        return entry

    def admit(self, entry: Entry) -> None:
        """Enter an entry as it is."""
        entry.ledger = self
        with self._lock:
            self._entries[entry] = None
            self._by_identity.setdefault(entry.identity, []).append(entry)
        for cause in entry.causes:
            cause.effects.append(entry)

    def displaced(self, run: Run, entries: Iterable[Entry], is_told: bool = True) -> None:
        """Strike out what has lost its place to a registration of *run*, and tell of it.

        What such an entry had brought about stays until the run has ended well: then it goes, unless
        it was registered anew.
        """
        for entry in entries:
            if is_told and not (entry.is_recording and entry.effects):  # those are told when they go
                run.workspace.tell_replaced(run, entry)
            run.workspace.leave_over(run, entry.effects)
            self.remove(entry)
            if not (run.cell or run).has_replaced(entry):
                self._drop_idle_source(entry)
        self._changed()

    def _drop_idle_source(self, entry: Entry) -> None:
        """A blueprint's own registration goes when all that it had brought about was displaced."""
        source = entry.causes[-1] if len(entry.causes) > 1 else None
        if source is not None and not source.effects and source.ledger is not None:
            source.ledger.drop(source)

    def remove(self, entry: Entry) -> None:
        """Strike an entry out; its value stays where it stands."""
        with self._lock:
            if entry not in self._entries:
                return
            del self._entries[entry]
            same = self._by_identity[entry.identity]
            same.remove(entry)
            if not same:
                del self._by_identity[entry.identity]
        for cause in entry.causes:
            if entry in cause.effects:
                cause.effects.remove(entry)

    def drop(self, entry: Entry) -> None:
        """Strike an entry out, and take away its value and what it had brought about."""
        if entry not in self._entries:
            return
        self.remove(entry)
        entry.slot.take(entry)
        for effect in list(entry.effects):
            if effect.ledger is not None:
                effect.ledger.drop(effect)
        self._changed()

    def make_old(self) -> None:
        """Count everything as of an earlier run than any: another notebook goes on from here."""
        for entry in self:
            entry.number = entry.body = 0
