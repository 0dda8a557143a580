"""A notebook in JupyterLab whose app is used through ``%browse``, and a server that nobody may reach."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Error, Frame, Locator

from .frontend import OpenNotebook, Server

PATIENCE = 15.0


def write_notebook(path: Path, cells: str) -> Path:
    """Write a notebook of cells that are separated by lines of ``---``."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})  # without it Lab asks for one
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip("\n")) for cell in cells.split("---\n")]
    nbformat.write(notebook, path)
    return path


def until(look: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Look again and again until what is seen is true; return it, or what was seen last."""
    deadline = time.monotonic() + patience
    while True:
        try:
            seen = look()
        except Error:  # the page is being exchanged
            seen = None
        if seen or time.monotonic() > deadline:
            return seen
        time.sleep(0.05)


class Browsed:
    """The view below one ``%browse``.

    :param opened: the notebook.
    :param cell: text of the cell.
    """

    def __init__(self, opened: OpenNotebook, cell: str) -> None:
        self.opened = opened
        self.tab = opened.page
        self.box: Locator = opened.cell(cell).locator(".flask-nb-browse")

    @property
    def page(self) -> Frame:
        """The frame of the page that is shown now."""
        handle = self.box.locator("iframe").first.element_handle()
        shell = handle.content_frame()
        assert shell is not None
        return shell.child_frames[0]

    @property
    def address(self) -> str:
        return self.box.locator("input").first.input_value()

    @property
    def status(self) -> str:
        return self.box.locator(".flask-nb-status").inner_text()

    @property
    def notes(self) -> str:
        return self.box.locator(".flask-nb-notes").inner_text()

    def text(self) -> str:
        """What a person reads in the page."""
        return str(self.page.evaluate("document.body.innerText"))

    def go(self, path: str, shown: str = "") -> Browsed:
        """Type an address, and wait for a page that has the text."""
        mark = self.mark()
        self.box.locator("input").first.fill(path)
        self.box.locator("input").first.press("Enter")
        self.wait_for_new(mark)
        self.wait_for(shown)
        return self

    def press(self, title: str) -> None:
        """Press a button of the bar."""
        self.box.locator(f"button[title='{title}']").click()

    def mark(self) -> str:
        """Mark the page, so that a new one is told from it."""
        mark = str(time.monotonic())
        script = "mark => { window.markedByTest = mark; return true; }"
        assert until(lambda: self.page.evaluate(script, mark))
        return mark

    def wait_for_new(self, mark: str) -> None:
        """Wait for another page than the one that was marked."""
        script = "window.markedByTest || 'none'"
        assert until(lambda: self.is_complete() and self.page.evaluate(script) != mark), self.notes

    def is_complete(self) -> bool:
        return bool(self.page.evaluate("document.readyState === 'complete' && !!document.body"))

    def wait_for(self, text: str) -> None:
        """Wait until the page shows the text."""
        assert until(lambda: text in self.text()), f"{text!r} is not in {self.text()!r}; {self.notes}"

    def wait_for_note(self, text: str) -> None:
        """Wait until the view says it."""
        assert until(lambda: text in self.notes), self.notes

    def run(self, script: str) -> Any:
        """Run a script as the page's own; an exception is returned by its name."""
        wrapped = f"(async () => {{ try {{ {script} }} catch (error) {{ return error.name }} }})()"
        return self.page.evaluate(wrapped)


class Foreign:
    """A server of somebody else, and what has reached it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 0.1  # a browser may connect, and then say nothing

            def do_GET(self) -> None:
                asked.append(self.path)
                kind = {"css": "text/css", "js": "text/javascript"}.get(
                    self.path[-2:].lstrip("."), "text/css"
                )
                script = b"window.fromElsewhere = true" if kind == "text/javascript" else b"h1 { color: red }"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(script)))
                self.end_headers()
                self.wfile.write(script)

            do_POST = do_GET

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"


@contextmanager
def foreign_server() -> Iterator[Foreign]:
    """Run a server that is none of ours."""
    foreign = Foreign()
    thread = threading.Thread(target=foreign.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield foreign
    finally:
        foreign.server.shutdown()
        foreign.server.server_close()
        thread.join()


@contextmanager
def opened_notebook(browser: Browser, server: Server, path: Path) -> Iterator[OpenNotebook]:
    """Open a notebook and run all its cells; the test is skipped where there are no widgets."""
    pytest.importorskip("anywidget", reason="anywidget is not installed: pip install -e '.[widgets]'")
    opened = OpenNotebook(browser, server.put(path))
    try:
        opened.run_all()
        yield opened
    finally:
        opened.close()
