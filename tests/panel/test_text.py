import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from flask_nb.exchange import Recorder, Request
from flask_nb.panel import Display


def shown(response):
    return response._repr_mimebundle_()[0]["text/plain"]


def test_a_response_is_a_summary_and_the_body(serve):
    assert shown(serve(lambda request: "Hello Ann!").send(Request("GET", "/hello/Ann"))) == (
        "GET /hello/Ann → 200 OK · text/html · 10 B\n\nHello Ann!"
    )


def test_json_is_laid_out(serve):
    response = serve(lambda request: Response('{"id":7}', 201, mimetype="application/json")).send(
        Request("POST", "/items")
    )
    assert shown(response) == 'POST /items → 201 Created · application/json · 8 B\n\n{\n  "id": 7\n}'


def test_an_empty_response_is_its_summary(serve):
    assert shown(serve(lambda request: Response(status=204)).send(Request("DELETE", "/items/1"))) == (
        "DELETE /items/1 → 204 No Content"
    )


def test_a_long_body_is_cut_and_says_how_to_get_the_rest(serve):
    text = shown(serve(lambda request: "line\n" * 100).send(Request("GET", "/")))
    assert text.endswith("line\n… 40 more lines; all of it: _.text")


def test_bytes_are_not_shown_as_text(serve):
    response = serve(lambda request: Response(b"\0\1", mimetype="image/png")).send(Request("GET", "/"))
    assert shown(response).endswith("(image/png, 2 B; all of it: _.data)")


def test_terminal_escapes_are_made_visible(serve):
    response = serve(lambda request: Response("\x1b[31mred", mimetype="text/plain")).send(Request("GET", "/"))
    assert shown(response).endswith("\n\\x1b[31mred")


def test_a_404_without_a_rule_names_the_near_ones_in_place_of_the_stock_page(serve, recorder):
    recorder.near = lambda method, path: ["GET /items/<int:id>"]
    text = shown(
        serve(lambda request: NotFound().get_response(request.environ)).send(Request("GET", "/itmes/7"))
    )
    assert (
        text
        == "GET /itmes/7 → 404 Not Found · text/html · 207 B\n\nno rule matches; near: GET /items/<int:id>"
    )


@pytest.mark.parametrize(("words", "is_said"), [(None, True), ("there is no such item", False)])
def test_a_404_that_a_view_raised_is_told_as_such_unless_it_speaks_for_itself(
    serve, recorder, words, is_said
):
    def view(request):
        recorder.current().matched("item", "/straße/<name>", {"name": "x"})
        return NotFound(words).get_response()

    text = shown(serve(view).send(Request("GET", "/stra%C3%9Fe/x")))
    assert ("the view item itself answered 404" in text) == is_said
    assert ("<h1>" in text) == (not is_said)
    assert "no rule" not in text


def test_a_404_of_the_apps_own_shows_its_page(serve, recorder):
    recorder.near = lambda method, path: None
    assert shown(serve(lambda request: Response("No such item", 404)).send(Request("GET", "/"))).endswith(
        "No such item"
    )


def test_a_405_names_the_methods_in_a_steady_order(serve):
    view = lambda request: MethodNotAllowed(["POST", "GET"]).get_response(request.environ)  # noqa: E731
    assert shown(serve(view).send(Request("PUT", "/"))).endswith("the rule answers GET, POST")


def test_a_failed_view_shows_output_and_then_the_line(serve):
    def view(request):
        print("so far")
        total = 0
        return 1 / total

    text = shown(serve(view).send(Request("GET", "/boom")))
    assert "printed:\n  so far\n\n" in text
    assert text.endswith("return 1 / total\nZeroDivisionError: division by zero\n  total = 0")


def test_what_a_view_puts_out_is_masked_by_shape_and_not_by_ordinary_words(serve):
    def view(request):
        print("login with password=abc and code=a1b2c3d4e5f6g7")
        Recorder.current().show({"text/plain": "{'token': 'abc'}"})
        return "ok"

    text = shown(serve(view).send(Request("GET", "/")))
    assert text.endswith("login with password=<hidden> and code=a1b2c3d4e5f6g7\n  {'token': <hidden>}")


def test_redirects_are_lines_above(serve):
    def view(request):
        return Response("", 302, {"Location": "/b"}) if request.path == "/a" else "ok"

    assert shown(serve(view).send(Request("GET", "/a"))).splitlines()[:2] == [
        "GET /a → 302 Found · to /b",
        "GET /b → 200 OK · text/html · 2 B",
    ]


def test_head_shows_the_headers(serve):
    assert "Content-Type: text/html" in shown(serve(lambda request: "ok").send(Request("HEAD", "/")))


@pytest.mark.parametrize("text", ["Date", "Server", "127.0.0.1", "0x7f"])
def test_nothing_of_this_run_is_shown(over_socket, recorder, text):
    response = over_socket.send(Request("HEAD", "/"))
    assert all(text not in shown for shown in response._repr_mimebundle_()[0].values())


def test_objects_in_a_list_have_a_line_each(serve):
    body = '{"items":[{"id":1,"tags":["a"]},{"id":2,"tags":[]}]}'
    response = serve(lambda request: Response(body, mimetype="application/json")).send(Request("GET", "/"))
    assert shown(response).endswith(
        '{\n  "items": [\n    {"id": 1, "tags": ["a"]},\n    {"id": 2, "tags": []}\n  ]\n}'
    )


def test_the_stock_page_of_a_redirect_is_not_shown(serve):
    response = serve(lambda request: redirect("/b")).send(Request("GET", "/"), follow=False)
    assert shown(response) == "GET / → 302 Found · to /b"
    assert "iframe" not in response._repr_mimebundle_()[0]["text/html"]


def test_many_redirects_are_counted(serve):
    lines = shown(serve(lambda request: redirect("/")).send(Request("GET", "/"))).splitlines()
    assert lines[4] == "… 15 more redirects"
    assert len(lines) == 9


def test_the_time_is_shown_on_request(serve):
    response = serve(lambda request: "ok").send(Request("GET", "/"), display=Display(elapsed=True))
    response.exchange.elapsed = 0.0123
    assert shown(response).startswith("GET / → 200 OK · text/html · 2 B · 12 ms\n")


def test_a_body_too_long_for_a_mask_says_so(serve):
    body = '["' + "x" * 2_000_000 + '"]'
    view = lambda request: Response(body, mimetype="application/json")  # noqa: E731
    response = serve(view).send(Request("GET", "/"), display=Display(mask=("$..id",)))
    assert "nothing is masked: the body is longer than 2 MB" in shown(response)
