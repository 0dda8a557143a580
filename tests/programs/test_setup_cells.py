"""Cells that set extensions up run again, in every way in which people run cells again.

Each script of ``cells`` is the set-up that an extension's documentation has, cut into cells, with a request
that needs the extension. It runs in shells with our extension, as one cell and as several, with the cell ids
that front ends send and without.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import finish, need, start

pytestmark = pytest.mark.programs

#: Each script of ``cells``, and the modules that it needs.
SCRIPTS = {
    "admin": ["flask_admin", "flask_babel", "flask_sqlalchemy"],
    "api_subclass": ["apiflask"],
    "caching": ["flask_caching"],
    "cross_origin": ["flask_cors"],
    "csrf": ["flask_wtf"],
    "database": ["flask_sqlalchemy"],
    "database_factory": ["flask_sqlalchemy"],
    "headers": ["flask_bcrypt", "flask_compress", "flask_talisman"],
    "http_auth": ["flask_httpauth"],
    "languages": ["flask_babel"],
    "limiter": ["flask_limiter"],
    "login": ["flask_login"],
    "mail": ["flask_mail"],
    "middleware": [],
    "migrate": ["flask_migrate", "flask_sqlalchemy"],
    "restful": ["flask_restful"],
    "restful_todos": ["flask_restful"],
    "restx": ["flask_restx"],
    "schemas": ["flask_marshmallow", "flask_sqlalchemy", "marshmallow_sqlalchemy"],
    "sessions": ["flask_session", "cachelib"],
    "smorest": ["flask_smorest"],
    "sockets": ["flask_socketio", "simple_websocket"],
    "tokens": ["flask_jwt_extended"],
    "toolbar": ["flask_debugtoolbar"],
}
#: An API of Flask-RESTX counts the endpoints that it has named, and calls the second one ``hello_2``.
RENAMES = {"restx": "_2"}


#: Steps after which an app need not do its work, since the next step does the rest.
UNFINISHED = ("the others backwards, then forwards", 1), ("the app, then the others", 1)


def run(script: str, modules: list[str], *framework: str) -> list[dict[str, Any]]:
    """Return the report of each step."""
    need(*modules)
    reports: list[dict[str, Any]] = json.loads(finish(start("run_cells.py", script, *framework)))
    assert len(reports) == 2 * 14
    return reports


@pytest.mark.parametrize("framework", ["", "flask"], ids=["ours", "flask"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_cells_that_set_an_extension_up_run_again(script: str, framework: str) -> None:
    for report in run(script, SCRIPTS[script], *filter(None, [framework])):
        assert not report["errors"], report
        assert not report["request"] or (report["sequence"], report["step"]) in UNFINISHED, report
        assert not any(differs(table, RENAMES.get(script, "")) for table in report["changes"].values()), (
            report
        )
        assert not report["ids"] or not report["step"] or all(map(is_of_new_app, report["told"])), report
        assert report["sequence"] != "one cell" or not report["ids"] or not report["told"], report


@pytest.mark.parametrize("script", ["caching", "database", "middleware", "restful"])
def test_a_cell_that_has_to_run_again_for_a_new_app_is_named(script: str) -> None:
    [first, again, finished] = [
        report
        for report in run(script, SCRIPTS[script])
        if report["sequence"] == "the app, then the others" and report["ids"]
    ]
    assert [bool(report["request"]) for report in (first, again, finished)] == [
        False,
        True,
        False,
    ]
    assert again["told"][-1].endswith("for the old app: run it again")


def test_a_model_that_runs_again_says_what_to_run_first() -> None:
    for report in run("models", ["flask_sqlalchemy"]):
        if report["sequence"] in ("one cell", "every cell") or not report["step"]:
            assert not report["errors"], report
        for error in report["errors"].values():
            assert error.startswith("InvalidRequestError: Table 'user' is already defined"), report
            assert any("run the cell that makes the database" in line for line in report["told"]), report


def is_of_new_app(line: str) -> bool:
    """Whether a line that is told is about an app that was made again, or what any load says."""
    if line.startswith("Flask "):
        return True
    return line.startswith("the new app has taken over") or line.endswith("for the old app: run it again")


def differs(table: dict[str, list[str]], renamed: str) -> bool:
    """Whether a table holds something else than outside of a notebook, apart from such names."""
    return table["was"] != [name.replace(renamed, "") if renamed else name for name in table["is"]]
