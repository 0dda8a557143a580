"""What a statement does to others when it runs, as far as names tell."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator

from . import rules
from .cell_names import Call, Change, changes_of, dotted
from .statements import Statement


class Effects:
    """Knows what the statements of one notebook change, themselves or through its functions that they call.

    :param statements: those of all cells.
    :param apps: the names of apps and blueprints.
    :param variable: the name of the app, which ``current_app`` stands for.
    """

    def __init__(self, statements: list[Statement], apps: Collection[str], variable: str) -> None:
        self._apps = apps
        self._variable = variable
        nodes = [node for statement in statements if statement.node for node in ast.walk(statement.node)]
        self._aliases = dict(_imported(nodes))
        plain = [node for node in nodes if isinstance(node, ast.Import)]
        self._modules = {name for name, _ in _imported(plain)}
        self._own = {name for statement in statements for name in statement.names.binds} - set(self._aliases)
        self._functions = {
            statement.node.name: statement.names
            for statement in statements
            if isinstance(statement.node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }

        self._commands = dict(_commands(nodes))

    def of(self, statement: Statement) -> Iterator[Change]:
        """Yield what a statement changes when it runs."""
        changes, calls = statement.names.changes, {call.function for call in statement.names.calls}
        by_itself: list[Change] = []
        if isinstance(statement.node, ast.Expr):
            outer = list(_outer_calls(statement.node.value))
            by_itself = [change for call in outer for change in changes_of(call)]
            if statement.is_last:
                # Its value is shown, so that only what it calls itself is meant to do something.
                changes, calls = tuple(by_itself), {dotted(call.func) for call in outer}
        for change in changes:
            if self._does_something(change, statement.is_definition, change in by_itself):
                yield change
        for name in sorted(calls & set(self._functions)):
            yield from self._of_function(name, set())

    def _of_function(self, name: str, seen: set[str]) -> Iterator[Change]:
        """Yield what a function of the notebook changes when it is called."""
        seen.add(name)
        names = self._functions[name]
        yield from (change for change in (*names.later, *names.writes) if self._does_something(change))
        for call in sorted({call.function for call in names.later_calls} & set(self._functions) - seen):
            yield from self._of_function(call, seen)

    def _does_something(
        self, change: Change, is_definition: bool = False, is_by_itself: bool = False
    ) -> bool:
        """Whether a change is one.

        :param is_definition: a decorator makes it, so that ``get`` is no question.
        :param is_by_itself: a statement makes it that is nothing but this call.
        """
        if change.name in rules.PROXIES and change.name not in self._own:
            return False
        if change.how == "()":
            function = self.resolve(change.path)
            return self.root(change) in self._apps and not rules.is_handed_for_nothing(function)
        if change.how in ("=", "del", "class") or self.sets(change):
            return True
        if self.root(change) in self._apps and change.is_direct:
            return not rules.registers_nothing(change.how)
        if rules.is_below(self.resolve(change.path), (*rules.PLOTTING, *rules.CLIENTS)):
            return False
        if change.name in self._modules and not is_by_itself:
            return False  # it returns something: random.random(), but not random.seed(1)
        return is_definition or not rules.is_looking(change.how)

    def is_made_with_app(self, statement: Statement) -> bool:
        """Whether a statement binds what it makes of an app or a blueprint."""
        is_assignment = isinstance(statement.node, (ast.Assign, ast.AnnAssign))
        return is_assignment and any(
            change.how == "()" and self._does_something(change) for change in statement.names.changes
        )

    def registers_on(self, statement: Statement) -> str:
        """Return on what imported name a definition registers, by its decorators; empty if on none."""
        decorators = statement.names.changes if statement.is_definition else ()
        imported = set(self._aliases) - self._modules
        found = (one.name for one in decorators if one.name in imported and one.how in rules.REGISTERING)
        return next(found, "")

    def root(self, change: Change) -> str:
        """Return the name that is changed; ``current_app`` is the app."""
        is_proxy = self._aliases.get(change.name, "").endswith(".current_app")
        return self._variable if is_proxy else change.name

    def sets(self, done: Change | Call) -> str:
        """Return what of the process a change or a call sets; empty if nothing."""
        if isinstance(done, Call):
            path, _, how = self.resolve(done.function).rpartition(".")
        else:
            path, how = self.resolve(done.path), done.how
        if how == "()" or rules.is_looking(how):
            return ""
        whole = f"{path}.{how}"
        return next((one for one in rules.SYSTEM if rules.is_below(path, [one]) or whole == one), "")

    def resolve(self, path: str) -> str:
        """Return a dotted path with the imported name at its beginning written out."""
        first, dot, rest = path.partition(".")
        return f"{self._aliases.get(first, first)}{dot}{rest}"

    def unknown_calls(self, statement: Statement) -> Iterator[str]:
        """Yield what a statement calls that may do more than return or show something."""
        calls = dict.fromkeys(call.function for call in statement.names.calls)
        for call in calls:
            is_begun = any(other.startswith(f"{call}.") for other in calls)
            if call and not is_begun and not self._is_harmless(call):
                yield call

    def command_that_calls(self, functions: Collection[str]) -> str:
        """Return the command of the command line that calls all these functions; empty without one."""
        for function, names in self._functions.items():
            command = self._commands.get(function, "")
            if command and functions and {call.function for call in names.later_calls} >= set(functions):
                return command
        return ""

    def _is_harmless(self, call: str, within: frozenset[str] = frozenset()) -> bool:
        """Whether a call only returns or shows something.

        :param within: the functions of the notebook in which it stands.
        """
        function, method = self.resolve(call), call.rpartition(".")[2]
        if call in self._functions:
            inner = {later.function for later in self._functions[call].later_calls} - within
            is_harmless = all(self._is_harmless(one, within | {call}) for one in inner if one != call)
            return is_harmless and not any(self._of_function(call, set()))
        if "." in call and (rules.is_looking(method) or rules.registers_nothing(method)):
            return True
        return (
            hasattr(builtins, function)
            or function in rules.SHOWING
            or rules.is_telling(function)
            or rules.is_below(function, rules.PLOTTING)
            or rules.is_handed_for_nothing(function)
        )


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield imported names, each with what it means."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"


def _commands(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the functions that are commands of the command line, each with its command."""
    for node in nodes:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            call = decorator if isinstance(decorator, ast.Call) else None
            if call is None or not dotted(call.func).endswith(".cli.command"):
                continue
            given = [*call.args[:1], *(one.value for one in call.keywords if one.arg == "name")]
            if given and isinstance(given[0], ast.Constant):
                yield node.name, str(given[0].value)  # type: ignore[attr-defined]


def _outer_calls(value: ast.expr) -> Iterator[ast.Call]:
    if isinstance(value, ast.Await):
        value = value.value
    for one in value.elts if isinstance(value, ast.Tuple) else [value]:
        if isinstance(one, ast.Call):
            yield one
