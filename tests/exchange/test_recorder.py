import contextlib
import io
import logging
import sys
import threading
import traceback
import warnings
from wsgiref.validate import validator

import pytest
from werkzeug.local import LocalProxy
from werkzeug.test import Client, create_environ
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from flask_nb.exchange import InProcessTransport, Recorder, Request
from flask_nb.exchange.recorder import KEY_HEADER


def test_what_a_view_prints_belongs_to_its_exchange(serve, capsys):
    def view(request):
        print("out")
        print("err", file=sys.stderr)
        return "ok"

    response = serve(view).send(Request("GET", "/"))
    assert response.exchange.output == "out\nerr\n"
    assert capsys.readouterr() == ("", "")


def test_what_a_stream_prints_on_the_way_and_at_its_end_belongs_to_it_too(over_socket, recorder):
    def app(environ, start_response):
        def chunks():
            print("first")
            yield b"a"
            print("second")
            yield b"b"

        start_response("200 OK", [("Content-Type", "text/plain")])
        return Response(chunks()).iter_encoded()

    recorder.app = app
    assert over_socket.send(Request("GET", "/")).exchange.output == "first\nsecond\n"


def test_prints_of_two_requests_do_not_mix(recorder, over_socket):
    barrier = threading.Barrier(2, timeout=5)

    def app(environ, start_response):
        barrier.wait()
        print(environ["PATH_INFO"])
        barrier.wait()
        return Response("ok")(environ, start_response)

    recorder.app = app
    outputs = {}
    threads = [
        threading.Thread(
            target=lambda p=path: outputs.update({p: over_socket.send(Request("GET", p)).exchange.output})
        )
        for path in ("/a", "/b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == {"/a": "/a\n", "/b": "/b\n"}


def test_a_capture_in_the_cell_does_not_take_what_the_view_prints(serve):
    client = serve(lambda request: print("view") or "ok")
    with contextlib.redirect_stdout(io.StringIO()) as captured:
        print("cell")
        response = client.send(Request("GET", "/"))
    assert (captured.getvalue(), response.exchange.output) == ("cell\n", "view\n")


def test_a_cells_print_goes_where_it_always_went(recorder, capsys):
    print("cell")
    assert capsys.readouterr().out == "cell\n"


def test_ipython_may_replace_write_on_the_proxy(recorder, capsys):
    original = sys.stdout.write
    sys.stdout.write = lambda text: original(text.upper())  # type: ignore[method-assign]
    print("cell")
    sys.stdout.write = original  # type: ignore[method-assign]
    assert capsys.readouterr().out == "CELL\n"


def test_installing_and_uninstalling_twice_leaves_the_streams_as_they_were():
    before = sys.stdout, sys.stderr, warnings.showwarning, logging.Handler.handle
    recorder = Recorder(Response("ok"))
    recorder.install()
    recorder.install()
    recorder.uninstall()
    recorder.uninstall()
    assert (sys.stdout, sys.stderr, warnings.showwarning, logging.Handler.handle) == before


def test_a_browsers_prints_stay_out_of_the_cells(recorder, ring, capsys):
    recorder.app = WerkzeugRequest.application(lambda request: print("browser") or Response("ok"))
    recorder.renew()
    Client(recorder).get("/", buffered=True)
    assert [part.text for part in ring.last(1)[0].parts] == ["browser\n"]
    assert capsys.readouterr() == ("", "")


def test_the_app_never_sees_the_key(serve):
    seen = serve(lambda request: ",".join(request.headers.keys())).send(Request("GET", "/")).text
    assert KEY_HEADER.lower() not in seen.lower()


def test_an_unknown_key_is_dropped(recorder):
    recorder.app = WerkzeugRequest.application(lambda request: Response(str(request.headers.get(KEY_HEADER))))
    assert Client(recorder).get("/", headers={KEY_HEADER: "guessed"}).text == "None"


def test_jupyters_cookies_do_not_reach_the_app(recorder):
    recorder.app = WerkzeugRequest.application(lambda request: Response(str(dict(request.cookies))))
    cookies = {"Cookie": "_xsrf=1; username-localhost-8888=2; a=b"}
    assert Client(recorder, use_cookies=False).get("/", headers=cookies).text == "{'a': 'b'}"


def test_log_records_are_shown_without_time_and_kept_as_records(serve):
    def view(request):
        logging.getLogger("shop").warning("low on %s", "disk")
        return "ok"

    handler = logging.StreamHandler(sys.stderr)
    logging.root.addHandler(handler)
    try:
        exchange = serve(view).send(Request("GET", "/")).exchange
    finally:
        logging.root.removeHandler(handler)
    assert [part.text for part in exchange.parts] == ["WARNING low on disk\n"]
    assert [record.name for record in exchange.logs] == ["shop"]


def test_the_frameworks_report_of_the_exception_is_not_shown_again(serve, recorder):
    logger = logging.getLogger("framework")
    handler = logging.StreamHandler()
    logger.addHandler(handler)

    def view(request):
        try:
            return 1 / 0
        except ZeroDivisionError as exc:
            recorder.current().fail(exc)
            logger.error("Exception on %s [%s]", "/", "GET", exc_info=True)
            return Response("failed", status=500)

    exchange = serve(view).send(Request("GET", "/")).exchange
    logger.removeHandler(handler)
    assert isinstance(exchange.exception, ZeroDivisionError)
    assert exchange.parts == ()


def test_the_first_log_record_of_a_process_is_shown_as_the_next(serve, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])
    client = serve(lambda request: logging.warning("low") or "ok")  # makes a handler of its own
    assert [client.send(Request("GET", "/")).exchange.parts[0].text for _ in range(2)] == [
        "WARNING low\n"
    ] * 2


@pytest.mark.parametrize("stream", [None, "wsgi", "out"])
def test_a_record_is_shown_once_whatever_handlers_and_formats_it_passes(serve, monkeypatch, stream):
    def view(request):
        streams = {None: None, "wsgi": wsgi_errors_stream, "out": sys.stdout}
        for logger in (logging.root, logging.getLogger("shop")):
            handler = logging.StreamHandler(streams[stream])  # type: ignore[arg-type]
            handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
            monkeypatch.setattr(logger, "handlers", [handler, handler])
        wsgi_errors[0] = request.environ["wsgi.errors"]
        logging.getLogger("shop").warning("low")
        return "ok"

    wsgi_errors = [None]
    wsgi_errors_stream = LocalProxy(lambda: wsgi_errors[0])
    assert [part.text for part in serve(view).send(Request("GET", "/")).exchange.parts] == ["WARNING low\n"]


def test_what_a_handler_does_not_let_through_is_not_shown(serve, monkeypatch):
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: "secret" not in record.getMessage())
    monkeypatch.setattr(logging.root, "handlers", [handler])
    view = lambda request: logging.warning("secret") or logging.warning("known") or "ok"  # noqa: E731
    assert [part.text for part in serve(view).send(Request("GET", "/")).exchange.parts] == ["WARNING known\n"]


def test_a_log_file_gets_what_a_request_logs(serve, monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(logging.root, "handlers", [logging.StreamHandler(file)])
    assert (
        serve(lambda request: logging.warning("low") or "ok").send(Request("GET", "/")).exchange.parts == ()
    )
    assert file.getvalue() == "low\n"


@pytest.mark.parametrize("name", ["exchanger", "over_socket"])
def test_a_view_sees_no_port_of_this_run(name, serve, request):
    serve(lambda request: "{SERVER_NAME} {SERVER_PORT} {HTTP_HOST}".format(**request.environ))
    client = request.getfixturevalue(name)
    assert client.send(Request("GET", "/")).text == "localhost 80 localhost"
    assert client.send(Request("GET", "/", (("Host", "shop.test:81"),))).text == "shop.test 81 shop.test:81"


def test_an_error_that_a_handler_has_answered_is_noted_as_handled(serve, recorder):
    view = lambda request: recorder.current().fail(KeyError("a"), is_handled=True) or "sorry"  # noqa: E731
    failure = serve(view).send(Request("GET", "/")).exchange.failure
    assert (failure.message, failure.is_handled) == ("KeyError: 'a'", True)


def test_no_rule_is_near_where_one_has_matched(serve, recorder):
    recorder.near = lambda method, path: ["GET /near"]
    client = serve(lambda request: recorder.current().matched("straße", "/straße") or Response("", 404))
    assert client.send(Request("GET", "/straße")).exchange.near_rules is None
    client = serve(lambda request: Response("", 404))
    assert client.send(Request("GET", "/strasse")).exchange.near_rules == ["GET /near"]


def test_warnings_are_shown_without_their_file(serve):
    def view(request):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old", stacklevel=1)
        return "ok"

    exchange = serve(view).send(Request("GET", "/")).exchange
    assert [part.text for part in exchange.parts] == ["UserWarning: old\n"]


def test_displays_are_shown_to_the_request_that_the_thread_answers(serve, recorder):
    watched = []
    recorder.install(watch_displays=lambda: watched.append(threading.get_ident()))
    data = {"text/plain": "<Figure>", "image/png": "aGk="}
    part = (
        serve(lambda request: recorder.current().show(data) or "ok")
        .send(Request("GET", "/"))
        .exchange.parts[0]
    )
    assert (part.kind, part.text, part.data["image/png"]) == ("display", "<Figure>", "aGk=")
    assert watched == [threading.get_ident()]


def test_displays_are_bounded(serve, recorder):
    data = {"text/plain": "<Figure>", "image/png": "x" * 3_000_000}
    view = lambda request: [recorder.current().show(data) for _ in range(2)] and "ok"  # noqa: E731
    first, second = serve(view).send(Request("GET", "/")).exchange.parts
    assert (len(first.data), second.data) == (2, {"text/plain": "<Figure>"})


@pytest.mark.parametrize("exc", [ValueError("x"), SystemExit(1), KeyError("k")])
def test_an_exception_that_leaves_the_app_is_answered_500(over_socket, recorder, exc):
    def app(environ, start_response):
        raise exc

    recorder.app = app
    response = over_socket.send(Request("GET", "/"))
    assert response.status_code == 500
    assert response.exchange.exception is exc


def test_a_view_that_fails_in_mid_stream_shows_what_came_and_why_it_ended(over_socket, recorder):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"begun"
        raise ValueError("broken")

    recorder.app = app
    response = over_socket.send(Request("GET", "/"))
    assert (response.status_code, response.text) == (200, "begun")
    assert response.exchange.failure.message == "ValueError: broken"


def test_what_a_generator_answers_is_known_when_its_first_piece_is_there(recorder, ring):
    def app(environ, start_response):
        start_response("500 INTERNAL SERVER ERROR", [])
        yield b"broken"

    recorder.app = app
    answer = recorder(create_environ("/"), lambda status, headers: None)
    assert ring.last(1) == []
    assert (next(answer), ring.last(1)[0].has_failed) == (b"broken", True)
    answer.close()


def test_near_rules_are_asked_for_after_a_404_only(serve, recorder):
    asked = []
    recorder.near = lambda method, path: asked.append((method, path)) or ["GET /items"]
    exchange = serve(lambda request: Response(status=404)).send(Request("GET", "/itöms")).exchange
    serve(lambda request: "ok").send(Request("GET", "/"))
    assert (asked, exchange.near_rules) == ([("GET", "/itöms")], ["GET /items"])


def test_output_is_bounded(serve):
    exchange = serve(lambda request: print("x" * 3_000_000) or "ok").send(Request("GET", "/")).exchange
    assert len(exchange.output) == 1_000_000


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_recorder_and_transport_keep_to_the_wsgi_standard(recorder, exchanger, method):
    recorder.app = validator(WerkzeugRequest.application(lambda request: Response(iter(["a", "b"]))))
    exchanger.transport = InProcessTransport(validator(recorder))
    response = exchanger.send(Request(method, "/", body=b"x" * (method == "POST")))
    assert (response.status_code, response.exchange.output) == (200, "")


def test_outside_a_request_nothing_is_recorded():
    assert Recorder.current() is None


def test_a_view_that_reads_another_kind_of_body_is_told_so(serve):
    def view(request):
        request.environ["flask_nb.body_reads"].add("form")
        return "ok"

    request = Request("POST", "/", (("Content-Type", "application/json"),), b"{}")
    assert serve(view).send(request).exchange.notes == [
        "the view reads form fields, and the body is JSON: send it with --form"
    ]


def test_a_traceback_that_a_framework_writes_to_its_errors_is_the_failure(recorder, over_socket):
    def app(environ, start_response):
        try:
            raise KeyError("x")
        except KeyError:
            environ["wsgi.errors"].write(f"12:03 [ERROR] {traceback.format_exc()}")
        return Response("sorry", 500)(environ, start_response)

    recorder.app = app
    exchange = over_socket.send(Request("GET", "/")).exchange
    assert (exchange.failure.message, exchange.output) == ("KeyError: 'x'", "")


def test_other_words_in_an_apps_errors_are_output(recorder, over_socket):
    def app(environ, start_response):
        try:
            raise KeyError("x")
        except KeyError:
            environ["wsgi.errors"].write("no x\n")
        return Response("ok")(environ, start_response)

    recorder.app = app
    exchange = over_socket.send(Request("GET", "/")).exchange
    assert (exchange.failure, exchange.output) == (None, "no x\n")


@pytest.mark.parametrize(
    "words", ["Exception on /x", "Internal Server Error: /x", "[FALCON] Unhandled exception"]
)
def test_what_a_framework_logs_of_what_it_answered_is_the_failure(recorder, over_socket, words):
    def app(environ, start_response):
        try:
            raise KeyError("x")
        except KeyError:
            record = logging.LogRecord("framework", logging.ERROR, "", 1, words, (), sys.exc_info())
            logging.StreamHandler(sys.stderr).handle(record)
        return Response("sorry", 500)(environ, start_response)

    recorder.app = app
    assert over_socket.send(Request("GET", "/")).exchange.failure.message == "KeyError: 'x'"


@pytest.mark.parametrize("over", ["over_socket", "exchanger"])
def test_an_answer_whose_close_fails_is_sent_and_its_failure_told(recorder, request, over):
    class Body(list):
        def close(self):
            raise KeyError("close")

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body([b"sent"])

    recorder.app = app
    response = request.getfixturevalue(over).send(Request("GET", "/"))
    assert response.text == "sent"
    assert response.exchange.failure.message == "KeyError: 'close'"
