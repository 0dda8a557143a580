"""Whether the exported app answers a request as the notebook did when its cell ran.

The app has all the notebook's definitions at once, a request only those above it. What is below and can
change its answer is found in the source, without running it: in doubt the answer is taken for changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flask_nb.cells import AppArguments, RoutesArguments
from flask_nb.cells.config import ConfigDefinition
from flask_nb.cells.contents import StaticDefinition, TemplateDefinition
from flask_nb.cells.route import RouteDefinition

from ..plan import Plan
from ..rules import REGISTERING
from ..statements import Statement

_ROUTING = frozenset({"route", "get", "post", "put", "patch", "delete", "head", "options", "websocket"})
_HARMLESS = frozenset(
    {"command", "template_filter", "template_test", "template_global", "app_template_filter"}
    | {"app_template_test", "app_template_global", "teardown_request", "teardown_appcontext", "endpoint"}
    | {"url_defaults", "app_url_defaults", "record", "record_once", "teardown_app_request"}
)
_HANDLERS = frozenset({"errorhandler", "app_errorhandler"})
_SETTINGS = re.compile(r"\w+\.(config|testing|debug|secret_key|permanent_session_lifetime)\b")
_WITHOUT_EFFECT = re.compile(r"\w+\.(url_map\.converters|cli|extensions|teardown_\w+|add_url_rule)\b")
_VARYING = re.compile(
    r"\b(random\w*|datetime|date|time|monotonic|perf_counter|uuid[1-7]|secrets|urandom|token_\w+|now|utcnow|today|getpid"
    r"|user_agent|remote_addr|environ|getcwd|platform)\b|User-Agent"
)
_FAILURE = 500
_REFUSED = (404, 405)


@dataclass(frozen=True)
class Question:
    """A request, and what is known of its answer.

    :param path: without the query.
    :param status: of the answer; None where it is not known.
    """

    method: str
    path: str
    status: int | None = None
    mimetype: str = ""


@dataclass(frozen=True)
class Registration:
    """A rule that a statement registers.

    :param rule: None where it is not a literal.
    :param methods: None where they are not known.
    :param is_below: whether a prefix may stand in front, as a blueprint's does.
    """

    rule: str | None
    methods: frozenset[str] | None
    is_below: bool = False

    def takes(self, question: Question) -> bool:
        """Whether the rule may have to do with the request."""
        if self.rule is not None and not self._pattern.fullmatch(question.path):
            return False
        is_asked = self.methods is None or question.method in self.methods
        return is_asked or question.method in ("HEAD", "OPTIONS") or question.status in _REFUSED

    @property
    def _pattern(self) -> re.Pattern[str]:
        pieces = re.split(r"<[^<>]*>", (self.rule or "").rstrip("/"))
        before = ".*" if self.is_below else ""
        return re.compile(before + ".+".join(map(re.escape, pieces)) + "/?")


class Lasting:
    """The statements of a plan that are taken, as what answers requests."""

    def __init__(self, plan: Plan) -> None:
        self._app = plan.app_name.partition("(")[0].partition(".")[0]
        decisions = [decision for cell in plan.cells for decision in cell.decisions]
        self._places = {decision.statement: number for number, decision in enumerate(decisions)}
        self._taken = [decision.statement for decision in decisions if decision.is_taken]
        modules = (ast.Import, ast.ImportFrom)
        bound = [one.names.binds for one in self._taken if not isinstance(one.node, modules)]
        self._data = frozenset().union(*bound) - {self._app}

    def is_changed(self, question: Question, after: Statement) -> bool:
        """Whether a statement below may change the answer that there was behind this one."""
        place = self._places[after]
        answering = self.answering(question)
        earlier = {name for one in self._taken if self._places[one] <= place for name in one.names.binds}
        later = (one for one in self._taken if self._places[one] > place)
        return any(self._changes(one, question, answering, earlier) for one in later)

    def answering(self, question: Question) -> Answering:
        """Return what has to do with the answer to a request."""
        found = [one for one in self._taken if self._has_part_in(one, question)]
        binding: dict[str, list[Statement]] = {}
        for one in self._taken:
            for name in one.names.binds:
                binding.setdefault(name, []).append(one)
        for one in found:  # it grows
            names = (one.names.needs | one.names.reads | one.names.binds) - {self._app}
            found += [each for name in names for each in binding.get(name, ()) if each not in found]
        return Answering(tuple(found), self._app, self._data)

    def _has_part_in(self, statement: Statement, question: Question) -> bool:
        if any(each.takes(question) for each in self._registrations(statement)):
            return True
        return any(attribute not in _ROUTING | _HARMLESS for attribute, _ in _decorations(statement))

    def _changes(
        self, statement: Statement, question: Question, answering: Answering, earlier: set[str]
    ) -> bool:
        if any(each.takes(question) for each in self._registrations(statement)):
            return True
        if any(_affects(*each, question, statement) for each in _decorations(statement)):
            return True
        if any(self._defines(use.definition, question, answering) for use in statement.uses.values()):
            return True
        is_import = isinstance(statement.node, ast.Import | ast.ImportFrom)
        if not is_import and statement.names.binds & earlier & answering.names:
            return True
        if self._app in statement.names.binds & earlier and answering.is_configured(question):
            return True
        return not statement.is_definition and any(
            self._alters(each.name, each.path, question, answering) for each in statement.names.changes
        )

    def _alters(self, name: str, path: str, question: Question, answering: Answering) -> bool:
        if name != self._app:
            return name in answering.names
        if _SETTINGS.match(path):
            return answering.is_configured(question)
        if "register_" in path:
            return question.status is None or question.status in _REFUSED
        return path != name and not _WITHOUT_EFFECT.match(path)

    def _defines(self, definition: object, question: Question, answering: Answering) -> bool:
        if isinstance(definition, TemplateDefinition):
            return question.status in (None, _FAILURE) or definition.name in answering.source
        if isinstance(definition, StaticDefinition):
            return question.path.startswith("/static/")
        if isinstance(definition, ConfigDefinition | AppArguments):
            return answering.is_configured(question)
        return isinstance(definition, RoutesArguments)

    def _registrations(self, statement: Statement) -> Iterator[Registration]:
        for use in statement.uses.values():
            if isinstance(use.definition, RouteDefinition):
                yield Registration(use.definition.rule, frozenset(use.definition.methods or ("GET",)))
        if statement.node is None:
            return
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from self._registration(
                    node, node.func, is_decorator=_is_decorator(statement.node, node)
                )

    def _registration(
        self, call: ast.Call, function: ast.Attribute, *, is_decorator: bool
    ) -> Iterator[Registration]:
        is_below = not (isinstance(function.value, ast.Name) and function.value.id == self._app)
        if is_decorator and function.attr in _ROUTING:
            yield Registration(_literal(call), _methods(call, function.attr), is_below)
        elif function.attr == "add_url_rule":
            yield Registration(_literal(call), None, is_below)


@dataclass(frozen=True)
class Answering:
    """What has to do with the answer to a request: its views, the hooks, and what they need.

    :param data: the names that the notebook itself binds.
    """

    statements: tuple[Statement, ...]
    app: str
    data: frozenset[str]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the notebook that it depends on."""
        bound = [one.names.binds | one.names.needs | one.names.reads for one in self.statements]
        return frozenset().union(*bound) - {self.app}

    @cached_property
    def source(self) -> str:
        """Its source."""
        return "\n".join(_source_of(one) for one in self.statements)

    def is_configured(self, question: Question) -> bool:
        """Whether the app's configuration may have to do with the answer."""
        return question.status == _FAILURE or re.search(r"config|current_app", self.source) is not None

    @cached_property
    def state(self) -> frozenset[str]:
        """The names of what may be changed when it answers."""
        session = {"session"} if re.search(r"\bsession\b|\bset_cookie\b", self.source) else set()
        return (self.names & self.data) | session

    @cached_property
    def changing(self) -> frozenset[str]:
        """The names of what its functions change, as far as their source tells."""
        changes = (each.name for one in self.statements for each in (*one.names.later, *one.names.writes))
        return (frozenset(changes) & self.data) | (self.state & {"session"})

    def redirects(self, question: Question) -> bool:
        """Whether the answer may lead elsewhere, be it to the same path with a slash behind it."""
        return "redirect" in self.source or f"{question.path}/" in self.source

    @property
    def varies(self) -> bool:
        """Whether two answers may differ by themselves, as with a time, or as they look at who asks."""
        return _VARYING.search(self.source) is not None


def _source_of(statement: Statement) -> str:
    if statement.node is None:
        return statement.cell.text
    return ast.unparse(statement.node)


def _is_decorator(statement: ast.stmt, call: ast.Call) -> bool:
    return any(call in getattr(node, "decorator_list", ()) for node in ast.walk(statement))


def _literal(call: ast.Call) -> str | None:
    value = call.args[0] if call.args else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _methods(call: ast.Call, attribute: str) -> frozenset[str] | None:
    if attribute != "route":
        return frozenset({attribute.upper()})
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "methods"), None)
    if given is None:
        return frozenset({"GET"})
    values = getattr(given, "elts", None)
    if values is None or not all(isinstance(value, ast.Constant) for value in values):
        return None
    return frozenset(str(value.value).upper() for value in values)


def _decorations(statement: Statement) -> Iterator[tuple[str, ast.Call | None]]:
    """Yield the registering decorators in a statement, each with its call if it is one."""
    for node in ast.walk(statement.node) if statement.node is not None else ():
        for decorator in getattr(node, "decorator_list", ()):
            call = decorator if isinstance(decorator, ast.Call) else None
            function = call.func if call else decorator
            if isinstance(function, ast.Attribute) and function.attr in REGISTERING:
                yield function.attr, call


def _affects(attribute: str, call: ast.Call | None, question: Question, statement: Statement) -> bool:
    """Whether a function that a decorator registers may change an answer."""
    if attribute in _ROUTING:
        return False  # it is told by its rule
    if attribute in _HANDLERS:
        code = call.args[0] if call and call.args else None
        if isinstance(code, ast.Constant) and isinstance(code.value, int):
            return question.status in (None, code.value)
        return question.status is None or question.status >= 400
    if "after_request" in attribute and isinstance(statement.node, ast.FunctionDef):
        return not all(map(_sets_header, statement.node.body))
    if "context_processor" in attribute:
        return question.mimetype in ("", "text/html")
    return question.status == _FAILURE if attribute in _HARMLESS else True


def _sets_header(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return all(".headers[" in ast.unparse(target) for target in node.targets)
    return isinstance(node, ast.Return) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
