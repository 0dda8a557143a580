"""The proof: whatever was run, edited, deleted, failed and reloaded, the app is that of a fresh notebook.

Hypothesis makes notebooks whose cells define, on an app and a blueprint, what other cells define as well.
The live app is compared with one on which the surviving cells have run once, in the order of their first
run, each with those of its definitions that no other cell has replaced since.
"""

import importlib
import sys
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Notebook

PATHS = ("/a", "/b", "/c/<x>", "/d/<y>")
SETTINGS = ("P", "Q")

# Each makes the source of one definition: from what it is called, and a tag that says whose it is.
DEFINITIONS = {
    "route": "@app.get('{0}', endpoint='{1}')\ndef view_{1}(**values): return '{tag}'",
    "page": "@bp.get('{0}', endpoint='{1}')\ndef page_{1}(**values): return '{tag}'",
    "hook": "@app.before_request\ndef hook_{0}(): g.setdefault('seen', []).append('{tag}')",
    "after": "@app.after_request\ndef after_{0}(r):\n    r.headers.add('Tag', '{tag}')\n    return r",
    "guard": "@bp.before_request\ndef guard_{0}(): g.setdefault('seen', []).append('{tag}')",
    "wide": "@bp.before_app_request\ndef wide_{0}(): g.setdefault('seen', []).append('{tag}')",
    "nameless": "app.before_request(lambda: g.setdefault('seen', []).append('{tag}'))",
    "nameless page": "bp.before_request(lambda: g.setdefault('seen', []).append('{tag}'))",
    "handler": "@app.errorhandler({0})\ndef on_{0}(e): return '{tag}'",
    "page handler": "@bp.errorhandler({0})\ndef page_on_{0}(e): return '{tag}'",
    "filter": "@app.template_filter('{0}')\ndef filter_{0}(s): return '{tag}'",
    "template": "app.live.overlay.add_template('{0}.html', '{tag}')",
    "setting": "app.config['{0}'] = '{tag}'",
}
UNIQUE = {"nameless", "nameless page", "setting"}
NAMED_BY_FUNCTION = {"hook", "after", "guard", "wide"}


@dataclass(frozen=True)
class Definition:
    kind: str
    names: tuple

    def identities(self, key=""):
        """What another cell's definition replaces it by; functions of a module have names of their own."""
        names = () if self.kind in UNIQUE else self.names
        space = "module" if key == "module" and self.kind in NAMED_BY_FUNCTION else ""
        return {(self.kind, space, index, name) for index, name in enumerate(names)}

    def source(self, tag):
        return DEFINITIONS[self.kind].format(*self.names, tag=tag)


def of(kind, *names):
    return st.tuples(*map(st.sampled_from, names)).map(lambda chosen: Definition(kind, chosen))


definitions = st.one_of(
    of("route", PATHS, "uvw"),
    of("page", PATHS, "uvw"),
    *(of(kind, "mn") for kind in ("hook", "after", "guard", "wide", "filter", "template")),
    *(of(kind, (404, 418)) for kind in ("handler", "page handler")),
    of("setting", SETTINGS),
    st.sampled_from([Definition("nameless", ()), Definition("nameless page", ())]),
)


def without_conflicts(chosen):
    """The definitions of one cell; where two of them would meet, Flask's own rules stand."""
    kept, taken = [], set()
    for one in chosen:
        meets: set[tuple] = one.identities("") or {(one.kind, one.names, len(kept))}
        if not meets & taken and not (one.kind == "setting" and one in kept):
            kept.append(one)
            taken |= meets
    return tuple(kept)


contents = st.lists(definitions, max_size=4).map(without_conflicts)
keys = st.sampled_from(["app", "bp", "reg", "a", "b", "c", "module"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("run"), keys, contents),
        st.tuples(st.just("rerun"), keys, st.just(())),
        st.tuples(st.just("fail first"), keys, contents),
        st.tuples(st.just("fail last"), keys, contents),
        st.tuples(st.just("delete"), st.sampled_from("abc"), st.just(())),
    ),
    max_size=12,
)

BEGINNINGS = {
    "app": "app = Flask('x')\n",
    "bp": "bp = Blueprint('bp', 'x', url_prefix='/bp')\n",
    "reg": "app.register_blueprint(bp)\n",
}


@dataclass
class Cell:
    definitions: tuple = ()
    surviving: list = field(default_factory=list)  # definitions with their tags


class Model:
    """A notebook, and what should be left of each of its cells."""

    def __init__(self, folder):
        self.folder = folder
        self.live = self.notebook()
        self.cells = {}  # in the order of their first run
        self.last_runs = []
        self.number = 0
        for key in ("app", "bp", "reg", "module"):
            self.run(key, ())

    def notebook(self):
        notebook = Notebook()
        notebook.run("imports", "import importlib, sys\nfrom flask_nb.web import *")
        return notebook

    def source(self, key, chosen):
        body = "\n".join(one.source(tag) for one, tag in chosen) + "\n"
        return BEGINNINGS.get(key, f"# {key}\n") + body

    def execute(self, notebook, key, chosen, failure=""):
        """Run a cell; that of the module writes the module and reloads it."""
        if key != "module":
            notebook.run(key, self.source(key, chosen) + failure)
            return
        names = "from flask_nb.web import g\nfrom __main__of_test import app, bp\n"
        (self.folder / "reloaded_of_test.py").write_text(names + self.source(key, chosen) + failure)
        main = type(sys)("__main__of_test")
        vars(main).update(app=notebook.names["app"], bp=notebook.names["bp"])
        sys.modules["__main__of_test"] = main
        known = notebook.names.get("reloaded")
        if known is None:
            sys.modules.pop("reloaded_of_test", None)
            importlib.invalidate_caches()
            notebook.run("module", "import reloaded_of_test as reloaded")
        else:
            sys.modules["reloaded_of_test"] = known
            notebook.run("module", "importlib.reload(reloaded)")

    def step(self, action, key, chosen):
        if action == "delete":
            self.live.workspace.delete([key])
            self.cells.get(key, Cell()).surviving.clear()
            self.last_runs = [one for one in self.last_runs if one != key]
        elif action == "rerun":
            self.run(key, self.cells[key].definitions if key in self.cells else ())
        else:
            self.run(key, chosen, action)

    def run(self, key, chosen, action="run"):
        self.number += 1
        if key == "app":  # the blueprint is made in a later cell
            chosen = tuple(one for one in chosen if "bp." not in DEFINITIONS[one.kind])
        tagged = [(one, f"{key}{self.number}.{index}") for index, one in enumerate(chosen)]
        if action == "fail first" and key != "module":
            with pytest.raises(ZeroDivisionError):
                self.live.run(key, f"1 / 0\n{self.source(key, tagged)}")
            self.cells.setdefault(key, Cell())  # its place is taken
            return
        if action == "fail last":
            with pytest.raises(ZeroDivisionError):
                self.execute(self.live, key, tagged, "1 / 0")
        self.execute(self.live, key, tagged)
        cell = self.cells.setdefault(key, Cell())
        cell.definitions, cell.surviving = chosen, tagged
        self.last_runs = [*(one for one in self.last_runs if one != key), key]
        mine = set().union(*(one.identities(key) for one in chosen))
        for name, other in self.cells.items():
            if other is not cell:
                other.surviving = [pair for pair in other.surviving if not pair[0].identities(name) & mine]

    def fresh(self):
        notebook = self.notebook()
        for key, cell in self.cells.items():
            self.execute(notebook, key, cell.surviving)
        return notebook

    def settings(self):
        """The cell that ran last counts."""
        pairs = [pair for key in self.last_runs for pair in self.cells[key].surviving]
        return {one.names[0]: tag for one, tag in pairs if one.kind == "setting"}


def picture(notebook):
    """Everything about an app that could be told from outside."""
    app, seen = notebook.names["app"], []
    g = notebook.names["g"]
    client = app.test_client()
    answers = {}
    probe = app.teardown_request_funcs.setdefault(None, [])
    probe.append(lambda exc: seen.append(list(g.get("seen", ()))))
    for prefix in ("", "/bp"):
        for path in ("/a", "/b", "/c/1", "/d/1", "/none"):
            response = client.get(prefix + path)
            answers[prefix + path] = (
                response.status_code,
                response.text,
                response.headers.getlist("Tag"),
                seen.pop(),
            )
    probe.pop()
    with app.test_request_context():
        filters = {
            name: app.jinja_env.from_string(f"{{{{ 1 | {name} }}}}").render()
            for name in "mn"
            if name in app.jinja_env.filters
        }
    return {
        "rules": {(rule.rule, rule.endpoint, frozenset(rule.methods)) for rule in app.url_map.iter_rules()},
        "endpoints": set(app.view_functions),
        "answers": answers,
        "filters": filters,
        "templates": {name: one.source for name, one in app.live.overlay.templates.items()},
        "hooks": {str(scope): len(hooks) for scope, hooks in app.before_request_funcs.items() if hooks},
        "blueprints": list(app.blueprints),
    }


def settings_of(notebook):
    config = notebook.names["app"].config
    return {name: config[name] for name in SETTINGS if name in config}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.dont_write_bytecode = before
    for name in ("reloaded_of_test", "__main__of_test"):
        sys.modules.pop(name, None)


@given(steps)
def test_a_notebook_is_what_a_fresh_run_of_its_surviving_cells_would_be(folder, steps):
    model = Model(folder)
    for step in steps:
        model.step(*step)
    assert picture(model.live) == picture(model.fresh())
    assert settings_of(model.live) == model.settings()


@given(st.dictionaries(st.sampled_from("abc"), contents, min_size=1), st.data())
def test_without_cell_ids_running_cells_again_in_any_order_changes_nothing(folder, cells, data):
    order = data.draw(st.permutations([*cells, *cells]))
    firsts = list(dict.fromkeys(order))
    model, fresh = Model(folder), Model(folder)
    taken = set()
    for key in firsts:
        cells[key] = [one for one in cells[key] if not one.identities("") & taken and one.kind != "setting"]
        taken |= set().union(*(one.identities("") for one in cells[key]))
    for notebook, run_order in ((model.live, order), (fresh.live, firsts)):
        for key in run_order:
            tagged = [(one, f"{key}.{index}") for index, one in enumerate(cells[key])]
            notebook.run(None, model.source(key, tagged), name=f"cell {key}")
    assert picture(model.live) == picture(fresh.live)
