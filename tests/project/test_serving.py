"""A notebook that is served follows its file: the newest version that could be run answers."""

from __future__ import annotations

import sys
import threading
from typing import Any

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
    assert served.save("%%route /\n'two'") == "made.ipynb was saved; run again: %%route /"
    assert served.get() == "two"


def test_the_routes_of_a_deleted_cell_go(served, make_notebook):
    make_notebook("%%route /\n'one'", "%%route /more\n'more'")
    served.start()
    assert served.get("/more") == "more"
    served.save("%%route /\n'one'")
    assert "Not Found" in served.get("/more")


@pytest.fixture(params=["flask_nb", "flask"])
def module(request, served, monkeypatch):
    """An app that a module beside the notebook has made."""
    source = f"from {request.param} import Flask\napp = Flask('made')\nruns = []\n"
    source += "@app.get('/')\ndef index():\n    return 'module'"
    (served.path.parent / "made_of_test.py").write_text(source)
    monkeypatch.syspath_prepend(served.path.parent)
    yield
    sys.modules.pop("made_of_test", None)


@pytest.mark.usefixtures("module")
def test_what_a_version_no_longer_registers_on_the_app_of_a_module_goes(served):
    served.start()
    bring = "from made_of_test import app"
    served.save(bring, "%%route /\n'of a cell'")
    assert served.get() == "of a cell"
    served.save(bring, "%%route /more\n'more'")
    assert (served.get(), served.get("/more")) == ("module", "more")
    served.save(bring, "%%route /\n'new'", "app.config['A'] = 1")
    assert (served.get(), "Not Found" in served.get("/more")) == ("new", True)


@pytest.mark.usefixtures("module")
def test_a_module_stays_whose_app_no_cell_has_registered_on(served):
    served.start()
    for number in (1, 2):
        run = f"from made_of_test import runs\nruns.append({number})\napp.config['A'] = {number}"
        served.save("%%route /\nstr(runs)", run)
        assert served.get() == str([1, 2][:number])


@pytest.mark.usefixtures("module")
def test_a_version_that_fails_leaves_the_app_of_a_module_as_it_was(served):
    bring = "from made_of_test import app"
    served.start()
    served.save(bring, "%%route /\n'of a cell'")
    served.save(bring, "%%route /more\n'more'", "app.config['A'] = 1 / 0")
    assert (served.get(), "Not Found" in served.get("/more")) == ("of a cell", True)


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


# --- cells that are run by themselves ---


@pytest.fixture(params=["flask_nb", "flask"])
def kept(request, served, make_notebook):
    """Serve cells below an app with a list of visits; ``save`` tells whether the list is still there."""
    app = f"from {request.param} import Flask, render_template\napp = Flask(__name__)\nvisits = ['first']"
    visit = "@app.get('/visits')\ndef count():\n    return str(len(visits))"

    class Kept:
        get = served.get

        def start(self, *cells: str) -> None:
            make_notebook(app, visit, *cells)
            served.start()
            self.namespace["visits"].append("second")

        @property
        def namespace(self) -> dict[str, Any]:
            return vars(served._program.module)

        def marks(self) -> list[str]:
            return Client(served).get("/").headers.getlist("Mark")

        def save(self, *cells: str) -> bool:
            self.told = served.save(app, visit, *cells)
            return self.get("/visits") == "2"

    return Kept()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["%%route /\n'one'"], ["%%route /\n'two'"]),
        (
            ["%%route /\ndef index():\n    return 'one'"],
            ["%%route /\nimport math\ndef index():\n    return 'two'"],
        ),
        (
            ["@app.get('/')\ndef index():\n    return 'one'"],
            ["@app.get('/')\ndef start():\n    return 'two'"],
        ),
        (
            ["def name():\n    return 'one'", "%%route /\nname()"],
            ["def name():\n    return 'two'", "%%route /\nname()"],
        ),
        (
            ["%%template a.txt\none", "%%route /\nrender_template('a.txt')"],
            ["%%template a.txt\ntwo", "%%route /\nrender_template('a.txt')"],
        ),
        ([], ["%%route /\n'two'"]),
        (["%%route /\n'two'", "%get /"], ["%%route /\n'two'", "%get /more"]),
    ],
)
def test_a_cell_that_defines_is_run_by_itself(kept, before, after):
    kept.start(*before)
    assert kept.save(*after)
    assert kept.get() == "two"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["NAME = 'one'", "%%route /\nNAME"], ["NAME = 'two'", "%%route /\nNAME"]),
        (
            ["def name():\n    return 'one'", "NAME = name()", "%%route /\nNAME"],
            ["def name():\n    return 'two'", "NAME = name()", "%%route /\nNAME"],
        ),
        (
            [
                "def part():\n    return 'one'",
                "def name():\n    return part()",
                "NAME = name()",
                "%%route /\nNAME",
            ],
            [
                "def part():\n    return 'two'",
                "def name():\n    return part()",
                "NAME = name()",
                "%%route /\nNAME",
            ],
        ),
        (
            ["def one():\n    return 'one'", "def name():\n    return 'two'", "%%route /\nname()"],
            ["def name():\n    return 'one'", "def name():\n    return 'two'", "%%route /\nname()"],
        ),
        (["%%route /\n'two'"], ["%%route /new\n'new'", "%%route /\n'two'"]),
        (
            [
                "@app.get(\n'/old')\ndef one():\n    return 'one'",
                "@app.get('/')\ndef two():\n    return 'two'",
            ],
            ["@app.get(\n'/')\ndef one():\n    return 'one'", "@app.get('/')\ndef two():\n    return 'two'"],
        ),
        (
            ["class Name:\n    text = 'one'", "%%route /\nName.text"],
            ["class Name:\n    text = 'two'", "%%route /\nName.text"],
        ),
        (
            ["names = []", "@names.append\ndef one():\n    pass", "%%route /\nnames[0].__name__"],
            ["names = []", "@names.append\ndef two():\n    pass", "%%route /\nnames[0].__name__"],
        ),
    ],
)
def test_what_else_is_changed_is_run_from_the_top(kept, before, after):
    kept.start(*before)
    assert not kept.save(*after)
    assert kept.get() == "two"
    assert "is served anew" in kept.told


def test_it_is_told_which_cells_were_run(kept):
    kept.start("%%route /\n'one'", "%%route /more\n'more'")
    assert kept.save("%%route /\n'two'")
    assert kept.told == "made.ipynb was saved; run again: %%route /; withdrawn: %%route /more"
    assert "Not Found" in kept.get("/more")


def test_a_function_that_is_gone_is_missing(kept):
    kept.start("def name():\n    return 'one'", "%%route /\nname()")
    assert kept.save("%%route /name\nname()", "%%route /\n'two'") is False
    kept.save("def name():\n    return 'one'\ndef other():\n    pass", "%%route /\nname() and other()")
    kept.save("def name():\n    return 'one'", "%%route /\nname() and other()")
    assert "other" not in kept.namespace


def test_hooks_stay_in_their_order(kept):
    def hook(number: int, text: str) -> str:
        kinds = "@app.after_request\ndef mark", "(answer):\n    answer.headers.add('Mark', '"
        return f"{kinds[0]}{number}{kinds[1]}{text}')\n    return answer"

    kept.start("%%route /\n'one'", hook(1, "a"), hook(2, "b"))
    assert kept.save("%%route /\n'one'", hook(1, "A"), hook(2, "b"))
    assert kept.marks() == ["b", "A"]


def test_what_fails_halfway_leaves_the_version_before(kept):
    kept.start(
        "def name():\n    return 'one'",
        "%%route /\nname()",
        "@app.get('/more')\ndef more():\n    return 'more'",
    )
    kept.save(
        "def name():\n    return 'two'",
        "%%route /\nname()",
        "@app.get('more')\ndef more():\n    return 'two'",
    )
    assert kept.told.endswith("The version before it goes on serving")
    assert (kept.get(), kept.get("/more")) == ("one", "more")


def test_a_factory_is_called_again(served, make_notebook):
    def factory(text: str) -> list[str]:
        helper = f"def text():\n    return '{text}'"
        return [
            helper,
            "from flask_nb import Flask\ndef create_app():\n    app, said = Flask('made'), text()\n"
            "    app.add_url_rule('/', 'index', lambda: said)\n    return app",
        ]

    make_notebook(*factory("one"))
    served.start()
    assert served.get() == "one"
    assert "anew" in served.save(*factory("two"))
    assert served.get() == "two"


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
