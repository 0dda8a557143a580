"""What cells change about an app itself, such as ``app.wsgi_app = Middleware(app.wsgi_app)``.

Extensions wrap the methods of an app, exchange its objects, and leave themselves on it under a name of their
own. In a notebook the app gets a class of its own, which sees what is set while a cell runs:

- what the app's class defines (a method, ``session_interface``) is covered by the cell's value, as in every
  live container: a cell that runs again wraps a method once, not twice; where several cells wrap it, each
  wraps what those before it have made;
- of any other name it is only remembered who set it, for the app that is made in its place.

Only an attribute that a cell has covered is read through a descriptor; to read any other costs nothing more.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import takewhile
from typing import Any

from .registrations import Entry, Owner
from .slots import MISSING
from .tables import Kind, LiveDict, Placed
from .workspace import Run, registering, running

ATTRIBUTE = Kind("attribute", is_layered=True, label=lambda name: f"app.{name}")


class Attributes(LiveDict):
    """The attributes of an app that cells have covered.

    :param place: what a live container knows about itself.
    :param app: the app, which gets a class of its own.
    """

    def __init__(self, place: Placed, app: Any) -> None:
        super().__init__(place)
        self.kind: Any = getattr(type(app), "__live_of__", type(app))
        self.others: dict[str, Owner] = {}
        app.__class__ = self._class_of(self.kind)

    def _class_of(self, kind: Any) -> type:
        def set_attribute(app: Any, name: str, value: Any) -> None:
            # The app's own state is of no interest; each request sets some, so that is found out first.
            run = None if name.startswith("_") else registering()
            attributes = getattr(vars(app).get("live"), "attributes", None)
            # While an app is made, its class sets what it likes.
            if run is not None and attributes is not None and not app.live.was_made_in(run):
                attributes.note(app, run, name)
            kind.__setattr__(app, name, value)

        names = {"__module__": kind.__module__, "__doc__": kind.__doc__, "__setattr__": set_attribute}
        return type(kind.__name__, (kind,), {**names, "__live_of__": kind})

    def note(self, app: Any, run: Run, name: str) -> None:
        """Prepare for *name* to be set by a cell."""
        known = getattr(type(app), name, MISSING)
        if known is MISSING:
            self.others[name] = run.owner
        elif not hasattr(type(known), "__set__") and not isinstance(vars(type(app)).get(name), _Covered):
            if name in vars(app):
                dict.__setitem__(self, name, vars(app).pop(name))
            setattr(type(app), name, _Covered(name, self))

    def enter(self, run: Run, name: Any, value: Any, group: Hashable = None) -> Entry:
        """Let *value* stand for *run*; tell which cells have wrapped what stood there before."""
        entry = super().enter(run, name, value, group)
        entries = self._stacks[name].entries
        for above in entries[entries.index(entry) + 1 :]:
            run.workspace.tell(run, f"{above.owner} has wrapped the earlier app.{name}: run it again")
        return entry

    def in_order(self, entries: list[Entry]) -> list[Entry]:
        """Return wrappers in the order of their cells; else what was set last counts."""
        is_wrapped = all(callable(entry.value) for entry in entries)
        return sorted(entries, key=lambda entry: entry.rank) if is_wrapped else entries

    def __getitem__(self, name: Any) -> Any:
        stack, run = self._stacks.get(name), running()
        if stack is None or run is None or not any(map(run.has_replaced, stack.entries)):
            return dict.__getitem__(self, name)
        # What the code at work shall wrap again is what lies below its own.
        below = takewhile(lambda entry: not run.has_replaced(entry), stack.entries)
        value = next((entry.value for entry in reversed([*below])), stack.base)
        if value is MISSING:
            raise KeyError(name)
        return value

    def of_others(self, app: Any, run: Run) -> Iterator[tuple[Owner, str, Any]]:
        """Go through what others than the owner of *run* have set on *app*: who, the name, the value."""
        covered = {name: entry.owner for name in self if (entry := self.standing(name)) is not None}
        for name, owner in {**covered, **self.others}.items():
            if owner.key != run.owner.key and hasattr(app, name):
                yield owner, name, getattr(app, name)


class _Covered:
    """The descriptor of an attribute that a cell has covered."""

    def __init__(self, name: str, attributes: Attributes) -> None:
        self.name = name
        self.attributes = attributes

    def __get__(self, app: Any, owner: Any = None) -> Any:
        if app is None:
            return getattr(self.attributes.kind, self.name)
        value = self.attributes.get(self.name, MISSING)
        return getattr(super(type(app), app), self.name) if value is MISSING else value

    def __set__(self, app: Any, value: Any) -> None:
        self.attributes[self.name] = value

    def __delete__(self, app: Any) -> None:
        del self.attributes[self.name]
