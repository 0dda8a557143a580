"""Who registered what: owners, registrations, and the ledger of an app or a blueprint.

Outside a notebook no owner is set, nothing is recorded, and Flask's own rules stand. While a cell
runs, the notebook sets :data:`current_owner`; every registration is then recorded under it with an
*identity*, so that the next run of the cell replaces it, a cell that no longer defines it retires it,
and a new app object takes over what other cells had registered.

Within one run of one owner nothing is replaced: there Flask's own errors stand.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

Identity = tuple[Hashable, ...]

MISSING = object()  # nothing, where None would be a value


@dataclass(frozen=True, slots=True)
class Owner:
    """The cell, or the module being imported, that is running when something is registered.

    :param key: what stays the same when it runs again: the front end's cell id; where there is none,
        the cell's name; the name of a module.
    :param name: what people call it: the first line of code, at most 40 characters.
    :param run: the number of this run; registrations of one run never replace each other.
    :param retires: whether what an earlier run registered and this one does not is withdrawn at its
        end. True only where the key is certain to mean the same cell.
    """

    key: Hashable
    name: str
    run: int
    retires: bool = False

    def is_same_run(self, other: Owner | None) -> bool:
        """Whether *other* is this very run of this owner."""
        return other is not None and other.run == self.run and other.key == self.key


current_owner: ContextVar[Owner | None] = ContextVar("flask_nb.owner", default=None)
_repeating: ContextVar[bool] = ContextVar("flask_nb.repeating", default=False)
_via: ContextVar[str | None] = ContextVar("flask_nb.via", default=None)

_run_numbers = itertools.count(1)
_ledgers: weakref.WeakSet[Ledger] = weakref.WeakSet()
_module_owners: dict[tuple[str, int], Owner] = {}


def is_strict() -> bool:
    """Whether Flask's own rules are asked for in the notebook too (``FLASK_NB_STRICT``)."""
    return os.environ.get("FLASK_NB_STRICT", "").lower() not in ("", "0", "false", "no")


def registering_owner() -> Owner | None:
    """Return the owner of a registration made right now, or None outside a notebook.

    A module that is being imported owns what its body registers, not the cell that imports it.
    """
    owner = current_owner.get()
    if owner is None or is_strict():
        return None
    if _repeating.get():
        return owner
    module = _importing_module()
    if module is None:
        return owner
    return _module_owners.setdefault((module, owner.run), Owner(("module", module), module, owner.run))


def _importing_module() -> str | None:
    """The innermost module whose body is on the stack because it is being imported or reloaded."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            spec = frame.f_globals.get("__spec__")
            if getattr(spec, "_initializing", False) or _is_reloading(frame.f_globals):
                return str(frame.f_globals.get("__name__"))
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _is_reloading(namespace: dict[str, Any]) -> bool:
    reloading = getattr(sys.modules.get("importlib"), "_RELOADING", {})
    return namespace.get("__name__") in reloading


@dataclass(eq=False, slots=True)
class Registration:
    """One thing that an owner registered.

    :param identity: kind plus name; what has the same identity replaces it.
    :param owner: who registered it.
    :param label: what people call it, such as ``GET /items``.
    :param withdraw: takes it back out.
    :param repeat: registers the same on another app or blueprint; None for what goes with its object.
    :param via: the name of the blueprint that brought it to an app, or None.
    :param value: the function or object that was registered.
    :param shadowed: what stood under its name before anything was registered there.
    """

    identity: Identity
    owner: Owner
    label: str
    withdraw: Callable[[], None]
    repeat: Callable[[Any], object] | None = None
    via: str | None = None
    value: Any = None
    shadowed: Any = MISSING


class Ledger:
    """What owners have registered on one app or blueprint, by identity."""

    def __init__(self) -> None:
        self._entries: dict[Identity, Registration] = {}
        self._lock = threading.RLock()
        _ledgers.add(self)

    def __iter__(self) -> Iterator[Registration]:
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def set_aside(self) -> None:
        """Leave everything as it is from now on: another app or blueprint has taken over."""
        _ledgers.discard(self)

    def get(self, identity: Identity) -> Registration | None:
        """Return the registration of that identity, or None."""
        return self._entries.get(identity)

    def superseded(self, identity: Identity, owner: Owner) -> Registration | None:
        """Return what a registration of *identity* by *owner* replaces: one of another run."""
        entry = self._entries.get(identity)
        if entry is None or (owner.is_same_run(entry.owner) and not _repeating.get()):
            return None
        return entry

    def enter(self, registration: Registration) -> None:
        """Record *registration* in the place of one with the same identity, which is told about."""
        if registration.via is None:
            registration.via = _via.get()
        with self._lock:
            old = self._entries.pop(registration.identity, None)
            if old is not None:
                tell_replaced(registration.owner, old)
            self._entries[registration.identity] = registration

    def replace(self, registration: Registration) -> None:
        """Record *registration* and withdraw the one that it supersedes."""
        old = self.superseded(registration.identity, registration.owner)
        self.enter(registration)
        if old is not None:
            old.withdraw()

    def forget(self, identity: Identity) -> None:
        """Strike an entry out without withdrawing anything."""
        with self._lock:
            self._entries.pop(identity, None)

    def drop(self, registration: Registration) -> None:
        """Strike *registration* out and withdraw it."""
        with self._lock:
            if self._entries.get(registration.identity) is registration:
                del self._entries[registration.identity]
        registration.withdraw()

    def retire(self, owner: Owner) -> list[Registration]:
        """Withdraw what earlier runs of *owner* registered and this one did not register again.

        :return: the registrations that were withdrawn.
        """
        gone = [entry for entry in self if entry.owner.key == owner.key and entry.owner.run != owner.run]
        for entry in gone:
            self.drop(entry)
        return gone


# --- the run of a cell ----------------------------------------------------------------------------

_notices: dict[int, list[str]] = {}
_observers: list[Callable[[Owner, str], list[str]]] = []


def begin(key: Hashable, name: str, retires: bool = False) -> Owner:
    """Begin a run: return the owner to put into :data:`current_owner`."""
    owner = Owner(key, name, next(_run_numbers), retires)
    _notices[owner.run] = []
    for observer in _observers:
        observer(owner, "begin")
    return owner


def finish(owner: Owner, succeeded: bool) -> list[str]:
    """End a run; after success withdraw what it no longer defines.

    :return: the lines to tell the person: what was replaced, taken over, or withdrawn.
    """
    lines = _notices.pop(owner.run, [])
    for observer in _observers:
        lines += observer(owner, "succeeded" if succeeded else "failed")
    if succeeded and owner.retires:
        gone = [entry for ledger in list(_ledgers) for entry in ledger.retire(owner)]
        lines += [f"withdrawn: {entry.label}" for entry in gone if entry.label]
    return list(dict.fromkeys(lines))


def observe_runs(observer: Callable[[Owner, str], list[str]]) -> None:
    """Call *observer* with the owner and ``begin``, ``succeeded`` or ``failed`` at each run."""
    _observers.append(observer)


def tell(owner: Owner, line: str) -> None:
    """Keep a line for the end of *owner*'s run; lines of finished runs are dropped."""
    lines = _notices.get(owner.run)
    if lines is not None:
        lines.append(line)


def is_another_cell(one: Owner, other: Owner) -> bool:
    """Return whether people know the two as different cells.

    Names count as well as keys: output must be the same in front ends that send no cell id.
    """
    return one.key != other.key and one.name != other.name


def tell_replaced(owner: Owner, old: Registration) -> None:
    """Say what *owner* replaced when it came from another cell."""
    if old.label and is_another_cell(old.owner, owner) and not _repeating.get():
        tell(owner, f"replaces {old.label} of the cell '{old.owner.name}'")


@contextmanager
def owned_by(owner: Owner | None) -> Iterator[None]:
    """Run a block with *owner* as the current owner."""
    token = current_owner.set(owner)
    try:
        yield
    finally:
        current_owner.reset(token)


@contextmanager
def via_blueprint(name: str) -> Iterator[None]:
    """Run a block in which the blueprint registered as *name* brings its registrations to an app."""
    token = _via.set(name)
    try:
        yield
    finally:
        _via.reset(token)


@contextmanager
def repeated(registration: Any) -> Iterator[None]:
    """Run a block that registers again, elsewhere, what *registration* is about, under its ``owner``."""
    token = _repeating.set(True)
    try:
        with owned_by(registration.owner):
            yield
    finally:
        _repeating.reset(token)
