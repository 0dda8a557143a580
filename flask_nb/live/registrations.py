"""What is registered: a value, where it stands, and whose it is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple, Protocol

Rank = tuple[int, ...]
"""Where something stands among others: the order of its cell's first run, then its place in that cell."""

Identity = tuple[Hashable, ...]

ROUTE = object()
"""The group of views that were registered with a rule."""


class Owner(NamedTuple):
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

    def repeat(self, entry: Entry, other: Any) -> None:
        """Put the same into this place of another app or blueprint."""


class Book(Protocol):
    """Where registrations are entered: the ledger of an app or a blueprint."""

    is_of_blueprint: bool

    def __contains__(self, entry: object) -> bool: ...

    def drop(self, entry: Entry) -> None:
        """Strike an entry out, and take away its value and what it had brought about."""


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

    def __init__(
        self,
        slot: Slot,
        value: Any,
        identity: Identity,
        owner: Owner,
        number: int,
        body: int,
        rank: Rank,
        causes: tuple[Entry, ...] = (),
        group: Hashable = None,
    ) -> None:
        self.slot = slot
        self.value = value
        self.identity = identity
        self.owner = owner
        self.number = number
        self.body = body
        self.rank = rank
        self.causes = causes
        self.group = group
        self.effects: list[Entry] = []
        #: For a blueprint's registration on an app: what of the blueprint has reached the app.
        self.reached: set[Hashable] = set()
        #: Whether all that the blueprint has by now is known to have reached it.
        self.is_settled = False
        self.ledger: Book | None = None

    def __repr__(self) -> str:
        return f"<Entry {self.identity} of {self.owner}>"

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
