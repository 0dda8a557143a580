"""What was seen within the app: a table of steps where it was asked for, folds in HTML alone."""

from flask_nb.exchange import Request
from flask_nb.panel import Display
from flask_nb.panel.exchanger import MAX_BUNDLE

from .test_html import STATIC_TAGS, html_of, stripped
from .test_text import shown


def seeing(recorder, look):
    """Return a view in which something is seen."""

    def view(request):
        look(recorder.current().seen)
        return "ok"

    return view


def take_steps(seen):
    seen.is_tracing = True
    seen.begin(dict, "/ → home", {})
    seen.call("view", print, lambda: "x")()


def test_the_steps_stand_below_the_summary_where_they_were_asked_for(serve, recorder):
    client = serve(seeing(recorder, take_steps))
    response = client.send(Request("GET", "/"), display=Display(steps=True))
    table = (
        "context push                          / → home\nview          print  module builtins  returned str"
    )
    assert shown(response).split("\n\n")[1:] == [table, "ok"]
    assert "returned str" in stripped(html_of(response), STATIC_TAGS)
    plain = client.send(Request("GET", "/"))
    assert "returned str" not in shown(plain) + html_of(plain)


def test_what_is_folded_is_in_the_html_alone(serve, recorder):
    def look(seen):
        seen.template("page.html", {"name": "<Ann>"})
        seen.statement("SELECT 1", [()], 1, 0.5)

    response = serve(seeing(recorder, look)).send(Request("GET", "/"))
    assert shown(response) == "GET / → 200 OK · text/html · 2 B\n\nok"
    text = stripped(html_of(response), STATIC_TAGS)
    assert all(words in text for words in ("1 template", "page.html", "<Ann>", "1 SQL statement", "SELECT 1"))


def test_rows_and_times_of_statements_are_shown_with_times_alone(serve, recorder):
    view = seeing(recorder, lambda seen: seen.statement("SELECT 1", [()], 3, 0.5))
    timed = serve(view).send(Request("GET", "/"), display=Display(elapsed=True))
    assert "3 rows · 500 ms" in html_of(timed)
    assert "3 rows" not in html_of(serve(view).send(Request("GET", "/")))


def test_a_number_of_rows_that_the_driver_does_not_tell_is_not_made_up(serve, recorder):
    view = seeing(recorder, lambda seen: seen.statement("SELECT 1", [()], -1, 0.5))
    timed = serve(view).send(Request("GET", "/"), display=Display(elapsed=True))
    assert "SELECT 1\n  500 ms<" in html_of(timed)


def test_the_body_that_was_sent_is_shown_as_what_it_is(serve):
    def folded(body, content_type):
        request = Request("POST", "/", (("Content-Type", content_type),), body)
        return stripped(html_of(serve(lambda request: "ok").send(request)), STATIC_TAGS).partition("body")[2]

    assert folded(b"user=ann&pin=1234", "application/x-www-form-urlencoded") == "user'ann'pin<hidden>"
    assert folded(b'{"user": "ann", "pin": 1234}', "application/json") == '{"user": "ann", "pin": <hidden>}'
    assert folded(b"\xff\x00" * 600, "image/png") == "image/png · 1.2 kB"
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n'
    assert folded(part, "multipart/form-data; boundary=b") == "fa.txt · 5 B"


def test_however_much_was_seen_a_panel_keeps_within_its_bounds(serve, recorder):
    def look(seen):
        take_steps(seen)
        for number in range(50):
            seen.template("t" * 100, {f"name{n}": "<&>" * 30 for n in range(30)})
            seen.statement(f"SELECT {number}, " + "<" * 2000, [("<" * 100,) * 50] * 3, 1, 0.5)

    client = serve(seeing(recorder, look))
    bundle = client.send(Request("GET", "/"), display=Display(steps=True))._repr_mimebundle_()[0]
    assert sum(len(part.encode()) for part in bundle.values()) <= MAX_BUNDLE
