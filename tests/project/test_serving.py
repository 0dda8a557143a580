"""A notebook that is served follows its file: the newest version that could be run answers."""

from __future__ import annotations

import threading

import pytest
from werkzeug.test import Client

from flask_nb.project.serving import ServedNotebook


@pytest.fixture
def served(make_notebook):
    """Serve a notebook of one route; ``save`` writes other cells into its file."""

    class Served(ServedNotebook):
        def __init__(self) -> None:
            super().__init__(make_notebook("%%route /\n'one'"))

        def save(self, *cells: str) -> str:
            make_notebook(*cells)
            return self.look()

        def get(self, path: str = "/") -> str:
            return Client(self).get(path).text

    return Served()


def test_a_version_that_was_saved_is_served(served):
    served.start()
    assert served.save("%%route /\n'two'") == "made.ipynb was saved, and is served anew"
    assert served.get() == "two"


def test_the_routes_of_a_deleted_cell_go(served, make_notebook):
    make_notebook("%%route /\n'one'", "%%route /more\n'more'")
    served.start()
    assert served.get("/more") == "more"
    served.save("%%route /\n'one'")
    assert "Not Found" in served.get("/more")


def test_a_file_that_is_as_it_was_is_not_run_again(served):
    served.start()
    before = served._engine
    assert (served.look(), served.save("%%route /\n'one'")) == ("", "")
    assert served._engine is before


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["%%route /\n'two' +"], "the cell '%%route /': line 2: invalid syntax"),
        (["%%route items\n'two'"], "the rule 'items' has to begin with a slash"),
        (["x = 1"], "made.ipynb has no app"),
        (["%%route /\n'two'", "app.config['A'] = 1 / 0"], 'File "<made.ipynb: app.config'),
        (["app = exit()"], "SystemExit"),
    ],
)
def test_a_broken_version_leaves_the_one_before_serving_and_is_told_once(served, cells, message):
    served.start()
    told = served.save(*cells)
    assert message in told
    assert told.endswith("\nThe version before it goes on serving")
    assert served.get() == "one"
    assert served.save(*cells) == ""
    served.save("%%route /\n'three'")
    assert served.get() == "three"


def test_a_half_written_file_is_told_when_it_stays_so(served):
    served.start()
    served.path.write_text('{"cells": [')
    assert (served.look(), served.get()) == ("", "one")
    assert served.look().startswith(f"{served.path} is no notebook, or was not saved wholly")
    assert (served.look(), served.get()) == ("", "one")


def test_a_file_that_is_gone_for_a_moment_is_not_told(served):
    served.start()
    text = served.path.read_text()
    served.path.unlink()
    assert served.look() == ""
    served.path.write_text(text)
    assert (served.look(), served.get()) == ("", "one")


def test_when_the_first_version_fails_requests_say_why_until_one_runs(served, make_notebook):
    make_notebook("app = missing")
    with pytest.raises(NameError):
        served.start()
    with pytest.raises(NameError, match="missing"):
        served.get()
    served.save("%%route /\n'two'")
    assert served.get() == "two"


def test_a_request_in_flight_ends_on_the_version_it_began_on(served, make_notebook):
    events = "import threading\nbegun, go = threading.Event(), threading.Event()\nname = 'old'"
    make_notebook(events, "%%route /\nbegun.set()\ngo.wait(20)\nname")
    served.start()
    old = served._engine.app.view_functions["index"].__globals__
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(served.get()))
    thread.start()
    assert old["begun"].wait(20)
    served.save("%%route /\n'new'")
    assert served.get() == "new"
    old["go"].set()
    thread.join(20)
    assert answers == ["old"]


def test_debug_mode_is_set_as_the_command_says(served):
    served.debug = True
    served.start()
    served.save("%%route /\n'two'")
    assert served._engine.app.debug is True


def test_following_a_file_runs_what_is_saved_and_ends(served, make_notebook):
    served.start()
    told: list[str] = []
    is_told = threading.Event()
    end = served.follow(lambda message: told.append(message) or is_told.set())
    make_notebook("%%route /\n'two'")
    assert is_told.wait(20)
    end()
    assert served.get() == "two"


def test_hosts_are_those_of_the_app(served):
    served.save("app.config['TRUSTED_HOSTS'] = ['shop.example']")
    served.start()
    assert "shop.example" in served.hosts()
