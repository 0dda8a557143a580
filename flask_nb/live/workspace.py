"""Who registers: a notebook's cells and their runs, and all that is kept from one run to the next.

Outside a notebook nobody is at work (:data:`current_run` is unset), nothing is recorded, and the
framework's own rules stand. While a cell runs, everything that is registered is recorded under its
owner, so that the next run of the cell replaces it, a cell that no longer defines it retires it, and a
new app takes over what other cells had registered.

The extension makes a workspace and lets go of it when it is unloaded; nothing of it is kept anywhere
else. Apps and blueprints that a cell made are held until the cell makes them again, so that nothing
depends on when Python collects what is no longer used.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from types import FrameType
from typing import Any, Protocol

from .modules import is_whole, module_body, spec_of
from .registrations import ROUTE, Entry, Owner, Rank

current_run: ContextVar[Run | None] = ContextVar("flask_nb.run", default=None)


class Run:
    """One run of an owner: what is registered meanwhile is its.

    :param workspace: the notebook that it belongs to.
    :param owner: who runs.
    :param number: the number of the cell's run. What one run registers never displaces what the same
        run registered, whoever owns it: modules that it imports, blueprints that it registers.
    :param body: what tells two runs of one module's body within one run of a cell apart.
    :param order: when the owner first ran, among the owners of the notebook.
    :param causes: the registrations that bring this one about, such as that of a blueprint.
    :param rank: where it stands; by default behind all that the run has registered so far.
    :param cell: the run of the cell at work, unless this is it.
    :param is_quiet: whether nobody is told of what it replaces: it only repeats what others have done.
    :param outer: the run of the cell that runs this one, or None.
    :param repeats: the registration that is made once more, on another app.
    """

    def __init__(
        self,
        workspace: Workspace,
        owner: Owner,
        number: int,
        body: int,
        order: Rank,
        outer: Run | None = None,
    ) -> None:
        self.workspace = workspace
        self.owner = owner
        self.number = number
        self.body = body
        self.order = order
        self.causes: tuple[Entry, ...] = ()
        self.rank: Rank | None = None
        self.cell: Run | None = None
        self.is_quiet = False
        self.outer = outer
        self.repeats: Entry | None = None
        #: How many hooks of each kind without a name of their own this run has registered.
        self.places = Counter[Hashable]()
        #: The bodies of modules that this run has executed.
        self.modules: dict[str, ModuleRun] = {}

    def __repr__(self) -> str:
        return f"<Run {self.number} of {self.owner}>"

    def but(self, **changes: Any) -> Run:
        """Return the same run with some attributes changed."""
        other = copy(self)
        vars(other).update(changes)
        return other

    def displaces(self, entry: Entry) -> bool:
        """Whether a registration of this run takes the place of *entry*."""
        if entry.number != self.number or entry.is_left_over:
            return True
        return entry.owner.key == self.owner.key and entry.body != self.body

    def has_replaced(self, entry: Entry) -> bool:
        """Whether *entry* is of an earlier run of this owner, so that its code should not see it."""
        if any(self.has_replaced(cause) for cause in entry.causes):
            return True
        if entry.owner.kind == "module" and self.owner.kind != "module":
            run = self.at_work()
            return run.owner.key == entry.owner.key and run.body != entry.body
        return entry.owner.key == self.owner.key and entry.body != self.body

    def is_earlier(self, entry: Entry) -> bool:
        """Whether an earlier run of the owner registered *entry* by itself."""
        return entry.owner.key == self.owner.key and entry.body != self.body and not entry.causes

    def next_rank(self) -> Rank:
        """Return where the next registration stands."""
        if self.rank is not None:
            return self.rank
        self.places[None] += 1
        return (*self.order, self.places[None])

    def caused_by(self, source: Entry, place: Entry | None = None) -> Run:
        """Return the run in which *source*, a registration on a blueprint, reaches an app.

        What was there when the blueprint was registered counts as registered with it, in one run; what
        has been recorded since counts as registered when it was.

        :param place: the registration of the blueprint on the app.
        """
        causes = (place, source) if place is not None else (source,)
        is_later = place is None or source.rank > place.rank
        rank = source.rank if is_later or place is None else (*place.rank, *source.rank)
        number = source.number if is_later or place is None else place.number
        return self.but(
            cell=self.cell or self,
            owner=source.owner,
            number=number,
            body=source.body,
            causes=causes,
            rank=rank,
            repeats=None,
            places=Counter(),
            modules={},
        )

    def repeating(self, entry: Entry) -> Run:
        """Return the run in which *entry* is registered once more, on another app."""
        return self.but(
            cell=self.cell or self,
            owner=entry.owner,
            number=entry.number,
            body=self.workspace.next_number(),
            rank=entry.rank,
            is_quiet=True,
            repeats=entry,
            places=Counter(),
        )

    def repeating_all(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Run]]:
        """Go through *entries*, each with the run in which it is registered once more.

        What one run had registered is repeated in one run, so that it does not displace itself.
        """
        repeats: dict[Hashable, Run] = {}
        for entry in entries:
            run = repeats.setdefault((entry.owner.key, entry.body), self.repeating(entry))
            yield entry, run.but(rank=entry.rank, repeats=entry)

    def at_work(self) -> Run:
        """Return the run of the module whose body is executing in this run, or this run."""
        if self.causes or self.rank is not None:
            return self
        frame = module_body()
        if frame is None:
            return self
        name = str(frame.f_globals["__name__"])
        name = os.path.basename(frame.f_code.co_filename) if name == "__main__" else name
        known = self.modules.get(name)
        if known is None or known.frame is not frame:
            known = self.modules[name] = ModuleRun(self.of_module(name), frame, is_whole(frame))
        return known.run

    def of_module(self, name: str) -> Run:
        """Return a run of the module *name* within this one."""
        owner = Owner(("module", name), name, "module", is_certain=True)
        # What a module registers stands where the cell first imported it.
        body, order = self.workspace.next_number(), self.workspace.order_of(owner, self.next_rank)
        return self.but(
            cell=self.cell or self, owner=owner, body=body, order=order, places=Counter(), modules={}
        )


class ModuleRun:
    """One execution of a module's body.

    :param run: its run.
    :param frame: the frame of the body, by which it is known again.
    :param is_whole: whether all of the module is being executed, so that what it did not register this
        time is gone; an autoreloader executes single functions.
    """

    __slots__ = ("frame", "is_whole", "run")

    def __init__(self, run: Run, frame: FrameType, is_whole: bool) -> None:
        self.run = run
        self.frame = frame
        self.is_whole = is_whole


def is_strict() -> bool:
    """Whether the framework's own rules are asked for in the notebook too (``FLASK_NB_STRICT``)."""
    return os.environ.get("FLASK_NB_STRICT", "").lower() not in ("", "0", "false", "no")


def running() -> Run | None:
    """Return the run of the cell at work, or None where the framework's own rules stand."""
    run = current_run.get()
    return None if run is None or is_strict() else run


def registering() -> Run | None:
    """Return the run that owns what is registered right now, or None where the framework's rules stand.

    Code is owned by the module whose globals it runs in: the body of a module that is imported,
    reloaded or run owns what it registers, not the cell at work; a function of a module that the cell
    calls registers for the cell.
    """
    run = running()
    return None if run is None else run.at_work()


@contextmanager
def at_work(run: Run | None) -> Iterator[None]:
    """Run a block with *run* as the one that registers; with None nobody does."""
    token = current_run.set(run)
    try:
        yield
    finally:
        current_run.reset(token)


class Follower(Protocol):
    """The live half of an app or a blueprint."""

    is_replaced: bool

    @property
    def ledger(self) -> Iterable[Entry]: ...

    def take_over(self, old: Any, run: Run) -> bool:
        """Register here what other cells had registered on *old*; return whether *old* is still needed."""

    def let_go(self) -> None:
        """Be an app that nobody follows any more."""

    def is_idle(self, besides: Collection[Any]) -> bool:
        """Whether no app has got this blueprint, *besides* those that do not count."""


class Holder(Protocol):
    """An app or a blueprint."""

    @property
    def live(self) -> Follower: ...


class _Made:
    """An app or blueprint that a run of a cell made.

    :param body: the run of its owner.
    :param cell: the run of the cell at work.
    :param before: what an earlier run had made, until this one has ended.
    :param replaces: the apps that it has taken over from. They stay as they are until the run has ended well.
    :param is_whole: whether it has.
    """

    def __init__(self, holder: Holder, body: int, cell: Run, before: _Made | None = None) -> None:
        self.holder = holder
        self.body = body
        self.cell = cell
        self.before = before
        self.replaces: list[Holder] = []
        self.is_whole = False


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
        #: Whether a cell has taken the place of what another cell had registered.
        self.is_contested = False
        #: Apps and blueprints that had been there before the cell at work began. They are held, so that none
        #: that the cell makes is taken for one of them.
        self.older: list[Any] = []
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
        self._settle_made(run, succeeded)
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
                self._specs[name] = spec_of(name)
                yield module.run
        for name, spec in self._specs.items():
            now = spec if name in run.modules else spec_of(name)
            if now is not None and now is not spec:  # an import and a reload make a new one, which equals it
                self._specs[name] = now
                yield run.of_module(name)

    def _retire(self, cell: Run, run: Run) -> None:
        entries = [entry for holder in self.everything() for entry in holder.live.ledger]
        # A blueprint that was made again has anew what the one before it had.
        mine = [one for one in entries if one.owner.key == run.owner.key and one.body == run.body]
        again = {label for entry in mine for label in (entry.label, *entry.labels)}
        for entry in [one for one in entries if run.is_earlier(one)]:
            for label in entry.labels if entry.group is None else ():
                if label not in again:
                    self.tell(cell, f"withdrawn: {label}")
            _drop(entry)

    def delete(self, keys: Collection[Hashable]) -> list[str]:
        """Withdraw what cells had defined that are no longer in the notebook.

        :param keys: their owners' keys.
        :return: the lines to tell.
        """
        gone = [
            (holder, entry)
            for holder in self.everything()
            for entry in holder.live.ledger
            if entry.owner.key in keys and not entry.causes
        ]
        labels = dict.fromkeys(label for _, entry in gone for label in entry.labels)
        for holder, entry in gone:
            _drop(entry)
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
            with at_work(repeating):
                entry.slot.repeat(entry, free[entry])
        return [f"back: {entry.label} (its cell is in the notebook again)" for entry in free if entry.label]

    def forget_deleted(self, keys: Iterable[Hashable]) -> None:
        """Let go of what deleted cells had defined: they are gone for good, or have run again."""
        for key in keys:
            self._deleted.pop(key, None)

    # --- apps that are made again ---

    def _settle_made(self, run: Run, succeeded: bool) -> None:
        """At the end of a run, have what it made in the place of what was there, or give it up."""
        given_up = [] if succeeded else self.given_up_by(run)
        for _, new in given_up:
            self._put_back(new)
        if given_up:
            self._told[run] = []  # it was about apps that are gone
        for made in [made for made in self._made.values() if made.cell is run]:
            self.accept(made.holder, is_whole=succeeded)

    def given_up_by(self, run: Run) -> list[tuple[Any, Any]]:
        """Return what a run gives up if it fails: the app or blueprint that stays, and the one that goes.

        An app that was never whole does not come back; nor does a blueprint that apps have got.
        """
        mine = [made for made in self._made.values() if made.cell is run]
        apps = [made for made in mine if made.replaces and self.is_whole(made.replaces[-1])]
        gone = [made.holder for made in apps]
        pairs = [(made.replaces[-1], made.holder) for made in apps]
        idle = [made for made in mine if not made.replaces and made.holder.live.is_idle(gone)]
        return pairs + [(made.before.holder, made.holder) for made in idle if made.before and pairs]

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

    def replace(self, old: Holder, new: Holder) -> None:
        """Have an app in the place of another from when the run that made it has ended well."""
        old.live.is_replaced = True
        for made in self._made.values():
            if made.holder is new:
                made.replaces.append(old)

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
        label = old.label if what is None else what
        is_same = old.owner.key == run.owner.key and (run.owner.is_certain or old.body == run.body)
        is_own = any((run.cell or run).has_replaced(cause) for cause in old.causes)
        if is_same or is_own or run.is_quiet:
            return
        self.is_contested = True
        if label:
            self.tell(run, f"replaces {label} of {old.owner}")

    def tell_replaced_unseen(self, run: Run, module: str | None, what: str) -> None:
        """Say what was replaced of a module that registered it before anybody could record that.

        :param module: its name, None where nobody knows whose it was.
        """
        if module is not None and module != run.owner.name and not run.is_quiet:
            self.is_contested = True
            self.tell(run, f"replaces {what} of the module '{module}'")

    def leave_over(self, run: Run, entries: Iterable[Entry]) -> None:
        """Keep what a displaced registration had brought about until the cell at work has ended well."""
        self._left_over.setdefault((run.cell or run).owner.key, []).extend(entries)

    # --- apps and blueprints ---

    def everything(self) -> list[Holder]:
        """Return all apps and blueprints that are followed."""
        made = [one.holder for one in self._made.values()]
        superseded = [holder for holders in self._superseded.values() for holder in holders]
        return list({id(holder): holder for holder in [*self._followed, *made, *superseded]}.values())

    def made_by_cells(self) -> list[tuple[Any, Owner]]:
        """Return the apps and blueprints that cells have made, the latest first, each with its cell."""
        return [(made.holder, made.cell.owner) for made in reversed(self._made.values())]

    def follow(self, holder: Holder) -> None:
        """Follow an app or a blueprint from now on."""
        if not any(one is holder for one in self.everything()):
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
