"""Coroutines beside the loop that runs in a kernel's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

APP = """
import asyncio
from flask_nb import Flask, g, request
app = Flask("app")
@app.before_request
async def before():
    await asyncio.sleep(0)
    g.greeting = "hello"
@app.get("/async/<name>")
async def view(name):
    await asyncio.sleep(0)
    return f"{g.greeting} {name} {request.path}"
@app.get("/run")
def run():
    async def work():
        await asyncio.sleep(0)
        return "ran"
    return asyncio.run(work())
"""


@pytest.fixture(autouse=True)
def app(kernel: Kernel) -> None:
    assert kernel.run(APP).error is None


def test_an_async_view_answers_the_test_client_in_a_cell(kernel: Kernel) -> None:
    ran = kernel.run("print(app.test_client().get('/async/Ann').text)")
    assert (ran.error, ran.stdout) == (None, "hello Ann /async/Ann\n")


@pytest.mark.parametrize("way", ["", " --in-process"])
@pytest.mark.parametrize(("path", "text"), [("/run", "ran"), ("/async/Ann", "hello Ann /async/Ann")])
def test_a_view_runs_coroutines_on_both_ways(kernel: Kernel, path: str, text: str, way: str) -> None:
    assert kernel.run(f"answer = %get {path}{way}\nprint(answer.text)").stdout == f"{text}\n"


def test_the_cells_own_loop_goes_on(kernel: Kernel) -> None:
    ran = kernel.run(
        "r = %get /run --in-process\nawait asyncio.sleep(0)\n"
        "print(asyncio.get_running_loop() is asyncio.get_event_loop(), asyncio.current_task() is not None)"
    )
    assert (ran.error, ran.stdout) == (None, "True True\n")


def test_the_test_client_is_asked_from_a_coroutine_of_a_cell(kernel: Kernel) -> None:
    ran = kernel.run(
        "async def ask():\n    return app.test_client().get('/async/B').text\nprint(await ask())"
    )
    assert ran.stdout == "hello B /async/B\n"
