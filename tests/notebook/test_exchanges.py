"""``%exchange`` in a real kernel: listed, shown, sent again, compared, copied; on both engines."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

APP = """
import urllib.request
from flask_nb import Flask, request, session, redirect
app = Flask("shop")
app.secret_key = "dev"
items = ["pen"]
@app.get("/items")
def get_items():
    return items
@app.post("/items")
def add():
    items.append(request.json["name"])
    print("added")
    return {"name": items[-1], "count": len(items)}, 201
@app.post("/login")
def login():
    session["user"] = request.form["user"]
    return redirect("/me")
@app.get("/me")
def me():
    return f"<title>Me</title>\\n<h1>{session.get('user')}</h1>"
@app.get("/boom")
def boom():
    return {}["key"]
def ask(path, method="GET", **headers):
    address = %url_for get_items --live
    asked = urllib.request.Request(address.replace("/items", path), method=method, headers=headers)
    try:
        urllib.request.urlopen(asked).read()
    except urllib.error.HTTPError:
        pass
"""

FORGET = """
for name, value in list(globals().items()):
    if name in ("app", "blog") or type(value).__name__ == "PanelResponse":
        del globals()[name]
"""

numbers = itertools.count()


@pytest.fixture
def run(kernel: Kernel) -> Callable[..., str]:
    """Run a cell with an app that has been asked nothing yet; return what it showed."""
    kernel.notebook = f"exchanges {next(numbers)} "
    kernel.run(f"%unload_ext flask_nb\n{FORGET}")
    kernel.run("%load_ext flask_nb")
    ids = itertools.count()

    def run(code: str, cell_id: str = "") -> str:
        ran = kernel.run(code, cell_id or f"cell {next(ids)}")
        return "\n".join(filter(None, [ran.stdout, ran.text, ran.error])).strip()

    assert run(APP, "app") == ""
    return run


def rows(shown: str) -> list[list[str]]:
    return [line.split() for line in shown.splitlines()[1:]]


@pytest.fixture
def asked(run: Callable[..., str]) -> Callable[..., str]:
    """The same after five requests, of the notebook and of a program."""
    run("%get /items\n%post /items name=book\n%get /nope")
    run("ask('/boom'); ask('/items', 'POST', Origin='http://evil.example')")
    return run


def test_all_requests_are_listed_whoever_asked(asked):
    assert rows(asked("%exchange")) == [
        ["1", "GET", "/items", "200", "get_items", "notebook"],
        ["2", "POST", "/items", "201", "add", "notebook"],
        ["3", "GET", "/nope", "404", "notebook"],
        ["4", "GET", "/boom", "500", "boom", "urllib"],
        ["5", "POST", "/items", "403", "urllib"],
    ]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ("--failed", "4 5"),
        ("--path '/i*'", "1 2 5"),
        ("--method post", "2 5"),
        ("--path '/items*' --method POST --failed", "5"),
        ("--last 2", "4 5"),
        ("--method PUT", ""),
    ],
)
def test_filters_leave_what_fits(asked, filters, numbers):
    shown = asked(f"%exchange {filters}")
    found = [row[0] for row in rows(shown) if row[0].isdecimal() and "earlier:" not in row]
    assert " ".join(found) == numbers


def test_one_is_shown_as_when_it_was_sent(asked):
    shown = asked("%post /items name=cup")
    assert asked("%exchange -1") == shown
    assert "added" in shown


def test_a_programs_failure_is_shown_with_its_lines_and_has_its_frame(asked):
    shown = asked("%exchange 4")
    assert "view boom, line 23:   return {}[\"key\"]\nKeyError: 'key'" in shown
    assert asked(
        "try:\n    %exchange 4 --debug\nexcept BaseException: pass\nimport sys\nprint(repr(sys.last_value))"
    ).endswith("KeyError('key')")


def test_the_last_of_those_that_fit_is_minus_one(asked):
    assert asked("%exchange -1 --method GET").startswith("GET /boom → 500")
    assert asked("%exchange -2").startswith("GET /boom → 500")


def test_a_name_that_as_has_given_is_an_exchange_too(asked):
    asked("%get /items --as before\n%post /items name=cup;\n%get /items --as after")
    assert asked("%exchange before").startswith("GET /items → 200 OK")
    assert rows(asked("%exchange before --diff after")) == [["$[2]", '"cup"']]
    assert asked("%exchange before --diff before") == "no difference"


def test_sending_again_shows_what_is_different(asked):
    shown = asked("%exchange 1 --replay")
    assert shown.startswith("GET /items → 200 OK")
    assert shown.endswith('$[1]          "book"')
    again = asked("%exchange 2 --replay")
    assert again.splitlines()[-1].split()[0] == "$.count"
    assert asked("%exchange 3 --replay").endswith("no difference")


def test_a_change_of_the_view_is_seen_in_status_text_and_failure(run):
    run("@app.get('/page')\ndef page():\n    return 'one\\ntwo\\nthree'", "page")
    run("%get /page --as good")
    run("@app.get('/page')\ndef page():\n    return 'one\\nzwei\\nthree', 202, {'X-New': 'yes'}", "page")
    assert [row[:2] for row in rows(run("%exchange good --replay").partition("what")[2])] == [
        ["status", "200"],
        ["header", "X-New"],
        ["line", "2"],
    ]
    run("@app.get('/page')\ndef page():\n    raise ValueError('x')", "page")
    assert "failure" in run("%exchange good --replay")


def test_sessions_of_then_go_along_and_the_jar_stays_as_it_is(run):
    run("%post /login --form user=Ann")
    assert "<h1>Ann</h1>" in run("%exchange -1")
    run("%cookies clear")
    assert "<h1>Ann</h1>" in run("%exchange -1 --replay")
    assert run("%cookies") == "no cookies"


def test_what_the_gate_refused_is_refused_again(asked):
    shown = asked("%exchange 5 --replay")
    assert shown.startswith("POST /items → 403 Forbidden")
    assert shown.endswith("no difference")
    assert asked("items") == "['pen', 'book']"
    asked("%config FlaskNB.trusted_origins = ['http://evil.example']")
    assert "status  403 Forbidden" in asked("%exchange 5 --replay")
    asked("%config FlaskNB.trusted_origins = []")


def test_a_body_that_is_not_kept_whole_is_not_sent_again(run):
    run("body = {'name': 'x' * 100_000}\n%post /items {body}")
    refused = run("%exchange -1 --replay")
    assert "of its body only the first" in refused
    assert "NameError" not in refused


def test_copies_hold_no_secrets_and_the_test_passes(run):
    run("%post /items name=pen password=geheim123 Authorization:'Bearer abcdefgh12345678'")
    for notation in ("curl", "python", "http", "pytest"):
        copy = run(f"%exchange -1 --copy {notation}")
        assert "geheim" not in copy
        assert "abcdefgh" not in copy
        assert "AUTHORIZATION" in copy
    run("%get /me --as me")
    copied = run("%exchange me --copy pytest")
    assert 'assert "<title>Me</title>" in response.text' in copied
    assert run(f"{copied}\ntest_get_me(app.test_client())\nprint('passed')") == "passed"


def test_a_request_may_be_copied_when_it_is_sent(run):
    shown = run("%get /items --mask '$[*]' --copy pytest")
    assert "assert response.json == [ANY]" in shown
    assert shown.splitlines()[-1] == "[…]"


def test_the_copy_of_a_redirect_follows_it(run):
    run("%post /login --form user=Ann --as login")
    copied = run("%exchange login --copy pytest")
    assert "follow_redirects=True" in copied
    assert run(f"{copied}\ntest_post_login(app.test_client())\nprint('passed')") == "passed"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%exchange 99", "there is no exchange 99: those from 1 to 5 are kept"),
        ("%exchange -9", "there is no exchange -9: there are 5"),
        ("%exchange 0", "'0' is neither a number, such as 7 or -1, nor a name"),
        ("%exchange nothing", "no exchange is called 'nothing'. Keep one with --as nothing"),
        ("%exchange --copy curl", "which exchange? Type %exchange -1 --copy curl for the last one"),
        ("%exchange 1 --failed", "there is no exchange 1 that fits"),
        ("%exchange --replay", "which exchange? Type %exchange -1 --replay"),
        ("%exchange 1 2", "To compare two, type %exchange 1 --diff 2"),
        ("%exchange 1 --debug", "GET /items did not fail"),
        ("%exchange 1 --copy nothing", "invalid choice: 'nothing'"),
        ("%exchange 1 --app nobody", "there is no app in the variable 'nobody'"),
    ],
)
def test_what_is_not_there_is_said(asked, line, words):
    assert words in asked(line)


def test_a_view_that_was_stopped_is_shown_and_has_no_answer_to_assert(run):
    run("import time\n@app.get('/endless')\ndef endless():\n    while True: time.sleep(0.01)")
    assert "did not answer within 0.3 s" in run("%get /endless --timeout 0.3")
    shown = (run("%exchange -1") for _ in range(100))  # it ends a moment after nobody waits any more
    assert next(text for text in shown if "there is no exchange" not in text) == "GET /endless → stopped"
    assert "was stopped: there is no answer to assert" in run("%exchange -1 --copy pytest")
    assert run("%exchange -1 --copy curl").endswith("/endless")


def test_a_replay_goes_to_the_app_that_was_asked(run):
    run("blog = Flask('blog')\n@blog.post('/post')\ndef post():\n    return 'blog'")
    run("%post /post --app blog --as posted")
    assert run("%exchange posted --replay").endswith("no difference")
    run("del blog")
    assert "NoAppError: there is no app in the variable 'blog'" in run("%exchange posted --replay")
    assert rows(run("%exchange")) == []  # nothing was sent to the other


def test_a_copy_has_the_cookies_that_went_along(run):
    run("%post /login --form user=Ann;")
    assert '-b "session=$SESSION"' in run("%get /me --copy curl")
    assert "Cookie: session=$SESSION" in run("%get /me --copy http")
    assert 'client.set_cookie("session", os.environ["SESSION"])' in run("%exchange -1 --copy pytest")


def test_each_app_has_its_own(run):
    run("from flask_nb import Flask\nblog = Flask('blog')")
    run("%get /items")
    run("%get /nope --app blog")
    assert rows(run("%exchange --app blog")) == [["1", "GET", "/nope", "404", "notebook"]]
    assert rows(run("%exchange")) == [["1", "GET", "/items", "200", "get_items", "notebook"]]
