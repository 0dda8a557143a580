"""Where values stand: under a name, where a value covers what stood there before, or in a list, by rank.

An app keeps what is registered in dictionaries and lists: views by endpoint, hooks by blueprint, settings by
key. In a notebook these are exchanged for the ones of this module, which hold the same values but know what
covers what, and change in one step that no reader sees half of. They know nothing of owners: who may put
something in, and what that replaces, is asked by those of :mod:`.tables`, which are made of these.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, MutableSequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .registrations import Entry, Rank

MISSING: Any = object()  # nothing, where None would be a value

FIRST: Rank = ()
LAST: Rank = (1 << 62,)

if TYPE_CHECKING:

    class _Dict(dict[Any, Any]): ...

    class _List(list[Any]): ...

else:

    class _Dict(MutableMapping, dict):
        """A dictionary whose methods come down to a few."""

    class _List(MutableSequence, list):
        """A list whose methods come down to a few."""


# --- names ----------------------------------------------------------------------------------------


class Name:
    """A name in a dictionary.

    :param label: what people call what stands here.
    """

    def __init__(self, table: CoveredDict, name: Any, label: str) -> None:
        self.table = table
        self.name = name
        self.label = label

    def put(self, entry: Entry, instead_of: Iterable[Entry]) -> None:
        """Cover what stands here."""
        self.table.cover({self.name: entry}, instead_of)

    def take(self, entry: Entry) -> None:
        """Uncover what the entry had covered."""
        self.table.cover({}, [entry])

    def is_free(self) -> bool:
        """Whether nothing stands here that somebody registered."""
        return self.table.is_layered or self.table.standing(self.name) is None

    def repeat(self, entry: Entry, other: Any) -> None:
        """Put the same under this name on another app or blueprint."""
        self.table.find(other)[self.name] = entry.value


class _Stack:
    """What lies under one name: what was there before, and what covers it, the topmost last."""

    __slots__ = ("base", "entries")

    def __init__(self, base: Any) -> None:
        self.base = base
        self.entries: list[Entry] = []

    def value(self, hidden: Callable[[Entry], bool] = lambda entry: False) -> Any:
        """The topmost value that is not hidden, or :data:`MISSING`."""
        return next((one.value for one in reversed(self.entries) if not hidden(one)), self.base)


class CoveredDict(_Dict):
    """A dictionary in which a value covers what stood under its name, and uncovers it when it goes.

    :ivar find: returns the same dictionary of another app or blueprint.
    :ivar is_layered: whether values of several cells lie above each other under one name.
    """

    find: Callable[[Any], Any]
    is_layered = False
    _stacks: Any = MappingProxyType({})  # for what the class of a live configuration makes by itself

    def be_covered(self, find: Callable[[Any], Any], is_layered: bool) -> None:
        """Begin to know what covers what."""
        self.find, self.is_layered = find, is_layered
        self._stacks = {}
        self.lock = threading.RLock()

    def standing(self, name: Any) -> Entry | None:
        """Return the registration whose value stands under *name*, or None when nobody's does."""
        stack = self._stacks.get(name)
        return stack.entries[-1] if stack is not None and stack.entries else None

    def cover(self, entries: Mapping[Any, Entry], instead_of: Iterable[Entry]) -> None:
        """Let each entry's value stand under its name, and take others' away, in one step."""
        with self.lock:
            names = dict.fromkeys([*(one.slot.name for one in instead_of), *entries])  # type: ignore[attr-defined]
            for name in names:
                stack = self._stack(name)
                stack.entries = [one for one in stack.entries if one not in instead_of]
                stack.entries += [entries[name]] if name in entries else []
                stack.entries = self.in_order(stack.entries)
            values = {name: self._stacks[name].value() for name in names}
            dict.update(self, {name: value for name, value in values.items() if value is not MISSING})
            for name, value in values.items():
                if value is MISSING:
                    dict.pop(self, name, None)
                if not self._stacks[name].entries:
                    del self._stacks[name]

    def in_order(self, entries: list[Entry]) -> list[Entry]:
        """Return what lies under one name in its order, the topmost last: by itself, as it was put there."""
        return entries

    def _stack(self, name: Any) -> _Stack:
        """What lies under a name, beginning anew where something else was put there meanwhile."""
        now = dict.get(self, name, MISSING)
        stack: _Stack | None = self._stacks.get(name)
        if stack is None or now is not stack.value():
            stack = self._stacks[name] = _Stack(now)
        return stack


# --- lists ----------------------------------------------------------------------------------------


class ListPlace:
    """A place in a list.

    :param label: what people call what stands here.
    """

    def __init__(self, table: RankedList, value: Any, label: str) -> None:
        self.table = table
        self.value = value
        self.label = label

    def put(self, entry: Entry, instead_of: Iterable[Entry]) -> None:
        """Let it stand where its rank says."""
        self.table.change(entry, instead_of)

    def take(self, entry: Entry) -> None:
        """Take it out."""
        self.table.change(None, [entry])

    def is_free(self) -> bool:
        """There is always a place in a list."""
        return True

    def repeat(self, entry: Entry, other: Any) -> None:
        """Let the same stand in the same list of another app or blueprint."""
        self.table.find(other).append(self.value)


class RankedList(_List):
    """A list whose values stand by rank. Readers iterate over what stood in it when they began.

    :param find: returns the same list of another app or blueprint.
    """

    def __init__(self, find: Callable[[Any], Any], values: Iterable[Any] = ()) -> None:
        self.find = find
        self.lock = threading.RLock()
        self._publish((value, FIRST, None) for value in values)

    def _publish(self, places: Iterable[tuple[Any, Rank, Entry | None]]) -> None:
        """Hold these values: each with its rank, and its registration if a cell put it in."""
        self._places = tuple(places)
        list.__setitem__(self, slice(None), [value for value, _, _ in self._places])

    def entries(self) -> list[tuple[Any, Entry | None]]:
        """Return each value with its registration, None for what no cell put in."""
        return [(value, entry) for value, _, entry in self._places]

    def change(self, entry: Entry | None, instead_of: Iterable[Entry]) -> None:
        """Let the entry's value stand where its rank says, and take others' out, in one step."""
        with self.lock:
            places = [one for one in self._places if one[2] is None or one[2] not in instead_of]
            if entry is not None:
                index = next((i for i, (_, rank, _) in enumerate(places) if rank > entry.rank), len(places))
                places.insert(index, (entry.value, entry.rank, entry))
            self._publish(places)

    def __iter__(self) -> Iterator[Any]:
        return iter([value for value, _, _ in self._places])

    def __getitem__(self, index: Any) -> Any:
        return list.__getitem__(self, index)

    def __len__(self) -> int:
        return len(self._places)
