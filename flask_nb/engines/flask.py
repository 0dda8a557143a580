"""The adapter for apps of the installed Flask: :class:`flask.Flask`.

It acts on the one app object and on the blueprints that are registered on it. Such an object gets a class of
its own, in which :class:`LiveFlask` stands between the class it had and Flask's: so a subclass keeps what it
overrides, and finds here what it calls by ``super()``. Its tables and its map become live ones in place
(:mod:`flask_nb.live`), and all of that is given back when the extension is unloaded.

The private names of Flask that this leans on are listed in ARCHITECTURE.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from io import BytesIO
from types import ModuleType, new_class
from typing import Any, cast

import flask
from blinker import Signal
from flask.globals import request_ctx
from werkzeug import serving
from werkzeug.routing import Rule

from flask_nb.live import adoption, blueprints
from flask_nb.live.app import HOOKS, Live
from flask_nb.live.modules import is_of_notebook
from flask_nb.live.overlay_loader import OverlayLoader
from flask_nb.live.refusals import show_briefly
from flask_nb.live.routes import module_of_view
from flask_nb.live.url_map import LiveMap, keep_table, make_live, make_plain
from flask_nb.live.workspace import at_work, running
from flask_nb.loops import beside_running_loop

from .flask_shaped import FlaskShapedEngine
from .recorded import Recorded, is_named, name_rule, name_rules, options_of, recorded_rule

_exception_answered = Signal()


class FlaskEngine(FlaskShapedEngine):
    """An app of the installed Flask as the notebook sees it."""

    answered = _exception_answered

    @classmethod
    def new(cls, import_name: str, root_path: str | None = None) -> FlaskEngine:
        """Make an app and return its engine."""
        return cls(cast(Any, flask.Flask(import_name, root_path=root_path)))

    @classmethod
    def fresh(cls, import_name: str, root_path: str | None = None) -> FlaskEngine:
        """Make an app that takes nothing over from one that the same cell made before."""
        engine, run = cls.new(import_name, root_path), running()
        if run is not None:
            run.workspace.afresh(engine.follow)
        return engine

    def framework(self) -> ModuleType:
        """Return the package of the app's own class."""
        return flask

    def follow(self) -> None:
        """Record from now on what the cells of the notebook register on the app."""
        follow(self.app)

    def _owner_of(self, rule: Rule) -> str | None:
        """What people call who registered a rule; what a module did unseen is told by its view."""
        module = module_of_view(self.app.view_functions.get(rule.endpoint))
        return super()._owner_of(rule) or (f"module {module}" if module else None)

    def _session(self) -> Any:
        """The session of the current request; to ask for it by its public name would count as reading it."""
        if not flask.has_request_context():
            return None
        name = "_session" if hasattr(request_ctx, "_session") else "session"
        return getattr(request_ctx, name)

    @contextmanager
    def _outside_of_requests(self) -> Iterator[None]:
        context = self.app.app_context()
        context.url_adapter = context.url_adapter or self._local_urls()
        with context:
            yield


def follow(holder: Any) -> None:
    """Follow an app or a blueprint of Flask's that a cell has made, or has brought in.

    Nothing happens unless a cell is at work: what requests come by is the app as it is.
    """
    run = running()
    if run is None or isinstance(holder, (LiveFlask, LiveBlueprint)):
        return
    _make_live(holder)
    registered = list(_registered_by_now(holder))
    module = _module_of(holder)
    if any(holder is one for one in run.workspace.older):
        holder.live.follow(run.workspace)
    elif module is None:
        adoption.welcome(holder, run, _is_of_notebook)
    else:
        adoption.welcome(holder, run.of_module(module), is_named)
    with at_work(run):
        for blueprint, name, options in registered:
            follow(blueprint)
            blueprints.resume(blueprint, holder, name, options)
        for child, _ in getattr(holder, "_blueprints", ()):
            follow(child)


def follow_remade() -> None:
    """Follow the blueprints that modules have made anew, when they were reloaded, in the place of the old."""
    run = running()
    holders: list[Any] = run.workspace.everything() if run is not None else []
    for old in holders:
        module = sys.modules.get(old.import_name) if isinstance(old, LiveBlueprint) else None
        for value in list(vars(module).values()) if module is not None else ():
            is_new = isinstance(value, flask.Blueprint) and not isinstance(value, LiveBlueprint)
            if is_new and value.name == old.name:
                _take_back_hooks(old, [app for app in holders if isinstance(app, LiveFlask)])
                follow(value)


def _take_back_hooks(blueprint: Any, apps: list[Any]) -> None:
    """Take out of apps the hooks that a blueprint brought when nobody was there to record it."""
    for app in apps:
        for name in [name for name, one in app.blueprints.items() if one is blueprint]:
            for table in HOOKS:
                brought = list(getattr(blueprint, table, {}).get(None, ()))
                values = getattr(app, table)[name]
                values[:] = [value for value in values if value not in brought]


def _is_of_notebook(function: Any) -> bool:
    name = str(getattr(function, "__module__", None))
    return name == "__main__" or is_of_notebook(vars(sys.modules.get(name, sys)))


def _module_of(holder: Any) -> str | None:
    """Return the module that made an app or blueprint when it was imported; None for a cell."""
    module = sys.modules.get(holder.import_name) if holder.import_name != "__main__" else None
    if module is None or is_of_notebook(vars(module)):
        return None
    is_its = any(value is holder for value in list(vars(module).values()))
    return holder.import_name if is_its else None


def _make_live(holder: Any) -> None:
    """Give an app or blueprint a class of its own, and a live half."""
    kind = type(holder)
    base = LiveFlask if isinstance(holder, flask.Flask) else LiveBlueprint
    bases = (base,) if kind in (flask.Flask, flask.Blueprint) else (kind, base)
    names = {
        "__module__": kind.__module__,
        "__doc__": kind.__doc__,
        "__qualname__": kind.__qualname__,
        "__new__": lambda cls, *args, **options: kind(*args, **options),  # another is none of a cell's yet
    }
    if base is LiveBlueprint:
        name_rules(holder)
    holder.live = Live(holder)
    holder._flask_nb_class = kind
    if isinstance(holder, flask.Flask):
        make_live(holder.url_map)
    holder.__class__ = new_class(kind.__name__, bases, exec_body=lambda namespace: namespace.update(names))
    if "jinja_env" in vars(holder):
        OverlayLoader(holder.live.overlay, holder.jinja_env.loader).put_into(holder.jinja_env)


def _registered_by_now(holder: Any) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Yield the blueprints that an app has, which are to bring what they record later."""
    for name, blueprint in getattr(holder, "blueprints", {}).items():
        if isinstance(blueprint, flask.Blueprint):
            yield blueprint, name, options_of(blueprint, holder, name)


def give_back(holder: Any) -> None:
    """Let an app or a blueprint be what it was made, with what has been defined since."""
    if not isinstance(holder, (LiveFlask, LiveBlueprint)):
        return
    if isinstance(holder, flask.Flask):
        covered = dict(holder.live.attributes)
        if "jinja_env" in vars(holder) and isinstance(holder.jinja_env.loader, OverlayLoader):
            holder.jinja_env.loader.take_out_of(holder.jinja_env)
        if isinstance(holder.url_map, LiveMap):
            make_plain(holder.url_map)
    else:
        covered = {}
    adoption.give_back(holder)
    state = vars(holder)
    holder.__class__ = state.pop("_flask_nb_class")
    del state["live"]
    for name, value in covered.items():
        setattr(holder, name, value)


class LiveFlask(flask.Flask):
    """An app of Flask's in a notebook."""

    live: Live

    def _check_setup_finished(self, f_name: str) -> None:
        if not self.live.is_open():
            super()._check_setup_finished(f_name)

    # --- registering ---

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Register a rule; its view comes with it."""
        with self.live.bringing(view_func, is_derived=endpoint is None):
            try:
                super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
            except Exception as exc:
                show_briefly(exc)
                raise

    def register_error_handler(self, code_or_exception: Any, f: Any) -> None:
        """Register a handler of errors."""
        try:
            super().register_error_handler(code_or_exception, f)
        except Exception as exc:
            show_briefly(exc)
            raise

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        """Register a blueprint, which goes on bringing what it records."""
        if isinstance(blueprint, flask.Blueprint):
            follow(blueprint)
        super().register_blueprint(blueprint, **options)

    # --- what cells define stands in front of folders ---

    def create_jinja_environment(self) -> Any:
        """Make the environment of templates; those of cells are found first."""
        environment = super().create_jinja_environment()
        OverlayLoader(self.live.overlay, environment.loader).put_into(environment)
        self.live.exchange_template_tables(environment)
        return environment

    def send_static_file(self, filename: str) -> Any:
        """Return the response of a static file: of a cell, else of the folder."""
        content = self.live.overlay.static.get(filename)
        if content is None:
            return super().send_static_file(filename)
        return flask.send_file(
            BytesIO(content.data),
            mimetype=content.mimetype,
            etag=content.etag,
            max_age=self.get_send_file_max_age(filename),
        )

    # --- answering ---

    def request_context(self, environ: Any) -> Any:
        """Make the context of a request, which tells how its body was read if somebody wants to know."""
        context = super().request_context(environ)
        if "flask_nb.body_reads" in environ:
            kind: Any = type(context.request)
            context.request.__class__ = _told_of(kind)
        return context

    def full_dispatch_request(self) -> Any:
        """Answer the current request, which sees one routing table from now on if there may be another."""
        if self.live.is_followed():
            adapter, url_map = request_ctx.url_adapter, self.url_map
            if adapter is not None and isinstance(url_map, LiveMap):
                keep_table(adapter, url_map.table)
        return super().full_dispatch_request()

    def dispatch_request(self) -> Any:
        """Call the view; a rule that was replaced after the request had matched it keeps its own."""
        request = flask.request
        last_view = getattr(request.url_rule, "last_view", None)
        if last_view is None or request.routing_exception is not None or request.method == "OPTIONS":
            return super().dispatch_request()
        return self.ensure_sync(last_view)(**(request.view_args or {}))

    def handle_user_exception(self, e: Exception) -> Any:
        """Have a handler answer, and tell of it."""
        answer = super().handle_user_exception(e)
        _exception_answered.send(self, exception=e)
        return answer

    def async_to_sync(self, func: Any) -> Any:
        """Return what runs a coroutine function to its end, beside the loop of the kernel where that runs."""
        make = super().async_to_sync
        return beside_running_loop(lambda *args, **kwargs: make(func)(*args, **kwargs))

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve the app in the background; what was left out stays out."""
        if debug is not None:
            self.debug = bool(debug)
        serving.run_simple(
            cast(str, host or None), cast(int, None if port is None else int(port)), self, **options
        )


class _Told(flask.Request):
    """A request that tells whoever sent it how its body was read, see ``flask_nb.exchange.hints``."""

    def get_json(self, *args: Any, **options: Any) -> Any:
        """Return the body's JSON."""
        self._tell("json")
        return super().get_json(*args, **options)

    @cached_property
    def form(self) -> Any:
        """The fields of the body's form."""
        self._tell("form")
        return super().form

    def _tell(self, kind: str) -> None:
        reads = self.environ.get("flask_nb.body_reads")
        if reads is not None:
            reads.add(kind)


@cache
def _told_of(kind: type[flask.Request]) -> type[flask.Request]:
    return type(kind.__name__, (kind, _Told) if kind is not flask.Request else (_Told,), {})


class LiveBlueprint(flask.Blueprint):
    """A blueprint of Flask's in a notebook."""

    live: Live
    _route: Recorded | None = None

    def _check_setup_finished(self, f_name: str) -> None:
        if not self.live.is_open():
            super()._check_setup_finished(f_name)

    def register(self, app: Any, options: dict[str, Any]) -> None:
        """Register on *app* what was recorded here, and what is going to be."""
        if isinstance(app, LiveFlask):
            blueprints.register(self, app, options)
        else:
            super().register(app, options)

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        """Have a blueprint registered below this one."""
        follow(blueprint)
        super().register_blueprint(blueprint, **options)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Record a rule, by a name by which it is known again."""
        self._route = recorded_rule(rule, endpoint, view_func, options)
        try:
            super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
        finally:
            self._route = None

    def record(self, func: Any) -> None:
        """Record what is to be done with an app."""
        if self._route is not None:
            name_rule(func, self._route)
        super().record(func)
