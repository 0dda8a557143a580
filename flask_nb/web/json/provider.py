"""What an app writes and reads JSON with."""

from __future__ import annotations

import dataclasses
import decimal
import json
import uuid
import weakref
from collections.abc import Callable
from datetime import date
from typing import IO, TYPE_CHECKING, Any, AnyStr

from werkzeug.http import http_date

if TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Response


class JSONProvider:
    """Base of what writes and reads an app's JSON; a subclass has ``dumps`` and ``loads`` at least.

    :param app: the app that it belongs to; kept weakly, since the app holds the provider.
    """

    def __init__(self, app: Flask) -> None:
        self._app: Flask = weakref.proxy(app)  # type: ignore[assignment]

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write an object as JSON text.

        :param obj: the object.
        :param kwargs: whatever the library behind takes.
        """
        raise NotImplementedError

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        """Write an object as JSON into a text file.

        :param obj: the object.
        :param fp: the open file.
        :param kwargs: whatever the library behind takes.
        """
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read an object from JSON.

        :param s: the text, or its UTF-8 bytes.
        :param kwargs: whatever the library behind takes.
        """
        raise NotImplementedError

    def load(self, fp: IO[AnyStr], **kwargs: Any) -> Any:
        """Read an object from a file that holds JSON.

        :param fp: the open file.
        :param kwargs: whatever the library behind takes.
        """
        return self.loads(fp.read(), **kwargs)

    def _prepare_response_obj(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Find the one object that the arguments of ``response`` mean."""
        if args and kwargs:
            raise TypeError(
                "a JSON response takes either positional arguments or keyword arguments, not both"
            )
        if len(args) == 1:
            return args[0]
        return args or kwargs or None

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Make a response of JSON: of one value, of several as a list, or of keywords as an object."""
        obj = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(self.dumps(obj), mimetype="application/json")


def _default(o: Any) -> Any:
    """Write dates as HTTP dates, decimals and UUIDs as text, dataclasses as objects, markup as HTML."""
    for kind, write in _WRITERS:
        if isinstance(o, kind):
            return write(o)
    if dataclasses.is_dataclass(o) and not isinstance(o, type):
        return dataclasses.asdict(o)
    if hasattr(o, "__html__"):
        return str(o.__html__())
    return json.JSONEncoder().default(o)  # raises the TypeError that readers know


_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (date, http_date),  # datetimes are dates
    (decimal.Decimal, str),
    (uuid.UUID, str),
)


class DefaultJSONProvider(JSONProvider):
    """JSON by the standard library. The attributes may be set on the class or on ``app.json``."""

    #: Turns what JSON does not know into what it does.
    default: Callable[[Any], Any] = staticmethod(_default)
    #: Write other characters than ASCII as escapes.
    ensure_ascii = True
    #: Sort the keys, so that equal data is equal text.
    sort_keys = True
    #: Write responses without spaces (True) or indented (False); unset: indented in debug mode.
    compact: bool | None = None
    #: The content type of responses.
    mimetype = "application/json"

    _kept: tuple[dict[str, Any], json.JSONEncoder] | None = None

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write an object as JSON text.

        :param obj: the object.
        :param kwargs: passed on to :func:`json.dumps`; they win over the attributes.
        """
        options: dict[str, Any] = {"sort_keys": self.sort_keys, "ensure_ascii": self.ensure_ascii}
        options["default"] = self.default
        options |= kwargs
        if "cls" in options:
            return json.dumps(obj, **options)
        return self._encoder(options).encode(obj)

    def _encoder(self, options: dict[str, Any]) -> json.JSONEncoder:
        """Return an encoder of these options: the last one, if they are the same; most apps need one."""
        kept = self._kept
        if kept is None or kept[0] != options:
            kept = self._kept = options, json.JSONEncoder(**options)
        return kept[1]

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read an object from JSON.

        :param s: the text, or its UTF-8 bytes.
        :param kwargs: passed on to :func:`json.loads`.
        """
        return json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Make a response of JSON that ends in a line break.

        One value is written as it is, several as a list, keyword arguments as an object.
        """
        obj = self._prepare_response_obj(args, kwargs)
        indented = self._app.debug if self.compact is None else not self.compact
        layout: dict[str, Any] = {"indent": 2} if indented else {"separators": (",", ":")}
        text, response_class = f"{self.dumps(obj, **layout)}\n", self._app.response_class
        make: Callable[..., Response] | None = getattr(response_class, "_of_type", None)
        return response_class(text, mimetype=self.mimetype) if make is None else make(text, self.mimetype)
