import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.exchange.bodies import clip, printable, size, status_line
from flask_nb.exchange.json_layout import json_text

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(values, st.booleans())
def test_json_laid_out_says_the_same(value, is_ascii):
    text = json_text(json.dumps(value, ensure_ascii=is_ascii))
    try:
        assert json.loads(text) == value
    except json.JSONDecodeError:
        assert printable(json.dumps(value, ensure_ascii=False)) != json.dumps(value, ensure_ascii=False)


def test_numbers_stay_as_they_are_written():
    assert (
        json_text("[1.50, 1e10, 123456789012345678901234567890]")
        == "[1.50, 1e10, 123456789012345678901234567890]"
    )


def test_short_lists_stay_on_one_line_and_names_that_stand_twice_are_shown_twice():
    assert json_text('{"a":[1,2],"a":{}}') == '{\n  "a": [1, 2],\n  "a": {}\n}'


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "nope", '["' + "x" * 600_000 + '"]', "9" * 10_000])
def test_what_cannot_be_laid_out_is_shown_as_it_is(text):
    assert json_text(text) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (64_000_000, "64 MB")]
)
def test_sizes_read_well(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("404 NOT FOUND", "404 Not Found"),
        ("200 OK", "200 OK"),
        ("299 Fine", "299 Fine"),
        ("200 Super", "200 Super"),
    ],
)
def test_a_status_reads_as_in_the_registry(status, line):
    assert status_line(status) == line


def test_a_long_text_is_cut_by_lines_or_by_characters():
    assert clip("a\n" * 100).hidden == "41 more lines"
    assert clip("a" * 9000).hidden == "1.0 kB more"
    assert clip("a\n" * 59).hidden is None


@given(st.text())
def test_printable_text_has_no_control_characters(text):
    assert all(character in "\n\t" or ord(character) >= 32 for character in printable(text))
