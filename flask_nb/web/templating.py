"""The functions that render templates. Jinja itself is imported when the first template is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .globals import _cv_app, _cv_request, current_app
from .helpers import stream_with_context
from .signals import before_render_template, template_rendered

if TYPE_CHECKING:
    from blinker import NamedSignal
    from jinja2 import Environment as BaseEnvironment
    from jinja2 import Template

    from .app import Flask
    from .environment import DispatchingJinjaLoader as DispatchingJinjaLoader
    from .environment import Environment as Environment


def __getattr__(name: str) -> Any:
    if name in ("DispatchingJinjaLoader", "Environment"):
        from . import environment

        return getattr(environment, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _default_template_ctx_processor() -> dict[str, Any]:
    """Give every template ``g`` and ``request``.

    The session is not among them: naming the real one would count as an access, and every response
    would vary by its cookie. Templates get the proxy, which is a global.
    """
    context: dict[str, Any] = {}
    app_context = _cv_app.get(None)
    if app_context is not None:
        context["g"] = app_context.g
    request_context = _cv_request.get(None)
    if request_context is not None:
        context["request"] = request_context.request
    return context


def _active_app() -> Flask:
    ctx = _cv_app.get(None)
    return current_app._get_current_object() if ctx is None else ctx.app  # type: ignore[attr-defined]


def _template_of_string(app: Flask, source: str) -> Template:
    from .environment import Environment

    env: BaseEnvironment = app.jinja_env  # an app may make any other than ours
    if isinstance(env, Environment) and isinstance(source, str):
        return env.from_kept_string(source)
    return env.from_string(source)


def _announce(signal: NamedSignal, app: Flask, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    app.update_template_context(context)
    _announce(before_render_template, app, template, context)
    text = template.render(context)
    _announce(template_rendered, app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    _announce(before_render_template, app, template, context)

    def pieces() -> Iterator[str]:
        yield from template.generate(context)
        _announce(template_rendered, app, template, context)

    return pieces() if _cv_request.get(None) is None else stream_with_context(pieces())


def render_template(template_name_or_list: str | Template | list[str | Template], **context: Any) -> str:
    """Render a template from the template folders.

    :param template_name_or_list: its name, or several of which the first that exists counts.
    :param context: what the template can use.
    """
    app = _active_app()
    return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template given as a string.

    :param source: the template; what it inserts is escaped.
    :param context: what the template can use.
    """
    app = _active_app()
    return _render(app, _template_of_string(app, source), context)


def stream_template(
    template_name_or_list: str | Template | list[str | Template], **context: Any
) -> Iterator[str]:
    """Render a template piece by piece, as the response of a view.

    :param template_name_or_list: its name, or several of which the first that exists counts.
    :param context: what the template can use.
    """
    app = _active_app()
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Render a template given as a string piece by piece, as the response of a view.

    :param source: the template; what it inserts is escaped.
    :param context: what the template can use.
    """
    app = _active_app()
    return _stream(app, _template_of_string(app, source), context)
