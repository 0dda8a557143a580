"""What was seen within the app while it answered a request of the notebook: texts, and no object of the app.

Whoever sees something (an engine, the listener of SQLAlchemy) hands over live values, which are written down
at once, masked and bounded: kept, they would hold on to others and go on changing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from flask_nb import exchange

from .masked_repr import MaskedRepr, StableRepr
from .masks import mask_text, mask_value, printable
from .stable import stable_text

if TYPE_CHECKING:
    from .failure import CellNamer
    from .statements import Statement
    from .steps import Answer, Step

MOST_NAMES = 30
"""How many names of a template's context, of ``g`` and of the session are kept."""

_MOST_TEMPLATES = 10
_MOST_STEPS = 60
_MOST_STATEMENTS = 20
_MOST_RUNS = 6
_MAX_FLASH = 100
_FLASHES = "_flashes"  # where Flask keeps them in the session
_OF_EVERY_TEMPLATE = frozenset({"g", "request", "session", "config"})

Texts = dict[str, str]
Pairs = tuple[tuple[str, str], ...]


State = Mapping[str, Mapping[str, Any]]
"""What a request may change besides its answer: ``g``, ``session``, ``arguments``."""


class Rendering:
    """A template that was rendered.

    :param name: of the template; empty for one that was a string.
    :param context: the names and masked values that it was given.
    """

    __slots__ = ("context", "name")

    def __init__(self, name: str, context: Pairs) -> None:
        self.name = name
        self.context = context


class Seen:
    """What was seen within the app while it answered one request.

    :param is_tracing: whether the steps of the request are wanted, too.
    :param cell_name: names the person's cells.
    """

    def __init__(self, is_tracing: bool = False, cell_name: CellNamer | None = None) -> None:
        self.is_tracing = is_tracing
        self.session_before: Pairs = ()
        self.session_after: Pairs = ()
        self.flashes: list[tuple[str, str]] = []
        self.templates: list[Rendering] = []
        self.statements: list[Statement] = []
        self.steps: list[Step] = []
        self._cell_name = cell_name or (lambda filename: exchange.project_file_name(filename))
        self._write = StableRepr()
        self._state_of: Callable[[], State] = dict
        self._open: list[Step] = []
        self._known: Texts = {}
        self._is_writing = False
        self._count = 0

    def __repr__(self) -> str:
        return f"<Seen {len(self.templates)} templates, {len(self.statements)} statements>"

    @property
    def size(self) -> int:
        """How many bytes it has, roughly."""
        contexts = [pair for each in self.templates for pair in each.context]
        pairs = [*contexts, *self.session_before, *self.session_after, *self.flashes]
        return (
            sum(len(name) + len(text) for name, text in pairs)
            + sum(len(one.text) + sum(map(len, one.runs)) for one in self.statements)
            + sum(len(str(step)) for step in self.steps)
        )

    # --- what an engine tells ---

    def begin(self, state_of: Callable[[], State], match: str, arguments: Mapping[str, Any]) -> None:
        """See a request begin.

        :param state_of: returns the state of the moment.
        :param match: which rule leads where, or what was raised in its place.
        """
        self._state_of = state_of
        self.session_before = self._session()
        if self.is_tracing:
            texts = self._texts(arguments, MaskedRepr())  # the path says the same
            values = (f"{name}={text}" for name, text in texts.items())
            step = exchange.Step("context push")
            step.add(", ".join([match, *values]))
            self.steps.append(step)
            self._known = self._state()

    def end(self) -> None:
        """See a request end; what it has left in the session is there."""
        self.session_after = self._session()

    def template(self, name: str | None, context: Mapping[str, Any]) -> None:
        """See a template being rendered."""
        if self._is_writing or len(self.templates) >= _MOST_TEMPLATES:
            return
        own = {name: value for name, value in context.items() if _is_own(name, value)}
        self.templates.append(Rendering(printable(name or ""), tuple(self._texts(own).items())))
        self._step("template", printable(name or "(a string)"))

    def flash(self, category: str, message: Any) -> None:
        """See a message being flashed."""
        with self._writing():
            self.flashes.append((printable(category), mask_text(stable_text(str(message)))[:_MAX_FLASH]))
        self._add_effects(f"flashed {self.flashes[-1][1]!r}")

    def preprocess(self, functions: Sequence[Callable[..., Any]]) -> None:
        """See which URL value preprocessors are about to be called."""
        if functions:
            places = dict.fromkeys(
                place for each in functions if (place := exchange.place_of(each, self._cell_name))
            )
            name = ", ".join(map(exchange.name_of, functions))
            self._enter(exchange.Step("URL preprocessors", name, ", ".join(places)))

    def answer(self, response: Answer) -> None:
        """See the response as it is going to be sent."""
        if self.is_tracing:
            self._settle()
            self._open.clear()
            self._step("response", "", *exchange.described(response))

    def call(self, phase: str, function: Callable[..., Any], ready: Callable[..., Any]) -> Callable[..., Any]:
        """Return what calls *ready*, which is *function* made callable, and sees what comes of it."""
        return partial(self._call, phase, function, ready)

    def _call(self, phase: str, function: Any, ready: Callable[..., Any], *args: Any, **values: Any) -> Any:
        step = exchange.Step(phase, exchange.name_of(function), exchange.place_of(function, self._cell_name))
        before = exchange.Head.of(args[0]) if phase == "after_request" else None
        if phase == "error handler":
            step.add(f"for {type(args[0]).__name__}")
        self._enter(step)
        began = time.perf_counter()
        try:
            result = ready(*args, **values)
        except BaseException as exc:
            step.seconds = time.perf_counter() - began
            self._leave(step, f"raised {exchange.raised(exc)}")
            raise
        step.seconds = time.perf_counter() - began
        if before is not None:
            self._leave(step, *before.changes(exchange.Head.of(result)))
        elif phase.startswith("teardown"):
            self._leave(step)
        else:
            self._leave(step, *exchange.returned(phase, result))
        return result

    # --- what SQLAlchemy tells ---

    def statement(self, text: str, executions: Sequence[Any], rows: int, seconds: float) -> None:
        """See a statement that was executed.

        :param executions: its parameters, see :func:`.parameters_text`.
        :param rows: how many rows it is about, -1 if that is not known.
        """
        if self._is_writing:
            return
        self._count += 1
        with self._writing():
            written = exchange.statement_text(text)
            run = exchange.parameters_text(text, executions, self._write)
        known = next((one for one in self.statements if one.text == written), None)
        if known is None:
            if len(self.statements) >= _MOST_STATEMENTS:
                return
            known = exchange.Statement(written)
            self.statements.append(known)
        known.count += 1
        known.seconds += seconds
        if rows >= 0:
            known.rows = (known.rows or 0) + rows
        if run and len(known.runs) < _MOST_RUNS:
            known.runs.append(run)

    # --- steps ---

    def _step(self, phase: str, name: str = "", *effects: str) -> None:
        """Note a step in which the app calls nothing that is known."""
        if self.is_tracing and len(self.steps) < _MOST_STEPS:
            self._settle()
            self.steps.append(step := exchange.Step(phase, name))
            step.add(*effects)

    def _enter(self, step: Step) -> None:
        if self.is_tracing and len(self.steps) < _MOST_STEPS:
            self._settle()
            if self._open and self._open[-1].phase == "URL preprocessors":
                self._open.pop()  # nobody tells that they have returned
            self.steps.append(step)
            self._open.append(step)

    def _leave(self, step: Step, *effects: str) -> None:
        self._settle()
        step.add(*effects)
        if step in self._open:
            del self._open[self._open.index(step) :]

    def _settle(self) -> None:
        """Tell the step that is being taken what has changed since somebody last looked."""
        now = self._state()
        gone = [f"{label} removed" for label in self._known if label not in now]
        changed = [f"{label} = {text}" for label, text in now.items() if self._known.get(label) != text]
        self._known = now
        if self._count:
            changed.append("1 SQL statement" if self._count == 1 else f"{self._count} SQL statements")
            self._count = 0
        self._add_effects(*changed, *gone)

    def _add_effects(self, *effects: str) -> None:
        if self.is_tracing and self._open:
            self._open[-1].add(*effects)

    # --- writing down ---

    def _state(self) -> Texts:
        state = self._now()
        session = {name: value for name, value in state.get("session", {}).items() if name != _FLASHES}
        return {
            **{f"g.{name}": text for name, text in self._texts(state.get("g", {})).items()},
            **{f"session[{name!r}]": text for name, text in self._texts(session).items()},
            **{f"argument {name}": text for name, text in self._texts(state.get("arguments", {})).items()},
        }

    def _session(self) -> Pairs:
        return tuple(self._texts(self._now().get("session", {})).items())

    def _now(self) -> State:
        with self._writing():
            try:
                return self._state_of()
            except Exception:  # a session, or a `g`, of a class of the app's own
                return {}

    def _texts(self, values: Mapping[Any, Any], write: MaskedRepr | None = None) -> Texts:
        """Return values as texts, without secrets and, unless told otherwise, the same in each run."""
        write = write or self._write
        with self._writing():
            return {
                printable(str(name)): printable(mask_value(str(name), stable_text(write.repr(value))))
                for name, value in [*values.items()][:MOST_NAMES]
            }

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Overlook what the `repr` of an object brings about, such as a query."""
        before, self._is_writing = self._is_writing, True
        try:
            yield
        finally:
            self._is_writing = before


def _is_own(name: str, value: Any) -> bool:
    """Whether something in a template's context is the app's: not a function, and nothing that all have."""
    # A proxy such as Flask-Login's `current_user` would go and load what it stands for.
    return name not in _OF_EVERY_TEMPLATE and not callable(value) and type(value).__name__ != "LocalProxy"
