"""What was registered on one app or blueprint: by whom, in whose place, and what is told of it.

The ledger decides; where a value stands, and how it gets there, is a slot's business (:mod:`.slots`,
:mod:`.routes`). Withdrawing takes the value out of its slot, repeating puts it into the same slot of
another app.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from .owners import Owner, Rank, Run

Identity = tuple[Hashable, ...]

ROUTE = object()
"""The group of views that were registered with a rule."""


class Slot(Protocol):
    """Where a value stands. Knows nothing of owners."""

    @property
    def label(self) -> str:
        """What people call what stands there, such as ``GET /items``; empty for what nobody is told."""

    def put(self, entry: Entry, instead_of: Iterable[Entry]) -> None:
        """Let the entry's value stand here, and take others' away, in one step."""

    def take(self, entry: Entry) -> None:
        """Take the entry's value away; what it covered stands again."""

    def is_free(self) -> bool:
        """Whether nothing stands here that somebody registered."""

    def repeat(self, entry: Entry, other: Any, run: Run) -> None:
        """Register the same on another app or blueprint.

        :param run: the run in which it is registered, under the entry's owner.
        """


@dataclass(eq=False)
class Entry:
    """One registration.

    :param slot: where it stands.
    :param value: the function or object.
    :param identity: kind plus name; what has the same identity replaces it.
    :param owner: who registered it.
    :param number: the run of the cell in which it came to stand.
    :param body: the run of its owner.
    :param rank: where it stands among others.
    :param causes: the registrations that brought it about; it goes with any of them.
    :param group: the definition of a cell that it is a part of, or None.
    """

    slot: Slot
    value: Any
    identity: Identity
    owner: Owner
    number: int
    body: int
    rank: Rank
    causes: tuple[Entry, ...] = ()
    group: Hashable = None
    effects: list[Entry] = field(default_factory=list)
    #: For a blueprint's registration on an app: what of the blueprint has reached the app.
    reached: set[Hashable] = field(default_factory=set)
    ledger: Ledger | None = None

    @property
    def is_left_over(self) -> bool:
        """Whether what brought it about has lost its place, so that it stays for this run only."""
        return any(cause.ledger is None or cause not in cause.ledger for cause in self.causes)

    @property
    def is_recording(self) -> bool:
        """Whether it stands on a blueprint, so that only what it brings about can be told from outside."""
        return bool(self.ledger is not None and self.ledger.is_of_blueprint)

    @property
    def labels(self) -> list[str]:
        """What people call all that goes with it."""
        told = (
            [effect.label for effect in self.effects] if self.is_recording and self.effects else [self.label]
        )
        return [label for label in told if label]

    @property
    def label(self) -> str:
        """What people call it; empty for what goes with a route."""
        return "" if self.group is ROUTE else self.slot.label


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

    def of_earlier_runs(self, run: Run) -> list[Entry]:
        """Return what the owner of *run* registered by itself in other runs."""
        return [
            entry
            for entry in self
            if entry.owner.key == run.owner.key and entry.body != run.body and not entry.causes
        ]

    def labels_of(self, run: Run) -> Iterator[str]:
        """Go through what people call all that the owner of *run* has registered in it."""
        for entry in self:
            if entry.owner.key == run.owner.key and entry.body == run.body:
                yield from (entry.label, *entry.labels)

    def of_owner(self, owner: Owner) -> list[Entry]:
        """Return what *owner* registered by itself."""
        return [entry for entry in self if entry.owner.key == owner.key and not entry.causes]
