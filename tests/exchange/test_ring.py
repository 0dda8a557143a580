"""What is kept of all traffic, and within which bounds."""

import gc
import threading
import weakref

import pytest
from werkzeug.test import create_environ
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from flask_nb.exchange import InProcessTransport, KeptExchange, Request, Ring
from flask_nb.exchange.ring import MAX_EXCHANGE
from flask_nb.gate import ASKED_BY_GATE, Gate

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


def kept(path="/", status="200 OK", **options):
    exchange = KeptExchange.from_environ(create_environ(path, **options))
    exchange.status = status
    return exchange


class Asking:
    """Asks a WSGI app as a server does, and leaves errors to it."""

    def __init__(self, app):
        self.app = app

    def get(self, path, **options):
        return self.ask(path, **options)

    def post(self, path, **options):
        return self.ask(path, method="POST", **options)

    def ask(self, path, **options):
        chunks = self.app(create_environ(path, **options), lambda status, headers, exc_info=None: None)
        body = b"".join(chunks)
        getattr(chunks, "close", lambda: None)()
        return body.decode()


def answer(recorder, view):
    recorder.app = WerkzeugRequest.application(view)
    return Asking(recorder)


def fail(request):
    raise KeyError("missing")


def test_an_exchange_is_one_object_to_the_garbage_collector(recorder, ring):
    client = answer(recorder, lambda request: Response("text"))
    for _ in range(100):  # enough for what waits to be taken in, and for what is made once
        client.get("/")
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        client.get("/")
    assert ring.count == 200
    gc.collect()
    assert len(gc.get_objects()) - before < 150


def test_an_exchange_is_kept_whoever_asked(recorder, ring, exchanger):
    client = answer(
        recorder, lambda request: Response(f"{request.args['q']} {request.get_data(as_text=True)}")
    )
    client.post("/search?q=a", data="body", headers=BROWSER)
    exchanger.send(Request("GET", "/search?q=b"))
    first, second = ring.last(9)
    assert (first.method, first.url, first.code, first.who) == ("POST", "/search?q=a", "200", "browser")
    assert (first.body, first.answer, first.length) == (b"body", b"a body", 6)
    assert ("User-Agent", BROWSER["User-Agent"]) in first.headers
    assert ("Content-Length", "6") in first.answer_headers
    assert (second.who, ring.count) == ("notebook", 2)


@pytest.mark.parametrize(
    ("agent", "who"),
    [
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", "requests"),
        ("Python-urllib/3.13", "urllib"),
        ("", "unknown"),
        ("x\x1b" * 40, "x\\x1bx\\x1bx\\x1bx\\x1b…"[:19] + "…"),
    ],
)
def test_who_asked_is_told_by_the_name_that_it_gives_itself(agent, who):
    assert kept(headers={"User-Agent": agent}).who == who


def test_the_view_reads_the_body_that_was_kept(recorder, ring):
    client = answer(recorder, lambda request: Response(str(len(request.get_data()))))
    assert client.post("/", data=b"x" * 200_000) == "200000"
    assert ring.last(1)[0].body == b"x" * (MAX_EXCHANGE // 2)


def test_a_body_that_can_be_read_once_is_left_to_the_view():
    class Once:
        def read(self, size=-1):
            raise AssertionError("read before the view did")

    environ = create_environ("/", method="POST", data="body")
    assert KeptExchange.from_environ({**environ, "wsgi.input": Once()}).body == b""


def test_jupyters_cookies_are_not_kept(recorder, ring):
    answer(recorder, lambda request: Response("ok")).get("/", headers={"Cookie": "_xsrf=secret; a=b"})
    assert ("Cookie", "a=b") in ring.last(1)[0].headers


def test_a_thousand_exchanges_are_kept():
    ring = Ring()
    for number in range(1200):
        ring.add(kept(f"/{number}"))
    assert (len(ring), ring.count, ring.last(1)[0].path, ring.last(5000)[0].path) == (
        1000,
        1200,
        "/1199",
        "/200",
    )


def test_request_and_response_have_64_kilobytes_together():
    long = kept("/" + "p" * 90_000, headers={"X-Long": "h" * 90_000}, data=b"b" * 90_000, method="POST")
    long.answer_headers, long.answer = [("X-Long", "a" * 90_000)], b"r" * 90_000
    ring = Ring()
    ring.add(long)
    assert ring.last(1) == [long]
    texts = [text for pair in (*long.headers, *long.answer_headers) for text in pair]
    parts = (long.target, long.query, *texts, long.body, long.answer)
    assert sum(map(len, parts)) == MAX_EXCHANGE
    assert long.answer


def test_all_together_is_bounded_by_bytes():
    ring = Ring(max_bytes=1_000_000)
    for _ in range(100):
        exchange = kept()
        exchange.answer = b"x" * 90_000
        ring.add(exchange)
    assert ring.size <= 1_000_000
    assert len(ring) == 1_000_000 // ring.last(1)[0].size


def test_a_view_that_prints_a_lot_does_not_push_the_others_out(recorder, ring):
    client = answer(recorder, lambda request: print("é" * 1_000_000) or Response("ok"))
    recorder.renew()
    client.get("/")
    exchange = ring.last(1)[0]
    assert 1000 < len(exchange.parts[0].text) <= MAX_EXCHANGE
    assert exchange.size < 3 * MAX_EXCHANGE


def test_displays_are_kept_as_far_as_there_is_room(recorder, ring):
    small, large = (
        {"text/plain": "a", "image/png": "x" * 100},
        {"text/plain": "b", "image/png": "x" * 100_000},
    )
    show = lambda data: recorder.current().show(data)  # noqa: E731
    answer(recorder, lambda request: [show(small), show(large)] and Response("ok")).get("/")
    first, second = ring.last(1)[0].parts
    assert (first.data, second.text, second.data) == (small, "b", {})


def test_five_failures_keep_their_frames(recorder, ring):
    client = answer(recorder, fail)
    for _ in range(7):
        client.get("/")
    exceptions = [exchange.exception for exchange in ring.last(7)]
    assert [exc is None for exc in exceptions] == [True, True, *[False] * 5]


def test_frames_that_are_let_go_give_back_what_the_views_had_in_hand(recorder):
    class Large:
        pass

    alive = weakref.WeakSet()

    def view(request):
        large = Large()
        alive.add(large)
        raise ValueError(request.path)

    client = answer(recorder, view)
    for number in range(20):
        client.get(f"/{number}")
    gc.collect()
    assert len(alive) == 5


def test_an_exception_that_is_raised_again_keeps_its_frames(recorder):
    error = ValueError("always the same")

    def view(request):
        raise error

    for _ in range(9):
        answer(recorder, view).get("/")
    assert error.__traceback__ is not None


def test_a_failure_is_told_on_one_line(recorder, ring):
    answer(recorder, fail).get("/boom?token=abc", headers=BROWSER)
    exchange = ring.last(1)[0]
    assert exchange.has_failed
    assert (
        exchange.brief
        == f"GET /boom → 500 · KeyError: 'missing' · in fail, line {fail.__code__.co_firstlineno + 1}"
    )
    assert exchange.url == "/boom?token=…"


def test_a_failure_on_the_way_is_a_failure_whatever_the_status(recorder, ring):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"begun"
        raise ValueError("broken")

    recorder.app = app
    with pytest.raises(ConnectionAbortedError):
        Asking(recorder).get("/")
    exchange = ring.last(1)[0]
    assert exchange.has_failed
    assert exchange.brief.startswith("GET / → 200, broken off · ValueError: broken · in app")


def test_texts_of_strangers_are_cut_and_made_printable():
    exchange = kept("/\x1b[31m" + "p" * 500, method="GET", headers={"Host": "h" * 500})
    exchange.status, exchange.is_refused = "400 Bad Request", True
    assert "\x1b" not in exchange.brief
    assert len(exchange.brief) < 250


def test_refusals_are_kept_and_counted(recorder, ring):
    recorder.ring_of = lambda environ: None if ASKED_BY_GATE in environ else ring
    gate = Gate(recorder, on_refusal=recorder.note_refusal)
    Asking(gate).get("/", headers={"Host": "evil.example"})
    Asking(gate).post("/save", headers={"Origin": "http://evil.example", "Host": "localhost"})
    assert [exchange.brief for exchange in ring.last(9)] == [
        "GET / → 400 · refused, for the host 'evil.example'",
        "POST /save → 403 · refused, from http://evil.example",
    ]
    assert (ring.refused, ring.failed) == (2, 0)


def test_a_refusal_of_the_notebooks_own_request_is_its_own(recorder, ring, exchanger):
    exchanger.transport = InProcessTransport(Gate(recorder, on_refusal=recorder.note_refusal))
    exchanger.send(Request("GET", "/", (("Host", "evil.example"),)))
    assert [exchange.who for exchange in ring.last(9)] == ["notebook"]


def test_many_threads_may_add_at_once():
    ring = Ring(max_exchanges=50)
    add = lambda: [ring.add(kept(status="500 X")) for _ in range(300)]  # noqa: E731
    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ring), ring.count, ring.failed) == (50, 2400, 2400)
    assert ring.size == sum(exchange.size for exchange in ring.last(50))
    assert [exchange.number for exchange in ring.last(50)] == list(range(2351, 2401))


def test_a_ring_that_is_cleared_holds_nothing(recorder, ring):
    answer(recorder, fail).get("/")
    ring.clear()
    assert (len(ring), ring.size, ring.since(0)) == (0, 0, [])


def test_an_exchange_is_known_before_its_answer_is_read(recorder, ring):
    recorder.app = WerkzeugRequest.application(lambda request: Response(iter(["a", "b"]), status=503))
    chunks = recorder(create_environ("/"), lambda *head: None)
    assert [exchange.code for exchange in ring.last(9)] == ["503"]
    assert b"".join(chunks) == b"ab"
    chunks.close()
    assert [exchange.answer for exchange in ring.last(9)] == [b"ab"]
    assert (ring.count, ring.failed) == (1, 1)
    assert ring.size == ring.last(1)[0].size


def test_an_exchange_that_outlives_its_place_is_not_counted_any_more():
    ring, long = Ring(max_exchanges=2), kept()
    for exchange in (long, kept(), kept()):
        ring.add(exchange)
    long.answer = b"x" * 1000
    ring.complete(long)
    assert ring.size == sum(exchange.size for exchange in ring.last(9))
