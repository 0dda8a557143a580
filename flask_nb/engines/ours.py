"""The adapter for apps of our own: :class:`flask_nb.web.Flask`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any, cast

from flask_nb import web
from flask_nb.live.workspace import current_run
from flask_nb.web import serving
from flask_nb.web.globals import _cv_app, _cv_request
from flask_nb.web.signals import _exception_answered

from .flask_shaped import FlaskShapedEngine

Runner = Callable[..., Any]


class OurEngine(FlaskShapedEngine):
    """An app of :mod:`flask_nb.web` as the notebook sees it."""

    answered = _exception_answered

    @staticmethod
    def adopts(app: Any) -> bool:
        """Whether *app* is of this kind."""
        return isinstance(app, web.Flask)

    @classmethod
    def new(cls, import_name: str, root_path: str | None = None) -> OurEngine:
        """Make an app and return its engine."""
        return cls(web.Flask(import_name, root_path=root_path))

    @classmethod
    def fresh(cls, import_name: str, root_path: str | None = None) -> OurEngine:
        """Make an app that takes nothing over from one that the same cell made before."""
        run = current_run.get()
        make = partial(cls.new, import_name, root_path)
        return make() if run is None else cast(OurEngine, run.workspace.afresh(make))

    def framework(self) -> ModuleType:
        """Return the package of the app's own class."""
        return web

    def follow(self) -> None:
        """Record from now on what the cells of the notebook register on the app."""
        self.app.live.is_open()

<<<<<<< HEAD
    @contextmanager
    def _outside_of_requests(self) -> Iterator[None]:
        """Have a context in which URLs are built; none is pushed, so no hook runs."""
        context = self.app.app_context()
        context.url_adapter = self.app.create_url_adapter(None) or self._local_urls()
        tokens = _cv_app.set(context), _cv_request.set(None)  # type: ignore[arg-type]
        try:
            yield
        finally:
            _cv_request.reset(tokens[1])
            _cv_app.reset(tokens[0])
=======
    def take_over(self, other: OurEngine) -> None:
        """Register here what cells had registered on the app of *other*; the cell's end says so.

        An app that is older than the running cell has a life of its own, and takes nothing over.
        """
        run = current_run.get()
        if run is not None and self.app.live.was_made_in(run):
            self.app.live.take_over(other.app, run)

    def drop(self, endpoint: str) -> list[str]:
        """Withdraw all rules of an endpoint and return them."""
        rules = self._rules_of(endpoint)
        for entry in filter(None, map(entry_of, rules)):
            self.app.live.ledger.drop(entry)
        withdraw(self.app, self._rules_of(endpoint))  # those that nobody owns
        return [label for rule in rules for label in _labels(rule)]

    def _rules_of(self, endpoint: str) -> list[Rule]:
        return [rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint]

    # --- what cells apply definitions to ---

    def converters(self) -> Mapping[str, type[BaseConverter]]:
        """Return what a rule may use, such as ``int``, with the classes."""
        return self.app.url_map.converters

    def framework(self) -> ModuleType:
        """Return the package of the app's own class."""
        return web

    def add_route(
        self,
        rule: str,
        endpoint: str,
        view: View,
        *,
        derived: bool = False,
        methods: Sequence[str] | None = None,
        defaults: Mapping[str, object] | None = None,
        strict_slashes: bool | None = None,
        host: str | None = None,
        subdomain: str | None = None,
    ) -> None:
        """Register *view*; it is live when this returns.

        :raises EndpointConflictError: the endpoint was derived, and is another rule's.
        :raises CellError: the app never looks at what the rule says of the host.
        """
        self._check_matching(host, subdomain)
        if derived:
            self._check_derived(rule, endpoint)
        options = {
            "methods": methods,
            "defaults": dict(defaults) if defaults else None,
            "strict_slashes": strict_slashes,
            "host": host,
            "subdomain": subdomain,
        }
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        self.app.add_url_rule(rule, endpoint, view, **given)

    def _check_matching(self, host: str | None, subdomain: str | None) -> None:
        """What a rule says of the host is looked at only by an app that was made for it."""
        url_map = self.app.url_map
        if host is not None and not url_map.host_matching:
            raise _needs("--host", "host_matching=True, static_host='localhost'")
        if subdomain not in (None, url_map.default_subdomain) and not self.app.subdomain_matching:
            raise _needs("--subdomain", "subdomain_matching=True")

    def _check_derived(self, rule: str, endpoint: str) -> None:
        """Two rules never share a derived endpoint, unless the cell at work is changing its own rule."""
        run = current_run.get()
        for existing in self._rules_of(endpoint):
            entry = entry_of(existing)
            is_own = run is not None and entry is not None and run.has_replaced(entry)
            if existing.rule != rule and not is_own:
                name = entry.owner.name if entry is not None else None
                raise EndpointConflictError(endpoint, rule=rule, existing=existing.rule, owner=name)

    def as_view(self, cls: type, endpoint: str) -> View:
        """Return the view function of a class-based view."""
        return cast(View, cls.as_view(endpoint))  # type: ignore[attr-defined]

    def supports_async(self) -> bool:
        """Whether asgiref is there to call ``async def`` views."""
        return find_spec("asgiref") is not None


def _needs(flag: str, arguments: str) -> CellError:
    return CellError(
        f"{flag} would have no effect, since this app was not made for it. "
        f"Make it with: from flask_nb import Flask; app = Flask(__name__, {arguments})"
    )


def _owner_of(rule: Rule) -> str | None:
    """What people call the cell or module that registered a rule; None where neither did."""
    entry = entry_of(rule)
    if entry is None:
        return None
    return entry.owner.name if entry.owner.kind == "cell" else f"{entry.owner.kind} {entry.owner.name}"


def _files_below(folder: Path) -> Iterator[str]:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return islice(files, _MOST_FILES)


def _own_methods(rule: Rule) -> tuple[str, ...]:
    """The methods that were asked for, without those that come by themselves."""
    return tuple(sorted(named_methods(rule)))


def _labels(rule: Rule) -> list[str]:
    domain = f" of {rule.host or rule.subdomain}" if rule.host or rule.subdomain else ""
    return [f"{method} {rule.rule}{domain}" for method in _own_methods(rule)]
>>>>>>> rest8


# --- the seams of web ---


def replace_runner(runner: Runner) -> Callable[[], None]:
    """Let ``app.run()`` call *runner* with the app, the host, the port and options; return what undoes it."""
    before = serving.runner
    serving.runner = runner

    def undo() -> None:
        if serving.runner is runner:
            serving.runner = before

    return undo
