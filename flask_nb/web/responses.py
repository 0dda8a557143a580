"""What a view returned, made into a response: what is behind ``app.make_response``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
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
    elif isinstance(rv, HTTPException) and (page := _page_of(rv, response_class)) is not None:
        response = page
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


def _page_of(error: HTTPException, response_class: Any) -> Response | None:
    """Return the page of an HTTP error; None when it is to be called, as any other WSGI application.

    Called, it makes a response, sends it to nobody, and what it sent is made into a response again. What an
    error of Werkzeug's says is known without that, and so is its page if one was written for the same words.
    """
    ctx, description = _cv_request.get(None), error.description
    if (
        ctx is None
        or ctx.method == "HEAD"
        # A class of somebody else's may keep nothing of what Werkzeug's own has.
        or not _is_as_werkzeug_made_it(type(error))  # type: ignore[arg-type]
        or error.response is not None
        or not (description is None or type(description) is str)
        or error.code not in _CODES_OF_ERRORS
        or not getattr(response_class, "_takes_pages", False)
    ):
        return None
    page, status = _written_page(error.code, description)
    return response_class._from_text(page, error.get_headers(ctx._environ), status)  # type: ignore[no-any-return]


_CODES_OF_ERRORS = frozenset(code for code in HTTP_STATUS_CODES if code >= 400)


@lru_cache(maxsize=128)
def _is_as_werkzeug_made_it(kind: type[HTTPException]) -> bool:
    """Whether nothing but its code, its description and headers that Werkzeug knows make up its answer."""
    same = ("get_response", "get_body", "get_description", "name", "__call__")
    is_same = all(getattr(kind, name) is getattr(HTTPException, name) for name in same)
    return is_same and kind.get_headers.__module__ == HTTPException.__module__


@lru_cache(maxsize=128)
def _written_page(code: int, description: str | None) -> tuple[bytes, tuple[str, int]]:
    """The page and the status of an error; most that an app answers say the same."""
    error = HTTPException(description)
    error.code = code
    return error.get_body().encode(), (f"{code} {error.name.upper()}", code)


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
