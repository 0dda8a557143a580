"""Settings that are taken back: by the next run of their cell, or when the cell retires them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb import web
from flask_nb.live.workspace import Workspace


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture
def app(tmp_path, workspace):
    app = web.Flask("nb", root_path=str(tmp_path))
    app.live.follow(workspace)
    return app


def put(workspace, app, key, values, name="settings", is_certain=True):
    """Run a cell that sets *values* as one definition."""
    run = workspace.begin(key, f"cell {key}", is_certain)
    app.live.set(name, values)
    return workspace.finish(run, True)


def run_empty(workspace, key):
    return workspace.finish(workspace.begin(key, f"cell {key}", True), True)


def test_a_rerun_takes_back_what_it_no_longer_sets(workspace, app):
    put(workspace, app, "a", {"A": 1, "TESTING": True})
    put(workspace, app, "a", {"A": 2})
    assert (app.config["A"], app.config["TESTING"]) == (2, False)


def test_a_retired_definition_restores_the_values_before(workspace, app):
    put(workspace, app, "a", {"A": 1, "TESTING": True})
    assert run_empty(workspace, "a") == []
    assert (app.config.get("A"), app.config["TESTING"]) == (None, False)
    assert "A" not in app.config


def test_what_something_else_has_set_since_stays(workspace, app):
    put(workspace, app, "a", {"A": 1, "B": 1})
    app.config["A"] = 5
    run_empty(workspace, "a")
    assert (app.config["A"], "B" in app.config) == (5, False)


def test_a_definition_covers_another_and_uncovers_it(workspace, app):
    put(workspace, app, "a", {"A": "lower"})
    put(workspace, app, "b", {"A": "upper"})
    assert app.config["A"] == "upper"
    run_empty(workspace, "b")
    assert app.config["A"] == "lower"
    run_empty(workspace, "a")
    assert "A" not in app.config


def test_a_lower_definition_that_goes_leaves_the_upper_one(workspace, app):
    put(workspace, app, "a", {"A": "lower"})
    put(workspace, app, "b", {"A": "upper"})
    run_empty(workspace, "a")
    assert app.config["A"] == "upper"
    run_empty(workspace, "b")
    assert "A" not in app.config


def test_the_cell_that_ran_last_counts(workspace, app):
    put(workspace, app, "a", {"A": "a"})
    put(workspace, app, "b", {"A": "b"})
    put(workspace, app, "a", {"A": "a"})
    assert app.config["A"] == "a"


def test_two_equal_definitions_of_one_cell_are_both_taken_back(workspace, app):
    run = workspace.begin("a", "a", True)
    for _ in range(2):
        app.live.set("same", {"A": 1})
    workspace.finish(run, True)
    run_empty(workspace, "a")
    assert "A" not in app.config


def test_without_cell_ids_only_the_same_definition_is_taken_back(workspace, app):
    put(workspace, app, "a", {"A": 1}, name="one", is_certain=False)
    put(workspace, app, "a", {"B": 1}, name="two", is_certain=False)
    put(workspace, app, "a", {"B": 2}, name="two", is_certain=False)
    assert (app.config["A"], app.config["B"]) == (1, 2)


def test_a_cell_that_is_one_definition_takes_back_whatever_it_certainly_was(workspace, app):
    for is_certain, left in ((True, False), (False, True)):
        key = f"certain: {is_certain}"
        put(workspace, app, key, {"A": 1}, name="one", is_certain=is_certain)
        put(workspace, app, key, {"B": 1}, name="two", is_certain=is_certain)
        assert ("A" in app.config, app.config["B"]) == (left, 1)


def test_a_new_app_takes_the_settings_over(workspace, tmp_path):
    made = []

    def make():
        run = workspace.begin("app", "app = Flask(…)", True)
        made.append(web.Flask("nb", root_path=str(tmp_path)))
        workspace.finish(run, True)

    make()
    put(workspace, made[0], "a", {"A": 1})
    make()
    assert made[1].config["A"] == 1
    run_empty(workspace, "a")
    assert "A" not in made[1].config


def test_without_an_owner_settings_are_just_set(workspace, app):
    app.live.set("x", {"A": 1})
    assert app.config["A"] == 1
    assert len(app.live.ledger) == 0


cells = st.sampled_from("abc")
values = st.dictionaries(st.sampled_from(["A", "B"]), st.integers(1000, 1009), max_size=2)


@given(st.lists(st.tuples(cells, values), max_size=8))
def test_whatever_ran_nothing_is_left_when_all_is_retired(steps):
    workspace, app = Workspace(), web.Flask("nb")
    app.live.follow(workspace)
    before = dict(app.config)
    for key, settings in steps:
        put(workspace, app, key, settings)
    for key in "abc":
        run_empty(workspace, key)
    assert app.config == before


@given(st.lists(st.tuples(cells, values), max_size=8))
def test_the_configuration_is_that_of_the_last_run_of_each_cell(steps):
    workspace, app = Workspace(), web.Flask("nb")
    app.live.follow(workspace)
    for key, settings in steps:
        put(workspace, app, key, settings)
    last = {}
    for key, settings in steps:
        last.pop(key, None)
        last[key] = settings
    expected = {name: value for settings in last.values() for name, value in settings.items()}
    assert {name: app.config[name] for name in ("A", "B") if name in app.config} == expected
