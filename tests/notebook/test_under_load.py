"""Cells that run again, and cells that fail, while browsers ask: nothing is lost and nothing is mixed."""

from __future__ import annotations

import re
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.notebook.extension import get_host

SETUP = """
from flask_nb import Flask, Blueprint, g
app = Flask(__name__)
bp = Blueprint('bp', __name__, url_prefix='/bp')
app.register_blueprint(bp)
"""
PAGE = """
@app.before_request
def number():
    g.number = {0}

@app.get('/page/<path:{1}>')
def page(**values):
    return f"{0} {{g.number}} {{' '.join(values)}} {1}"

@bp.get('/')
def start():
    return "{0} {0} {1} {1}"
"""
# A cell that does not compile, one that fails at once, and the page's own that fails when all is defined.
BROKEN = (("broken", "@app.get('/page\ndef"), ("broken", "1 / 0"), ("page", PAGE + "1 / 0"))

CLIENTS, RUNS, FAILURES = 8, 300, 50


class Clients:
    """Threads that ask over kept connections, and note every answer."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url).netloc
        self.answers: set[tuple[int, str]] = set()
        self.count = 0
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]

    def _ask(self, number: int) -> None:
        connection = HTTPConnection(self.address, timeout=30)
        while not self.stop.is_set():
            connection.request("GET", "/bp/" if number % 2 else "/page/1")
            response = connection.getresponse()
            self.answers.add((response.status, response.read().decode()))
            self.count += 1
        connection.close()

    def wait_for(self, count: int) -> None:
        """Wait until so many answers have come."""
        deadline = time.monotonic() + 60
        while self.count < count and time.monotonic() < deadline:
            time.sleep(0.001)

    def __enter__(self) -> Clients:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_no_answer_is_lost_or_mixed_while_cells_run_again_and_fail(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded.run_cell(SETUP, cell_id="setup").raise_error()
    loaded.run_cell(PAGE.format(0, "v0"), cell_id="page").raise_error()
    host = get_host(loaded)
    assert host is not None
    host.serving.start()
    with Clients(str(host.serving.url)) as clients:
        for number in range(1, RUNS + 1):
            version = f"v{number % 2}"
            loaded.run_cell(PAGE.format(number, version), cell_id="page").raise_error()
            if number % (RUNS // FAILURES) == 0:
                key, source = BROKEN[number // (RUNS // FAILURES) % len(BROKEN)]
                assert not loaded.run_cell(source.format(number, version), cell_id=key).success
            clients.wait_for(number)
    assert {status for status, _ in clients.answers} == {200}
    # Rule, view and arguments are of one run; the hook, a registration of its own, may be of a later one.
    for _, text in clients.answers:
        answer = re.fullmatch(r"(\d+) (\d+) (v[01]) \3", text)
        assert answer is not None, text
        assert int(answer[2]) >= int(answer[1]), text
    assert clients.count >= RUNS
