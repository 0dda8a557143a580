"""Request and response: Werkzeug's, with what an app knows about them.

A response made from text is the case that counts, and goes two short ways. Werkzeug's constructor looks
at each of its arguments, finds the content type out and sets everything through properties; when it
writes, it copies the headers, looks for relative locations, bodiless statuses and streams, and wraps the
body. Together that takes longer than all the rest of a hello world. :meth:`Response._from_text` sets
what the constructor would have set, and :meth:`Response.get_wsgi_response` hands headers and body out
as they stand, unless something was added meanwhile that Werkzeug has to adjust. The price: both lean on
private attributes of Werkzeug's, which ``test_text_is_written_as_werkzeug_writes_it`` and
``test_what_a_view_returns_is_answered_alike`` watch.

A request reads the environment part by part, when it is asked for one: few views read more than two.
"""

from __future__ import annotations

import functools
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from werkzeug.datastructures import Authorization, EnvironHeaders, Headers
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.utils import cached_property, get_content_type
from werkzeug.wrappers import Request as RequestBase
from werkzeug.wrappers import Response as ResponseBase

from . import json
from .ctx import blueprints_of
from .globals import _cv_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import ImmutableMultiDict
    from werkzeug.routing import Rule


BODY_READS = "flask_nb.body_reads"
"""The environ may hold a set under this key: it is told how views read the body, ``form`` or ``json``."""


def _limit(name: str, doc: str) -> property:
    """Make a limit of requests: as set on one, else the key of that name in its app, else Werkzeug's."""
    key, own = name.upper(), f"_{name}"

    def get(self: Request) -> Any:
        set_here = self.__dict__.get(own)
        if set_here is not None:
            return set_here
        ctx = _cv_app.get(None)
        if ctx is not None:
            return ctx.app.config[key]
        return getattr(super(Request, self), name)

    def put(self: Request, value: int | None) -> None:
        self.__dict__[own] = value

    return property(get, put, doc=doc)


def _decoded(environ: WSGIEnvironment, name: str) -> str:
    """A text of the environment, which WSGI hands over as Latin-1."""
    text: str = environ.get(name) or ""
    return text if text.isascii() else text.encode("latin1").decode(errors="replace")


def _server(environ: WSGIEnvironment) -> tuple[str, int | None] | None:
    name = environ.get("SERVER_NAME")
    if name is None:
        return None
    try:
        return name, int(environ["SERVER_PORT"])
    except (KeyError, TypeError, ValueError):  # a socket of Unix has none
        return name, None


def _part(read: Callable[[WSGIEnvironment], Any], doc: str) -> Any:
    """Make an attribute of requests that is read from the environment when it is first asked for."""
    part = functools.cached_property(lambda request: read(request.environ))
    part.__doc__ = doc
    return part


def _is_debugged() -> bool:
    ctx = _cv_app.get(None)
    return ctx is not None and ctx.app.debug


class Request(RequestBase):
    """The request that views see: Werkzeug's, with the rule that matched.

    Set as an app's ``request_class`` a subclass of this to use another.
    """

    json_module: Any = json

    # Whether making one later, when it is asked for, is the same: a subclass with a constructor could tell.
    _can_wait = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._can_wait = cls.__init__ is Request.__init__

    def __init__(
        self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False
    ) -> None:
        # Werkzeug's constructor takes the environment apart; here each part is read when it is asked for.
        self.environ = environ
        self.shallow = shallow
        self.method = environ.get("REQUEST_METHOD", "GET").upper()
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    scheme = _part(lambda environ: environ.get("wsgi.url_scheme", "http"), "The scheme of the URL.")
    server = _part(
        lambda environ: _server(environ), "Host and port of the server; (path, None) for a socket."
    )
    root_path = _part(
        lambda environ: _decoded(environ, "SCRIPT_NAME").rstrip("/"), "Where the app is, without a slash."
    )
    path = _part(lambda environ: f"/{_decoded(environ, 'PATH_INFO').lstrip('/')}", "The path within the app.")
    query_string = _part(
        lambda environ: environ.get("QUERY_STRING", "").encode("latin1"), "What stands behind the ``?``."
    )
    headers = _part(EnvironHeaders, "The headers of the request.")
    remote_addr = _part(lambda environ: environ.get("REMOTE_ADDR"), "The address of who asks.")

    #: The rule that matched, or None while there is none.
    url_rule: Rule | None = None

    #: The values of the rule's variables by name, or None.
    view_args: dict[str, Any] | None = None

    #: Why no rule matched (404, 405, a redirect); raised when the request is dispatched.
    routing_exception: HTTPException | None = None

    max_content_length = _limit(
        "max_content_length", "The most bytes a body may have: set here, else as configured, else no limit."
    )
    max_form_memory_size = _limit(
        "max_form_memory_size", "The most bytes a form field (not a file) may have: here, else configured."
    )
    max_form_parts = _limit(
        "max_form_parts", "The most fields a multipart form may have: set here, else as configured."
    )

    @property
    def endpoint(self) -> str | None:
        """The endpoint of the rule that matched, or None."""
        rule = self.url_rule
        return None if rule is None else rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """The name of the blueprint that the endpoint belongs to, or None."""
        names = self.blueprints
        return names[0] if names else None

    @property
    def blueprints(self) -> list[str]:
        """The names of the blueprints that the endpoint belongs to, innermost first."""
        endpoint = self.endpoint
        return [] if endpoint is None else list(blueprints_of(endpoint))

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies that came with the request."""
        return super().cookies if "HTTP_COOKIE" in self.environ else self.dict_storage_class()  # type: ignore[return-value]

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body's JSON; see Werkzeug. Whoever sent the request may learn that it was asked for."""
        self._tell_body_read("json")
        try:
            return super().get_json(force, silent, cache)
        except RecursionError as exc:
            if silent:
                return None
            return self.on_json_loading_failed(ValueError(f"the JSON is nested too deeply ({exc})"))

    @cached_property
    def authorization(self) -> Authorization | None:
        """The credentials of the ``Authorization`` header, or None; a malformed one is answered with 400."""
        try:
            return Authorization.from_header(self.headers.get("Authorization"))
        except ValueError:
            raise BadRequest("The Authorization header has characters that no credentials have.") from None

    def _tell_body_read(self, kind: str) -> None:
        reads = self.environ.get(BODY_READS)
        if reads is not None:
            reads.add(kind)

    def _load_form_data(self) -> None:
        self._tell_body_read("form")
        super()._load_form_data()
        if _is_debugged() and self.mimetype != "multipart/form-data" and not self.files:
            from .debughelpers import attach_enctype_error_multidict

            attach_enctype_error_multidict(self)

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Answer 400 to a body that is not JSON; in debug mode with the reason."""
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as exc:
            if _is_debugged():
                raise
            raise BadRequest() from exc


_OK = "200 OK", 200


@lru_cache(maxsize=64)
def _content_type(mimetype: str) -> tuple[str, str]:
    return "Content-Type", get_content_type(mimetype, "utf-8")


class Response(ResponseBase):
    """The response that views return: Werkzeug's, ``text/html`` unless it says otherwise.

    Set as an app's ``response_class`` a subclass of this to use another.
    """

    default_mimetype: str | None = "text/html"
    json_module: Any = json
    autocorrect_location_header = False

    # Whether each short way is the same as Werkzeug's own for this class: a subclass that overrides one of
    # the steps that are passed over would not be asked.
    _takes_text = True
    _takes_pages = True
    _writes_headers_once = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._takes_text = cls._leaves("__init__", "set_data", "default_status", "status", "status_code")
        forces_alike = cls.force_type.__func__ is Response.force_type.__func__  # type: ignore[attr-defined]
        cls._takes_pages = cls._takes_text and forces_alike
        cls._writes_headers_once = cls._leaves("get_wsgi_headers", "get_app_iter", "get_wsgi_response")

    @classmethod
    def _leaves(cls, *names: str) -> bool:
        """Return whether a subclass has left all of these as they are."""
        return all(getattr(cls, name) == getattr(Response, name) for name in names)

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """The size in bytes from which a cookie brings a warning: ``MAX_COOKIE_SIZE``."""
        ctx = _cv_app.get(None)
        return super().max_cookie_size if ctx is None else cast(int, ctx.app.config["MAX_COOKIE_SIZE"])

    @classmethod
    def _of_type(cls, body: str, mimetype: str) -> Response:
        """Return what ``cls(body, mimetype=mimetype)`` does, the short way where there is one."""
        if cls._takes_text:
            return cls._from_text(body.encode(), (_content_type(mimetype),))
        return cls(body, mimetype=mimetype)

    @classmethod
    def _from_text(
        cls, body: bytes, headers: Sequence[tuple[str, str]] | None = None, status: tuple[str, int] = _OK
    ) -> Response:
        """Return a response of *body*, as ``cls(body)`` does, in a sixth of the time.

        :param headers: all that it has, besides the length; by default the content type of the class.
        """
        self = cls.__new__(cls)
        self.direct_passthrough = False
        self._on_close = []
        self.response = [body]
        self._status, self._status_code = status
        self.headers = Headers()
        listed = self.headers._list
        if headers is not None:
            listed += headers
        elif cls.default_mimetype is not None:
            listed.append(_content_type(cls.default_mimetype))
        if cls.automatically_set_content_length:
            listed.append(("Content-Length", str(len(body))))
        return self

    def get_wsgi_response(
        self, environ: WSGIEnvironment
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return body, status line and headers for the server of *environ*."""
        if self._writes_headers_once and self._is_plain():
            body: Any = () if environ["REQUEST_METHOD"] == "HEAD" else self.response
            return body, self._status, list(self.headers._list)
        return super().get_wsgi_response(environ)

    def _is_plain(self) -> bool:
        """Return whether Werkzeug would hand out status, headers and body just as they are."""
        body = self.response
        if (
            self._on_close
            or type(body) is not list
            or len(body) != 1
            or type(body[0]) is not bytes
            or not 200 <= self._status_code < 600
            or self._status_code in (204, 304)
            or type(self.headers) is not Headers  # some set a plain dictionary, which Werkzeug copies
        ):
            return False
        has_length = False
        for name, _value in self.headers._list:
            lowered = name.lower()
            if lowered in ("location", "content-location"):
                return False
            has_length = has_length or lowered == "content-length"
        return has_length
