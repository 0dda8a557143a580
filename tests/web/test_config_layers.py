"""Settings that are taken back: by the next run of their cell, or when the cell retires them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb import web
from flask_nb.web.owners import begin, finish, owned_by


@pytest.fixture
def app(tmp_path):
    return web.Flask("nb", root_path=str(tmp_path))


def put(app, key, values, name="settings", retires=True, all_of_owner=False):
    """Run a cell that sets *values* as one definition."""
    owner = begin(key, f"cell {key}", retires)
    with owned_by(owner):
        layers = app.config_layers
        layers.put(name, values, layers.earlier(name, all_of_owner=all_of_owner))
    return finish(owner, True)


def run_empty(key):
    return finish(begin(key, f"cell {key}", True), True)


def test_a_rerun_takes_back_what_it_no_longer_sets(app):
    put(app, "a", {"A": 1, "TESTING": True})
    put(app, "a", {"A": 2})
    assert (app.config["A"], app.config["TESTING"]) == (2, False)


def test_a_retired_definition_restores_the_values_before(app):
    put(app, "a", {"A": 1, "TESTING": True})
    assert run_empty("a") == []
    assert (app.config.get("A"), app.config["TESTING"]) == (None, False)
    assert "A" not in app.config


def test_what_something_else_has_set_since_stays(app):
    put(app, "a", {"A": 1, "B": 1})
    app.config["A"] = 5
    run_empty("a")
    assert (app.config["A"], "B" in app.config) == (5, False)


def test_a_definition_covers_another_and_uncovers_it(app):
    put(app, "a", {"A": "lower"})
    put(app, "b", {"A": "upper"})
    assert app.config["A"] == "upper"
    run_empty("b")
    assert app.config["A"] == "lower"
    run_empty("a")
    assert "A" not in app.config


def test_a_lower_definition_that_goes_leaves_the_upper_one(app):
    put(app, "a", {"A": "lower"})
    put(app, "b", {"A": "upper"})
    run_empty("a")
    assert app.config["A"] == "upper"
    run_empty("b")
    assert "A" not in app.config


def test_the_cell_that_ran_last_counts(app):
    put(app, "a", {"A": "a"})
    put(app, "b", {"A": "b"})
    put(app, "a", {"A": "a"})
    assert app.config["A"] == "a"


def test_two_equal_definitions_of_one_cell_are_both_taken_back(app):
    owner = begin("a", "a", True)
    with owned_by(owner):
        for _ in range(2):
            app.config_layers.put("same", {"A": 1}, app.config_layers.earlier("same"))
    finish(owner, True)
    run_empty("a")
    assert "A" not in app.config


def test_without_cell_ids_only_the_same_definition_is_taken_back(app):
    put(app, "a", {"A": 1}, name="one", retires=False)
    put(app, "a", {"B": 1}, name="two", retires=False)
    put(app, "a", {"B": 2}, name="two", retires=False)
    assert (app.config["A"], app.config["B"]) == (1, 2)


def test_a_cell_that_is_one_definition_takes_back_whatever_it_certainly_was(app):
    for retires, left in ((True, False), (False, True)):
        key = f"retires: {retires}"
        put(app, key, {"A": 1}, name="one", retires=retires)
        put(app, key, {"B": 1}, name="two", retires=retires, all_of_owner=True)
        assert ("A" in app.config, app.config["B"]) == (left, 1)


def test_a_new_app_takes_the_settings_over(tmp_path):
    made = []

    def make():
        owner = begin("app", "app = Flask(…)", True)
        with owned_by(owner):
            made.append(web.Flask("nb", root_path=str(tmp_path)))
        finish(owner, True)

    make()
    put(made[0], "a", {"A": 1})
    make()
    assert made[1].config["A"] == 1
    run_empty("a")
    assert "A" not in made[1].config


def test_without_an_owner_settings_are_just_set(app):
    app.config_layers.put("x", {"A": 1})
    assert app.config["A"] == 1
    assert len(app.registrations) == 0


cells = st.sampled_from("abc")
values = st.dictionaries(st.sampled_from(["A", "B"]), st.integers(1000, 1009), max_size=2)


@given(st.lists(st.tuples(cells, values), max_size=8))
def test_whatever_ran_nothing_is_left_when_all_is_retired(steps):
    app = web.Flask("nb")
    before = dict(app.config)
    for key, settings in steps:
        put(app, key, settings)
    for key in "abc":
        run_empty(key)
    assert app.config == before


@given(st.lists(st.tuples(cells, values), max_size=8))
def test_the_configuration_is_that_of_the_last_run_of_each_cell(steps):
    app = web.Flask("nb")
    for key, settings in steps:
        put(app, key, settings)
    last = {}
    for key, settings in steps:
        last.pop(key, None)
        last[key] = settings
    expected = {name: value for settings in last.values() for name, value in settings.items()}
    assert {name: app.config[name] for name in ("A", "B") if name in app.config} == expected
