import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.errors import MagicArgumentError
from flask_nb.jsonpath import Step, mask_json, parse_paths
from flask_nb.panel import Display

VALUE = {"id": 1, "items": [{"id": 2, "a b": 3}, {"id": 4}], "at": {"id": {"id": 5}}}
scalars = st.none() | st.booleans() | st.integers() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
steps = st.builds(Step, st.none() | st.text() | st.integers(-(10**8), 10**8), st.booleans())
paths = st.lists(st.lists(steps, max_size=4).map(tuple), max_size=3)


def written(paths):
    """Return the list that such paths are parsed from."""
    return ", ".join("$" + "".join(map(str, path)) for path in paths)


def masked(text, value=VALUE):
    return json.dumps(mask_json(value, parse_paths(text), "…"), ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$.id", '{"id": "…", "items": [{"id": 2, "a b": 3}, {"id": 4}], "at": {"id": {"id": 5}}}'),
        ("$..id", '{"id": "…", "items": [{"id": "…", "a b": 3}, {"id": "…"}], "at": {"id": "…"}}'),
        (
            "$.items[*].id",
            '{"id": 1, "items": [{"id": "…", "a b": 3}, {"id": "…"}], "at": {"id": {"id": 5}}}',
        ),
        ("$.items[-1]", '{"id": 1, "items": [{"id": 2, "a b": 3}, "…"], "at": {"id": {"id": 5}}}'),
        (
            "$['items'][0]['a b']",
            '{"id": 1, "items": [{"id": 2, "a b": "…"}, {"id": 4}], "at": {"id": {"id": 5}}}',
        ),
        ("$.items, $.at", '{"id": 1, "items": "…", "at": "…"}'),
        ("$.*", '{"id": "…", "items": "…", "at": "…"}'),
        ("$", '"…"'),
        ("$.nothing[7]", json.dumps(VALUE)),
        ("", json.dumps(VALUE)),
    ],
)
def test_a_path_names_what_is_masked(text, expected):
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text", ["id", "$.", "$..", "$[", "$[x]", "$.a b", "$.a $.b", "$['a]", "$.a,,$.b", "*"]
)
def test_what_is_no_path_is_one_clear_error(text):
    with pytest.raises(MagicArgumentError, match=r"is not a JSON path .* Write paths such as"):
        parse_paths(text)


def test_a_bad_mask_is_an_error_before_anything_is_sent():
    with pytest.raises(MagicArgumentError):
        Display(mask=("$..id", "created_at"))


@given(paths)
def test_any_path_reads_back_from_its_text(paths):
    assert list(parse_paths(written(paths))) == paths


@given(st.text(alphabet="$.[]*'\"\\,ab0- ", max_size=20))
def test_any_text_is_paths_or_one_error(text):
    try:
        paths = parse_paths(text)
    except MagicArgumentError:
        return
    assert parse_paths(written(paths)) == paths


@given(values, paths)
def test_masking_twice_is_masking_once_and_changes_nothing_else(value, paths):
    before = json.dumps(value)
    once = mask_json(value, paths, None)
    assert mask_json(once, paths, None) == once
    assert json.dumps(value) == before


@given(values, st.text())
def test_at_any_depth_leaves_no_other_value_of_that_name(value, name):
    def found(value):
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        return [item for key, item in items if key == name] + [
            each for _, item in items for each in found(item)
        ]

    assert set(found(mask_json(value, [(Step(name, True),)], "…"))) <= {"…"}
