"""Run the cells of one script of ``cells`` in a shell, again and again, and print what came of it, as JSON.

::

    python tests/programs/run_cells.py login
    python tests/programs/run_cells.py login flask

The cells of a script begin with ``# %%`` and a name. The last one, ``request``, is no cell of the notebook:
it uses the app after each step, and fails unless the app does its work.
"""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import flask_nb

Cells = dict[str, str]
Step = list[tuple[str, str]]

HOOKS = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "template_context_processors",
    "url_value_preprocessors",
    "url_default_functions",
)
NAMES = (
    "view_functions",
    "blueprints",
    "extensions",
    "config",
    "cli.commands",
    "url_map.converters",
    "jinja_env.filters",
    "jinja_env.tests",
    "jinja_env.globals",
)
LISTS = ("teardown_appcontext_funcs", "shell_context_processors", "url_build_error_handlers")


def read_cells(script: str) -> Cells:
    """Return the source of each cell by its name."""
    _, *parts = re.split(
        r"^# %% (.+)\n", Path(__file__).with_name("cells").joinpath(f"{script}.py").read_text(), flags=re.M
    )
    return dict(zip(parts[::2], parts[1::2], strict=True))


def sequences(cells: Cells) -> Iterator[tuple[str, list[Step]]]:
    """Go through the ways in which the cells are run again: a name, and the cells of each step."""
    one: Step = [("all", "\n".join(cells.values()))]
    every: Step = list(cells.items())
    app = [cell for cell in every if cell[0] == "app"]
    others = [cell for cell in every if cell[0] != "app"]
    yield "one cell", [one] * 3
    yield "every cell", [every] * 3
    yield "each three times in a row", [every, [cell for cell in every for _ in range(2)]]
    yield "the others backwards, then forwards", [every, others[::-1], others]
    yield "the app, then the others", [every, app, others]


def inventory(app: Any) -> dict[str, list[str]]:
    """Return all that is registered on an app, in its order where that matters."""
    found = {
        "rules": sorted(f"{rule} {rule.endpoint} {sorted(rule.methods)}" for rule in app.url_map.iter_rules())
    }
    for table in HOOKS:
        found[table] = [
            f"{scope} {named(function)}" for scope, hooks in getattr(app, table).items() for function in hooks
        ]
    for table in LISTS:
        found[table] = [named(function) for function in getattr(app, table)]
    for path in NAMES:
        table = app
        for attribute in path.split("."):
            table = getattr(table, attribute)
        found[path] = sorted(table)
    found["error handlers"] = sorted(
        f"{scope} {code} {kind.__name__}"
        for scope, codes in app.error_handler_spec.items()
        for code, handlers in codes.items()
        for kind in handlers
    )
    return found


def named(function: Any) -> str:
    """Return what tells a hook from others."""
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def changes(before: dict[str, list[str]], now: dict[str, list[str]]) -> dict[str, Any]:
    """Return the tables that differ."""
    return {table: {"was": before[table], "is": now[table]} for table in now if before[table] != now[table]}


class Shell:
    """A shell with the extension."""

    def __init__(self, with_ids: bool) -> None:
        InteractiveShell.clear_instance()
        self.ip = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
        self.ip.showtraceback = lambda *args, **options: None  # type: ignore[method-assign] # errors are reported
        self.with_ids = with_ids
        self.ip.extension_manager.load_extension("flask_nb")

    def run(self, step: Step) -> dict[str, Any]:
        """Run the cells of a step."""
        printed = io.StringIO()
        errors = {}
        with redirect_stdout(printed):
            for name, source in step:
                result = self.ip.run_cell(source, cell_id=name if self.with_ids else None)
                if not result.success:
                    errors[name] = said(result.error_in_exec or result.error_before_exec)
        return {"errors": errors, "told": printed.getvalue().splitlines()}

    def request(self, source: str) -> str | None:
        """Use the app; return what went wrong."""
        try:
            exec(compile(source, "<request>", "exec"), self.ip.user_ns)
        except Exception as error:
            return said(error)
        return None

    def close(self) -> None:
        """Unload the extension."""
        self.ip.extension_manager.unload_extension("flask_nb")


def said(error: Any) -> str:
    """Return an error's type, message and notes."""
    return "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])


def plain_inventory(cells: Cells, request: str) -> dict[str, list[str]]:
    """Return what the cells register outside of a notebook."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in cells.values():
        exec(compile(source, "<cell>", "exec", dont_inherit=True), names)
    found = inventory(names["app"])
    exec(compile(request, "<request>", "exec"), names)
    return found


def observe(script: str) -> list[dict[str, Any]]:
    """Run everything; return a report of each step."""
    cells = read_cells(script)
    request = cells.pop("request")
    expected = plain_inventory(cells, request)
    reports = []
    for with_ids in (True, False):
        for name, steps in sequences(cells):
            shell = Shell(with_ids)
            for number, step in enumerate(steps):
                report = {"sequence": name, "ids": with_ids, "step": number, **shell.run(step)}
                report["changes"] = changes(expected, inventory(shell.ip.user_ns["app"]))
                report["request"] = shell.request(request)
                reports.append(report)
            shell.close()
    return reports


def main() -> None:
    """Print the report of one script, run on flask_nb or on Flask."""
    if sys.argv[2:] != ["flask"]:
        flask_nb.as_flask()
    with warnings.catch_warnings(), redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        reports = observe(sys.argv[1])
    print(json.dumps(reports, indent=1))


if __name__ == "__main__":
    main()
