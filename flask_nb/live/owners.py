"""Who registers: the cell that is running, or the module whose body is.

Outside a notebook nobody is at work (:data:`current_run` is unset), nothing is recorded, and the
framework's own rules stand. While a cell runs, everything that is registered is recorded under its
owner, so that the next run of the cell replaces it, a cell that no longer defines it retires it, and a
new app takes over what other cells had registered.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ledger import Entry
    from .workspace import Workspace

Rank = tuple[int, ...]
"""Where something stands among others: the order of its cell's first run, then its place in that cell."""

current_run: ContextVar[Run | None] = ContextVar("flask_nb.run", default=None)


@dataclass(frozen=True, slots=True)
class Owner:
    """A cell, or a module.

    :param key: what stays the same when it runs again: the front end's cell id; where there is none,
        the cell's name; the name of a module.
    :param name: what people call it: a line of its code, at most 40 characters; the module's name.
    :param kind: ``cell`` or ``module``.
    :param is_certain: whether the key is certain to mean the same cell. Only then does a run withdraw
        what an earlier one registered and it did not.
    """

    key: Hashable
    name: str
    kind: str = "cell"
    is_certain: bool = False

    def __str__(self) -> str:
        return f"the {self.kind} '{self.name}'"


@dataclass(eq=False)
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
    """

    workspace: Workspace
    owner: Owner
    number: int
    body: int
    order: Rank
    causes: tuple[Entry, ...] = ()
    rank: Rank | None = None
    cell: Run | None = None
    is_quiet: bool = False
    outer: Run | None = None
    #: How many hooks of each kind without a name of their own this run has registered.
    places: Counter[Hashable] = field(default_factory=Counter)
    #: The bodies of modules that this run has executed.
    modules: dict[str, ModuleRun] = field(default_factory=dict)

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
        return replace(
            self,
            cell=self.cell or self,
            owner=source.owner,
            number=number,
            body=source.body,
            causes=causes,
            rank=rank,
            places=Counter(),
            modules={},
        )

    def repeating(self, entry: Entry) -> Run:
        """Return the run in which *entry* is registered once more, on another app."""
        return replace(
            self,
            cell=self.cell or self,
            owner=entry.owner,
            number=entry.number,
            body=self.workspace.next_number(),
            rank=entry.rank,
            is_quiet=True,
            places=Counter(),
        )

    def repeating_all(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Run]]:
        """Go through *entries*, each with the run in which it is registered once more.

        What one run had registered is repeated in one run, so that it does not displace itself.
        """
        repeats: dict[Hashable, Run] = {}
        for entry in entries:
            run = repeats.setdefault((entry.owner.key, entry.body), self.repeating(entry))
            yield entry, replace(run, rank=entry.rank)

    def at_work(self) -> Run:
        """Return the run of the module whose body is executing in this run, or this run."""
        if self.causes or self.rank is not None:
            return self
        frame = _module_body()
        if frame is None:
            return self
        name = str(frame.f_globals["__name__"])
        name = os.path.basename(frame.f_code.co_filename) if name == "__main__" else name
        known = self.modules.get(name)
        if known is None or known.frame is not frame:
            known = self.modules[name] = ModuleRun(self.of_module(name), frame, _is_whole(frame))
        return known.run

    def of_module(self, name: str) -> Run:
        """Return a run of the module *name* within this one."""
        owner = Owner(("module", name), name, "module", is_certain=True)
        # What a module registers stands where the cell first imported it.
        body, order = self.workspace.next_number(), self.workspace.order_of(owner, self.next_rank)
        return replace(
            self, cell=self.cell or self, owner=owner, body=body, order=order, places=Counter(), modules={}
        )


@dataclass(eq=False)
class ModuleRun:
    """One execution of a module's body.

    :param run: its run.
    :param frame: the frame of the body, by which it is known again.
    :param is_whole: whether all of the module is being executed, so that what it did not register this
        time is gone; an autoreloader executes single functions.
    """

    run: Run
    frame: FrameType
    is_whole: bool


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


def _module_body() -> FrameType | None:
    """The innermost body of a module that is executing, unless the cell itself comes first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            return frame if _is_module(frame.f_globals) else None
        frame = frame.f_back
    return None


def _is_module(namespace: dict[str, Any]) -> bool:
    """Whether a body with these globals is a module's or a script's; a cell's have no file."""
    name = namespace.get("__name__")
    if name == "__main__":
        return str(namespace.get("__file__", "")).endswith(".py") and "get_ipython" not in namespace
    return getattr(sys.modules.get(str(name)), "__dict__", None) is namespace


def _is_whole(frame: FrameType) -> bool:
    namespace = frame.f_globals
    if namespace["__name__"] == "__main__":
        return True
    is_reloading = namespace["__name__"] in getattr(sys.modules.get("importlib"), "_RELOADING", {})
    return is_reloading or getattr(namespace.get("__spec__"), "_initializing", False)


@contextmanager
def at_work(run: Run | None) -> Iterator[None]:
    """Run a block with *run* as the one that registers; with None nobody does."""
    token = current_run.set(run)
    try:
        yield
    finally:
        current_run.reset(token)
