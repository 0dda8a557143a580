"""JSON as the current app writes it, and as the standard library does where no app is active."""

from __future__ import annotations

import json as _json
from typing import IO, TYPE_CHECKING, Any, AnyStr

from ..globals import _cv_app, current_app
from .provider import DefaultJSONProvider, _default

if TYPE_CHECKING:
    from ..wrappers import Response
    from .provider import JSONProvider


class _Standard(DefaultJSONProvider):
    """What writes and reads where no app is active: the standard library."""

    def __init__(self) -> None:
        """Belong to no app."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write an object as JSON text."""
        return _json.dumps(obj, **({"default": _default} | kwargs))


_standard = _Standard()


def _provider() -> JSONProvider:
    ctx = _cv_app.get(None)
    return _standard if ctx is None else ctx.app.json


def dumps(obj: Any, **kwargs: Any) -> str:
    """Write an object as JSON text.

    :param obj: the object.
    :param kwargs: passed on to the provider or to :func:`json.dumps`.
    """
    return _provider().dumps(obj, **kwargs)


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write an object as JSON into a text file.

    :param obj: the object.
    :param fp: the open file.
    :param kwargs: passed on to the provider or to :func:`json.dump`.
    """
    _provider().dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Read an object from JSON.

    :param s: the text, or its UTF-8 bytes.
    :param kwargs: passed on to the provider or to :func:`json.loads`.
    """
    return _provider().loads(s, **kwargs)


def load(fp: IO[AnyStr], **kwargs: Any) -> Any:
    """Read an object from a file that holds JSON.

    :param fp: the open file.
    :param kwargs: passed on to the provider or to :func:`json.load`.
    """
    return _provider().load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """Make a JSON response: of one value, of several as a list, or of keyword arguments as an object.

    :raises TypeError: positional and keyword arguments are mixed.
    """
    ctx = _cv_app.get(None)
    app = current_app if ctx is None else ctx.app  # the first says that no app is active
    return app.json.response(*args, **kwargs)
