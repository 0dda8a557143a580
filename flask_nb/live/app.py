"""The live half of an app and of a blueprint: what makes them follow a notebook.

It knows of an app what Flask documents: the tables that hold hooks, views, handlers, settings and
extensions, and ``url_map``. In a notebook these are exchanged for live ones (:mod:`.slots`), once, when
the app is made or first registered on; outside a notebook nothing is exchanged and nothing is recorded.
"""

from __future__ import annotations

import operator
import threading
import weakref
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from .attributes import ATTRIBUTE, Attributes
from .ledger import Ledger
from .overlay import Overlay
from .registrations import ROUTE, Entry, Owner
from .routes import define, is_same_route, module_of_view, named_methods
from .slots import Name
from .tables import Kind, LiveDict, LiveList, LiveScopes, Placed, live_class, name_of_function
from .url_map import LiveMap
from .workspace import Run, Workspace, at_work, registering, running

HOOKS = {
    "before_request_funcs": "before_request",
    "after_request_funcs": "after_request",
    "teardown_request_funcs": "teardown_request",
    "template_context_processors": "context_processor",
    "url_value_preprocessors": "url_value_preprocessor",
    "url_default_functions": "url_defaults",
}

LISTS = {
    "teardown_appcontext_funcs": Kind("teardown_appcontext"),
    "shell_context_processors": Kind("shell_context_processor"),
    "url_build_error_handlers": Kind("url_build_error_handler"),
    "deferred_functions": Kind(
        "recorded", label=lambda function: getattr(function, "label", ""), replaces=is_same_route
    ),
    "_blueprints": Kind(
        "nested",
        label=lambda nested: f"blueprint {nested[0].name}",
        replaces=lambda nested, other: nested[0].name == other[0].name,
    ),
}

_EXTENSION = Kind("extension", is_layered=True)

NAMES = {
    "view_functions": Kind("view"),
    "blueprints": Kind("blueprint"),
    "extensions": _EXTENSION,
    "url_map.converters": Kind("converter"),
    "live.overlay.templates": Kind("template"),
    "live.overlay.static": Kind("static file"),
}

COMMANDS = Kind("command")

IN_TEMPLATES = {
    "filters": Kind("template filter"),
    "tests": Kind("template test"),
    "globals": Kind("template global"),
}

_SETTING = Kind("setting", is_layered=True)


class _Registered(Name):
    """The name under which an app knows a blueprint, and how it was registered."""

    def __init__(self, table: Any, name: str, label: str, options: Mapping[str, Any]) -> None:
        super().__init__(table, name, label)
        self.options = options

    def repeat(self, entry: Entry, other: Any) -> None:
        """Register the blueprint in the same way on another app."""
        entry.value.register(other, dict(self.options))


class _Place:
    """One registration of a blueprint on an app.

    :param app: the app.
    :param entry: the registration.
    :param options: how it was registered.
    :param set_up: brings what the blueprint has recorded to the app.
    """

    def __init__(
        self, app: Any, entry: Entry, options: Mapping[str, Any], set_up: Callable[[], None]
    ) -> None:
        self.app = app
        self.entry = entry
        self.options = options
        self.set_up = set_up

    @property
    def is_current(self) -> bool:
        """Whether the app still has the blueprint by this registration."""
        return self.entry.ledger is not None and self.entry in self.entry.ledger

    def bring_up_to_date(self, run: Run) -> None:
        """Bring to the app what has not reached it yet, by one swap of its routing table."""
        if self.app.live.is_replaced:
            return
        with self.app.url_map.batch(), at_work(run.caused_by(self.entry)):
            self.set_up()


class Live:
    """What an app, or a blueprint, has to do with the cells of a notebook.

    :param holder: the app or the blueprint.
    """

    def __init__(self, holder: Any) -> None:
        self._find = weakref.ref(holder)  # the app holds this, and must not be kept alive by a cycle
        self._workspace: weakref.ref[Workspace] | None = None
        self._places: list[_Place] = []
        self._maker: int | None = None
        self._lock = threading.RLock()
        #: The view of the rule that is being added to the map, and whether its endpoint is its name.
        self._brought: tuple[Any, bool] = (None, True)
        #: Whether another app is about to take its place.
        self.is_replaced = False
        self.ledger = Ledger(hasattr(type(holder), "record"), self._bring_up_to_date)
        #: The templates and static files in front of those of the app's folders.
        self.overlay = Overlay(self._find)
        #: What cells have changed about the app itself; there from when the app follows a notebook.
        self.attributes: Attributes

    @property
    def app(self) -> Any:
        """The app, or the blueprint."""
        return self._find()

    # --- following a notebook ---

    def is_open(self) -> bool:
        """Whether anything may be registered at any time, as in a notebook, which is then followed."""
        run = running()
        if run is None:
            return False
        self.follow(run.workspace)
        return True

    def follow(self, workspace: Workspace) -> None:
        """Record from now on what the cells of a notebook register."""
        before = self._workspace
        if before is None or before() is not workspace:
            self._workspace = weakref.ref(workspace)
            if before is None:
                self._exchange_tables()
            self.ledger.make_old()
            workspace.follow(self.app)

    def was_made(self) -> None:
        """Follow the notebook in which the app has just been made, if it is one."""
        run = registering()
        if run is not None:
            self.welcome(run)

    def welcome(self, run: Run) -> None:
        """Follow an app that *run* has made, and have it take over what others had on the one before."""
        self._maker = run.body
        self._workspace = weakref.ref(run.workspace)
        self._exchange_tables()
        run.workspace.welcome(self.app, run, (type(self.app).__name__, self.app.import_name, self.app.name))

    def was_made_in(self, run: Run | None) -> bool:
        """Whether that very run has made it."""
        return run is not None and run.body == self._maker

    def take_over(self, old: Any, run: Run) -> bool:
        """Register here what other cells had registered on *old*."""
        others = [
            entry
            for entry in old.live.ledger
            if entry.owner.key != run.owner.key and not entry.causes and _is_for_any_app(entry)
        ]
        # Layers of settings in the order in which they were put down; all else where it first stood, since
        # a rule needs its converter.
        others.sort(key=lambda entry: () if _is_layered(entry) else entry.rank)
        for entry, repeating in run.repeating_all(others):
            with at_work(repeating):
                entry.slot.repeat(entry, self.app)
        return self._take_places(old, run) if self.ledger.is_of_blueprint else self._replace(old, others, run)

    def _replace(self, old: Any, others: list[Entry], run: Run) -> bool:
        """Be the app from now on; *old* stays as it is, and goes on if the cell fails."""
        run.workspace.replace(old, self.app)
        count = len([entry for entry in others if not _is_layered(entry)])
        if count:
            what = "registration" if count == 1 else "registrations"
            run.workspace.tell(run, f"the new app has taken over {count} {what} of other cells")
        self._take_attributes(old, others, run)
        return False

    def let_go(self) -> None:
        """Be an app that nobody follows any more: what blueprints record from now on does not reach it."""
        for entry in self.ledger:
            if entry.causes or isinstance(entry.slot, _Registered):
                self.ledger.remove(entry)

    def is_idle(self, besides: Collection[Any]) -> bool:
        """Whether no app has got this blueprint, *besides* those that do not count."""
        return not any(place.is_current and place.app not in besides for place in self._places)

    def _take_attributes(self, old: Any, others: list[Entry], run: Run) -> None:
        """Have what other cells left on *old*, and tell which of them need the new app.

        A method that was wrapped, and an object that Flask makes for each app, belong to the old app; so
        may what an extension keeps. Only the cell itself can set that up anew.
        """
        again: dict[Owner, list[str]] = {}
        for entry in others:
            if _kind_of(entry) is _EXTENSION:
                again.setdefault(entry.owner, []).append(getattr(entry.slot, "name", ""))
        for owner, name, value in old.live.attributes.of_others(old, run):
            if name in vars(self.app) or callable(getattr(self.app, name, None)):
                again.setdefault(owner, []).append(f"app.{name}")
            else:
                with at_work(run.but(owner=owner, body=run.workspace.next_number(), is_quiet=True)):
                    setattr(self.app, name, value)
        for owner, names in again.items():
            verb = "run" if owner.kind == "cell" else "reload"
            run.workspace.tell(run, f"{owner} has set up {', '.join(names)} for the old app: {verb} it again")

    def _take_places(self, old: Any, run: Run) -> bool:
        """Be registered where *old* is, unless it is the running cell that registers it."""
        for place in list(old.live._places):
            entry = place.entry
            if entry.owner.key != run.owner.key and place.is_current and not place.app.live.is_replaced:
                with at_work(run.repeating(entry)):
                    self.app.register(place.app, dict(place.options))
        return True

    def _exchange_tables(self) -> None:
        holder = self.app
        for name, kind in {**HOOKS, **LISTS, **NAMES}.items():
            self._exchange(holder, name, kind)
        if isinstance(getattr(holder, "config", None), dict):
            config = holder.config
            config.__class__ = live_class(type(config))
            config.go_live(self._placed(_SETTING, operator.attrgetter("config")))
        if "error_handler_spec" in vars(holder):
            holder.error_handler_spec = self._live_handlers(holder.error_handler_spec)
        if hasattr(holder, "wsgi_app"):
            self.attributes = Attributes(
                self._placed(ATTRIBUTE, operator.attrgetter("live.attributes")), holder
            )
        if isinstance(getattr(holder, "url_map", None), LiveMap):
            holder.url_map.register = self._register_rule
        if "cli" in vars(holder):
            self.exchange_commands(holder.cli)
        if "jinja_env" in vars(holder):
            self.exchange_template_tables(holder.jinja_env)

    def is_followed(self) -> bool:
        """Whether the app follows a notebook, and has live tables."""
        return self._workspace is not None

    def let_go_of_notebook(self) -> None:
        """Record nothing any more."""
        self._workspace = None

    def _exchange(self, holder: Any, name: str, kind: Any) -> None:
        parent, _, attribute = name.rpartition(".")
        try:
            owner = operator.attrgetter(parent)(holder) if parent else holder
            now = getattr(owner, attribute)
        except AttributeError:  # apps have tables that blueprints have not, and the reverse
            return
        find = operator.attrgetter(name)
        live: Any
        if name in HOOKS:
            live = LiveScopes(lambda scope, values: self._live_hooks(find, scope, kind, values), now)
        elif name in LISTS:
            live = LiveList(self._placed(kind, find), now)
        else:
            live = LiveDict(self._placed(kind, find), now)
        setattr(owner, attribute, live)

    def _placed(self, kind: Kind, find: Callable[[Any], Any]) -> Placed:
        return Placed(self.ledger, kind, find)

    def _live_hooks(self, find: Callable[[Any], Any], scope: Any, kind: str, values: Any) -> LiveList:
        return LiveList(self._placed(Kind(kind), lambda other: find(other)[scope]), values)

    def _live_handlers(self, spec: Mapping[Any, Mapping[Any, Mapping[Any, Any]]]) -> LiveScopes:
        return LiveScopes(
            lambda scope, codes: LiveScopes(
                lambda code, handlers: LiveDict(
                    self._placed(
                        Kind("error handler", label=lambda cls: f"error handler {code or cls.__name__}"),
                        lambda other: other.error_handler_spec[scope][code],
                    ),
                    dict(handlers),
                ),
                dict(codes),
            ),
            spec,
        )

    def exchange_commands(self, group: Any) -> None:
        """Record what is put among the commands of the app."""
        if self._workspace is not None:
            placed = self._placed(COMMANDS, operator.attrgetter("cli.commands"))
            group.commands = LiveDict(placed, group.commands)

    def exchange_template_tables(self, environment: Any) -> None:
        """Record what is put among the filters, tests and globals of the app's templates."""
        if self._workspace is None:
            return
        for name, kind in IN_TEMPLATES.items():
            find = operator.attrgetter(f"jinja_env.{name}")
            setattr(environment, name, LiveDict(self._placed(kind, find), getattr(environment, name)))

    # --- routes ---

    def define_route(self, rule: Any, view: Any, named: Iterable[str]) -> bool:
        """Publish a rule in the place of what it displaces, where a cell registers it.

        :param view: its view, or None.
        :param named: the methods that it names, without those that come along.
        :return: whether that was done; else the framework's own rules stand.
        """
        run = registering()
        if run is None or self._workspace is None or not isinstance(self.app.url_map, LiveMap):
            return False
        define(self.app, self.ledger, run, rule, view, frozenset(named))
        return True

    def check_endpoint_is_free(self, endpoint: str, view: Any, is_derived: bool) -> None:
        """Refuse a view whose endpoint is that of another, which it does not replace.

        A name such as ``wrapper``, which a decorator gave to the view, says nothing of what it is: so
        it does not replace another cell's.

        :param is_derived: whether the endpoint is the name of the view.
        :raises AssertionError: as in Flask.
        """
        known = self._view_in_the_way(endpoint, view, is_derived)
        if known is not None and known != view:
            raise AssertionError(
                f"the endpoint {endpoint!r} has a view function already, {_called(known)}."
                " Give this one another name or another 'endpoint'; if a decorator gave it that name,"
                " use functools.wraps in the decorator."
            )

    def _view_in_the_way(self, endpoint: str, view: Any, is_derived: bool) -> Any:
        views, run = self.app.view_functions, registering()
        if run is None or not isinstance(views, LiveDict):
            return views.get(endpoint)
        known = views.standing(endpoint)
        if known is None:
            return None
        is_nameless = isinstance(view, FunctionType) and name_of_function(view) is None
        is_other = known.owner.key != run.owner.key
        return known.value if not run.displaces(known) or (is_derived and is_nameless and is_other) else None

    @contextmanager
    def bringing(self, view: Any, is_derived: bool) -> Iterator[None]:
        """Publish the rule that a block adds to the map together with its view.

        A framework that knows nothing of this adds a rule to its map first, and then the view to its table.

        :param is_derived: whether the endpoint is the name of the view.
        """
        with self._lock:
            before, self._brought = self._brought, (view, is_derived)
            try:
                yield
            finally:
                self._brought = before

    def _register_rule(self, rule: Any) -> None:
        view, is_derived = self._brought
        if view is not None and running() is not None:
            self.check_endpoint_is_free(rule.endpoint, view, is_derived)
        if not self.define_route(rule, view, named_methods(rule)):
            self.app.url_map.change(add=[rule])

    # --- settings ---

    def set(self, group: Hashable, values: Mapping[str, Any]) -> None:
        """Set *values* in one step, in the place of what an earlier run of a definition has set.

        :param group: what tells the definition from others of its cell.
        """
        run, config = registering(), self.app.config
        if run is None or not isinstance(config, LiveDict):
            config.update(values)
            return
        earlier = [one for one in self.ledger if run.is_earlier(one) and one.group == group]
        config.enter_all(run, values, group, earlier)

    # --- blueprints ---

    def place(
        self, blueprint: Any, name: str, options: Mapping[str, Any], set_up: Callable[[], None]
    ) -> None:
        """Let a blueprint set up what it has recorded, now and whenever it records more.

        :param name: the name under which the app has it.
        :param set_up: brings to the app what has not reached it yet.
        """
        run = registering()
        entry = self.app.blueprints.standing(name) if run is not None and self._workspace else None
        if run is None or entry is None:
            set_up()
            return
        entry.slot = _Registered(self.app.blueprints, name, f"blueprint {name}", options)
        place = _Place(self.app, entry, options, set_up)
        blueprint.live._places.append(place)
        place.bring_up_to_date(run)

    def _bring_up_to_date(self) -> None:
        """Bring what a blueprint has just recorded to the apps that have it."""
        self._places = [place for place in self._places if place.is_current]
        run = registering() if self._places else None
        for place in self._places if run is not None else ():
            place.bring_up_to_date(run)  # type: ignore[arg-type]


def _is_for_any_app(entry: Entry) -> bool:
    """Whether the same can be registered on another app: not the views of rules, which come along."""
    return entry.group is not ROUTE and _kind_of(entry) is not ATTRIBUTE


def _is_layered(entry: Entry) -> bool:
    kind = _kind_of(entry)
    return kind is not None and kind.is_layered


def _kind_of(entry: Entry) -> Kind | None:
    """What kind of table holds a registration that stands under a name."""
    table = getattr(entry.slot, "table", None)
    return table.place.kind if isinstance(table, LiveDict) else None


def _called(view: Any) -> str:
    """Return what people call a view: its name, and its module if that is not the notebook."""
    name, module = f"{getattr(view, '__name__', type(view).__name__)}()", module_of_view(view)
    return f"{name} of the module '{module}'" if module else name
