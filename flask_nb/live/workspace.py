"""A notebook's cells, their runs, and what they have made: all that is kept from one run to the next.

The extension makes a workspace and lets go of it when it is unloaded; nothing of it is kept anywhere
else. Apps and blueprints that a cell made are held until the cell makes them again, so that nothing
depends on when Python collects what is no longer used.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .ledger import ROUTE, Entry
from .owners import Owner, Rank, Run, current_run

if TYPE_CHECKING:
    from .app import Live


class Holder(Protocol):
    """An app or a blueprint."""

    live: Live


@dataclass(eq=False)
class _Made:
    """An app or blueprint that a run of a cell made."""

    holder: Holder
    body: int


class Workspace:
    """What one notebook has defined, on however many apps."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._orders: dict[Hashable, Rank] = {}
        self._followed: list[Holder] = []
        self._made: dict[Hashable, _Made] = {}
        # Blueprints that were made again, until that run has ended well: apps still have their routes.
        self._superseded: dict[Hashable, list[Holder]] = {}
        self._told: dict[Run, list[str]] = {}
        self._left_over: dict[Hashable, list[Entry]] = {}
        self._is_afresh = False
        # What was withdrawn with its cell: front ends report a deletion that was undone meanwhile, too.
        self._deleted: dict[Hashable, list[tuple[Holder, Entry]]] = {}
        # By the name of each module that has registered something: its specification at that time.
        self._specs: dict[str, Any] = {}

    def next_number(self) -> int:
        """Return a number that no run has had."""
        return next(self._numbers)

    def order_of(self, owner: Owner, now: Callable[[], Rank] | None = None) -> Rank:
        """Return where *owner* stands among others: where it first ran.

        :param now: returns where it stands if this is its first run; by default behind all cells so far.
        """
        if owner.key not in self._orders:
            self._orders[owner.key] = (len(self._orders) + 1,) if now is None else now()
        return self._orders[owner.key]

    # --- runs ---

    def begin(self, key: Hashable, name: str, is_certain: bool = False) -> Run:
        """Begin a run of a cell, which is at work from now on.

        :param key: what stays the same when the cell runs again.
        :param name: what people call it.
        :param is_certain: whether the key is certain to mean the same cell.
        """
        owner, number = Owner(key, name, is_certain=is_certain), self.next_number()
        run = Run(self, owner, number, body=number, order=self.order_of(owner), outer=current_run.get())
        self._told[run] = []
        current_run.set(run)
        return run

    def finish(self, run: Run, succeeded: bool) -> list[str]:
        """End a run; after success withdraw what its owner had defined before and no longer defines.

        The variable is set, not reset: a kernel announces a cell's end in another context than its begin.

        :return: the lines to tell: what was replaced, taken over, or withdrawn.
        """
        current_run.set(run.outer)
        if succeeded:
            for entry in self._left_over.pop(run.owner.key, []):
                _drop(entry)
            runs = [run] if run.owner.is_certain else []
            for one in (*runs, *self._executed_modules(run)):
                self._retire(run, one)
                self._superseded.pop(one.owner.key, None)
        run.modules.clear()
        return list(dict.fromkeys(self._told.pop(run, [])))

    def _executed_modules(self, run: Run) -> Iterator[Run]:
        """The runs of modules whose whole body was executed meanwhile, if only to register nothing."""
        for name, module in run.modules.items():
            if module.is_whole:
                self._specs[name] = _spec_of(name)
                yield module.run
        for name, spec in self._specs.items():
            now = spec if name in run.modules else _spec_of(name)
            if now is not None and now is not spec:  # an import and a reload make a new one, which equals it
                self._specs[name] = now
                yield run.of_module(name)

    def _retire(self, cell: Run, run: Run) -> None:
        ledgers = [holder.live.ledger for holder in self._everything()]
        old = [(ledger, entry) for ledger in ledgers for entry in ledger.of_earlier_runs(run)]
        # A blueprint that was made again has anew what the one before it had.
        again = {label for ledger in ledgers if old for label in ledger.labels_of(run)}
        for ledger, entry in old:
            for label in entry.labels if entry.group is None else ():
                if label not in again:
                    self.tell(cell, f"withdrawn: {label}")
            ledger.drop(entry)

    def delete(self, keys: Collection[Hashable]) -> list[str]:
        """Withdraw what cells had defined that are no longer in the notebook.

        :param keys: their owners' keys.
        :return: the lines to tell.
        """
        gone = [
            (holder, entry)
            for holder in self._everything()
            for entry in holder.live.ledger
            if entry.owner.key in keys and not entry.causes
        ]
        labels = dict.fromkeys(label for _, entry in gone for label in entry.labels)
        for holder, entry in gone:
            holder.live.ledger.drop(entry)
            self._deleted.setdefault(entry.owner.key, []).append((holder, entry))
        return [f"withdrawn: {label} (its cell was deleted)" for label in labels]

    def bring_back(self, run: Run, keys: Iterable[Hashable]) -> list[str]:
        """Register again what deleted cells had defined, where nothing has taken its place.

        :param keys: the owners of cells that are in the notebook again, such as after an undo.
        :return: the lines to tell.
        """
        deleted = [pair for key in keys for pair in self._deleted.pop(key, [])]
        free = {
            entry: holder for holder, entry in deleted if entry.group is not ROUTE and entry.slot.is_free()
        }
        for entry, repeating in run.repeating_all(free):
            entry.slot.repeat(entry, free[entry], repeating)
        return [f"back: {entry.label} (its cell is in the notebook again)" for entry in free if entry.label]

    def forget_deleted(self, keys: Iterable[Hashable]) -> None:
        """Let go of what deleted cells had defined: they are gone for good, or have run again."""
        for key in keys:
            self._deleted.pop(key, None)

    # --- what is told ---

    def tell(self, run: Run, line: str) -> None:
        """Keep a line for the end of the run of the cell at work."""
        lines = self._told.get(run.cell or run)
        if lines is not None and line:
            lines.append(line)

    def tell_replaced(self, run: Run, old: Entry, what: str | None = None) -> None:
        """Say what was replaced when it came from another cell.

        Without ids nobody can tell whether a cell that begins like another is another, so it is said.

        :param what: what people call it; by default the entry's label.
        """
        label = "" if run.is_quiet else old.label if what is None else what
        is_same = old.owner.key == run.owner.key and (run.owner.is_certain or old.body == run.body)
        is_own = any((run.cell or run).has_replaced(cause) for cause in old.causes)
        if label and not is_same and not is_own:
            self.tell(run, f"replaces {label} of {old.owner}")

    def leave_over(self, run: Run, entries: Iterable[Entry]) -> None:
        """Keep what a displaced registration had brought about until the cell at work has ended well."""
        self._left_over.setdefault((run.cell or run).owner.key, []).extend(entries)

    # --- apps and blueprints ---

    def _everything(self) -> list[Holder]:
        made = [one.holder for one in self._made.values()]
        superseded = [holder for holders in self._superseded.values() for holder in holders]
        return list({id(holder): holder for holder in [*self._followed, *made, *superseded]}.values())

    def follow(self, holder: Holder) -> None:
        """Follow an app or a blueprint from now on."""
        if not any(one is holder for one in self._everything()):
            self._followed.append(holder)

    def welcome(self, holder: Holder, run: Run, name: Hashable) -> None:
        """Follow what *run* has just made; it takes over from what an earlier run of its owner made.

        :param name: what tells it from others that the owner makes; several of one name are told
            apart by their order.
        """
        keys = ((run.owner.key, name, number) for number in itertools.count())
        key = next(key for key in keys if key not in self._made or self._made[key].body != run.body)
        old = self._made.get(key)
        self._made[key] = _Made(holder, run.body)
        if old is not None and not self._is_afresh and holder.live.take_over(old.holder, run):
            self._superseded.setdefault(run.owner.key, []).append(old.holder)

    def release(self, holder: Holder) -> None:
        """Follow an app no longer: another has taken over, and it stays as it is."""
        self._followed = [one for one in self._followed if one is not holder]
        self._made = {key: made for key, made in self._made.items() if made.holder is not holder}

    def afresh(self, make: Callable[[], Any]) -> Any:
        """Return what *make* makes, which takes nothing over."""
        self._is_afresh = True
        try:
            return make()
        finally:
            self._is_afresh = False


def _drop(entry: Entry) -> None:
    if entry.ledger is not None:
        entry.ledger.drop(entry)


def _spec_of(name: str) -> Any:
    return getattr(sys.modules.get(name), "__spec__", None)
