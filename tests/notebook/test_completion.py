"""Completion as a front end asks for it: through a kernel's complete_request, with Jedi and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

Complete = Callable[[str], list[str]]

CELLS = """
%%route /hello/<name>
name
---
%%route POST /items/<int:id>/edit
str(id)
---
%%route /items
'items'
---
%%route /tagged/<any(red, blue):colour>
colour
---
app.secret_key = 'dev'
@app.get('/login')
def login():
    from flask_nb import make_response
    response = make_response('in')
    response.set_cookie('theme', 'dark')
    return response
---
%get /login;
---
admin = type(app)('admin')
---
app.live.overlay.add_template('live.html', 'live')
app.live.overlay.add_static('live.css', b'')
"""


@pytest.fixture(scope="module")
def notebook(kernel: Kernel) -> Kernel:
    """A kernel with an app, and with files in its folder."""
    folder = Path(kernel.value("__import__('os').getcwd()").strip("'"))
    for name in ("templates/mail/welcome.txt", "templates/page.html", "static/js/app.js", "settings.cfg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / "conf").mkdir()
    for name in ("conf/test.toml", "dev.json", "notes.md"):
        (folder / name).write_text("")
    for cell in CELLS.split("---"):
        ran = kernel.run(cell.strip())
        assert ran.error is None, ran.traceback
    return kernel


@pytest.fixture(params=[True, False], ids=["jedi", "no jedi"], scope="module")
def complete(notebook: Kernel, request: pytest.FixtureRequest) -> Iterator[Complete]:
    """Complete a cell at its ``|``; each answer is the cell up to the cursor as it would become."""
    notebook.run(f"%config IPCompleter.use_jedi = {request.param}")

    def complete(cell: str) -> list[str]:
        before, _, after = cell.partition("|")
        notebook.client.complete(before + after, len(before))
        reply = notebook.client.get_shell_msg(timeout=40)["content"]
        assert reply["cursor_end"] == len(before)
        return [before[: reply["cursor_start"]] + match for match in reply["matches"]]

    yield complete
    notebook.run("%config IPCompleter.use_jedi = False")


def test_a_path_goes_on_to_the_first_variable(complete: Complete) -> None:
    assert complete("%get /he|") == ["%get /hello/"]
    assert complete("%get he|") == ["%get hello/"]
    assert complete("%%post /it|\n{}") == ["%%post /items/"]


def test_a_path_goes_on_behind_the_value_of_a_variable(complete: Complete) -> None:
    assert complete("%post /items/3/|") == ["%post /items/3/edit"]


def test_all_paths_that_answer_the_method_are_offered(complete: Complete) -> None:
    assert complete("%get |") == [
        f"%get {path}" for path in ("/hello/", "/items", "/login", "/static/", "/tagged/")
    ]


def test_an_assignment_and_an_indented_line_are_lines_of_magics(complete: Complete) -> None:
    assert complete("r = %get /he|") == ["r = %get /hello/"]
    assert complete("for n in 1, 2:\n    %get /he|\nn = 1") == ["for n in 1, 2:\n    %get /hello/"]


def test_what_stands_behind_the_cursor_is_left_alone(complete: Complete) -> None:
    assert complete("%get /he| --form") == ["%get /hello/"]


def test_a_path_without_a_route_is_no_file_of_the_disk(complete: Complete) -> None:
    assert complete("%get /tm|") == ["%get /tm"]


def test_variables_are_offered_in_an_expression(complete: Complete) -> None:
    assert complete("%get /hello/{adm|") == ["%get /hello/{admin"]


def test_a_rule_is_completed_whole_and_in_its_variable(complete: Complete) -> None:
    assert complete("%%route /he|\n'x'") == ["%%route /hello/<name>"]
    assert complete("# comment\n%%route /hello/<na|\n'x'") == ["# comment\n%%route /hello/<name>"]
    assert complete("%%route POST /items/<int:i|\n'x'") == ["%%route POST /items/<int:id>/edit"]
    assert complete("%%route /n/<in|\n'x'") == ["%%route /n/<int:"]


def test_methods_stand_in_front_of_a_rule(complete: Complete) -> None:
    assert complete("%%route PO|\n'x'") == ["%%route POST"]
    assert complete("%%route GET,pu|\n'x'") == ["%%route GET,PUT"]
    assert complete("%%route /x --methods=GET,D|\n'x'") == ["%%route /x --methods=GET,DELETE"]


def test_what_is_to_be_tried_is_a_path(complete: Complete) -> None:
    assert complete("%%route /x --try /he|\n'x'") == ["%%route /x --try /hello/"]
    assert complete("%%route /x --try 'POST /it|\n'x'") == ["%%route /x --try 'POST /items/"]


def test_the_body_of_a_cell_magic_is_not_ours(complete: Complete) -> None:
    assert "%%route /x\n%get /hello/" not in complete("%%route /x\n%get /he|")
    assert "%%route /x\nprint" in complete("%%route /x\nprin|")


def test_flags_and_their_values(complete: Complete) -> None:
    assert complete("%get /items --in|") == ["%get /items --in-process"]
    assert complete("%routes |") == ["%routes --help", "%routes --drop", "%routes --app"]
    assert complete("%get / --app a|") == ["%get / --app admin", "%get / --app app"]
    assert complete("%routes --drop he|") == ["%routes --drop hello_name"]
    assert complete("%get /items --expect 2xx,30|")[:2] == [
        "%get /items --expect 2xx,300",
        "%get /items --expect 2xx,301",
    ]


def test_a_flag_is_offered_once_unless_it_may_come_again(complete: Complete) -> None:
    assert complete("%get /items --form --fo|") == ["%get /items --form --fo"]
    assert complete("%%route /x --try /x --tr|\n'x'") == ["%%route /x --try /x --try"]


def test_actions_of_the_server(complete: Complete) -> None:
    assert complete("%serve st|") == ["%serve start", "%serve stop", "%serve status"]


def test_apps_by_their_variables(complete: Complete) -> None:
    assert complete("%app a|") == ["%app admin", "%app app"]


def test_endpoints_then_their_variables(complete: Complete) -> None:
    assert complete("%url_for hel|") == ["%url_for hello_name"]
    assert complete("u = %url_for hello_name na|") == ["u = %url_for hello_name name="]
    assert complete("%url_for hello n|") == ["%url_for hello name="]
    assert complete("%url_for hello_name name=Ann n|") == ["%url_for hello_name name=Ann n"]


def test_rules_with_brackets_and_colons_name_an_endpoint_too(complete: Complete) -> None:
    assert complete("%url_for /items/<int:|") == ["%url_for /items/<int:id>/edit"]
    assert complete("%url_for /items/<int:id>/edit i|") == ["%url_for /items/<int:id>/edit id="]


def test_known_values_of_a_url(complete: Complete) -> None:
    assert complete("%url_for static filename=js/|") == ["%url_for static filename=js/app.js"]
    assert complete("%url_for items _external=|") == [
        f"%url_for items _external={one}" for one in (True, False)
    ]
    assert complete("%url_for items _scheme=https|") == ["%url_for items _scheme=https"]


def test_templates_and_static_files_live_and_in_folders(complete: Complete) -> None:
    assert complete("%%template |\nx") == [
        f"%%template {name}" for name in ("live.html", "mail/welcome.txt", "page.html")
    ]
    assert complete("%%static l|\nx") == ["%%static live.css"]
    assert complete("%get /static/j|") == ["%get /static/js/app.js"]


def test_configuration_files_of_the_folder(complete: Complete) -> None:
    assert complete("%config_from |")[:2] == ["%config_from dev.json", "%config_from settings.cfg"]
    assert complete("%config_from dev.json s|") == ["%config_from dev.json settings.cfg"]
    assert complete("%config_from conf/|") == ["%config_from conf/test.toml"]
    assert complete("%config_from SECRET_|") == [
        "%config_from SECRET_KEY=",
        "%config_from SECRET_KEY_FALLBACKS=",
    ]
    assert "%config_from env:PATH" in complete("%config_from env:PAT|")


def test_files_of_items(complete: Complete) -> None:
    assert complete("%post /items f@se|") == ["%post /items f@settings.cfg"]
    assert complete("%post /items a:=@d|") == ["%post /items a:=@dev.json"]
    assert complete("%post /items a=@conf/|") == ["%post /items a=@conf/test.toml"]


def test_no_names_of_python_are_offered_for_items(complete: Complete) -> None:
    assert complete("%post /items pri|") == ["%post /items pri"]
    assert "%post /items --form" in complete("%post /items |")


def test_a_configuration_cell_has_formats(complete: Complete) -> None:
    assert complete("%%config_from --format t|\nx = 1") == ["%%config_from --format toml"]


def test_cookies(complete: Complete) -> None:
    assert complete("%cookies |") == ["%cookies set", "%cookies clear"]
    assert complete("%cookies clear t|") == ["%cookies clear theme"]
    assert complete("%cookies set t|") == ["%cookies set theme="]


def test_a_request_to_make_up_has_a_path(complete: Complete) -> None:
    assert complete("%%request_context /he|\nx") == ["%%request_context /hello/"]


def test_lines_of_others_are_theirs(complete: Complete) -> None:
    assert "x = print" in complete("x = prin|")
    assert "%%time\n%get /hello/" in complete("%%time\n%get /he|")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("%get /he", "path"),
        ("%get /items --ti", "flag"),
        ("%post /items a@set", "file"),
        ("%get /hello/{adm", "instance"),
        ("%url_for hel", "endpoint"),
        ("%url_for /hel", "path"),
        ("%url_for hello_name na", "parameter"),
        ("%config_from set", "file"),
        ("%get /items --expect 20", "status"),
        ("%routes --drop hel", "endpoint"),
        ("%serve st", "action"),
        ("%cookies clear th", "cookie"),
    ],
)
def test_a_completion_says_of_what_kind_it_is(notebook: Kernel, line: str, kind: str) -> None:
    notebook.client.complete(line, len(line))
    reply = notebook.client.get_shell_msg(timeout=40)["content"]
    offered = reply["metadata"]["_jupyter_types_experimental"]
    assert {completion["type"] for completion in offered} == {kind}
