"""Requests of a notebook: items, files, flags, REST client text and curl commands, in a real kernel."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel, Ran

ROUTES = """
%%route GET,POST,PUT /echo
asked.append(1)
shown = ("X-A", "User-Agent", "Accept", "Host")
{"method": request.method, "args": request.args, "form": request.form, "json": request.get_json(silent=True),
 "files": {name: file.filename for name, file in request.files.items()},
 "headers": {name: value for name, value in request.headers.items() if name in shown},
 "cookies": request.cookies, "data": request.get_data(as_text=True)}
===
%%route POST /read-form
request.form.get("name", "nobody")
===
%%route POST /read-json
str(request.get_json(silent=True))
===
%%route /login
from flask_nb import make_response
response = make_response(redirect("/echo"))
response.set_cookie("who", "ann")
response
===
%%route POST /items
{"id": 7}, 201
===
%%route /items/<name>
f"item {name}"
"""


@pytest.fixture(scope="module", autouse=True)
def routes(kernel: Kernel) -> None:
    kernel.run(
        "import os\nasked = []\nname = 'a/b'\nitem = {'name': 'Ann'}\nopen('face.png', 'wb').write(b'PNG')"
    )
    for number, cell in enumerate(ROUTES.strip().split("\n===\n")):
        ran = kernel.run(cell, f"route {number}")
        assert ran.error is None, ran.traceback


def echoed(kernel: Kernel, line: str) -> dict[str, Any]:
    """What the view saw of a request that is typed as one line."""
    ran = kernel.run(f"seen = {line}")
    assert ran.error is None, ran.error
    value: dict[str, Any] = ast.literal_eval(kernel.value("seen.json"))
    return value


@pytest.mark.parametrize("transport", ["", "--in-process"])
def test_a_view_sees_what_was_typed(kernel: Kernel, transport: str) -> None:
    seen = echoed(kernel, f"%post /echo q==tea name=Ann tags[]=a X-A:é User-Agent: {transport}")
    assert (seen["args"], seen["json"]) == ({"q": "tea"}, {"name": "Ann", "tags": ["a"]})
    assert seen["headers"] == {"Accept": "application/json, */*;q=0.5", "Host": "localhost", "X-A": "Ã©"}


@pytest.mark.parametrize("transport", ["", "--in-process"])
def test_files_are_uploaded(kernel: Kernel, transport: str) -> None:
    seen = echoed(kernel, f"%post /echo avatar@face.png name=Ann {transport}")
    assert (seen["files"], seen["form"]) == ({"avatar": "face.png"}, {"name": "Ann"})


def test_values_of_the_notebook_are_sent(kernel: Kernel) -> None:
    assert kernel.run("%get /items/{name[0]}").text.endswith("item a")
    assert echoed(kernel, "%post /echo {item}")["json"] == {"name": "Ann"}
    assert echoed(kernel, "%put /echo who:={item} X-A:{item['name']}")["json"] == {"who": {"name": "Ann"}}


def test_a_function_sends_its_own_variables(kernel: Kernel) -> None:
    kernel.run("def send(word):\n    response = %get /echo q={word}\n    return response")
    assert kernel.value("send('tea').json['args']") == "{'q': 'tea'}"


def test_a_cell_is_a_body(kernel: Kernel) -> None:
    assert "'b'" in kernel.run("%%post /read-json\n{'a': 'b',  # Python\n}").text
    assert kernel.run("%%post /read-form --form\nname=Ann Lee\n").text.endswith("Ann Lee")


def test_a_url_of_the_server_is_accepted_and_another_refused(kernel: Kernel) -> None:
    kernel.run("%get /echo")
    kernel.run(
        "import re\nport = re.search(r':(\\d+)', repr(get_ipython().run_line_magic('serve', ''))).group(1)"
    )
    assert echoed(kernel, "%get http://127.0.0.1:{port}/echo")["headers"]["Host"] == "localhost"
    assert echoed(kernel, "%get localhost:{port}/echo q=1")["args"] == {"q": "1"}
    before = kernel.value("len(asked)")
    ran = kernel.run("%get http://example.com/echo")
    assert ran.traceback == (
        "MagicArgumentError: %get: 'http://example.com/echo' leads to another server, but requests go "
        "only to the notebook's app. Type the path, such as /echo"
    )
    assert kernel.value("len(asked)") == before


def test_another_status_than_the_expected_fails_the_cell_after_it_is_shown(kernel: Kernel) -> None:
    assert kernel.run("%post /items --expect 201").error is None
    ran = kernel.run("%post /items --expect 200,3xx --as wrong")
    assert ran.text.startswith("POST /items → 201 Created")
    assert ran.traceback == (
        "ExpectationError: POST /items answered 201 Created, but 200 or 3xx was expected. "
        "Fix the view, or change --expect 200,3xx"
    )
    assert kernel.value("wrong.status_code") == "201"


def test_redirects_are_followed_unless_told_otherwise(kernel: Kernel) -> None:
    assert "GET /echo → 200 OK" in kernel.run("%get /login --fresh").text
    assert kernel.run("%get /login --fresh --no-follow").text.startswith("GET /login → 302 Found")


def test_a_fresh_request_neither_sends_nor_keeps_cookies(kernel: Kernel) -> None:
    kernel.run("%get /login --fresh")
    assert echoed(kernel, "%get /echo")["cookies"] == {}
    kernel.run("%get /login")
    assert echoed(kernel, "%get /echo")["cookies"] == {"who": "ann"}
    assert echoed(kernel, "%get /echo --fresh")["cookies"] == {}
    assert echoed(kernel, "%get /echo Cookie:")["cookies"] == {}


def test_the_time_is_shown_on_request_only(kernel: Kernel) -> None:
    assert " ms" in kernel.run("%get /items/a --time").text.splitlines()[0]
    assert " ms" not in kernel.run("%get /items/a").text


def test_masked_values_are_not_shown(kernel: Kernel) -> None:
    assert "7" in kernel.run("%post /items").text
    assert "7" not in kernel.run("%post /items --mask '$..id'").text
    kernel.run("%config FlaskNB.mask = ['$.id']")
    assert "7" not in kernel.run("%post /items").text
    kernel.run("%config FlaskNB.mask = []")
    ran = kernel.run("%post /items --mask '$['")
    assert ran.error is not None
    assert ran.error.startswith("MagicArgumentError: ")


def test_a_view_that_reads_another_kind_of_body_gets_a_hint(kernel: Kernel) -> None:
    assert "send it with --form" in kernel.run("%post /read-form name=Ann").text
    assert "send it with --json" in kernel.run("%post /read-json name=Ann --form").text
    assert "send it" not in kernel.run("%post /read-form name=Ann --form").text
    assert "send it" not in kernel.run("%post /echo name=Ann").text


def test_the_text_of_an_editors_client_is_sent(kernel: Kernel) -> None:
    ran = kernel.run(
        "%%http\n@kind = items\n# @name made\nPOST /{{kind}} HTTP/1.1\n\n###\n"
        "GET /{{kind}}/{{made.response.body.$.id}}\n###\nGET /items/{{name}}?x=1\n"
    )
    assert ran.error is None
    lines = [output["text/plain"].splitlines()[0].partition(" →")[0] for output in ran.outputs]
    assert lines == ["POST /items", "GET /items/7", "GET /items/a%2Fb?x=1"]
    assert kernel.value("made.status_code") == "201"


def test_a_pasted_curl_command_is_sent(kernel: Kernel) -> None:
    ran = kernel.run(
        "%%http --expect 2xx\ncurl -X PUT 'http://localhost/echo?q=1' \\\n  -H 'X-A: b' -d 'a=1'"
    )
    assert ran.error is None
    assert ran.text.startswith("PUT /echo?q=1 → 200 OK")
    assert kernel.value("_.json['form']") == "{'a': '1'}"


def test_the_first_unexpected_answer_ends_a_text(kernel: Kernel) -> None:
    ran = kernel.run("%%http --expect 200\n/echo\n###\n/gone\n###\n/echo")
    assert ran.error is not None
    assert ran.error.startswith("ExpectationError: GET /gone answered 404 Not Found")
    assert [output["text/plain"].partition(" →")[0] for output in ran.outputs] == ["GET /echo", "GET /gone"]


def test_a_route_is_tried_with_items(kernel: Kernel) -> None:
    ran: Ran = kernel.run(
        "%%route POST /tried --try 'POST /tried name=Ann --form --expect 200'\nrequest.form['name']", "tried"
    )
    assert ran.error is None
    assert ran.text.endswith("Ann")


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%get /echo 'a b:c'", "'a b' is not a header name"),
        ("%get /echo Accept", "'Accept' is not understood"),
        ("%post /echo avatar@gone.png", "the file 'gone.png' of 'avatar@gone.png' cannot be read"),
        ("%post /echo a:=@face.png", "is not valid JSON"),
        ("%post /echo name='Ann", "the quote ' before 'Ann' is not closed"),
        ("%post /echo a=1 a[b]=2", "the field 'a[b]' does not fit"),
        ("%post /echo {gone}", "the expression {gone} failed with NameError"),
        ("%post /echo {name}", "{name} is a str, but a body is a dict or a list"),
        ("%post /echo a:={asked.append}", "cannot be written as JSON"),
        ("%get /echo --expect soon", "'soon' is not a status"),
        ("%get /echo --timeout 0", "'0' is not a number of seconds"),
        ("%get /echo --bearer", "--bearer needs a value. Type --bearer TOKEN"),
        ("%get /echo --mask '$..['", "%get: the mask '$..[' is not a JSON path"),
        ("%%http\nGET /a b", "'GET /a b' is not a request line"),
        ("%%http\n", "there is no request in the cell"),
        ("%%http\ncurl --outptu x localhost/echo", "curl's --outptu is not understood here"),
        ("%%http\ncurl localhost/echo | jq", "'|' at '| jq' is for the shell"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_sent(kernel: Kernel, cell: str, says: str) -> None:
    before = kernel.value("len(asked)")
    ran = kernel.run(cell)
    assert ran.error is not None
    assert ran.error.startswith("MagicArgumentError: ")
    assert says in ran.error
    assert "\n" not in ran.traceback
    assert kernel.value("len(asked)") == before
