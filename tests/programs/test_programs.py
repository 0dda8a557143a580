"""Programs written for Flask answer the same on ``flask_nb.web`` as on Flask."""

from __future__ import annotations

import re

import pytest

from .conftest import finish, need, start

pytestmark = pytest.mark.programs

#: Each script of ``apps``, and the modules that it needs.
PROGRAMS = {
    "program_appbuilder": ["flask_appbuilder"],
    "program_dash": ["dash"],
    "program_httpbin": ["httpbin", "flasgger"],
    "program_ihatemoney": ["ihatemoney"],
    "program_moto": ["moto", "boto3", "flask_cors"],
}
PYTEST = """
import sys
if sys.argv.pop(1) == "ours":
    import flask_nb
    flask_nb.as_flask()
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("script", PROGRAMS)
def test_a_program_does_the_same(observed, script):
    on_flask, on_ours = observed(script, *PROGRAMS[script])
    assert on_ours == on_flask


def test_a_programs_own_tests_pass(tmp_path):
    need("ihatemoney", "pytest_flask")
    options = ["-q", "-W", "ignore", "-p", "no:cacheprovider", "-p", "no:dash", "--rootdir", str(tmp_path)]
    tests = ["ihatemoney.tests.api_test", "ihatemoney.tests.history_test"]
    run = start("-c", PYTEST, "ours", *options, "--pyargs", *tests, cwd=tmp_path)
    assert re.search(r"\d\d passed", finish(run))


def test_commands_of_plugins_are_those_of_flask(tmp_path):
    need("flask", "flask_migrate", "flask_appbuilder")
    app = ["--app", "apps.migrations:make_app"]
    flask = start("-m", "flask", *app, "db", "--help")
    ours = start("-m", "flask_nb", "--as-flask", *app, "db", "--help")
    assert _names_of_commands(finish(ours)) == _names_of_commands(finish(flask)) != []


def test_an_app_is_migrated_from_the_command_line(tmp_path):
    need("flask_migrate", "flask_sqlalchemy")
    command = ["-m", "flask_nb", "--as-flask", "--app", f"apps.migrations:make_app('{tmp_path}')", "db"]
    for step in (["init"], ["migrate"], ["upgrade"]):
        finish(start(*command, *step))
    assert (tmp_path / "test.db").stat().st_size


def _names_of_commands(printed: str) -> list[str]:
    return re.findall(r"^  (\w+)", printed.partition("Commands:")[2], re.MULTILINE)
