"""``%browse`` on the kernel's side: a view's messages, answers, live reload; no browser."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from flask_nb.notebook.browsing import Outbox

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .conftest import Kernel

CELLS = (
    "from flask_nb import Flask, Response, redirect, request\nimport threading\napp = Flask(__name__)",
    "asked, goes_on = [], threading.Event()",
    "%%route /\nasked.append(request.path)\nwho = request.cookies.get('a')\n"
    "f'<h1>Home</h1><link rel=stylesheet href=/site.css>{who}'",
    "%%route /site.css\nResponse('h1 { color: red }', mimetype='text/css')",
    "%%route POST /send\nr = redirect('/')\nr.set_cookie('a', 'kept')\nr",
    "%%route GET,POST /echo\n{'host': request.host, 'body': len(request.get_data())}",
    "%%route /slow\nwhile not goes_on.wait(0.01): pass\n'slow'",
    "%%route /away\nredirect('http://elsewhere.example/')",
    "%%route /file\nResponse('x', headers={'Content-Disposition': 'attachment; filename=a.txt'})",
    "%%route /fails\n1 / 0",
    "%%route /ticks\ndef ticks():\n    for n in range(3):\n        yield f'data: {n}\\n\\n'\n"
    "return Response(ticks(), mimetype='text/event-stream')",
)


class FakeView:
    """What a front end would be: it sends messages, and keeps what comes."""

    def __init__(self) -> None:
        self.hear: Callable[[Any, Any], None] = lambda message, buffers: None
        self.settings: dict[str, Any] = {}
        self.came: list[tuple[dict[str, Any], bytes]] = []
        self.arrived = threading.Condition()
        self.is_closed = False
        self.number = 0

    def take(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        with self.arrived:
            self.came.append((message, buffers[0] if buffers else b""))
            self.arrived.notify_all()

    def tell(self, body: bytes = b"", **message: Any) -> int:
        self.number += 1
        self.hear({"view": "v", "id": self.number, **message}, [memoryview(body)] if body else [])
        return self.number

    def ask(self, body: bytes = b"", **message: Any) -> tuple[dict[str, Any], bytes]:
        """Send a message and wait for its answer."""
        return self.wait(self.tell(body, **message))

    def wait(self, number: int) -> tuple[dict[str, Any], bytes]:
        found: list[tuple[dict[str, Any], bytes]] = []

        def look() -> bool:
            found[:] = [each for each in self.came if each[0].get("id") == number]
            return bool(found)

        with self.arrived:
            assert self.arrived.wait_for(look, 10), "no answer"
        return found[-1]

    def pushed(self, kind: str) -> int:
        return sum(message["kind"] == kind for message, _ in self.came)


@pytest.fixture
def views(loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeView]]:
    """The views that cells open, in a shell that passes for a kernel's."""
    made: list[FakeView] = []

    class Widget:
        def __init__(self, settings: dict[str, Any], hear: Callable[[Any, Any], None]) -> None:
            self.view = FakeView()
            self.settings = self.view.settings = settings
            self.view.hear = hear
            made.append(self.view)

        def send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
            self.view.take(message, buffers)

        def bundle(self, text: str) -> dict[str, Any]:
            return {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}, "text/plain": text}

        def close(self) -> None:
            self.view.is_closed = True

    monkeypatch.setitem(sys.modules, "flask_nb.notebook.browse_widget", SimpleNamespace(BrowseWidget=Widget))
    monkeypatch.setattr("flask_nb.notebook.browsing.is_installed", lambda name: name == "anywidget")
    loaded.add_traits()
    monkeypatch.setattr(type(loaded), "kernel", SimpleNamespace(), raising=False)
    for cell in CELLS:
        loaded.run_cell(cell).raise_error()
    yield made
    goes_on(loaded)


@pytest.fixture
def view(loaded: InteractiveShell, views: list[FakeView]) -> FakeView:
    """A view of the first page, which it has been given."""
    loaded.run_cell("%browse").raise_error()
    answer, _ = views[-1].ask(kind="open", path="/")
    assert answer["status"] == 200
    return views[-1]


def goes_on(loaded: InteractiveShell) -> None:
    """Let the view that is slow answer."""
    loaded.user_ns["goes_on"].set()


@pytest.fixture
def end_pause(
    loaded: InteractiveShell, views: list[FakeView], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """End the pause that views wait for more cells; return when what is sent then has come."""
    timers: list[threading.Timer] = []

    class Held(threading.Timer):
        def start(self) -> None:
            timers.append(self)

    held = SimpleNamespace(Timer=Held, Thread=threading.Thread)
    monkeypatch.setattr("flask_nb.notebook.browsing.threading", held)

    def end() -> None:
        for timer in timers:
            if not timer.finished.is_set():
                timer.function()
            timer.cancel()
        flush(views[-1])

    return end


def flush(view: FakeView) -> None:
    """Wait for all that has been sent so far: messages keep their order."""
    view.ask(kind="fetch", method="GET", path="/echo")


def asked(loaded: InteractiveShell) -> int:
    return len(loaded.user_ns["asked"])


def test_the_first_page_is_asked_for_once(loaded: InteractiveShell, views: list[FakeView]) -> None:
    loaded.run_cell("%browse")
    answer, document = views[0].ask(kind="open", path="/")
    assert asked(loaded) == 1
    assert (answer["path"], answer["method"], answer["summary"][:6]) == ("/", "GET", "200 OK")
    assert b"color: red" in document


def test_a_form_is_posted_and_its_cookie_kept_for_the_next_request(view: FakeView) -> None:
    answer, document = view.ask(b"q=1", kind="page", method="POST", path="/send", headers=[])
    assert (answer["path"], answer["method"]) == ("/", "GET")
    assert b"kept" in document
    assert "kept" not in str(answer)


def test_an_answer_to_fetch_is_handed_over_whole(view: FakeView) -> None:
    answer, body = view.ask(b"12345", kind="fetch", method="POST", path="/echo", headers=[["Host", "evil"]])
    assert (answer["status"], answer["redirected"]) == (200, False)
    assert b'"body":5' in body.replace(b" ", b"")
    assert b"localhost" in body


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "eval", "code": "1"},
        {"kind": "fetch", "path": "http://elsewhere.example/"},
        {"kind": "fetch", "path": 1},
        {"kind": ["fetch"]},
        {"kind": "fetch", "path": "/", "view": 1},
        {"kind": "fetch", "path": "/", "id": "x"},
        {},
    ],
)
def test_a_message_that_no_view_sends_asks_nothing(
    view: FakeView, loaded: InteractiveShell, message: dict[str, Any]
) -> None:
    before = asked(loaded)
    view.tell(**message)
    view.hear(["fetch"], [])
    view.ask(kind="fetch", method="GET", path="/echo")
    assert asked(loaded) == before


def test_more_than_20_requests_at_once_are_refused(loaded: InteractiveShell, view: FakeView) -> None:
    numbers = [view.tell(kind="fetch", method="GET", path="/slow") for _ in range(25)]
    goes_on(loaded)
    answers = [view.wait(number)[0] for number in numbers]
    assert sum("error" in answer for answer in answers) == 5
    assert "error" not in view.ask(kind="fetch", method="GET", path="/echo")[0]


def test_what_an_answer_is_decides_what_becomes_of_it(view: FakeView) -> None:
    assert view.ask(kind="page", method="GET", path="/away")[0]["leads"] == "http://elsewhere.example/"
    answer, body = view.ask(kind="page", method="GET", path="/file")
    assert (answer["file"], body) == ("a.txt", b"x")
    answer, document = view.ask(kind="page", method="GET", path="/fails")
    assert (answer["status"], answer["failed"]) == (500, True)
    assert b"ZeroDivisionError" in document


def test_a_stream_is_handed_over_while_it_comes(view: FakeView) -> None:
    number = view.tell(kind="stream", path="/ticks", headers=[])
    with view.arrived:
        assert view.arrived.wait_for(lambda: any(message["kind"] == "end" for message, _ in view.came), 10)
    heard = b"".join(body for message, body in view.came if message.get("id") == number)
    assert heard == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


def wait_until(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not look() and time.monotonic() < deadline:
        time.sleep(0.01)
    return look()


def test_a_cell_that_changes_the_app_is_told_once_after_the_last_of_several(
    loaded: InteractiveShell, view: FakeView, end_pause: Callable[[], None]
) -> None:
    for number in range(3):
        loaded.run_cell(f"%%route /new{number}\n'x'")
    flush(view)
    assert view.pushed("changed") == 0
    end_pause()
    assert view.pushed("changed") == 1


@pytest.mark.parametrize("cell", ["%get /echo", "x = 1", "%%route /broken\n1 +"])
def test_a_cell_that_changes_nothing_is_not_told(
    loaded: InteractiveShell, view: FakeView, end_pause: Callable[[], None], cell: str
) -> None:
    loaded.run_cell(cell)
    end_pause()
    assert view.pushed("changed") == 0


@pytest.fixture
def priced(loaded: InteractiveShell) -> None:
    """A view that calls a function."""
    loaded.run_cell("def price():\n    return 2")
    loaded.run_cell("@app.get('/price')\ndef show():\n    return str(price())")


def test_a_function_that_a_view_calls_changes_the_app(
    loaded: InteractiveShell, priced: None, view: FakeView
) -> None:
    loaded.run_cell("def price():\n    return 3")
    assert wait_until(lambda: view.pushed("changed") == 1)


def test_a_function_that_no_view_calls_changes_nothing(
    loaded: InteractiveShell, priced: None, view: FakeView, end_pause: Callable[[], None]
) -> None:
    loaded.run_cell("def weight():\n    return 3")
    end_pause()
    assert view.pushed("changed") == 0


def test_a_cell_of_the_app_that_fails_is_said_until_one_runs(
    loaded: InteractiveShell, priced: None, view: FakeView, end_pause: Callable[[], None]
) -> None:
    loaded.run_cell("def price():\n    return 3\n1 / 0")
    end_pause()
    assert (view.pushed("failed"), view.pushed("changed")) == (1, 0)
    loaded.run_cell("def price():\n    return 4")
    end_pause()
    assert view.pushed("changed") == 1


def test_a_view_that_is_not_live_is_not_told(
    loaded: InteractiveShell, views: list[FakeView], end_pause: Callable[[], None]
) -> None:
    loaded.run_cell("%browse --no-live")
    loaded.run_cell("%%route /new\n'x'")
    end_pause()
    assert views[-1].pushed("changed") == 0


def test_a_later_view_takes_the_place_of_the_first(
    loaded: InteractiveShell, view: FakeView, views: list[FakeView]
) -> None:
    loaded.run_cell("%browse /echo")
    assert wait_until(lambda: view.pushed("moved") == 1)
    view.tell(kind="open", path="/")  # a front end may draw the first one only now
    assert wait_until(lambda: view.pushed("moved") == 2)
    loaded.run_cell("%browse --new")
    flush(views[-1])
    assert views[-2].pushed("moved") == 0


def test_an_app_whose_variable_is_gone_goes_on_until_it_is_said(
    loaded: InteractiveShell, view: FakeView
) -> None:
    loaded.run_cell("del app")
    answer, _ = view.ask(kind="page", method="GET", path="/")
    assert answer["status"] in (200, 503)


def test_a_view_that_is_closed_is_answered_no_more(loaded: InteractiveShell, view: FakeView) -> None:
    view.tell(kind="fetch", method="GET", path="/slow")
    threading.Timer(0.1, goes_on, [loaded]).start()
    loaded.extension_manager.unload_extension("flask_nb")
    assert view.is_closed
    before = len(view.came)
    view.tell(kind="fetch", method="GET", path="/echo")
    time.sleep(0.1)
    assert len(view.came) == before
    loaded.extension_manager.load_extension("flask_nb")


def test_without_anywidget_the_still_picture_is_shown_and_what_to_install(
    loaded: InteractiveShell,
    views: list[FakeView],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("flask_nb.notebook.browsing.is_installed", lambda name: False)
    loaded.run_cell("r = get_ipython().run_line_magic('browse', '/')")
    assert capsys.readouterr().out.count("%pip install anywidget") == 1
    assert loaded.user_ns["r"].status_code == 200
    assert views == []


def test_a_path_that_hangs_is_given_up_and_said(loaded: InteractiveShell, view: FakeView) -> None:
    loaded.run_cell("%config FlaskNB.timeout = 0.2")
    answer, _ = view.ask(kind="page", method="GET", path="/slow")
    assert "0.2" in answer["error"]
    assert view.ask(kind="page", method="GET", path="/")[0]["status"] == 200


def test_hosts_of_the_settings_are_admitted_and_checked(
    loaded: InteractiveShell, views: list[FakeView]
) -> None:
    loaded.run_cell("%config FlaskNB.browse_hosts = ['cdn.example']")
    loaded.run_cell("%browse --allow other.example").raise_error()
    assert "script-src 'unsafe-inline'" in views[-1].settings["policy"]
    assert "https://cdn.example http://cdn.example https://other.example" in views[-1].settings["policy"]
    loaded.run_cell('%config FlaskNB.browse_hosts = ["x; script-src *"]')
    loaded.run_cell("%browse")
    assert "script-src *" not in views[-1].settings["policy"]


@pytest.mark.parametrize(("version", "waits"), [("6.31.0", True), ("7.4.0", False)])
def test_a_view_knows_whether_it_waits_for_cells(
    loaded: InteractiveShell,
    views: list[FakeView],
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    waits: bool,
) -> None:
    monkeypatch.setattr("flask_nb.notebook.browsing.version", lambda name: version)
    loaded.run_cell("%browse").raise_error()
    assert views[-1].settings["waits"] is waits


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    outbox = Outbox()
    yield outbox
    outbox.close()


def test_one_thread_sends_in_order_whoever_puts_and_whatever_fails(outbox: Outbox) -> None:
    sent: list[int] = []

    def send(number: int) -> None:
        sent.append(number)
        raise OSError

    for number in range(100):
        outbox.put(send, number)
    outbox.close()
    assert sent == list(range(100))


def test_loading_the_extension_imports_no_widgets(kernel: Kernel) -> None:
    code = "import sys; print([name for name in ('anywidget', 'ipywidgets') if name in sys.modules])"
    assert kernel.run("%load_ext flask_nb\n" + code).stdout.endswith("[]\n")
