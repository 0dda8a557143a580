"""The context variables and the proxies that read them.

``_cv_app`` and ``_cv_request`` hold what is active here and now; hot code reads them directly. The
proxies are for views, templates and extensions.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from .app import Flask
    from .ctx import AppContext, RequestContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .wrappers import Request

_no_app_message = """\
Working outside of application context.

What you asked for belongs to an app, and no app is active here. Enter one
with 'with app.app_context():', or do this inside a view or a command.\
"""
_no_request_message = """\
Working outside of request context.

What you asked for belongs to a request, and no request is active here. Do
this inside a view, or inside 'with app.test_request_context():' to try it.\
"""

_cv_app: ContextVar[AppContext] = ContextVar("flask_nb.app_context")
_cv_request: ContextVar[RequestContext] = ContextVar("flask_nb.request_context")

app_ctx: AppContext = LocalProxy(_cv_app, unbound_message=_no_app_message)  # type: ignore[assignment]
current_app: Flask = LocalProxy(_cv_app, "app", unbound_message=_no_app_message)  # type: ignore[assignment]
g: _AppCtxGlobals = LocalProxy(_cv_app, "g", unbound_message=_no_app_message)  # type: ignore[assignment]

request_ctx: RequestContext = LocalProxy(_cv_request, unbound_message=_no_request_message)  # type: ignore[assignment]
request: Request = LocalProxy(_cv_request, "request", unbound_message=_no_request_message)  # type: ignore[assignment]
session: SessionMixin = LocalProxy(_cv_request, "session", unbound_message=_no_request_message)  # type: ignore[assignment]
