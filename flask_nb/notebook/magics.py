"""The magics: each parses its line, makes one call, and returns something that can be displayed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

from IPython.core.magic import needs_local_scope, no_var_expand

from flask_nb import cells, engines, notebook
from flask_nb.cells.expressions import Evaluate
from flask_nb.cells.request_line import METHODS as REQUEST_METHODS
from flask_nb.cells.route import TRY_MAGIC
from flask_nb.errors import (
    CellError,
    CellSyntaxError,
    CheckError,
    ExpectationError,
    FlaskNbError,
    MagicArgumentError,
    MagicHelpRequested,
    PortInUseError,
    naming,
    placing,
)
from flask_nb.panel import PanelResponse, status_line

from .display import Report, show
from .host import Host
from .owners import CellEvents
from .placement import PlacedMagic, place_magic

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .browsing import Browsing
    from .changes import Changes
    from .definitions import Definitions
    from .exchanges import Exchanges
    from .explaining import Explaining
    from .exporting import Exporting

Kind = Literal["line", "cell", "line_cell"]
Scope = Mapping[str, Any]
Answer = Callable[[str, "str | None", Scope], Any]
"""Takes the line, the cell (None for a line magic) and the caller's local variables."""

_SIGNS = {"line": "%", "cell": "%%"}

REQUEST_MAGICS = frozenset(method.lower() for method in REQUEST_METHODS)
CELL_MAGICS = REQUEST_MAGICS | {
    "route",
    "http",
    "check",
    "config_from",
    "template",
    "static",
    "request_context",
}
LINE_MAGICS = REQUEST_MAGICS | {
    "artifact",
    "http",
    "routes",
    "serve",
    "browse",
    "app",
    "config_from",
    "url_for",
    "cookies",
    "exchange",
    "explain",
    "export",
}


class Magic:
    """One magic as it is given to IPython.

    Only whoever uses it, or asks for its page, waits for what answers it and for its parser.

    :param find_answer: returns what answers it.
    :param parser: makes the parser whose help is the magic's page.
    """

    def __init__(
        self,
        name: str,
        kind: Kind,
        find_answer: Callable[[], Answer],
        parser: Callable[[], cells.MagicParser],
    ) -> None:
        self.name = name
        self.kind = kind
        self.parser = parser
        self._find_answer = find_answer
        no_var_expand(self)  # braces and dollars belong to rules, paths and bodies
        needs_local_scope(self)

    def __repr__(self) -> str:
        return f"<{_SIGNS[self.kinds[0]]}{self.name}>"

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """The page that ``%name?`` shows."""
        return self.parser().format_help()

    @property
    def kinds(self) -> list[str]:
        """``line``, ``cell`` or both."""
        return self.kind.split("_")

    def __call__(self, line: str, cell: str | None = None, local_ns: Scope | None = None) -> Any:
        """Do what IPython asks."""
        __tracebackhide__ = True
        # A request's own parser takes the semicolon: a path may end in one.
        is_silenced = cell is None and self.name not in REQUEST_MAGICS and line.rstrip().endswith(";")
        try:
            with naming(_SIGNS["line" if cell is None else "cell"] + self.name):
                line = line.rstrip().removesuffix(";") if is_silenced else line
                value = self._find_answer()(line, cell, local_ns or {})
        except MagicHelpRequested as exc:
            print(exc.text)
            return None
        except KeyboardInterrupt as exc:
            # One line: the frames below are all ours.
            exc._render_traceback_ = lambda: ["KeyboardInterrupt: the request was interrupted"]  # type: ignore[attr-defined]
            raise
        return None if is_silenced else value


class NotebookMagics:
    """The magics of one shell.

    :param ip: the shell, whose variables expressions and views see.
    :param host: what the magics act on.
    :param events: tells which cell is running.
    """

    def __init__(self, ip: InteractiveShell, host: Host, events: CellEvents) -> None:
        self.ip = ip
        self.host = host
        self.events = events

    def close(self) -> None:
        """Let go of the pages that are used in the notebook, if there are any."""
        if "browsing" in vars(self):
            self.browsing.close()

    @cached_property
    def changes(self) -> Changes:
        """Which cells have to do with the app."""
        return notebook.Changes(
            lambda: self.events.workspace,
            lambda: self.ip.user_ns,
            lambda: [served.followed.app for served in self.host.apps],
        )

    @cached_property
    def browsing(self) -> Browsing:
        """The pages that are used in the notebook."""
        return notebook.Browsing(self.ip, self.host, self.changes)

    @property
    def definitions(self) -> Definitions:
        """What the magics do that define besides routes."""
        return notebook.Definitions(self.ip, self.host, self.events)

    @property
    def exchanges(self) -> Exchanges:
        """What ``%exchange`` does."""
        return notebook.Exchanges(self.ip, self.host)

    @property
    def explaining(self) -> Explaining:
        """What ``%explain`` does."""
        return notebook.Explaining(self.ip, self.host)

    @property
    def exporting(self) -> Exporting:
        """What ``%export`` and ``%artifact`` do."""
        return notebook.Exporting(self.ip, self.events)

    def table(self) -> list[Magic]:
        """Return all magics."""
        return [
            Magic("route", "cell", lambda: self.route, lambda: cells.route_parser()),
            Magic("http", "line_cell", lambda: self.http, lambda: cells.http_parser()),
            Magic("check", "cell", lambda: self.check, lambda: cells.check_parser()),
            Magic("routes", "line", lambda: self.routes, lambda: cells.routes_parser()),
            Magic("exchange", "line", lambda: self.exchanges.exchange, lambda: cells.exchange_parser()),
            Magic("explain", "line", lambda: self.explaining.explain, lambda: cells.explain_parser()),
            Magic("export", "line", lambda: self.exporting.export, lambda: cells.export_parser()),
            Magic("artifact", "line", lambda: self.exporting.artifact, lambda: cells.artifact_parser()),
            Magic("serve", "line", lambda: self.serve, lambda: cells.serve_parser()),
            Magic("browse", "line", lambda: self.browsing.browse, lambda: cells.browse_parser()),
            Magic("app", "line", lambda: self.definitions.app, lambda: cells.app_parser()),
            Magic(
                "config_from",
                "line_cell",
                lambda: self.definitions.config_from,
                lambda: cells.config_parser(),
            ),
            Magic("template", "cell", lambda: self.definitions.template, lambda: cells.template_parser()),
            Magic("static", "cell", lambda: self.definitions.static, lambda: cells.static_parser()),
            Magic(
                "request_context",
                "cell",
                lambda: self.definitions.request_context,
                lambda: cells.context_parser(),
            ),
            Magic("url_for", "line", lambda: self.definitions.url_for, lambda: cells.url_parser()),
            Magic("cookies", "line", lambda: self.definitions.cookies, lambda: cells.cookies_parser()),
            *map(self._request_magic, REQUEST_METHODS),
        ]

    def _request_magic(self, method: str) -> Magic:
        return Magic(
            method.lower(),
            "line_cell",
            lambda: partial(self.request, method),
            lambda: cells.request_parser(method),
        )

    def parsers(self) -> dict[str, Callable[[], cells.MagicParser]]:
        """Return what makes each magic's parser, by the name with its percent signs."""
        return {_SIGNS[kind] + magic.name: magic.parser for magic in self.table() for kind in magic.kinds}

    def route(self, line: str, cell: str | None, scope: Scope) -> Any:
        """Make the cell a view, then send what is to be tried."""
        body = cell or ""
        __tracebackhide__ = True
        placed = place_magic(self.events.source, "route", line, body)
        definition = cells.parse_route(line, body, placed.body_line)
        filename = self.host.sources.name_cell(placed.source)
        self.host.sources.keep_source(filename, placed.as_python())
        try:
            applied = cells.apply_route(
                definition,
                self.host.followed.engine_for_route(),
                self.ip.user_ns,
                filename=filename,
                flags=self.ip.compile.flags,
            )
        except CellSyntaxError as exc:
            raise _second_magic(body, placed.body_line) or exc from None
        except FlaskNbError:
            raise
        except Exception as exc:  # of the cell's own code, which a function or class stands in
            self.host.sources.cut_to_cell(exc)
            raise
        if applied.form == "body":
            self.host.sources.keep_source(filename, _with_function(placed, applied.view))
        with naming(TRY_MAGIC):
            return self._send_all(definition.tries, {}, Report(applied.summary))

    def request(self, method: str, line: str, cell: str | None, scope: Scope) -> Any:
        """Send a request; the value is the response."""
        return self._send(cells.parse_request(method, line, cell), scope)

    def http(self, line: str, cell: str | None, scope: Scope) -> Any:
        """Send the requests of an editor's text, or of curl commands."""
        first_line = place_magic(self.events.source, "http", line, cell).body_line if cell is not None else 1
        return self._send_all(cells.parse_http(line, cell, first_line), scope)

    def _send_all(self, requests: tuple[cells.RequestDefinition, ...], scope: Scope, last: Any = None) -> Any:
        """Show each exchange as it comes; the last one is the magic's value."""
        for request in requests:
            show(last)
            with placing(request.place):
                last = self._send(request, scope)
        return last

    def check(self, line: str, cell: str | None, scope: Scope) -> Any:
        """Send the requests of the checks; fail, below a table, if an answer is not what was expected."""
        placed = place_magic(self.events.source, "check", line, cell or "")
        checks = cells.parse_checks(line, cell, placed.body_line)
        checking = notebook.Checking(self._ask, lambda: {**self.ip.user_ns, **scope})
        if any(check.request.app is None for check in checks):
            self.host.followed.engine()  # a missing app is an error of the cell, not of each check
        try:
            for check in checks:
                checking.run(check)
        except KeyboardInterrupt:
            show(checking.table())
            raise
        if checking.failed:
            show(checking.table())
            raise CheckError(checking.failed, len(checks))
        return checking.table()

    def _ask(self, definition: cells.RequestDefinition, evaluation: Evaluate) -> PanelResponse:
        with self.host.apps.turned_to(definition.app):
            response = self.host.send(definition, evaluation)
            if definition.copy is not None:
                print(self.exchanges.copied(response, definition.copy))
        if definition.as_name is not None:
            self.ip.user_ns[definition.as_name] = response
        return response

    def _send(self, definition: cells.RequestDefinition, scope: Scope) -> Any:
        self._check_name(definition.as_name)
        variables = {**self.ip.user_ns, **scope}
        response = self._ask(definition, lambda source: notebook.evaluate(variables, source))
        if not definition.is_expected(response.status_code):
            show(response)
            status = status_line(response.status)
            raise ExpectationError(str(response.exchange.request), status, definition.expect)
        return response

    def _check_name(self, name: str | None) -> None:
        if name is not None and engines.is_known_app(self.ip.user_ns.get(name)):
            raise MagicArgumentError(
                f"{name} holds an app, which --as {name} would replace. Take another name"
            )

    def routes(self, line: str, cell: str | None, scope: Scope) -> Any:
        """Show the routes, after dropping what is to be dropped."""
        arguments = cells.parse_routes(line)
        with self.host.apps.turned_to(arguments.app):
            return self._routes(arguments.drop)

    def _routes(self, endpoints: Sequence[str]) -> Any:
        engine = self.host.followed.engine()
        if not engines.tells_routes(engine):
            return Report(f"{self.host.followed.label} does not tell its routes: {engines.kind_of(engine)}")
        known = {row.endpoint for row in engine.routes()}
        for endpoint in endpoints:
            if endpoint not in known:
                raise MagicArgumentError(f"no route has the endpoint {endpoint!r}. %routes shows them all")
        for endpoint in endpoints:
            print(f"withdrawn: {', '.join(engine.drop(endpoint))}")
        return notebook.route_table(engine.routes())

    def serve(self, line: str, cell: str | None, scope: Scope) -> Any:
        """Start, stop, restart or describe the server, or show what it has answered."""
        arguments = cells.parse_serve(line)
        with self.host.apps.turned_to(arguments.app):
            return self._serve(arguments)

    def _serve(self, arguments: cells.ServeArguments) -> Report:
        serving, apps = self.host.serving, self.host.apps
        if arguments.action in ("start", "restart"):
            engine = self.host.followed.engine()
            if arguments.action == "restart":
                engines.restart(engine)
            begin = serving.start if arguments.action == "start" else serving.restart
            if arguments.is_live is not None:
                self.host.pages.turn(arguments.is_live)
            is_shared = arguments.host is not None
            serving.ask_again()
            try:
                return Report(
                    begin(arguments.host, arguments.port, is_shared=is_shared), link=serving.page_url
                )
            except PortInUseError as exc:
                raise apps.naming_holder(exc) from None
        if arguments.action == "doctor":
            return Report("\n".join(notebook.diagnose(serving)), link=serving.page_url)
        meant = [apps.current] if arguments.app is not None else list(apps)
        if arguments.action == "log":
            return Report(self.host.traffic.log(arguments.last, [served.ring for served in meant]))
        said = apps.stop(meant) if arguments.action == "stop" else apps.status(meant)
        return Report(said, link=serving.page_url)


def _with_function(placed: PlacedMagic, view: Callable[..., Any]) -> list[str]:
    """Return the lines of a cell that is a view's body, indented below the line of a function.

    Debuggers and ``inspect`` look for such a block at the line on which a code object begins.
    """
    lines = placed.source.splitlines(keepends=True)
    view = inspect.unwrap(view)
    name = view.__name__ if view.__name__.isidentifier() else "view"
    keyword = "async def" if inspect.iscoroutinefunction(view) else "def"
    head = f"{keyword} {name}{inspect.signature(view)}:  # {lines[placed.line - 1]}"
    body = [f"    {line}" if line.strip() else line for line in lines[placed.line :]]
    return [*lines[: placed.line - 1], head, *body]


def _second_magic(body: str, first_line: int) -> CellError | None:
    """Return the error of a body that holds another cell magic, which IPython passes on as text."""
    for number, text in enumerate(body.splitlines(), start=first_line):
        if found := re.match(r"%%\w+", text):
            return CellError(
                f"line {number}: {found[0]} is below another cell magic, and a cell can have only one. "
                f"Move it to a cell of its own"
            )
    return None


def install_magics(magics: NotebookMagics) -> Callable[[], None]:
    """Register the magics with IPython; return what takes them out and puts back what they hid.

    A name that somebody else holds is taken over, and said.
    """
    registry = magics.ip.magics_manager.magics
    hidden: list[tuple[str, str, Any]] = []
    for magic in magics.table():
        for kind in magic.kinds:
            hidden.append((kind, magic.name, registry[kind].get(magic.name)))
            registry[kind][magic.name] = magic
    taken = [_SIGNS[kind] + name for kind, name, before in hidden if before is not None]
    if taken:
        print(f"flask_nb replaces {', '.join(taken)}, defined by others, until %unload_ext flask_nb")
    return partial(_put_back, registry, hidden)


def _put_back(registry: dict[str, dict[str, Any]], hidden: list[tuple[str, str, Any]]) -> None:
    for kind, name, before in hidden:
        if before is None:
            registry[kind].pop(name, None)
        else:
            registry[kind][name] = before
