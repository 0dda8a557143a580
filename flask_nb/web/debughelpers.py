"""Explanations for mistakes that would otherwise stay silent; used in debug mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from werkzeug.routing import RequestRedirect

from .globals import _cv_request

if TYPE_CHECKING:
    from jinja2 import BaseLoader

    from .app import Flask
    from .environment import TemplateSource
    from .scaffold import Scaffold
    from .wrappers import Request

    #: A loader that was asked, whose it is, and what it found.
    Attempt = tuple[BaseLoader, Scaffold, TemplateSource | None]


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text arrived where bytes were due, or the other way round."""


class DebugFilesKeyError(KeyError, AssertionError):
    """A file is missing because the form was not sent as multipart data.

    :param request: the request that carried the form.
    :param key: the field whose file was asked for.
    """

    def __init__(self, request: Request, key: str) -> None:
        names = ", ".join(repr(name) for name in request.form.getlist(key))
        self.msg = (
            f"request.files has no {key!r}: the form was sent as {request.mimetype!r}, which cannot carry "
            f'files. Write enctype="multipart/form-data" into the form\'s tag.'
        )
        if names:
            self.msg += f"\n\nOnly this arrived in the field's place, as text: {names}"

    def __str__(self) -> str:
        return self.msg


class FormDataRoutingRedirect(AssertionError):
    """Routing answers a request that carries a form with a redirect that would lose it.

    :param request: the request that was routed.
    """

    def __init__(self, request: Request) -> None:
        redirect = request.routing_exception
        assert isinstance(redirect, RequestRedirect)
        message = (
            f"{request.method} {request.url!r} is answered with a redirect to {redirect.new_url!r}, and a "
            f"browser that follows a {redirect.code} does not send the form again."
        )
        if request.base_url + "/" == redirect.new_url.partition("?")[0]:
            message += " The rule ends in a slash: let the form's address end in one, too."
        super().__init__(
            f"{message} Send the request to that URL itself, or redirect with 307 or 308.\n\n"
            "Only debug mode raises this."
        )


def attach_enctype_error_multidict(request: Request) -> None:
    """Let a failed look-up in ``request.files`` explain a form without ``enctype``.

    :param request: a request whose form has been parsed and is not multipart.
    """
    plain = type(request.files)

    class ExplainingFiles(plain):  # type: ignore[valid-type, misc]
        def __getitem__(self, key: str) -> Any:
            try:
                return super().__getitem__(key)
            except KeyError as exc:
                if key not in request.form:
                    raise
                raise DebugFilesKeyError(request, key).with_traceback(exc.__traceback__) from None

    # The dictionary is a cached property of the request: it stays the same object, of a new class.
    request.files.__class__ = ExplainingFiles


def explain_template_loading_attempts(app: Flask, template: str, attempts: list[Attempt]) -> None:
    """Log which loaders were asked for a template, in which order, and what they had.

    :param app: the app whose logger is written to.
    :param template: the template's name.
    :param attempts: a row for each loader that was asked.
    """
    lines = [f"Looking for the template {template!r}:"]
    for number, attempt in enumerate(attempts, 1):
        lines += _attempt_lines(app, number, attempt)
    lines += _verdict(sum(found is not None for _, _, found in attempts))
    app.logger.info("\n".join(lines))


def _attempt_lines(app: Flask, number: int, attempt: Attempt) -> Iterator[str]:
    loader, owner, found = attempt
    kind = "app" if owner is app else "blueprint"
    of = type(loader)
    yield f"  {number}. {kind} {owner.name!r} ({owner.import_name}), {of.__module__}.{of.__qualname__}"
    yield from (f"       in {folder}" for folder in getattr(loader, "searchpath", ()))
    yield "     not found" if found is None else f"     found: {found[1] or '(no file)'}"


def _verdict(matches: int) -> Iterator[str]:
    if matches > 1:
        yield "Several loaders have this template; the first one counts."
    if matches:
        return
    yield "No loader has this template."
    ctx = _cv_request.get(None)
    blueprint = ctx.request.blueprint if ctx is not None else None
    if blueprint is not None:
        yield f"The request is answered by the blueprint {blueprint!r}: is its template_folder set and right?"
