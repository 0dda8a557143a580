"""A page that is served in a tab reloads by itself, and never sends anything twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from flask_nb.notebook.extension import get_host

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

APP = """
from flask_nb import Flask, make_response, request
app = Flask("shop")
seen = []
word = "one"

@app.get("/")
def index():
    return "<!doctype html><h1>" + word + "</h1><div style='height:5000px'></div>"

@app.post("/send")
def send():
    seen.append("sent")
    return "<!doctype html><h1>thanks</h1>"

@app.get("/strict")
def strict():
    answer = make_response("<!doctype html><h1>" + word + "</h1>")
    answer.headers["Content-Security-Policy"] = request.args["policy"]
    return answer
"""


class Notebook:
    """A shell that serves an app."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        host = get_host(shell)
        assert host is not None
        self.host = host

    def run(self, cell: str) -> None:
        self.shell.run_cell(cell)

    @property
    def url(self) -> str:
        return str(self.host.serving.url)

    def wait_for_listener(self, page: Page) -> None:
        """Wait until a page listens."""
        for _ in range(200):
            if len(self.host.pages.listeners):
                return
            page.wait_for_timeout(20)
        raise AssertionError("it does not listen")


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.extension_manager.load_extension("flask_nb")
    notebook = Notebook(shell)
    notebook.run(APP)
    notebook.host.serving.start()
    yield notebook
    shell.extension_manager.unload_extension("flask_nb")
    InteractiveShell.clear_instance()


@contextmanager
def tab(browser: Browser, url: str) -> Iterator[Page]:
    """Open a tab."""
    page = browser.new_page()
    page.goto(url)
    try:
        yield page
    finally:
        page.close()


def test_a_tab_reloads_once_after_several_cells_and_keeps_its_place(
    browser: Browser, notebook: Notebook
) -> None:
    with tab(browser, notebook.url) as page:
        notebook.wait_for_listener(page)
        page.evaluate("scrollTo(0, 1234)")
        loads: list[str] = []
        page.on("request", lambda request: loads.append(request.url) if request.url == notebook.url else None)
        for word in ("two", "three", "four"):
            notebook.run(f"word = {word!r}")
        page.wait_for_selector("h1:text-is('four')")
        page.wait_for_function("scrollY === 1234")
        page.wait_for_timeout(600)
        assert loads == [notebook.url]


def test_a_cell_that_fails_is_said_in_the_tab_until_the_next_good_run(
    browser: Browser, notebook: Notebook
) -> None:
    with tab(browser, notebook.url) as page:
        notebook.wait_for_listener(page)
        notebook.run("word = 1 / 0")
        page.wait_for_selector("text=ZeroDivisionError in a cell: the app is as it was before")
        notebook.run("word = 'good'")
        page.wait_for_selector("h1:text-is('good')")
        assert page.query_selector("text=ZeroDivisionError") is None


def test_the_answer_to_a_form_stays_and_the_form_is_not_sent_again(
    browser: Browser, notebook: Notebook
) -> None:
    with tab(browser, notebook.url) as page:
        page.evaluate("""() => {
            const form = document.createElement("form");
            form.method = "post"; form.action = "/send";
            document.body.append(form); form.submit();
        }""")
        page.wait_for_selector("h1:text-is('thanks')")
        notebook.run("word = 'two'")
        page.wait_for_timeout(800)
        assert page.inner_text("h1") == "thanks"
    assert notebook.shell.user_ns["seen"] == ["sent"]


def test_many_tabs_hold_up_nobody(browser: Browser, notebook: Notebook) -> None:
    context = browser.new_context()
    pages = [context.new_page() for _ in range(5)]
    for page in pages:
        page.goto(notebook.url)
        page.wait_for_selector("h1")
    notebook.run("word = 'all'")
    for page in pages:
        page.bring_to_front()
        page.wait_for_selector("h1:text-is('all')")
    context.close()


@pytest.mark.parametrize(
    ("policy", "is_live"),
    [("default-src 'self'; style-src 'unsafe-inline'", True), ("default-src 'none'", False)],
)
def test_the_policy_of_the_app_decides_whether_its_page_reloads(
    browser: Browser, notebook: Notebook, policy: str, is_live: bool
) -> None:
    with tab(browser, f"{notebook.url}strict?policy={policy}") as page:
        page.wait_for_timeout(500)
        assert bool(len(notebook.host.pages.listeners)) is is_live
        notebook.run("word = 'two'")
        page.wait_for_timeout(800)
        assert page.inner_text("h1") == ("two" if is_live else "one")
