import pytest
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from flask_nb.exchange import ExchangeResponse, Request
from flask_nb.exchange.exchanger import MAX_REDIRECTS


def moved(status, to="/there"):
    def view(request):
        if request.path == "/":
            return Response("", status, {"Location": to})
        return f"{request.method} {request.full_path} {request.get_data(as_text=True)}"

    return view


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "POST", "GET /there? "),
        (302, "POST", "GET /there? "),
        (303, "PUT", "GET /there? "),
        (302, "PUT", "PUT /there? body"),
        (307, "POST", "POST /there? body"),
        (308, "POST", "POST /there? body"),
    ],
)
def test_redirects_are_followed_as_a_browser_does(serve, status, method, expected):
    response = serve(moved(status)).send(Request(method, "/", (("Content-Type", "text/plain"),), b"body"))
    assert response.text == expected
    assert [earlier.status_code for earlier in response.history] == [status]


@pytest.mark.parametrize(
    "to", ["there", "http://localhost/there", "//localhost/there", "/there", "http://LOCALHOST:80/there"]
)
def test_redirects_within_the_app_are_followed(serve, to):
    assert serve(moved(302, to)).send(Request("GET", "/")).text == "GET /there? "


@pytest.mark.parametrize(
    "to",
    ["http://example.com/", "https://localhost/", "mailto:a@b", "//evil.example/", "http://localhost:1/"],
)
def test_redirects_to_elsewhere_are_shown_not_followed(serve, to):
    assert serve(moved(302, to)).send(Request("GET", "/")).status_code == 302


def test_following_can_be_declined(serve):
    assert serve(moved(302)).send(Request("GET", "/"), follow=False).status_code == 302


def test_redirects_in_circles_end(serve):
    response = serve(lambda request: Response("", 302, {"Location": "/"})).send(Request("GET", "/"))
    assert len(response.history) == MAX_REDIRECTS
    assert response.exchange.notes == ["not followed further: 20 redirects in a row"]


def test_cookies_are_kept_from_one_request_to_the_next(serve):
    def view(request):
        response = Response(request.cookies.get("n", "none"))
        response.set_cookie("n", "1")
        return response

    client = serve(view)
    assert [client.send(Request("GET", "/")).text for _ in range(2)] == ["none", "1"]


def test_cookies_of_a_redirect_are_kept(serve):
    def view(request):
        if request.path == "/":
            return Response("", 302, {"Location": "/in", "Set-Cookie": "user=ann"})
        return request.cookies["user"]

    assert serve(view).send(Request("GET", "/")).text == "ann"


def test_a_cookie_header_of_the_request_wins(serve):
    client = serve(lambda request: str(dict(request.cookies)))
    client.cookies.store("localhost", "/", ["a=1"])
    assert client.send(Request("GET", "/", (("Cookie", "b=2"),))).text == "{'b': '2'}"


def test_the_value_is_werkzeugs_test_response(serve):
    response = serve(lambda request: Response('{"a": 1}', mimetype="application/json")).send(
        Request("GET", "/x?y=1")
    )
    assert isinstance(response, TestResponse)
    assert isinstance(response, ExchangeResponse)
    assert (response.json, response.text, response.request.args["y"]) == ({"a": 1}, '{"a": 1}', "1")
    assert repr(response) == "<ExchangeResponse GET /x?y=1 → 200 OK>"


def test_only_the_last_failures_keep_their_frames(serve):
    client = serve(lambda request: 1 / 0)
    first, *later = (client.send(Request("GET", "/")).exchange for _ in range(6))
    assert first.exception.__traceback__ is None
    assert all(exchange.exception.__traceback__ is not None for exchange in later)
    assert first.failure.message == "ZeroDivisionError: division by zero"
