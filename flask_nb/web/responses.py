"""What a view returned, made into a response: what is behind ``app.make_response``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as ResponseBase

from .globals import _cv_request, request

if TYPE_CHECKING:
    from . import typing as ft
    from .app import Flask
    from .wrappers import Response


def make_response(app: Flask, rv: ft.ResponseReturnValue) -> Response:
    """Return the response that a view's value stands for, as :meth:`.Flask.make_response` says."""
    response_class: Any = app.response_class
    # First what most views return. Only our own class, or one that leaves its steps alone, has a short
    # way from text to response (see there); any other is called as Flask calls it.
    if isinstance(rv, (str, bytes)) and getattr(response_class, "_takes_text", False):
        body = rv.encode() if isinstance(rv, str) else bytes(rv)
        return response_class._from_text(body)  # type: ignore[no-any-return]
    status = headers = None
    if isinstance(rv, tuple):
        rv, status, headers = _parts_of_tuple(rv)
    if rv is None:
        raise TypeError(f"{_the_view()} returned None, or ended without a return statement.")
    if isinstance(rv, response_class):
        response = rv
    elif isinstance(rv, (str, bytes, bytearray, Iterator)):
        response = response_class(rv, status=status, headers=headers)
        status = headers = None
    elif isinstance(rv, (dict, list)):
        response = app.json.response(rv)
    elif isinstance(rv, ResponseBase) or callable(rv):
        try:
            response = response_class.force_type(rv, request.environ)
        except TypeError as exc:
            raise TypeError(f"{exc}\n{_not_a_response(rv)}").with_traceback(exc.__traceback__) from None
    else:
        raise TypeError(_not_a_response(rv))
    if isinstance(status, (str, bytes, bytearray)):
        response.status = status
    elif status is not None:
        response.status_code = status
    if headers:
        response.headers.update(headers)
    return response  # type: ignore[no-any-return]


def _the_view() -> str:
    """Name who is to blame for a wrong value, as the beginning of a sentence."""
    ctx = _cv_request.get(None)
    endpoint = None if ctx is None else ctx.request.endpoint
    return "A view" if endpoint is None else f"The view of the endpoint {endpoint!r}"


def _not_a_response(value: Any) -> str:
    return (
        f"{_the_view()} returned a value of type {type(value).__name__!r}. A view returns a string,"
        " bytes, dict, list, iterator, response or WSGI callable, alone or in a tuple with a status,"
        " headers, or both."
    )


def _parts_of_tuple(value: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Take ``(body, status, headers)``, ``(body, status)`` or ``(body, headers)`` apart."""
    if len(value) == 3:
        return value
    if len(value) != 2:
        raise TypeError(
            f"{_the_view()} returned a tuple of {len(value)}. Tuples are (body, status), (body, headers)"
            " or (body, status, headers)."
        )
    body, second = value
    return (body, None, second) if isinstance(second, (Headers, dict, tuple, list)) else (body, second, None)
