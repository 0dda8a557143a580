import itertools
import threading
from types import FunctionType

import pytest
from werkzeug.wrappers import Response

from flask_nb.exchange import Recorder, Request
from flask_nb.exchange.files import MAX_SECONDS
from flask_nb.panel import Display

PAGE = "<link rel=stylesheet href=/s.css><p>hi"


def site(**files):
    """A view that answers the page at ``/`` and files elsewhere, and the list of what was asked for."""
    asked = []

    def view(request):
        asked.append(request.path)
        answer = files.get(request.path[1:].replace(".", "_"), PAGE if request.path == "/" else None)
        answer = answer(request) if isinstance(answer, FunctionType) else answer
        kind = "text/css" if request.path.endswith("css") else "text/html"
        return (
            answer
            if isinstance(answer, Response)
            else Response(answer or "", 200 if answer else 404, mimetype=kind)
        )

    return view, asked


def test_files_are_asked_for_when_the_page_is_shown_and_once(serve):
    view, asked = site(s_css="p{color:red}")
    response = serve(view).send(Request("GET", "/"))
    assert response._repr_mimebundle_(include={"text/plain"})
    assert asked == ["/"]
    assert "p{color:red}" in response._repr_mimebundle_()[0]["text/html"]
    assert response._repr_mimebundle_() == response._repr_mimebundle_()
    assert asked == ["/", "/s.css"]


def test_only_a_page_has_its_files_asked_for(serve):
    view, asked = site(data=Response('"<img src=/i.png>"', mimetype="application/json"))
    assert serve(view).send(Request("GET", "/data")).page is None
    assert asked == ["/data"]


def test_cookies_are_sent_for_files_and_not_taken(serve):
    seen = []

    def css(request):
        seen.append(request.cookies.get("n"))
        return Response("p{}", mimetype="text/css", headers={"Set-Cookie": "n=2"})

    view, _ = site(s_css=css)
    client = serve(view)
    client.cookies.store("localhost", "/", ["n=1"])
    client.send(Request("GET", "/"))._repr_mimebundle_()
    assert seen == ["1"]
    assert client.cookies.get("n").value == "1"


def test_what_a_file_prints_or_raises_belongs_to_no_exchange(serve):
    def css(request):
        print("noise")
        raise RuntimeError("broken")

    view, _ = site(s_css=css)
    response = serve(view).send(Request("GET", "/"))
    assert (response.exchange.output, response.exchange.exception) == ("", None)
    assert response.page.missing == (("/s.css", "500"),)


def test_a_file_may_have_moved_within_the_app(serve):
    view, asked = site(s_css=Response("", 302, {"Location": "/t.css"}), t_css="p{}")
    assert serve(view).send(Request("GET", "/")).page.missing == ()
    assert asked == ["/", "/s.css", "/t.css"]


@pytest.mark.parametrize("to", ["http://example.com/s.css", "/s.css", "http://["])
def test_a_file_that_has_moved_elsewhere_or_in_circles_is_not_there(serve, to):
    view, _ = site(s_css=Response("", 302, {"Location": to}))
    assert [path for path, _ in serve(view).send(Request("GET", "/")).page.missing] == ["/s.css"]


def test_files_have_little_time(serve, monkeypatch):
    monkeypatch.setattr("flask_nb.exchange.files.MAX_SECONDS", 0.0)
    view, asked = site(s_css="p{}")
    assert serve(view).send(Request("GET", "/")).page.missing == (("/s.css", "no answer"),)
    assert asked == ["/"]
    assert MAX_SECONDS <= 5


def test_a_file_that_hangs_is_given_up_and_the_page_is_shown(over_socket, serve, monkeypatch):
    monkeypatch.setattr("flask_nb.exchange.files.MAX_SECONDS", 0.2)
    end = threading.Event()
    serve(site(s_css=lambda request: end.wait(20) and "")[0])
    response = over_socket.send(Request("GET", "/"))
    assert response.page.missing == (("/s.css", "no answer"),)
    end.set()
    assert "not loaded: " in response._repr_mimebundle_()[0]["text/html"]


@pytest.mark.parametrize("kind", ["multipart/x-mixed-replace; boundary=b", "text/event-stream"])
@pytest.mark.parametrize("name", ["exchanger", "over_socket"])
def test_a_picture_without_an_end_is_named_and_not_waited_for(name, kind, serve, request):
    frames = itertools.count()
    video = lambda: Response((b"%d" % next(frames) for _ in itertools.count()), content_type=kind)  # noqa: E731
    serve(lambda request: video() if request.path == "/v" else "<img src=/v>")
    response = request.getfixturevalue(name).send(Request("GET", "/"))
    assert response.page.missing == (("/v", "endless"),)
    assert "/v (endless)" in response._repr_mimebundle_()[0]["text/html"]
    assert next(frames) < 10_000


def test_files_come_over_the_socket_too(over_socket, serve):
    serve(site(s_css="p{color:red}")[0])
    assert over_socket.send(Request("GET", "/")).page.missing == ()


def test_files_come_from_the_host_that_was_asked(serve):
    view, _ = site(s_css=lambda request: f"/* {request.host} */")
    response = serve(view).send(Request("GET", "/", (("Host", "shop.localhost"),)))
    assert "/* shop.localhost */" in response.page.fit(1000).source


def test_a_note_of_the_view_is_shown_once(serve):
    def view(request):
        for _ in range(2):
            Recorder.current().notes.append("send it with --form")
        return "ok"

    response = serve(view).send(Request("POST", "/"), display=Display())
    response.exchange.notes.append("expected 201")
    for shown in response._repr_mimebundle_()[0].values():
        assert shown.count("send it with --form") == shown.count("expected 201") == 1
