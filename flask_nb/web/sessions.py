"""Sessions: data that a browser carries in a signed cookie from one request to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.datastructures import CallbackDict

from .json.tag import TaggedJSONSerializer

if TYPE_CHECKING:
    from itsdangerous import URLSafeTimedSerializer

    from .app import Flask
    from .wrappers import Request, Response


class SessionMixin(MutableMapping[str, Any]):
    """What a session is beside a mapping. The flags are True or False by the backend's knowledge."""

    #: The session did not exist before this request.
    new = False
    #: Something was changed; a backend that cannot tell leaves it True.
    modified = True
    #: The request asked for the session, so the response depends on the cookie.
    accessed = False

    @property
    def permanent(self) -> bool:
        """Whether the cookie outlives the browser, for the app's ``permanent_session_lifetime``."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):
    """A session whose data stands in the cookie.

    ``modified`` notices changes of the session itself, not of a list or dictionary inside it: set it
    after such a change.

    :param initial: the data to begin with.
    """

    modified = False

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(initial, _mark_modified)


def _mark_modified(session: Any) -> None:
    session.modified = True


class NullSession(SecureCookieSession):
    """The session of an app without a secret key: it can be read, and is empty; writing fails."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "The session is unavailable because no secret key was set. "
            "Set app.secret_key to something long, random and private, such as secrets.token_hex() gives."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = _refuse


class SessionInterface:
    """How sessions are opened and saved. A backend of its own overrides at least those two methods.

    The rest says what the cookie looks like, by the app's configuration.
    """

    #: The class of the session that stands in where none could be opened.
    null_session_class: type[NullSession] = NullSession
    #: Whether the backend stores pickles; some extensions ask.
    pickle_based = False

    def make_null_session(self, app: Flask) -> NullSession:
        """Make the session that stands in where ``open_session`` gave None."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Return whether a session is such a stand-in, which is never saved."""
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: Flask) -> str:
        """Return the cookie's name: ``SESSION_COOKIE_NAME``."""
        return app.config["SESSION_COOKIE_NAME"]  # type: ignore[no-any-return]

    def get_cookie_domain(self, app: Flask) -> str | None:
        """Return the cookie's domain: ``SESSION_COOKIE_DOMAIN``; None means this very host alone."""
        return app.config["SESSION_COOKIE_DOMAIN"]  # type: ignore[no-any-return]

    def get_cookie_path(self, app: Flask) -> str:
        """Return the cookie's path: ``SESSION_COOKIE_PATH``, or else ``APPLICATION_ROOT``."""
        config = app.config
        return config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"]  # type: ignore[no-any-return]

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Return whether scripts are kept from the cookie: ``SESSION_COOKIE_HTTPONLY``."""
        return app.config["SESSION_COOKIE_HTTPONLY"]  # type: ignore[no-any-return]

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie travels over HTTPS alone: ``SESSION_COOKIE_SECURE``."""
        return app.config["SESSION_COOKIE_SECURE"]  # type: ignore[no-any-return]

    def get_cookie_samesite(self, app: Flask) -> str | None:
        """Return what requests from other sites carry the cookie: ``SESSION_COOKIE_SAMESITE``."""
        return app.config["SESSION_COOKIE_SAMESITE"]  # type: ignore[no-any-return]

    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Return whether the cookie is kept apart per embedding site: ``SESSION_COOKIE_PARTITIONED``."""
        return app.config["SESSION_COOKIE_PARTITIONED"]  # type: ignore[no-any-return]

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Return the time at which a permanent session ends; None for one that ends with the browser."""
        if not session.permanent:
            return None
        return datetime.now(UTC) + app.permanent_session_lifetime

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Return whether this response sets the cookie: on changes, and to prolong a permanent session."""
        return session.modified or (session.permanent and app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Read the session of a request.

        :return: None where sessions are not configured; the app then uses a null session.
        """
        raise NotImplementedError

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Put the session into a response, if it has to be; never called with a null session."""
        raise NotImplementedError


def _lazy_sha1(string: bytes = b"") -> Any:
    """Look SHA-1 up only when it is used: a system in FIPS mode does not have it."""
    return hashlib.sha1(string)


#: Writes session data; extensions store their own sessions with it, too.
session_json_serializer = TaggedJSONSerializer()


@lru_cache(maxsize=32)
def _signing_serializer(
    keys: tuple[str | bytes, ...],
    salt: str,
    serializer: Any,
    key_derivation: str,
    digest_method: Callable[..., Any],
) -> URLSafeTimedSerializer:
    from .signing import signing_serializer  # only who has a secret key waits for it

    # The last key signs, all are tried in reading. Kept, as a request needs it twice.
    return signing_serializer(keys, salt, serializer, key_derivation, digest_method)


class SecureCookieSessionInterface(SessionInterface):
    """Keep sessions in signed cookies, which their owner can read but not change."""

    #: Keeps the signatures of sessions apart from others made with the same key.
    salt = "cookie-session"
    #: The hash of the signature.
    digest_method = staticmethod(_lazy_sha1)
    #: How itsdangerous makes the signing key of the secret key.
    key_derivation = "hmac"
    #: Writes the data that is signed.
    serializer = session_json_serializer
    session_class = SecureCookieSession

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs and reads the cookie; None without a secret key.

        The key signs; ``SECRET_KEY_FALLBACKS`` still read what they signed once.
        """
        secret_key = app.secret_key
        if not secret_key:
            return None
        keys = (*(app.config["SECRET_KEY_FALLBACKS"] or ()), secret_key)
        parts = (keys, self.salt, self.serializer, self.key_derivation, self.digest_method)
        try:
            return _signing_serializer(*parts)
        except TypeError:  # a part that has no hash, such as a bytearray for a key
            return _signing_serializer.__wrapped__(*parts)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the session cookie; one that is missing, forged or too old gives an empty session."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(serializer.loads(cookie, max_age=max_age))
        except Exception as exc:
            from itsdangerous import BadSignature

            if not isinstance(exc, BadSignature):
                raise
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie, delete that of a session which was emptied, or leave it as it is."""
        if session.accessed:
            _vary_by_cookie(response)
        if session.modified and not session:
            response.delete_cookie(self.get_cookie_name(app), **self._cookie_flags(app))
        elif session and self.should_set_cookie(app, session):
            serializer = self.get_signing_serializer(app)
            assert serializer is not None  # a session that may be saved was opened with one
            signed, expires = serializer.dumps(dict(session)), self.get_expiration_time(app, session)
            response.set_cookie(self.get_cookie_name(app), signed, expires=expires, **self._cookie_flags(app))
        else:
            return
        _vary_by_cookie(response)

    def _cookie_flags(self, app: Flask) -> dict[str, Any]:
        return {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }


def _vary_by_cookie(response: Response) -> None:
    # Looking up what is not there raises an error inside Werkzeug's headers, and costs ten times as much.
    varies = [value for name, value in response.headers.items() if name.lower() == "vary"]
    if not varies:
        response.headers["Vary"] = "Cookie"
    elif varies != ["Cookie"]:
        response.vary.add("Cookie")
