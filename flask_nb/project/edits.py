"""What of a notebook that is served has to be run again when another version of it is saved.

A cell that only defines can be run again by itself, as in a kernel: the workspace replaces what it had
defined. The result has to be what a run from the top would give, so that holds only as long as nothing
that runs with the other cells looks at what has changed. Where that cannot be told, all is run again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from flask_nb.cells import ViewSource
from flask_nb.cells.route import RouteDefinition
from flask_nb.cells.view import form_of

from .plan import Plan, PlannedCell
from .statements import FAILING, Statement

_CONTENTS = ("template", "static")
_RENDERS = {"render_template", "render_template_string", "stream_template", "stream_template_string"}


@dataclass(frozen=True)
class Edit:
    """What makes one version of a notebook the next.

    :param plan: that of the next version.
    :param changed: its cells that are to be run.
    :param gone: the cells of the version before of which nothing is taken any more.
    :param unbound: the names that no cell binds any more.
    """

    plan: Plan
    changed: tuple[PlannedCell, ...]
    gone: tuple[PlannedCell, ...]
    unbound: frozenset[str]

    def __str__(self) -> str:
        parts = {"run again": self.changed, "withdrawn": self.gone}
        told = [
            f"{what}: {', '.join(one.cell.name for one in cells)}" for what, cells in parts.items() if cells
        ]
        return "; ".join(told)


def find_edit(before: Plan, after: Plan) -> Edit | None:
    """Return what makes the one version the other; None where all has to be run again."""
    old = {one.cell.key: one for one in before.cells if one.taken}
    new = {one.cell.key: one for one in after.cells if one.taken}
    changed = [one for key, one in new.items() if key not in old or not _are_same(old[key], one)]
    replaced = [old[one.cell.key] for one in changed if one.cell.key in old]
    gone = [one for key, one in old.items() if key not in new]
    touched = [*changed, *replaced, *gone]
    kept = [one for one in new.values() if one not in changed]
    if (
        before.app_name != after.app_name
        or not _is_in_order(list(old), list(new))
        or not all(_only_defines(one, before.apps | after.apps) for one in touched)
        or not _bound_by(touched).isdisjoint(_bound_by(kept) | _seen_by(kept, after))
        or (_seen_by(kept, after) & _RENDERS and any(map(_is_contents, _statements(touched))))
    ):
        return None
    unbound = _bound_by([*replaced, *gone]) - _bound_by(new.values())
    return Edit(after, tuple(changed), tuple(gone), unbound)


def _are_same(old: PlannedCell, new: PlannedCell) -> bool:
    taken = [[(one.line, one.names) for one in planned.taken] for planned in (old, new)]
    return old.cell == new.cell and taken[0] == taken[1]


def _is_in_order(old: list[str], new: list[str]) -> bool:
    """Whether the cells stand as they did, and those that are new below them."""
    stayed = [key for key in old if key in set(new)]
    return new[: len(stayed)] == stayed


def _only_defines(planned: PlannedCell, apps: frozenset[str]) -> bool:
    """Whether all that is taken of a cell does nothing but define views, functions, templates and files."""
    return FAILING not in planned.cell.tags and all(_defines(one, apps) for one in planned.taken)


def _defines(statement: Statement, apps: frozenset[str]) -> bool:
    names = statement.names
    if statement.node is None:
        definition = next(iter(statement.uses.values())).definition
        is_view = isinstance(definition, RouteDefinition) and _is_view(definition)
        return (is_view or _is_contents(statement)) and _is_of(apps, statement)
    if statement.uses:
        return False
    if isinstance(statement.node, ast.ImportFrom):
        return statement.node.module != "__future__" and "*" not in names.binds and bool(names.binds)
    is_function = isinstance(statement.node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return isinstance(statement.node, ast.Import) or (is_function and _is_of(apps, statement))


def _is_view(definition: RouteDefinition) -> bool:
    tree = ViewSource(definition.body, definition.body_line).parse()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom)
    return form_of(tree) == "body" or all(isinstance(node, kinds) for node in tree.body)


def _is_contents(statement: Statement) -> bool:
    return statement.node is None and statement.magic.name in _CONTENTS


def _is_of(apps: frozenset[str], statement: Statement) -> bool:
    """Whether a statement changes and calls nothing but apps and blueprints: its decorators do."""
    roots = {change.name for change in statement.names.changes}
    roots |= {call.function.partition(".")[0] for call in statement.names.calls}
    return roots <= apps


def _seen_by(cells: Iterable[PlannedCell], plan: Plan) -> frozenset[str]:
    """Return the names that are looked up when cells run, or the app's factory is called."""
    needs: dict[str, set[str]] = {}
    for statement in _statements(plan.cells):
        for name in statement.names.binds:
            needs.setdefault(name, set()).update(statement.names.needs)
    left = {plan.app_name.partition("(")[0].partition(".")[0]}
    left.update(*(statement.names.reads for statement in _statements(cells)))
    seen: set[str] = set()
    while left:
        seen |= left
        left = set().union(*(needs.get(name, set()) for name in left)) - seen
    return frozenset(seen)


def _bound_by(cells: Iterable[PlannedCell]) -> frozenset[str]:
    return frozenset().union(*(statement.names.binds for statement in _statements(cells)))


def _statements(cells: Iterable[PlannedCell]) -> list[Statement]:
    return [statement for planned in cells for statement in planned.taken]
