import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from flask_nb.exchange import Request
from flask_nb.exchange.masks import printable
from flask_nb.panel.json_layout import lay_out, parse_json

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def laid_out(text):
    return lay_out(parse_json(text)).text


@given(values, st.booleans())
def test_json_laid_out_says_the_same(value, is_ascii):
    layout = lay_out(parse_json(json.dumps(value, ensure_ascii=is_ascii)))
    assume(layout.hidden is None)
    try:
        assert json.loads(layout.text) == value
    except json.JSONDecodeError:
        assert printable(json.dumps(value, ensure_ascii=False)) != json.dumps(value, ensure_ascii=False)


def test_numbers_stay_as_they_are_written():
    assert (
        laid_out("[1.50, 1e10, 123456789012345678901234567890]")
        == "[1.50, 1e10, 123456789012345678901234567890]"
    )


def test_short_lists_stay_on_one_line_and_names_that_stand_twice_are_shown_twice():
    assert laid_out('{"a":[1,2],"a":{}}') == '{\n  "a": [1, 2],\n  "a": {}\n}'


def test_the_objects_of_a_list_are_laid_out_alike():
    short, long = '{"a": 1}', '{"a": "' + "x" * 80 + '"}'
    assert laid_out(f"[{short}, {short}]") == f"[\n  {short},\n  {short}\n]"
    assert laid_out(f"[{short}, {long}]").startswith('[\n  {\n    "a": 1\n  },\n  {\n    "a": "xx')
    nested = '{"a": {"b": 1}}'
    assert laid_out(f'{{"items": [{short}, {nested}]}}').startswith('{\n  "items": [\n    {\n      "a": 1\n')


@given(values, st.integers(1, 100))
def test_what_is_left_out_is_counted_as_if_it_were_laid_out(value, count):
    one, all_of_it = (lay_out(parse_json(json.dumps({f"k{n}": value for n in range(c)}))) for c in (1, count))
    assert all_of_it.total == 2 + count * (one.total - 2)
    assert len(all_of_it.lines) <= 60


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "nope", '["' + "x" * 600_000 + '"]', "9" * 10_000])
def test_what_cannot_be_laid_out_is_shown_as_it_is(serve, text):
    response = serve(lambda request: Response(text, mimetype="application/json")).send(Request("GET", "/"))
    shown = response._repr_mimebundle_()[0]["text/plain"].partition("\n\n")[2]
    assert shown.partition("\n…")[0] == text[:8000]
