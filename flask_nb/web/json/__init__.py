"""JSON as the current app writes it, and as the standard library does where no app is active."""

from __future__ import annotations

import json as _json
from typing import IO, TYPE_CHECKING, Any, AnyStr

from ..globals import _cv_app, current_app
from .provider import _default

if TYPE_CHECKING:
    from ..wrappers import Response
    from .provider import JSONProvider


def _active_provider() -> JSONProvider | None:
    ctx = _cv_app.get(None)
    return None if ctx is None else ctx.app.json


def dumps(obj: Any, **kwargs: Any) -> str:
    """Write an object as JSON text.

    :param obj: the object.
    :param kwargs: passed on to the provider or to :func:`json.dumps`.
    """
    provider = _active_provider()
    if provider is not None:
        return provider.dumps(obj, **kwargs)
    return _json.dumps(obj, **({"default": _default} | kwargs))


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write an object as JSON into a text file.

    :param obj: the object.
    :param fp: the open file.
    :param kwargs: passed on to the provider or to :func:`json.dump`.
    """
    provider = _active_provider()
    if provider is not None:
        provider.dump(obj, fp, **kwargs)
    else:
        _json.dump(obj, fp, **({"default": _default} | kwargs))


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Read an object from JSON.

    :param s: the text, or its UTF-8 bytes.
    :param kwargs: passed on to the provider or to :func:`json.loads`.
    """
    provider = _active_provider()
    return _json.loads(s, **kwargs) if provider is None else provider.loads(s, **kwargs)


def load(fp: IO[AnyStr], **kwargs: Any) -> Any:
    """Read an object from a file that holds JSON.

    :param fp: the open file.
    :param kwargs: passed on to the provider or to :func:`json.load`.
    """
    provider = _active_provider()
    return _json.load(fp, **kwargs) if provider is None else provider.load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """Make a JSON response: of one value, of several as a list, or of keyword arguments as an object.

    :raises TypeError: positional and keyword arguments are mixed.
    """
    provider = _active_provider() or current_app.json  # which says that no app is active
    return provider.response(*args, **kwargs)
