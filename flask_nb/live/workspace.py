"""A notebook's cells, their runs, and what they have made: all that is kept from one run to the next.

The extension makes a workspace and lets go of it when it is unloaded; nothing of it is kept anywhere
else. Apps and blueprints that a cell made are held until the cell makes them again, so that nothing
depends on when Python collects what is no longer used.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .ledger import Entry
from .owners import Owner, Rank, Run, current_run

if TYPE_CHECKING:
    from .app import Live


class Holder(Protocol):
    """An app or a blueprint."""

    live: Live


@dataclass(eq=False)
class _Made:
    """An app or blueprint that a run of a cell made.

    :param body: the run of its owner.
    :param cell: the run of the cell at work.
    :param before: what an earlier run had made, until this one has ended.
    :param replaces: the apps that it has taken over from. They stay as they are until the run has ended well.
    :param is_whole: whether it has.
    """

    holder: Holder
    body: int
    cell: Run
    before: _Made | None = None
    replaces: list[Holder] = field(default_factory=list)
    is_whole: bool = False


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
        given_up = [] if succeeded else self.given_up_by(run)
        for _, new in given_up:
            self._put_back(new)
        if given_up:
            self._told[run] = []  # it was about apps that are gone
        for made in [made for made in self._made.values() if made.cell is run]:
            self.accept(made.holder, is_whole=succeeded)
        if succeeded:
            for entry in self._left_over.pop(run.owner.key, []):
                _drop(entry)
            runs = [run] if run.owner.is_certain else []
            runs += [module.run for module in run.modules.values() if module.is_whole]
            for one in runs:
                self._retire(run, one)
                self._superseded.pop(one.owner.key, None)
        run.modules.clear()
        return list(dict.fromkeys(self._told.pop(run, [])))

    def given_up_by(self, run: Run) -> list[tuple[Any, Any]]:
        """Return what a run gives up if it fails: the app or blueprint that stays, and the one that goes.

        An app that was never whole does not come back; nor does a blueprint that apps have got.
        """
        mine = [made for made in self._made.values() if made.cell is run]
        apps = [made for made in mine if made.replaces and self.is_whole(made.replaces[-1])]
        gone = [made.holder for made in apps]
        others = [
            made for made in mine if made.before and not made.replaces and made.holder.live.is_idle(gone)
        ]
        pairs = [(made.replaces[-1], made.holder) for made in apps]
        return pairs + [(made.before.holder, made.holder) for made in others if made.before and pairs]

    def is_whole(self, holder: Holder) -> bool:
        """Whether the cell that made it has ended well; what no cell has made is whole."""
        befores = (made.before for made in self._made.values())
        made = [one for one in (*self._made.values(), *befores) if one is not None and one.holder is holder]
        return all(one.is_whole for one in made)

    def _put_back(self, holder: Holder) -> None:
        """Be without an app or blueprint, and have what was there before."""
        for key, made in list(self._made.items()):
            if made.holder is holder:
                for old in made.replaces:
                    old.live.is_replaced = False
                del self._made[key]
                if made.before is not None:
                    self._made[key] = made.before
        holder.live.let_go()

    def accept(self, holder: Holder, *, is_whole: bool = True) -> None:
        """Let an app that a cell has made be in the place of what it replaces."""
        for made in [made for made in self._made.values() if made.holder is holder]:
            for old in made.replaces:
                old.live.let_go()
                old.live.is_replaced = False
                self._followed = [one for one in self._followed if one is not old]
                self._made = {key: one for key, one in self._made.items() if one.holder is not old}
            made.before, made.replaces, made.is_whole = None, [], made.is_whole or is_whole

    def _retire(self, cell: Run, run: Run) -> None:
        for holder in self._everything():
            for entry in holder.live.ledger.of_earlier_runs(run):
                if entry.group is None:
                    self.tell(cell, entry.label and f"withdrawn: {entry.label}")
                holder.live.ledger.drop(entry)

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
        for holder, entry in gone:
            holder.live.ledger.drop(entry)
        labels = dict.fromkeys(entry.label for _, entry in gone if entry.label)
        return [f"withdrawn: {label} (its cell was deleted)" for label in labels]

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
        made = self._made[key] = _Made(holder, run.body, run.cell or run)
        if old is None or self._is_afresh:
            return
        made.before = old
        if holder.live.take_over(old.holder, run):
            self._superseded.setdefault(run.owner.key, []).append(old.holder)

    def replace(self, old: Holder, new: Holder) -> None:
        """Have an app in the place of another from when the run that made it has ended well."""
        old.live.is_replaced = True
        for made in self._made.values():
            if made.holder is new:
                made.replaces.append(old)

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
