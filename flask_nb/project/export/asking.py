"""The requests of a notebook's cells as parts of tests: sent by a client, with what is expected."""

from __future__ import annotations

import ast
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from flask_nb.cells import parse_checks, parse_cookies, parse_http, parse_request
from flask_nb.cells.bodies import FileBody
from flask_nb.cells.cookies import CookiesArguments
from flask_nb.cells.expectations import Expectation, Status
from flask_nb.cells.expressions import has_expressions
from flask_nb.cells.request import RequestDefinition
from flask_nb.cells.route import RouteDefinition
from flask_nb.errors import FlaskNbError, MagicHelpRequested
from flask_nb.exchange import Request
from flask_nb.exchange.as_pytest import INDENT, assertion, name_test, sending_lines
from flask_nb.exchange.copies import python_text
from flask_nb.exchange.sending import Secret, Sending, guarded

from ..cell_python import Magic
from ..plan import Decision, Plan, PlannedCell
from ..statements import FAILING, Statement, is_placeholder
from .commands import invoked_command, invokes_by_hand, name_command
from .expected import expectation_lines, status_text
from .lasting import Answering, Lasting, Question
from .placeholders import Placeholders, UnknownValueError
from .stored import StoredAnswer, answer_lines, has_hidden, read_answers

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_REQUESTING = frozenset({*_METHODS, "http", "check", "request_context", "cookies"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OUR_ACCEPT = ("Accept", "application/json, */*;q=0.5")
_RESERVED = frozenset({"client", "app", "response", "re", "find_texts"})
_ALL = "*"
_NUMBERED = re.compile(r"8301770000000\d{3}")
_NAMELESS = re.compile(r'"(?:[^"\\\n]|\\.)*"')

CHANGED = "the cells below may change the answer"
DEPENDING = "it depends on a request that is left out"
UNKNOWN = "it has values that only the notebook's run has"
SECRETS = "it has secrets"
FILES = "it sends files"
ELSEWHERE = "it goes to another app"
WITHIN = "it stands within other statements, or in %%request_context"
FAILED = "its cell may fail"


@dataclass
class TestPart:
    """What one cell, or a chain of cells, does in a test.

    :param blocks: lines, by request.
    :param binds: the names that it binds.
    :param uses: the names of earlier parts that it uses.
    """

    __test__ = False

    name: str = ""
    blocks: list[list[str]] = field(default_factory=list)
    binds: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)

    @classmethod
    def joined(cls, parts: list[TestPart]) -> TestPart:
        """Return what several parts do, one after another."""
        binds = {name for part in parts for name in part.binds}
        blocks = [block for part in parts for block in part.blocks]
        return cls(parts[0].name, blocks, binds, {name for part in parts for name in part.uses} - binds)


class LeftOutError(Exception):
    """A request cannot be a part of a test; the message says why."""


class Asking:
    """Reads the cells of a notebook that ask its app.

    :param notebook: its file as parsed JSON.
    :param source: the source of the package that is tested.
    """

    def __init__(self, plan: Plan, notebook: dict[str, Any], source: str) -> None:
        self.left_out: Counter[str] = Counter()
        """Why requests are left out → how many."""
        self._plan = plan
        cells = notebook.get("cells") or []
        self._outputs = {
            str(cell.get("id", number)): cell.get("outputs") or [] for number, cell in enumerate(cells)
        }
        self._is_in_order = _is_in_order(cells)
        self._source = source
        self._lasting = Lasting(plan)
        self._names = Placeholders()
        self._unsure: set[str] = set()
        self._answers: deque[StoredAnswer] = deque()
        self._part = TestPart()

    def parts(self) -> Iterator[TestPart]:
        """Yield what each cell does that asks something, in order."""
        for cell in self._plan.cells:
            outputs = self._outputs.get(cell.cell.key, [])
            if FAILING in cell.cell.tags or any(each.get("output_type") == "error" for each in outputs):
                self._skip(cell, FAILED)
                continue
            self._answers = deque(read_answers(outputs))
            self._part, self._names.used = TestPart(), set()
            for decision in cell.decisions:
                self._read(decision)
            self._part.uses = (
                self._names.used & (self._names.responses | self._names.values) - self._part.binds
            )
            if self._part.blocks:
                self._part.name = self._part.name or "values"
                yield self._part

    # --- statements ---

    def _read(self, decision: Decision) -> None:
        statement = decision.statement
        for definition in (use.definition for use in statement.uses.values()):
            if isinstance(definition, RouteDefinition):
                for request in definition.tries:
                    self._ask(request, statement)
        if statement.node is None or statement.is_magic:
            self._read_magic(statement.magic, statement)
        elif target := _bound_magic(statement):
            self._read_magic(statement.magic, statement, target)
        elif not decision.is_taken:
            self._read_left_out(statement)
        else:
            self._names.forget(statement.names.binds)

    def _read_left_out(self, statement: Statement) -> None:
        """Read a statement that the app does without: what it says of responses is a part of the test."""
        node = statement.node
        asks = [use.magic for use in statement.uses.values() if use.magic.name in _REQUESTING]
        if command := invoked_command(node):
            words = ", ".join(map(python_text, command))
            self._add([f"{INDENT}runner.invoke(args=[{words}])"], is_new=True)
            self._part.name = self._part.name or name_command(command)
        elif asks or _asks_by_hand(node) or invokes_by_hand(node):
            self.left_out[WITHIN] += len(asks) or 1
            self._unsure.add(_ALL)
        elif isinstance(node, ast.Assert) and self._names.knows(node):
            self._add([f"{INDENT}{self._names.write_statement(node)}"])
            return
        elif isinstance(node, ast.Assign) and self._is_known_assignment(node):
            name = node.targets[0].id  # type: ignore[attr-defined]
            self._add([f"{INDENT}{self._names.write_statement(node)}"])
            self._names.forget({name})
            self._names.values.add(name)
            self._part.binds.add(name)
            return
        self._names.forget(statement.names.binds)

    def _is_known_assignment(self, node: ast.Assign) -> bool:
        target = node.targets[0]
        is_name = len(node.targets) == 1 and isinstance(target, ast.Name) and target.id not in _RESERVED
        return is_name and self._names.knows(node.value)

    def _add(self, lines: list[str], *, is_new: bool = False) -> None:
        if is_new or not self._part.blocks:
            self._part.blocks.append([])
        self._part.blocks[-1] += lines

    # --- magics ---

    def _read_magic(self, magic: Magic, statement: Statement, target: str | None = None) -> None:
        body = magic.body if magic.kind == "cell" else None
        try:
            if magic.name in _METHODS:
                self._ask(parse_request(magic.name.upper(), magic.line, body), statement, target)
            elif magic.name == "http":
                for request in parse_http(magic.line, body):
                    self._ask(request, statement)
            elif magic.name == "check":
                for check in parse_checks(magic.line, body):
                    self._ask(check.request, statement, expectations=check.expectations)
            elif magic.name == "cookies":
                self._read_cookies(magic.line)
            elif magic.name == "request_context" and "assert" in magic.body:
                self.left_out[WITHIN] += 1
        except MagicHelpRequested:
            pass
        except FlaskNbError:
            self.left_out[UNKNOWN] += 1
            self._unsure.add(_ALL)

    def _read_cookies(self, line: str) -> None:
        arguments = parse_cookies(line)
        if arguments.action == "clear" and arguments.names:
            self._add([f"{INDENT}client.delete_cookie({python_text(name)})" for name in arguments.names])
        elif arguments.action == "clear":
            self._add([f'{INDENT}client.delete_cookie("session")'])
            self._unsure |= {"session"} if "set_cookie(" in self._source else set()
        elif arguments.action == "set":
            self._set_cookies(arguments)

    def _set_cookies(self, arguments: CookiesArguments) -> None:
        try:
            pairs = arguments.expand(self._names.evaluate)
            if any(isinstance(guarded(name, value, "cookie"), Secret) for name, value in pairs):
                raise UnknownValueError
            lines = [f"client.set_cookie({python_text(name)}, {python_text(value)})" for name, value in pairs]
            self._add([INDENT + self._names.insert(line) for line in lines])
        except UnknownValueError:
            self.left_out[UNKNOWN] += 1
            self._unsure.add("session")

    def _skip(self, cell: PlannedCell, reason: str) -> None:
        """Leave out what a cell asks; what it has sent is not known."""
        for decision in cell.decisions:
            for use in decision.statement.uses.values():
                tries = getattr(use.definition, "tries", ())
                if use.magic.name in _REQUESTING or tries:
                    self.left_out[reason] += len(tries) or 1
                    self._unsure.add(_ALL)

    # --- requests ---

    def _ask(
        self,
        definition: RequestDefinition,
        statement: Statement,
        target: str | None = None,
        expectations: tuple[Expectation, ...] | None = None,
    ) -> None:
        """Write a request and what is expected of its answer."""
        target = target or definition.as_name
        self._names.forget({target} if target else ())
        answer, asked = None, None
        try:
            if definition.app not in (None, self._plan.app_name):
                raise LeftOutError(ELSEWHERE)
            if expectations is None:
                answer = self._answer_to(definition)
            asked = self._resolve(definition, answer)
            lines = [*self._lines(definition, asked, answer, statement, target, expectations)]
        except (LeftOutError, UnknownValueError) as exc:
            self.left_out[str(exc) if isinstance(exc, LeftOutError) else UNKNOWN] += 1
            self._lose(definition, asked)
            return
        self._part.name = self._part.name or name_test(asked.method, _NUMBERED.sub("_", asked.path))
        self._add(lines, is_new=True)

    def _lose(self, definition: RequestDefinition, asked: Request | None) -> None:
        """Note what may be otherwise in the tests, since a request is not sent."""
        if definition.app not in (None, self._plan.app_name):
            return
        path = asked.path if asked else "".join(str(part) for part in definition.path)
        if asked is None and has_expressions(definition.path):
            self._unsure |= {"session"} if definition.method in _SAFE else {_ALL}
            return
        answering = self._lasting.answering(Question(definition.method, path.partition("?")[0]))
        self._unsure |= answering.changing if definition.method in _SAFE else answering.state

    def _answer_to(self, definition: RequestDefinition) -> StoredAnswer | None:
        """Return the stored answer of a request; those that are about others are passed over."""
        try:
            path = self._resolve(definition, None).path
        except UnknownValueError:
            path = None
        for number, answer in enumerate(self._answers):
            method = definition.method
            if answer.asked.is_of(method, path) if path is not None else answer.asked.method == method:
                for _ in range(number + 1):
                    self._answers.popleft()
                return answer
        return None

    def _resolve(self, definition: RequestDefinition, answer: StoredAnswer | None) -> Request:
        if isinstance(definition.body, FileBody) or any(
            item.kind == "file" or item.from_file for item in definition.items
        ):
            raise LeftOutError(FILES)
        try:
            resolved = definition.expand(self._names.evaluate)
        except UnknownValueError:
            if answer is None or has_hidden(answer.asked.path):
                raise
            items = tuple(item for item in definition.items if item.kind == "header")
            if len(items) < len(definition.items) and definition.encoding != "query":
                raise
            shown = definition._replace(path=(answer.asked.path,), items=items)
            resolved = shown.expand(self._names.evaluate)
        headers = resolved.headers
        if "accept" not in self._source.lower():
            headers = tuple(pair for pair in headers if pair != OUR_ACCEPT)
        return Request(resolved.method, resolved.path, headers, resolved.body)

    def _lines(
        self,
        definition: RequestDefinition,
        asked: Request,
        answer: StoredAnswer | None,
        statement: Statement,
        target: str | None,
        expectations: tuple[Expectation, ...] | None,
    ) -> Iterator[str]:
        sending = Sending(asked)
        question = _question(asked, answer, definition, expectations)
        if target and question.status is None:
            question = replace(question, status=_asserted_status(statement, target))
        answering = self._lasting.answering(question)
        if self._lasting.is_changed(question, statement):
            raise LeftOutError(CHANGED)
        if _ALL in self._unsure or self._unsure & answering.state:
            raise LeftOutError(DEPENDING)
        if target in _RESERVED:
            raise LeftOutError(UNKNOWN)
        client = "app.test_client()" if definition.fresh else "client"
        is_followed = answer.is_followed if answer else definition.follow and answering.redirects(question)
        name = target or "response"
        sent = "\n".join(sending_lines(sending, is_followed=is_followed, client=client, target=name))
        if "os.environ[" in sent:
            raise LeftOutError(SECRETS)
        if _NUMBERED.search(_NAMELESS.sub("", sent)) and sending.text:
            raise UnknownValueError(sent)
        yield from self._names.insert(sent).split("\n")
        for line in self._seen(definition, answer, answering, expectations):
            if "os.environ[" not in line:
                yield self._names.insert(re.sub(r"\bresponse\b", name, line) if target else line)
        if target:
            self._names.responses.add(target)
            self._part.binds.add(target)

    def _seen(
        self,
        definition: RequestDefinition,
        answer: StoredAnswer | None,
        answering: Answering,
        expectations: tuple[Expectation, ...] | None,
    ) -> Iterator[str]:
        """Yield what is expected of the answer: what the notebook says, else what it shows."""
        if expectations is not None:
            for expectation in expectations:
                yield from expectation_lines(expectation, self._names.evaluate)
                if expectation.as_name:
                    self._names.forget({expectation.as_name})
                    self._names.values.add(expectation.as_name)
                    self._part.binds.add(expectation.as_name)
        elif answer is None:
            if definition.expect:
                yield assertion(status_text(definition.expect))
        else:
            is_told = self._is_in_order and not answering.varies and not definition.mask
            yield from answer_lines(answer, is_told=is_told)


def _question(
    asked: Request,
    answer: StoredAnswer | None,
    definition: RequestDefinition,
    expectations: tuple[Expectation, ...] | None,
) -> Question:
    """Return what is asked, with the status as far as it is known."""
    path = unquote(asked.path.partition("?")[0])
    if answer is not None:
        return Question(asked.method, path, answer.asked.status, answer.final.mimetype)
    looks = [each.look for each in expectations or () if not each.is_negated]
    statuses = next((look.statuses for look in looks if isinstance(look, Status)), definition.expect)
    status = int(statuses[0]) if len(statuses) == 1 and statuses[0].isdigit() else None
    return Question(asked.method, path, status)


def _is_in_order(cells: list[dict[str, Any]]) -> bool:
    """Whether the cells were run once, from top to bottom, as far as their numbers tell."""
    counts = [
        cell.get("execution_count")
        for cell in cells
        if cell.get("cell_type") == "code" and "".join(cell.get("source") or "").strip()
    ]
    known = [count for count in counts if count is not None]
    return not known or known == list(range(known[0], known[0] + len(counts)))


def _asserted_status(statement: Statement, name: str) -> int:
    """Return the status that the cell asserts of a response; without one, nothing speaks of an error."""
    found = re.search(rf"\b{name}\.status_code\s*==\s*(\d{{3}})\b", statement.cell.text)
    return int(found[1]) if found else 200


def _bound_magic(statement: Statement) -> str | None:
    """Return the name that a magic's value is bound to: ``r = %get /``."""
    node = statement.node
    if isinstance(node, ast.Assign) and is_placeholder(node.value) and len(node.targets) == 1:
        target = node.targets[0]
        return target.id if isinstance(target, ast.Name) else None
    return None


def _asks_by_hand(node: ast.stmt | None) -> bool:
    """Whether a statement asks the app by a client of its own."""
    calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)] if node else []
    methods = [call for call in calls if isinstance(call, ast.Attribute) and call.attr in (*_METHODS, "open")]
    return any(re.search(r"client|requests|httpx", ast.unparse(each.value)) for each in methods)
