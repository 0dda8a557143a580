"""``%%check`` and ``%http --file`` in a real kernel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

ROUTES = """
%%route /hello/<name>
asked.append(name)
f"Hello {name}!"
===
%%route POST /items
from flask_nb import make_response
response = make_response({"id": 7, "name": request.json["name"], "token": "s3cr3t-t0ken-0815"}, 201)
response.headers["Location"] = "/items/7"
response.set_cookie("who", "ann")
response
===
%%route /items/<int:id>
{"id": id, "who": request.cookies.get("who")}
===
%%route /page
"<h1>Guests</h1><ul><li>Ann<li>Bob</ul>"
===
%%route /boom
print("about to divide")
return str(len(request.path) / 0)
===
%%route /old
redirect("/page")
"""


@pytest.fixture(scope="module", autouse=True)
def routes(kernel: Kernel) -> None:
    kernel.run("asked = []")
    for number, cell in enumerate(ROUTES.strip().split("\n===\n")):
        ran = kernel.run(cell, f"route {number}")
        assert ran.error is None, ran.traceback


@pytest.mark.parametrize("transport", ["", "--in-process"])
def test_checks_that_pass_are_a_line_each(kernel: Kernel, transport: str) -> None:
    ran = kernel.run(
        f"%%check --fresh {transport}\n"
        '# a comment\nGET /hello/Ann -> 200 "Hello Ann!"\n\n'
        'POST /items {"name": "tea"} -> 201 $.id:int Location:/items/* Set-Cookie:who=ann* $.id as item\n'
        "GET /items/{item} -> 200 $.id={item} not $.error\n"
        'GET /page -> 200 h1 "Guests" li:first-child "Ann"\n'
        "GET /old -> 302 Location:/page"
    )
    assert ran.error is None, ran.traceback
    assert ran.text.splitlines() == [
        "line  check  request         status",
        "3     pass   GET /hello/Ann  200 OK",
        "5     pass   POST /items     201 Created",
        "6     pass   GET /items/7    200 OK",
        "7     pass   GET /page       200 OK",
        "8     pass   GET /old        302 Found",
        "5 checks passed",
    ]


def test_a_check_that_fails_fails_the_cell_after_all_have_run(kernel: Kernel) -> None:
    ran = kernel.run('%%check\nGET /hello/Ann -> 200 "Hello, Ann"\nGET /nope -> 404\nGET /itms -> 2xx')
    assert ran.error == (
        "CheckError: 2 of 3 checks failed: GET /hello/Ann (line 2), GET /itms (line 4). "
        "The table above says what came"
    )
    assert ran.traceback.count("\n") == 0
    assert [line.split() for line in ran.text.splitlines()[:5]] == [
        ["line", "check", "request", "status", "expected", "came"],
        ["2", "fail", "GET", "/hello/Ann", "200", "OK", '"Hello,', 'Ann"', "Hello", "Ann!"],
        ["3", "pass", "GET", "/nope", "404", "Not", "Found"],
        ["4", "fail", "GET", "/itms", "404", "Not", "Found", "2xx", "404"],
        ["no", "rule", "matches;", "near:", "POST", "/items"],
    ]
    assert "<table" in ran.outputs[0]["text/html"]


def test_a_failed_view_is_shown_with_its_lines_and_prints(kernel: Kernel) -> None:
    ran = kernel.run("%%check\nGET /boom -> 200")
    assert "view boom, line 3:   return str(len(request.path) / 0)" in ran.text
    assert "ZeroDivisionError: division by zero" in ran.text
    assert "about to divide" in ran.text


def test_of_very_many_checks_those_that_failed_are_shown(kernel: Kernel) -> None:
    lines = ["GET /hello/Ann -> 200", "GET /boom -> 200"]
    ran = kernel.run("\n".join(["%%check --in-process", *lines * 70]))
    assert ran.text.splitlines()[-2:] == ["80 lines not shown here", "70 of 140 checks failed"]
    assert "/hello/Ann" not in ran.text
    assert sum(len(text.encode()) for text in ran.outputs[0].values()) < 300_000


def test_nothing_is_sent_when_a_line_is_not_a_check(kernel: Kernel) -> None:
    kernel.run("asked.clear()")
    ran = kernel.run("# a note\n%%check\nGET /hello/Ann -> 200\nGET /hello/Bob -> $.id:itn")
    assert ran.error is not None
    assert ran.error.startswith(
        "CheckSyntaxError: line 4, column 24: 'itn' is not a type. Did you mean int?\n"
    )
    assert kernel.value("asked") == "[]"


def test_what_a_failed_check_was_to_keep_is_not_taken_from_the_notebook(kernel: Kernel) -> None:
    kernel.run("item = 3")
    ran = kernel.run(
        "%%check\nGET /items/1 -> $.number as item\nGET /items/{item} -> 200\nGET /items/2 -> 200"
    )
    assert "there is no {item}, because the check of line 2 failed" in ran.text
    assert "2 of 3 checks failed" in ran.text
    assert kernel.run("%%check\nGET /items/{item} -> $.id=3").error is None


def test_secrets_are_masked_in_what_was_typed_and_what_came(kernel: Kernel) -> None:
    kernel.run("API_KEY = 'k3y-0815-4711-abcd'")
    ran = kernel.run(
        '%%check\nPOST /items name=tea -> $.token="other-s3cret-1" "{API_KEY}"\n'
        "GET https://example.com/?token=qu3ry-s3cret-22 -> 200"
    )
    assert ran.error is not None
    shown = ran.text + ran.outputs[0]["text/html"] + ran.error
    assert "{API_KEY} is <hidden>" in ran.text
    for secret in ("s3cr3t-t0ken-0815", "other-s3cret-1", "k3y-0815-4711-abcd", "qu3ry-s3cret-22"):
        assert secret not in shown


def test_redirects_are_followed_when_it_is_asked_for_and_cookies_go_on(kernel: Kernel) -> None:
    assert kernel.run("%%check --follow\nGET /old -> 200 h1 'Guests'").error is None
    cell = "%%check --fresh\nPOST /items name=tea -> 201\nGET /items/1 -> $.who=null"
    assert kernel.run(cell).error is None
    assert kernel.run(cell.replace(" --fresh", "").replace("null", "'ann'")).error is None


@pytest.mark.parametrize("transport", ["", "--in-process"])
def test_apps_of_other_kinds_are_checked(kernel: Kernel, transport: str) -> None:
    kernel.run(
        "def plain(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'application/json')])\n"
        "    return [b'{\"path\": \"%s\"}' % environ['PATH_INFO'].encode()]"
    )
    ran = kernel.run(
        f"%%check --app plain {transport}\nGET /any -> 200 $.path='/any'\nGET /hello/Ann --app app -> 200"
    )
    assert ran.error is None, ran.text


def test_lines_are_completed_as_requests_are(kernel: Kernel) -> None:
    def complete(line: str) -> list[str]:
        cell = f"%%check\nGET /page -> 200\n{line}"
        kernel.client.complete(cell, len(cell))
        reply = kernel.client.get_shell_msg(timeout=40)["content"]
        return [cell[: reply["cursor_start"]].rpartition("\n")[2] + match for match in reply["matches"]]

    assert complete("GET /he") == ["GET /hello/"]
    assert complete("POST /") == ["POST /items"]
    assert complete("PO") == ["POST"]
    assert complete("GET /page --fol") == ["GET /page --follow"]
    assert "GET /page -> 404" in complete("GET /page -> 40")
    assert complete("GET /page -> n") == ["GET /page -> not"]


def test_a_file_of_requests_is_sent_and_its_answers_are_kept(kernel: Kernel) -> None:
    folder = Path(kernel.value("__import__('os').getcwd()").strip("'"))
    (folder / "requests.http").write_text(
        "@host = http://localhost:5000\n# @name made\nPOST {{host}}/items\nContent-Type: application/json\n\n"
        '{"name": "tea"}\n### again\nGET {{host}}/items/{{made.response.body.id}}\n###\nGET /x/{{gone}}\n'
    )
    ran = kernel.run("%http --file requests.http")
    assert ran.text.count("200 OK") == 1
    assert kernel.value("made.status_code") == "201"
    assert ran.error is not None
    assert ran.error.startswith(
        "MagicArgumentError: %http: requests.http, line 10: the expression {gone} failed"
    )
    assert kernel.run("%http --file requests.http made").text.startswith("POST /items → 201 Created")
    assert kernel.run("%%http --file requests.http made").error is None
    assert "Type --file requests.http" in str(kernel.run("%http").error)
