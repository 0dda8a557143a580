"""What a view returned, made into a response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as ResponseBase

from .globals import _cv_request, request

if TYPE_CHECKING:
    from . import typing as ft
    from .json.provider import JSONProvider
    from .wrappers import Response


class ResponseMaking:
    """The part of an app that makes responses of what views return."""

    if TYPE_CHECKING:  # what the app itself has
        json: JSONProvider
        response_class: type[Response]

    def make_response(self, rv: ft.ResponseReturnValue) -> Response:
        """Return the response that a view's value stands for.

        :param rv: text, bytes, a dict or list (JSON), an iterator of text or bytes (streamed), a
            response or WSGI callable; or a tuple of one of these with a status, headers, or both.
        :raises TypeError: for anything else, naming the endpoint.
        """
        status = headers = None
        if isinstance(rv, tuple):
            rv, status, headers = _parts_of_tuple(rv)
        if rv is None:
            raise TypeError(f"{_the_view()} returned None, or ended without a return statement.")
        if isinstance(rv, self.response_class):
            response = rv
        elif isinstance(rv, (str, bytes, bytearray)):
            if status is None and headers is None and getattr(self.response_class, "_takes_text", False):
                return self.response_class._from_text(rv.encode() if isinstance(rv, str) else bytes(rv))
            response = self.response_class(rv, status=status, headers=headers)
            status = headers = None
        elif isinstance(rv, Iterator):
            pieces = cast("Iterable[str]", rv)
            response = self.response_class(pieces, status=status, headers=headers)
            status = headers = None
        elif isinstance(rv, (dict, list)):
            response = self.json.response(rv)
        elif isinstance(rv, ResponseBase) or callable(rv):
            response = self._forced_response(rv)
        else:
            raise TypeError(_not_a_response(rv))
        if status is not None:
            if isinstance(status, (str, bytes, bytearray)):
                response.status = status  # type: ignore[assignment]
            else:
                response.status_code = status
        if headers:
            response.headers.update(headers)
        return response

    def _forced_response(self, value: Any) -> Response:
        try:
            return cast("Response", self.response_class.force_type(value, request.environ))
        except TypeError as exc:
            raise TypeError(f"{exc}\n{_not_a_response(value)}").with_traceback(exc.__traceback__) from None


def _the_view() -> str:
    """Who is to blame for a wrong value, as the beginning of a sentence."""
    ctx = _cv_request.get(None)
    endpoint = None if ctx is None else ctx.request.endpoint
    return "A view" if endpoint is None else f"The view of the endpoint {endpoint!r}"


def _not_a_response(value: Any) -> str:
    return (
        f"{_the_view()} returned a value of the type {type(value).__name__!r}. A view returns a string,"
        " bytes, dict, list, iterator, response or WSGI callable, alone or in a tuple with a status,"
        " headers, or both."
    )


def _parts_of_tuple(value: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Take ``(body, status, headers)``, ``(body, status)`` or ``(body, headers)`` apart."""
    if len(value) == 3:
        return value
    if len(value) == 2:
        body, second = value
        if isinstance(second, (Headers, dict, tuple, list)):
            return body, None, second
        return body, second, None
    raise TypeError(
        f"{_the_view()} returned a tuple of {len(value)}. Tuples are (body, status), (body, headers)"
        " or (body, status, headers)."
    )
