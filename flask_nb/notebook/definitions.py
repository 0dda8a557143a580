"""What the magics do that define besides routes, and those that ask what was defined."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.http import dump_cookie

from flask_nb import cells, engines
from flask_nb.cells import AppArguments, CookiesArguments, ViewSource
from flask_nb.cells.expressions import expand_value
from flask_nb.engines import Engine
from flask_nb.errors import CellSyntaxError, ConfigError, FlaskNbError, MagicArgumentError, NoAppError
from flask_nb.exchange.masks import mask_text
from flask_nb.panel.words import counted

from .display import Report, link_html
from .evaluation import evaluate
from .following import known_apps
from .placement import PlacedMagic, place_magic
from .tables import Table, config_table, cookie_table, show_setting

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .host import Host
    from .owners import CellEvents
    from .served import ServedApp

Scope = Mapping[str, Any]


@dataclass
class Definitions:
    """What cells define besides routes.

    :param ip: the shell, whose variables count.
    :param host: what is acted on.
    :param events: tells which cell is running.
    """

    ip: InteractiveShell
    host: Host
    events: CellEvents

    # --- configuration ---

    def config_from(self, line: str, cell: str | None, scope: Scope) -> Table:
        """Load configuration; answer with what has changed."""
        __tracebackhide__ = True
        if cell is None:
            definition, filename = cells.parse_config(line), "<cell>"
        else:
            placed = self._place("config_from", line, cell)
            definition = cells.parse_config(line, cell, placed.body_line)
            filename = self._keep(placed, placed.as_python())
        namespace = {**self.ip.user_ns, **scope}
        engine = self.host.followed.engine_for_route()
        try:
            return config_table(cells.apply_config(definition, engine, namespace, filename=filename))
        except ConfigError as exc:  # its words may be those of an exception
            exc.args = (mask_text(str(exc)),)
            raise

    # --- templates and static files ---

    def template(self, line: str, cell: str | None, scope: Scope) -> Report:
        """Make the cell a template."""
        placed = self._place("template", line, cell or "")
        definition = cells.parse_template(line, cell or "", placed.body_line)
        filename = self._keep(placed, placed.as_typed())
        engine = self.host.followed.engine_for_route()
        return Report(cells.apply_template(definition, engine, filename=filename))

    def static(self, line: str, cell: str | None, scope: Scope) -> Report:
        """Make the cell a static file."""
        definition = cells.parse_static(line, cell or "")
        return Report(cells.apply_static(definition, self.host.followed.engine_for_route()))

    # --- contexts and URLs ---

    def request_context(self, line: str, cell: str | None, scope: Scope) -> None:
        """Run the cell as if a request were being answered; its last value is shown while it is."""
        __tracebackhide__ = True
        placed = self._place("request_context", line, cell or "")
        definition = cells.parse_context(line)
        filename = self._keep(placed, placed.as_python())
        source = self._as_python(cell or "", placed.body_line, filename)
        compiled = cells.compile_cell(source, self.ip.transform_ast)
        engine = self.host.followed.engine()
        arguments = cells.request_arguments(definition, partial(evaluate, self.ip.user_ns))
        self._import_names(compiled, engine)
        with engine.request_context(arguments):
            self._run(compiled)

    def _as_python(self, body: str, body_line: int, filename: str) -> ViewSource:
        """Return the cell as IPython makes Python of it; what it takes away at the top is counted."""
        above = len(body) - len(body.lstrip("\n"))
        try:
            source = self.ip.transform_cell(body.lstrip("\n")) if body.strip() else ""  # type: ignore[no-untyped-call]
        except SyntaxError as exc:
            raise CellSyntaxError(exc.msg, line=(exc.lineno or 1) + body_line + above - 1) from None
        return ViewSource(source, body_line + above, filename, self.ip.compile.flags)

    def _import_names(self, compiled: cells.CompiledCell, engine: Engine) -> None:
        offered = cells.framework_names(engine.framework())
        for code in filter(None, compiled):
            names = cells.missing_names(code, self.ip.user_ns, offered)
            self.ip.user_ns.update({name: offered[name] for name in names})

    def _run(self, compiled: cells.CompiledCell) -> None:
        __tracebackhide__ = True
        statements, last = compiled
        exec(statements, self.ip.user_ns)
        if last is not None:
            # By the shell's own hook, so that it is the cell's result: shown as such, and kept in `_`.
            sys.displayhook(eval(last, self.ip.user_ns))

    def url_for(self, line: str, cell: str | None, scope: Scope) -> str:
        """Build a URL."""
        definition = cells.parse_url(line)
        evaluation = partial(evaluate, {**self.ip.user_ns, **scope})
        engine = self.host.followed.engine()
        engines.check_urls(engine)
        url = cells.build_url(definition, engine, evaluation)
        if not (definition.live or definition.local):
            return Url(url)
        serving = self.host.serving
        serving.start()
        return LiveUrl(_at(serving.page_url, url)) if definition.live else Url(_at(serving.url, url))

    # --- cookies ---

    def cookies(self, line: str, cell: str | None, scope: Scope) -> Table:
        """Show the cookies, after setting or clearing some."""
        arguments = cells.parse_cookies(line)
        with self.host.apps.turned_to(arguments.app):
            return self._cookies(arguments, scope)

    def _cookies(self, arguments: CookiesArguments, scope: Scope) -> Table:
        if arguments.action == "set":
            values = arguments.expand(partial(evaluate, {**self.ip.user_ns, **scope}))
            headers = [dump_cookie(name, value, path="/") for name, value in values]
            self.host.cookies.store(self.host.cookie_host(), "/", headers)
        elif arguments.action == "clear":
            self._clear_cookies(arguments.names)
        return cookie_table(self.host.cookies)

    def _clear_cookies(self, names: Sequence[str]) -> None:
        jar = self.host.cookies
        known = list(dict.fromkeys(cookie.name for cookie in jar))
        for name in names:
            if name not in known:
                hint = f"There are: {', '.join(known)}" if known else "There are none"
                raise MagicArgumentError(f"there is no cookie {name!r}. {hint}")
        if not names:
            jar.clear()
        for name in names:
            jar.remove(name)

    # --- the app ---

    def app(self, line: str, cell: str | None, scope: Scope) -> Report:
        """Show the app, after choosing, making or setting it up."""
        arguments = cells.parse_app(line)
        if arguments == AppArguments():
            return Report("\n".join(self._list()))
        is_new = self._is_to_be_made(arguments)
        key = self._secret_key(arguments, scope)
        engine = self._choose(arguments)
        if arguments.debug is not None:
            engine.set_debug(arguments.debug)
        if key is not None:
            engine.set_secret_key(key)
        return Report("\n".join(self._describe(engine, is_new)))

    def _secret_key(self, arguments: AppArguments, scope: Scope) -> str | bytes | None:
        if arguments.secret_key is None:
            return None
        key = expand_value(arguments.secret_key, partial(evaluate, {**self.ip.user_ns, **scope}))
        if isinstance(key, str | bytes) and key:
            return key
        kind = "empty" if not key else type(key).__name__
        raise MagicArgumentError(
            f"a secret key is text or bytes, but this one is {kind}. Type some text, such as --secret-key dev"
        )

    def _is_to_be_made(self, arguments: AppArguments) -> bool:
        is_unbound = arguments.name is not None and arguments.name not in self.ip.user_ns
        return arguments.reset or (arguments.module is None and is_unbound)

    def _current(self, arguments: AppArguments) -> Engine:
        """The current app; one that is to be set up is made if there is none."""
        sets_up = arguments.debug is not None or arguments.secret_key is not None
        followed = self.host.followed
        if sets_up:
            return followed.engine_for_route()
        try:
            return followed.engine()
        except NoAppError:
            configured = engines.configured_app()
            if configured is None:
                raise
            module, _, name = configured.partition(":")
            return self.host.apps.choose(None, lambda followed: followed.import_app(module, name or None))

    def _choose(self, arguments: AppArguments) -> Engine:
        name, module, apps = arguments.name, arguments.module, self.host.apps
        if module is not None:
            return apps.choose(None, lambda followed: followed.import_app(module, name))
        if self._is_to_be_made(arguments):
            name = name or self.host.followed.name
            like = self.host.followed.serving_engine(is_own=True)
            return apps.choose(
                name, lambda followed: followed.make_app(name, fresh=arguments.reset, like=like)
            )
        if name is None:
            return self._current(arguments)
        return apps.choose(name, lambda followed: followed.choose(name))

    def _describe(self, engine: Engine, is_new: bool) -> Iterator[str]:
        label = self.host.followed.label
        yield f"{label}: {'a new ' if is_new else ''}{_describe_kind(engine)}"
        if is_new and (file := _module_beside(label)):
            yield f"  {file} is something else. To bring in the app that it holds, type: %app {file}"
        for key, value in engine.own_config().items():
            yield f"  {key} = {show_setting(key, value)}"

    def _list(self) -> Iterator[str]:
        """Yield what is to be said of the current app, and a line on each other one.

        Where there is one app only, its address is a matter of ``%serve``.
        """
        missing = None
        try:
            self._current(AppArguments())
        except NoAppError as exc:
            missing = exc
        current, *others = [self._in_brief(served) for served in self.host.apps]
        others = [*filter(None, others), *self._not_chosen()]
        if missing is not None and not others:
            raise missing
        if missing is not None:
            yield str(missing)
        else:
            first, *settings = self._describe(self.host.followed.engine(), is_new=False)
            yield from [current if others else first, *settings]
        yield from others

    def _in_brief(self, served: ServedApp) -> str:
        engine = served.followed.serving_engine(is_own=True)
        if engine is None:
            return ""
        address = f", at {served.serving.page_url}" if served.serving.url else ""
        return f"{served.followed.label}: {_describe_kind(engine)}{address}"

    def _not_chosen(self) -> Iterator[str]:
        """Yield a line on each app that a variable holds and no magic has asked for yet."""
        seen = [served.followed.app for served in self.host.apps if served.followed.has_app]
        for name, app in known_apps(self.ip.user_ns).items():
            if not any(app is one for one in seen):
                with suppress(FlaskNbError):
                    yield f"{name}: {_describe_kind(engines.adopt(app, name, is_chosen=True))}"

    # --- cells ---

    def _place(self, name: str, line: str, body: str) -> PlacedMagic:
        return place_magic(self.events.source, name, line, body)

    def _keep(self, placed: PlacedMagic, lines: list[str]) -> str:
        """Let tracebacks find the lines of the cell; return its file name."""
        filename = self.host.sources.name_cell(placed.source)
        self.host.sources.keep_source(filename, lines)
        return filename


def _describe_kind(engine: Engine) -> str:
    kind = f"{engines.kind_of(engine)} {engine.name!r}"
    return f"{kind}, {counted(len(engine.routes()), 'route')}" if engines.tells_routes(engine) else kind


def _module_beside(name: str) -> str | None:
    """Return the file of a module of that name in the current folder, None for none."""
    files = (Path(f"{name}.py"), Path(name, "__init__.py"))
    return next((file.as_posix() for file in files if file.is_file()), None)


def _at(address: str | None, url: str) -> str:
    """Return the URL below the address of a server."""
    base, parts = urlsplit(address or ""), urlsplit(url)
    path = base.path.rstrip("/") + parts.path
    return parts._replace(scheme=base.scheme, netloc=base.netloc, path=path).geturl()


class Url(str):
    """A URL, which is shown without quotes."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


class LiveUrl(Url):
    """A URL that leads to the server, and can be clicked."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": link_html(str(self), str(self))}
