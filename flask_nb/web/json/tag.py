"""JSON that keeps Python types which JSON does not know, for the session cookie.

A value of such a type becomes an object with one key that names the type: ``(1, 2)`` is written
``{" t": [1, 2]}``. A dictionary that happens to look like that is itself wrapped, so nothing is
ever taken for what it is not. The format is Flask's: a cookie written by either is read by both.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from . import dumps, loads


class JSONTag:
    """Write values of one type to JSON and read them back.

    :param serializer: the serializer that this tag is registered with.
    """

    __slots__ = ("serializer",)

    #: Marks the written value; empty for a tag that only handles a plain JSON type.
    key: str = ""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: Any) -> bool:
        """Return whether this tag writes the value."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """Turn the value into what JSON knows."""
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        """Turn what ``to_json`` gave back into the value."""
        raise NotImplementedError

    def tag(self, value: Any) -> dict[str, Any]:
        """Turn the value into JSON under this tag's key."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dictionary whose only key is that of a tag: written with ``__`` appended to the key."""

    __slots__ = ()
    key = " di"

    def check(self, value: Any) -> bool:
        """Return whether the dictionary would be taken for a tagged value."""
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.serializer.tags

    def to_json(self, value: Any) -> Any:
        """Append ``__`` to the only key."""
        [(key, content)] = value.items()
        return {f"{key}__": self.serializer.tag(content)}

    def to_python(self, value: Any) -> Any:
        """Take ``__`` off the only key."""
        key = next(iter(value))
        return {key[:-2]: value[key]}


class PassDict(JSONTag):
    """Any other dictionary: only its values are tagged, since JSON's keys are strings anyway."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Return whether the value is a dictionary."""
        return isinstance(value, dict)

    def to_json(self, value: Any) -> Any:
        """Tag the values."""
        tag = self.serializer.tag
        return {key: tag(content) for key, content in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple."""

    __slots__ = ()
    key = " t"

    def check(self, value: Any) -> bool:
        """Return whether the value is a tuple."""
        return isinstance(value, tuple)

    def to_json(self, value: Any) -> Any:
        """Return the tagged items as a list."""
        return list(map(self.serializer.tag, value))

    def to_python(self, value: Any) -> Any:
        """Return the items as a tuple."""
        return tuple(value)


class PassList(JSONTag):
    """A list: only its items are tagged."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Return whether the value is a list."""
        return isinstance(value, list)

    def to_json(self, value: Any) -> Any:
        """Tag the items."""
        return list(map(self.serializer.tag, value))

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, as Base64."""

    __slots__ = ()
    key = " b"

    def check(self, value: Any) -> bool:
        """Return whether the value is bytes."""
        return isinstance(value, bytes)

    def to_json(self, value: Any) -> Any:
        """Encode as Base64 text."""
        return b64encode(value).decode("ascii")

    def to_python(self, value: Any) -> Any:
        """Decode Base64 text."""
        return b64decode(value)


class TagMarkup(JSONTag):
    """Whatever has an ``__html__`` method; read back as ``Markup``."""

    __slots__ = ()
    key = " m"

    def check(self, value: Any) -> bool:
        """Return whether the value knows itself as HTML."""
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: Any) -> Any:
        """Return the HTML as text."""
        return str(value.__html__())

    def to_python(self, value: Any) -> Any:
        """Mark the text as HTML."""
        return Markup(value)


class TagUUID(JSONTag):
    """A UUID, as 32 hexadecimal digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: Any) -> bool:
        """Return whether the value is a UUID."""
        return isinstance(value, UUID)

    def to_json(self, value: Any) -> Any:
        """Return the digits."""
        return value.hex

    def to_python(self, value: Any) -> Any:
        """Make a UUID of the digits."""
        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime, as an HTTP date: to the second, in UTC."""

    __slots__ = ()
    key = " d"

    def check(self, value: Any) -> bool:
        """Return whether the value is a datetime."""
        return isinstance(value, datetime)

    def to_json(self, value: Any) -> Any:
        """Return the HTTP date."""
        return http_date(value)

    def to_python(self, value: Any) -> Any:
        """Read the HTTP date."""
        return parse_date(value)


class TaggedJSONSerializer:
    """Write and read JSON with tags; others than the default ones can be registered."""

    __slots__ = ("order", "tags")

    #: The tags that every new serializer begins with, in the order in which they are tried.
    default_tags: ClassVar[list[type[JSONTag]]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]

    def __init__(self) -> None:
        #: The tags by key, for reading.
        self.tags: dict[str, JSONTag] = {}
        #: The tags in the order in which they are tried, for writing.
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add a tag.

        :param tag_class: the tag's class, to be instantiated for this serializer.
        :param force: replace a tag of the same key when reading.
        :param index: where it stands among the tags that are tried; at the end unless told. A tag for
            a subclass of, say, ``dict`` must stand before the tag for ``dict``.
        :raises KeyError: the key is taken and ``force`` is not set.
        """
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(f"A tag with the key {tag.key!r} is registered; force=True replaces it.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: Any) -> Any:
        """Turn a value into what JSON knows, with tags where they are needed."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, Any]) -> Any:
        """Turn one object whose content has been read into the value that it stands for."""
        if len(value) == 1:
            [(key, content)] = value.items()
            tag = self.tags.get(key)
            if tag is not None:
                return tag.to_python(content)
        return value

    def dumps(self, value: Any) -> str:
        """Write a value as compact tagged JSON."""
        return dumps(self.tag(value), separators=(",", ":"))

    def loads(self, value: str) -> Any:
        """Read what ``dumps`` wrote."""
        # Not by object_hook: the app's own provider need not have one.
        return self._restored(loads(value))

    def _restored(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.untag({key: self._restored(content) for key, content in value.items()})
        if isinstance(value, list):
            return [self._restored(item) for item in value]
        return value
