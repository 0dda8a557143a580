"""Tuples with named fields that take half as long to make as those of :mod:`typing`.

``typing.NamedTuple`` compiles the annotation of each field, for whoever asks for types at run time. Nobody
does here, and it is most of what such a class costs: a kernel waits for dozens of them. The classes are those
of :func:`collections.namedtuple`, as :mod:`typing`'s are, and type checkers read them in the same way.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _FromFields(type):
        """Makes a tuple out of a class whose annotations are the fields."""

        def __new__(cls, name, bases, body):
            fields = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                if key not in ("__module__", "__qualname__"):
                    setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_FromFields, "NamedTuple", (), {})
