"""Clients for testing an app without a server, and a runner for its commands."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from copy import copy
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import werkzeug.test
from click.testing import CliRunner, Result
from werkzeug.test import Client
from werkzeug.wrappers import Request as BaseRequest

from .sessions import SessionMixin

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import TestResponse

    from .app import Flask


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Describe a request to an app: what is not given comes from the app's configuration.

    :param app: the app that the request is meant for.
    :param path: the path, or a whole URL; it may carry a query.
    :param base_url: scheme, host and root; by ``PREFERRED_URL_SCHEME``, ``SERVER_NAME`` and
        ``APPLICATION_ROOT`` unless given.
    :param subdomain: goes in front of the host.
    :param url_scheme: takes the place of ``PREFERRED_URL_SCHEME``.
    :param args: passed on to Werkzeug's builder, as ``kwargs``.
    """

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        assert not (base_url and (subdomain or url_scheme)), (
            "base_url already says which scheme and host: give either base_url, or subdomain and url_scheme."
        )
        if base_url is None:
            base_url, path = _located(app, path, subdomain, url_scheme)
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write the request's JSON as the app would."""
        return self.app.json.dumps(obj, **kwargs)


def _located(app: Flask, path: str, subdomain: str | None, scheme: str | None) -> tuple[str, str]:
    """Split a path or URL into a base URL, completed by the configuration, and path with query."""
    url = urlsplit(path)
    host = app.config["SERVER_NAME"] or "localhost"
    if subdomain:
        host = f"{subdomain}.{host}"
    scheme = url.scheme or scheme or app.config["PREFERRED_URL_SCHEME"]
    root = app.config["APPLICATION_ROOT"].lstrip("/")
    query = f"?{url.query}" if url.query else ""
    return f"{scheme}://{url.netloc or host}/{root}", f"{url.path}{query}"


@cache
def _user_agent() -> str:
    return f"Werkzeug/{importlib.metadata.version('werkzeug')}"


class FlaskClient(Client):
    """Send requests to an app and keep its cookies.

    Used as a context manager, the contexts of the last request stay active until the next one or
    the end of the block, so that ``request``, ``session`` and ``g`` can be looked at.
    """

    application: Flask

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserve_context = False
        self._contexts_to_keep: list[AbstractContextManager[Any]] = []
        self._kept_contexts = ExitStack()
        #: What every request's environment begins with.
        self.environ_base: dict[str, Any] = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": _user_agent(),
        }

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Open the client's session, to be read and changed in a ``with`` block that then saves it.

        :param args: describe the request by which it is opened, as ``kwargs``; as for ``open``.
        :raises TypeError: the client keeps no cookies.
        :raises RuntimeError: the app has no session, for lack of a secret key.
        """
        if self._cookies is None:
            raise TypeError(
                "This client keeps no cookies, so it has no session. Make it with use_cookies=True."
            )
        app = self.application
        ctx = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(ctx.request.environ)
        interface = app.session_interface
        with ctx:
            session = interface.open_session(app, ctx.request)
        if session is None:
            raise RuntimeError("The app's session interface opened no session. Is app.secret_key set?")
        yield session
        if interface.is_null_session(session):
            return
        response = app.response_class()
        with ctx:
            interface.save_session(app, session, response)
        host = ctx.request.host.partition(":")[0]
        self._update_cookies_from_response(host, ctx.request.path, response.headers.getlist("Set-Cookie"))

    def open(
        self,
        *args: Any,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,
    ) -> TestResponse:
        """Send a request.

        :param args: describe the request as for :class:`EnvironBuilder`; or one builder, WSGI
            environment or request.
        :param buffered: read the body to its end and close the response.
        :param follow_redirects: send what redirects ask for, too.
        """
        request = self._request(args, kwargs)
        self._kept_contexts.close()  # the last request's contexts end with the next request
        response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response.json_module = self.application.json  # type: ignore[assignment]
        for context in self._contexts_to_keep:
            self._kept_contexts.enter_context(context)
        self._contexts_to_keep.clear()
        return response

    def _request(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BaseRequest:
        """Make a request of whatever ``open`` was given."""
        described = args[0] if len(args) == 1 and not kwargs else None
        if isinstance(described, werkzeug.test.EnvironBuilder):
            builder = copy(described)  # the caller's own may be used again
            builder.environ_base = self._completed(described.environ_base or {})
            return builder.get_request()
        if isinstance(described, dict):
            return BaseRequest(self._completed(described))
        if isinstance(described, BaseRequest):
            return type(described)(self._completed(described.environ))
        return self._request_from_builder_args(args, kwargs)

    # Not public, but of this name and signature: Flask-SocketIO's test client calls it.
    def _request_from_builder_args(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BaseRequest:
        kwargs["environ_base"] = self._completed(kwargs.get("environ_base") or {})
        with closing(EnvironBuilder(self.application, *args, **kwargs)) as builder:
            return builder.get_request()

    def _completed(self, environ: Mapping[str, Any]) -> WSGIEnvironment:
        """Copy an environment, with this client's own where it says nothing."""
        completed = {**self.environ_base, **environ}
        if self.preserve_context:
            completed["werkzeug.debug.preserve_context"] = self._contexts_to_keep.append
        return completed

    def __enter__(self) -> Self:
        if self.preserve_context:
            raise RuntimeError("This client is in a 'with' block already, and cannot be nested in itself.")
        self.preserve_context = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.preserve_context = False
        self._kept_contexts.close()


class FlaskCliRunner(CliRunner):
    """Run an app's commands and see what they print.

    :param app: the app.
    :param kwargs: passed on to click's runner.
    """

    def __init__(self, app: Flask, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]
        self, cli: Any = None, args: Any = None, **kwargs: Any
    ) -> Result:
        """Run a command.

        :param cli: the command; the app's own group unless given.
        :param args: the arguments, as a list or as one string.
        :param kwargs: passed on to click's runner; ``obj`` finds the app unless given.
        """
        from .cli import ScriptInfo

        kwargs.setdefault("obj", ScriptInfo(create_app=lambda: self.app))
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
