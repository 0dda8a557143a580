"""The tables that an app keeps, as they are in a notebook: what a cell puts into them is recorded.

They hold the same values as the framework's own and are read and changed in the same ways, by the framework,
by extensions and by cells. What is put in while a cell runs goes through the ledger, which knows what it
replaces:

- under a name (:class:`LiveDict`) it covers what stood there before;
- in a list (:class:`LiveList`) it stands where its cell first ran, wherever a cell is run again.

The code of a cell that runs again does not see what only its own earlier run put under a name, since
extensions look before they register. Requests never notice: no cell is at work in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import FunctionType, MappingProxyType
from typing import Any

from .ledger import Ledger
from .registrations import ROUTE, Entry, Identity, Rank
from .slots import FIRST, LAST, MISSING, CoveredDict, ListPlace, Name, RankedList
from .workspace import Run, at_work, registering, running


class Kind:
    """What a container holds.

    :param name: what people call one of its values, such as ``template filter``.
    :param is_layered: whether the values of several cells lie above each other under one name, so that
        none replaces another's.
    :param label: makes the label from the name that a value stands under, or from a value in a list.
    :param replaces: tells of two values in a list whether the newer one has the place of the older.
    """

    __slots__ = ("is_layered", "label", "name", "replaces")

    def __init__(
        self,
        name: str,
        is_layered: bool = False,
        label: Callable[[Any], str] | None = None,
        replaces: Callable[[Any, Any], bool] | None = None,
    ) -> None:
        self.name = name
        self.is_layered = is_layered
        self.label = label
        self.replaces = replaces

    def label_of(self, name: Any) -> str:
        """Return what people call the value under *name*."""
        return f"{self.name} {name}" if self.label is None else self.label(name)


class Placed:
    """What a live container knows about itself.

    :param ledger: where registrations are recorded.
    :param kind: what it holds.
    :param find: returns the same container of another app or blueprint.
    """

    __slots__ = ("find", "kind", "ledger")

    def __init__(self, ledger: Ledger, kind: Kind, find: Callable[[Any], Any]) -> None:
        self.ledger = ledger
        self.kind = kind
        self.find = find


class LiveDict(CoveredDict):
    """A dictionary that records what is put into it while a cell runs."""

    #: None for what the class of a live configuration makes by itself: that records nothing.
    place: Any = None

    def __init__(self, place: Placed, values: Mapping[Any, Any] = MappingProxyType({})) -> None:
        dict.__init__(self, values)
        self.go_live(place)

    def go_live(self, place: Placed) -> None:
        """Begin to record."""
        self.place = place
        self.be_covered(place.find, place.kind.is_layered)

    # --- registering ---

    def __setitem__(self, name: Any, value: Any) -> None:
        run = registering() if self.place is not None else None
        if run is None:
            self._forget(name)
            dict.__setitem__(self, name, value)
        elif not self._has_put(run, name, value):
            self.enter(run, name, value, None if run.repeats is None else run.repeats.group)

    def _has_put(self, run: Run, name: Any, value: Any) -> bool:
        """Whether the run has put this very view there with its rule; a framework puts it there once more."""
        entry = self.standing(name)
        return entry is not None and (entry.group, entry.body) == (ROUTE, run.body) and entry.value is value

    def enter(self, run: Run, name: Any, value: Any, group: Hashable = None) -> Entry:
        """Put *value* under *name* for *run*, in the place of what it displaces."""
        return self.enter_all(run, {name: value}, group)[name]

    def enter_all(
        self, run: Run, values: Mapping[Any, Any], group: Hashable = None, old: Iterable[Entry] = ()
    ) -> dict[Any, Entry]:
        """Put all *values* in the place of the entries *old*, in one step that no reader sees half of.

        :param group: the definition that sets them.
        :return: the registrations by name.
        """
        ledger, is_layered = self.place.ledger, self.place.kind.is_layered
        with self.lock:
            identities = {name: self.identity(run, name) for name in values}
            same = [one for identity in identities.values() for one in ledger.same(identity)]
            gone = dict.fromkeys([*old, *(one for one in same if is_layered or run.displaces(one))])
            new = {
                name: ledger.note(run, self.slot(name), value, identities[name], group=group)
                for name, value in values.items()
            }
            self.cover(new, gone)
        ledger.displaced(run, gone, is_told=not is_layered)
        return new

    def enter_view(self, run: Run, name: Any, value: Any) -> None:
        """Put in a view that comes with a rule; where another cell has the same one, both have it."""
        identity, ledger = self.identity(run, name), self.place.ledger
        same = ledger.same(identity)
        gone = [one for one in same if run.displaces(one) and not (one.value is value and _others(one, run))]
        if any(one.value is value and not run.displaces(one) for one in same):
            return
        self.cover({name: ledger.note(run, self.slot(name), value, identity, group=ROUTE)}, gone)
        ledger.displaced(run, gone)

    def forget_view(self, name: Any) -> None:
        """Take out a view that came with a rule, since no rule leads to it any more."""
        entries = self._stacks[name].entries if name in self._stacks else []
        for entry in [one for one in entries if one.group is ROUTE]:
            self.place.ledger.drop(entry)
        if name not in self._stacks:
            dict.pop(self, name, None)

    def slot(self, name: Any) -> Name:
        """Return the place of a name."""
        return Name(self, name, self.place.kind.label_of(name))

    def identity(self, run: Run, name: Any) -> Identity:
        """Return what a value under *name* is known by."""
        layer = (run.owner.key,) if self.place.kind.is_layered else ()
        return (id(self), name, *layer)

    def is_free(self, name: Any) -> bool:
        """Whether a registration under *name* meets nothing that stands in the same run."""
        run = registering()
        if run is None:
            return name not in self
        stack = self._stacks.get(name)
        return stack is None or all(map(run.displaces, stack.entries))

    def _forget(self, name: Any) -> None:
        """Whoever is no cell puts something here for good."""
        for entry in self._stacks.pop(name).entries if name in self._stacks else ():
            self.place.ledger.remove(entry)

    # --- reading and changing: what the mapping's other methods are made of ---

    def __getitem__(self, name: Any) -> Any:
        stack = self._stacks.get(name)
        run = None if stack is None else running()
        if stack is None or run is None or not any(map(run.has_replaced, stack.entries)):
            return dict.__getitem__(self, name)
        value = stack.value(run.has_replaced)
        if value is MISSING:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[Any]:
        return iter([name for name in dict.keys(self) if name in self])

    def __len__(self) -> int:
        return sum(1 for _ in self) if self._stacks else dict.__len__(self)

    def __delitem__(self, name: Any) -> None:
        self[name]  # what the code at work does not see it does not delete
        self._forget(name)
        dict.__delitem__(self, name)

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def copy(self) -> Any:
        """Return a plain dictionary of what stands here."""
        return dict(self.items())


def _others(entry: Entry, run: Run) -> bool:
    return entry.owner.key != run.owner.key


def live_class(kind: type) -> type:
    """Return the live subclass of a class of dictionaries, such as that of an app's configuration."""
    names = {"__module__": kind.__module__, "__doc__": kind.__doc__, "__init__": kind.__init__}  # type: ignore[misc]
    return type(kind.__name__, (LiveDict, kind), names)


def copy_name(source: Mapping[Any, Any], name: Any, target: Any, new_name: Any) -> None:
    """Put what stands under *name* of a blueprint's table into an app's; it stays its owner's."""
    entry = source.standing(name) if isinstance(source, LiveDict) else None
    for value, carrying in carried_values([(source[name], entry)], (id(target), new_name)):
        with carrying:
            target[new_name] = value


Carried = Iterator[tuple[Any, AbstractContextManager[Any]]]


def carried(values: Iterable[Any], to: Hashable = None) -> Carried:
    """Go through what a blueprint has recorded, each with the context in which it reaches an app.

    In that context it is registered under the owner who recorded it. What has reached the app before
    by way of the same registration is left out.

    :param to: what it is put into, where it may reach several.
    """
    entries = values.entries() if isinstance(values, LiveList) else [(value, None) for value in values]
    return carried_values(entries, to)


def carried_values(entries: Iterable[tuple[Any, Entry | None]], to: Hashable) -> Carried:
    """Go through values with their registrations, as :func:`carried` does."""
    run = registering()
    place = run.causes[0] if run is not None and run.causes else None
    for value, entry in entries:
        if run is None or place is None:
            yield value, nullcontext() if run is None or entry is None else at_work(run.caused_by(entry))
        elif (reached := (entry or id(value), to)) not in place.reached:
            place.reached.add(reached)
            if not place.is_settled:
                yield value, nullcontext() if entry is None else at_work(run.caused_by(entry, place))


# --- lists ----------------------------------------------------------------------------------------


class LiveList(RankedList):
    """A list that records what is put into it while a cell runs."""

    def __init__(self, place: Placed, values: Iterable[Any] = ()) -> None:
        self.place = place
        super().__init__(place.find, values)

    # --- registering ---

    def enter(self, run: Run, value: Any) -> Entry:
        """Put *value* in for *run*, in the place of what it displaces."""
        kind, replaces = self.place.kind, self.place.kind.replaces
        meets = [entry for one, entry in self.entries() if entry and replaces and replaces(value, one)]
        label = kind.label_of(getattr(value, "__name__", value) if kind.label is None else value)
        slot = ListPlace(self, value, label)
        return self.place.ledger.register(run, slot, value, self.identity(run, value), meets)

    def identity(self, run: Run, value: Any) -> Identity:
        """Return what a value is known by: its name if it has one of its own, else its place in the run.

        A function of the top level of the notebook or a module is known by its name. A function that was
        defined within another, a lambda, a partial, a bound method, an instance: none has a name that
        means the same one next time, so it is known by its cell and its place in that cell's run.
        """
        if run.repeats is not None:  # on the other app it is known by the same, but for the list
            return (id(self), *run.repeats.identity[1:])
        place = (run.owner.key, *(cause.identity for cause in run.causes))
        base: Identity = name_of_function(value) or place
        run.places[id(self), base] += 1
        return (id(self), base, run.places[id(self), base])

    # --- reading and changing: what the sequence's other methods are made of ---

    def insert(self, index: Any, value: Any) -> None:
        """Put *value* before the one at *index*; at the end, where the cell at work has its place."""
        with self.lock:
            index, run = len(self[:index]), registering()
            before, behind = self._places[:index], self._places[index:]
            if run is None:
                self._publish([*before, (value, behind[0][1] if behind else LAST, None), *behind])
            elif behind:
                rank = before[-1][1] if before else (-1,)
                self.enter(run.but(rank=(*rank, 0, *run.next_rank())), value)
            else:
                self.enter(run, value)

    def extend(self, values: Iterable[Any]) -> None:
        """Put all *values* in; those of another live list stay their owners'."""
        for value, carrying in carried(values, id(self)):
            with carrying:
                self.append(value)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Put something else in; what stays keeps its owner and its rank."""
        with self.lock:
            values = list(self)
            values[index] = value
            known = {id(one[0]): one for one in self._places}
            places: list[tuple[Any, Rank, Entry | None]] = []
            for one in values:
                rank = places[-1][1] if places else FIRST
                places.append(known.pop(id(one), (one, rank, None)))
            self._publish(places)
            for entry in filter(None, (entry for _, _, entry in known.values())):
                self.place.ledger.remove(entry)

    def __delitem__(self, index: Any) -> None:
        left = list(self)
        del left[index]
        self[:] = left

    def sort(self, **options: Any) -> None:
        """Put the values in another order."""
        self[:] = sorted(self, **options)


def name_of_function(value: Any) -> Identity | None:
    """Return module and name of a function of the top level, or None for what has no such name."""
    name = getattr(value, "__qualname__", "")
    if not isinstance(value, FunctionType) or not name.isidentifier():
        return None
    return value.__module__, name


# --- tables of tables -----------------------------------------------------------------------------


class LiveScopes(defaultdict[Any, Any]):
    """A dictionary whose values are live containers, made when they are first asked for.

    :param make: makes the container under a key, with what it begins with.
    """

    def __init__(
        self, make: Callable[[Any, Any], Any], values: Mapping[Any, Any] = MappingProxyType({})
    ) -> None:
        super().__init__(None)
        self._make = make
        for key, value in values.items():
            super().__setitem__(key, make(key, value))

    def __missing__(self, key: Any) -> Any:
        made = self._make(key, ())
        super().__setitem__(key, made)
        return made

    def setdefault(self, key: Any, default: Any = ()) -> Any:
        """Return the container under *key*."""
        if key not in self:
            self[key] = default
        return self[key]

    def __setitem__(self, key: Any, values: Any) -> None:
        """Let the container under *key* hold *values* and nothing else."""
        if values is self.get(key, MISSING):
            return
        container = self._make(key, ())
        (container.extend if isinstance(container, LiveList) else container.update)(values)
        super().__setitem__(key, container)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Let the containers hold what is given."""
        for key, values in dict(*args, **kwargs).items():
            self[key] = values
