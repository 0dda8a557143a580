import pytest
from exchange.conftest import VIEWS
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from flask_nb.exchange import ExchangeResponse, Request
from flask_nb.panel import Display


def test_a_response_that_shows_itself_is_the_one_that_was_received(serve):
    response = serve(lambda request: "ok").send(Request("GET", "/x"))
    assert isinstance(response, ExchangeResponse)
    assert repr(response) == "<ExchangeResponse GET /x → 200 OK>"


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_both_transports_show_the_same(name, method, serve, over_socket):
    request = Request(method, "/p%C3%A4th/a%20b?q=%20x", (("X-Own", "1"), ("Cookie", "a=b")))
    in_process = serve(VIEWS[name]).send(request)
    assert in_process._repr_mimebundle_() == over_socket.send(request)._repr_mimebundle_()


def test_redirects_in_circles_are_said(serve):
    response = serve(lambda request: Response("", 302, {"Location": "/"})).send(Request("GET", "/"))
    assert "not followed further" in response._repr_mimebundle_()[0]["text/plain"]


def test_without_cookies_responses_show_themselves_too(serve):
    client = serve(lambda request: "ok").without_cookies()
    assert "ok" in client.send(Request("GET", "/"))._repr_mimebundle_()[0]["text/plain"]


def test_the_bundle_holds_only_what_is_asked_for(serve):
    response = serve(lambda request: "ok").send(Request("GET", "/"))
    assert set(response._repr_mimebundle_()[0]) == {"text/plain", "text/html"}
    assert set(response._repr_mimebundle_(include={"text/plain"})[0]) == {"text/plain"}
    assert set(response._repr_mimebundle_(exclude={"text/plain"})[0]) == {"text/html"}


def test_the_html_does_not_depend_on_whether_the_text_is_asked_for(serve, monkeypatch):
    monkeypatch.setattr("flask_nb.panel.exchanger.MAX_BUNDLE", 60_000)
    page = "<p>" + "é" * 50_000
    response = serve(lambda request: page).send(Request("GET", "/"))
    alone = response._repr_mimebundle_(include={"text/html"})[0]["text/html"]
    assert alone == response._repr_mimebundle_()[0]["text/html"]


def test_the_redirects_that_led_to_a_response_are_shown_as_it_is(serve):
    view = lambda request: redirect("/b") if request.path == "/a" else "ok"  # noqa: E731
    response = serve(view).send(Request("GET", "/a"), display=Display(elapsed=True))
    assert [each.display for each in response.history] == [response.display]


def test_the_same_request_displays_the_same_bytes(serve, recorder):
    client = serve(
        lambda request: print("x") or Response("<p>hi</p>", mimetype="text/html", headers={"Date": "now"})
    )
    first, second = (client.send(Request("GET", "/"))._repr_mimebundle_() for _ in range(2))
    assert first == second
