"""Figures that a view opens with pyplot belong to its exchange, and to nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from flask_nb.exchange import InProcessTransport, Recorder, Request
from flask_nb.panel import PanelExchanger, PanelResponse

pytestmark = pytest.mark.programs


@pytest.fixture
def pyplot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Pyplot without a screen and without figures."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    yield (pyplot := pytest.importorskip("matplotlib.pyplot"))
    pyplot.close("all")


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A recorder whose app is set by the test."""
    recorder = Recorder(Response("ok"))
    recorder.install()
    yield recorder
    recorder.uninstall()


def send(recorder: Recorder, view: Callable[[], Response]) -> PanelResponse:
    recorder.app = lambda environ, start_response: view()(environ, start_response)
    return PanelExchanger(InProcessTransport(recorder), recorder).send(Request("GET", "/fig"))


def pictures(response: PanelResponse) -> int:
    return response._repr_mimebundle_()[0]["text/html"].count("data:image/png")


def test_a_figure_that_a_view_leaves_open_is_shown_with_its_exchange_and_closed(
    recorder: Recorder, pyplot: Any
) -> None:
    responses = [send(recorder, lambda: pyplot.plot([1, 3, 2]) and Response("ok")) for _ in range(3)]
    assert [pictures(response) for response in responses] == [1, 1, 1]
    bundle = responses[0]._repr_mimebundle_()[0]
    assert "<Figure size 640x480 with 1 Axes>" in bundle["text/plain"]
    assert "Figure size" not in bundle["text/html"]
    assert pyplot.get_fignums() == []


def test_a_figure_that_is_the_answer_is_shown_once(recorder: Recorder, pyplot: Any) -> None:
    def view() -> Response:
        picture = BytesIO()
        pyplot.figure().savefig(picture, format="png")
        return Response(picture.getvalue(), mimetype="image/png")

    assert pictures(send(recorder, view)) == 1
    assert pyplot.get_fignums() == []


def test_a_cells_own_figure_stays_as_it_was(recorder: Recorder, pyplot: Any) -> None:
    own = pyplot.figure()
    send(recorder, lambda: pyplot.figure() and Response("ok"))
    assert pyplot.gcf() is own


def test_a_browsers_figures_are_closed(recorder: Recorder, pyplot: Any) -> None:
    recorder.app = lambda environ, start_response: Response(str(pyplot.figure()))(environ, start_response)
    Client(recorder).get("/fig", buffered=True)
    assert pyplot.get_fignums() == []


def test_the_first_figure_of_a_process_is_as_any_other(recorder: Recorder) -> None:
    source = """
import sys
from flask_nb.exchange import InProcessTransport, Exchanger, Recorder, Request

def app(environ, start_response):
    from matplotlib import pyplot
    pyplot.figure()
    start_response("204 No Content", [])
    return []

recorder = Recorder(app)
exchanger = Exchanger(InProcessTransport(recorder), recorder)
print([len(exchanger.send(Request("GET", "/")).exchange.parts) for _ in range(2)])
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "[1, 1]\n"


def test_the_hook_is_gone_with_the_recorder(recorder: Recorder, pyplot: Any) -> None:
    send(recorder, lambda: pyplot.figure() and Response("ok"))
    recorder.uninstall()
    assert pyplot.rcParams["figure.hooks"] == []
