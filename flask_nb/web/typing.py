"""The types that appear in the signatures of apps, blueprints and hooks."""

from __future__ import annotations

import typing as t
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Mapping, Sequence

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication as WSGIApplication
    from werkzeug.datastructures import Headers as Headers
    from werkzeug.wrappers import Response as Response

# What stands behind the body, the status and the headers of a view's return value.
ResponseValue = t.Union[
    "Response",
    str,
    bytes,
    list[t.Any],
    Mapping[str, t.Any],
    Iterator[str],
    Iterator[bytes],
    AsyncIterable[str],
    AsyncIterable[bytes],
]
HeaderValue = str | list[str] | tuple[str, ...]
HeadersValue = t.Union["Headers", Mapping[str, HeaderValue], Sequence[tuple[str, HeaderValue]]]
ResponseReturnValue = t.Union[
    ResponseValue,
    tuple[ResponseValue, HeadersValue],
    tuple[ResponseValue, int],
    tuple[ResponseValue, int, HeadersValue],
    "WSGIApplication",
]
ResponseClass = t.TypeVar("ResponseClass", bound="Response")

# The key of every registry: a blueprint's name, or None for the app.
AppOrBlueprintKey = str | None

RouteCallable = Callable[..., ResponseReturnValue] | Callable[..., Awaitable[ResponseReturnValue]]
ErrorHandlerCallable = (
    Callable[[t.Any], ResponseReturnValue] | Callable[[t.Any], Awaitable[ResponseReturnValue]]
)

BeforeFirstRequestCallable = Callable[[], None] | Callable[[], Awaitable[None]]
BeforeRequestCallable = (
    Callable[[], ResponseReturnValue | None] | Callable[[], Awaitable[ResponseReturnValue | None]]
)
AfterRequestCallable = (
    Callable[[ResponseClass], ResponseClass] | Callable[[ResponseClass], Awaitable[ResponseClass]]
)
TeardownCallable = Callable[[BaseException | None], None] | Callable[[BaseException | None], Awaitable[None]]

TemplateContextProcessorCallable = Callable[[], dict[str, t.Any]] | Callable[[], Awaitable[dict[str, t.Any]]]
TemplateFilterCallable = Callable[..., t.Any]
TemplateGlobalCallable = Callable[..., t.Any]
TemplateTestCallable = Callable[..., bool]

URLDefaultCallable = Callable[[str, dict[str, t.Any]], None]
URLValuePreprocessorCallable = Callable[[str | None, dict[str, t.Any] | None], None]
ShellContextProcessorCallable = Callable[[], dict[str, t.Any]]
