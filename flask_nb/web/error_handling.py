"""What becomes of an error: its handler, a 500 that is logged, or the debugger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RoutingException

from .globals import _cv_request, request
from .scaffold import Scaffold
from .signals import got_request_exception

if TYPE_CHECKING:
    import logging

    from . import typing as ft
    from .config import Config
    from .wrappers import Response


class ErrorHandling(Scaffold):
    """The part of an app that decides what becomes of an error."""

    if TYPE_CHECKING:  # what the app itself has
        config: Config
        testing: Any

        @property
        def debug(self) -> bool: ...

        @property
        def logger(self) -> logging.Logger: ...

        def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]: ...

        def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response: ...

    def _find_error_handler(self, e: Exception, blueprints: Sequence[str]) -> ft.ErrorHandlerCallable | None:
        """The handler of the most specific class, those of the code first, the blueprints' first."""
        exc_class, code = self._get_exc_class_and_code(type(e))
        for wanted in (code, None) if code is not None else (None,):
            for name in (*blueprints, None):
                handlers = self.error_handler_spec.get(name, {}).get(wanted)
                if not handlers:
                    continue
                found = next((handlers[cls] for cls in exc_class.__mro__ if cls in handlers), None)
                if found is not None:
                    return found
        return None

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
        """Return what the handler of an HTTP error gives, or the error, which is a response itself."""
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e, _cv_request.get().blueprint_names())
        if handler is None:
            return e
        return cast("ft.ResponseReturnValue", self.ensure_sync(handler)(e))

    def trap_http_exception(self, e: Exception) -> bool:
        """Return whether an HTTP error is to be treated as any other, so that a debugger sees it."""
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None and self.debug and isinstance(e, BadRequestKeyError):
            return True
        return bool(trap) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Return whether teardown functions are not told about *error*. Override it to decide."""
        return False

    def handle_user_exception(self, e: Exception) -> HTTPException | ft.ResponseReturnValue:
        """Return what the handler of an error of a view or hook gives; raise it when there is none."""
        if isinstance(e, HTTPException):
            if isinstance(e, BadRequestKeyError):
                # Says which key was missing.
                e.show_exception |= bool(self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"])
            if not self.trap_http_exception(e):
                return self.handle_http_exception(e)
        handler = self._find_error_handler(e, _cv_request.get().blueprint_names())
        if handler is None:
            raise e
        return cast("ft.ResponseReturnValue", self.ensure_sync(handler)(e))

    def handle_exception(self, e: Exception) -> Response:
        """Answer 500 to an error that nobody handled; raise it when errors are to propagate."""
        got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        if self._propagates_exceptions():
            raise e
        self.log_exception((type(e), e, e.__traceback__))
        value: HTTPException | ft.ResponseReturnValue
        server_error = InternalServerError(original_exception=e)
        ctx = _cv_request.get()
        handler = self._find_error_handler(server_error, ctx.blueprint_names())
        value = server_error if handler is None else self.ensure_sync(handler)(server_error)
        return self.finalize_request(value, from_error_handler=True)

    def _propagates_exceptions(self) -> bool:
        """Whether errors leave the app for a debugger or a test: as configured, else when either may be."""
        configured = self.config["PROPAGATE_EXCEPTIONS"]
        return bool(self.testing or self.debug) if configured is None else bool(configured)

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> None:
        """Log an error that nobody handled, with the path and method of the request."""
        self.logger.error(
            f"Exception on {request.path} [{request.method}]",
            exc_info=exc_info,
        )
