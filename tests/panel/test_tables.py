import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.panel.grid import table_html
from flask_nb.panel.json_layout import parse_json
from flask_nb.panel.tables import MAX_COLUMNS, csv_table, json_table


def of_json(value):
    return json_table(parse_json(json.dumps(value)))


def test_csv_is_a_table_whose_first_row_names_the_columns():
    table = csv_table('city,people\n"Paris, TX",25171\n\nKyoto\n')
    assert table.columns == ("city", "people")
    assert table.rows == (("Paris, TX", "25171"), ("Kyoto", ""))


@pytest.mark.parametrize(
    ("text", "mimetype"),
    [
        ("a;b\n1,5;2", "text/csv"),
        ("a\tb\n1,5\t2", "text/tab-separated-values"),
        ("\ufeffa;b\r\n1,5;2", "text/csv"),
    ],
)
def test_other_delimiters_are_seen(text, mimetype):
    table = csv_table(text, mimetype)
    assert (table.columns, table.rows) == (("a", "b"), (("1,5", "2"),))


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n" + "x" * 200_000])
def test_what_is_no_csv_is_no_table(text):
    assert csv_table(text) is None


def test_an_array_of_objects_is_a_table():
    table = of_json([{"id": 1, "name": "pen"}, {"id": 2, "tags": ["a", {"b": None}]}])
    assert table.columns == ("id", "name", "tags")
    assert table.rows == (("1", "pen", ""), ("2", "", '[ "a", {"b": null} ]'))


def test_an_object_that_holds_an_array_of_objects_holds_a_table():
    assert of_json({"total": 1, "items": [{"id": 7}]}).name == "items"


@pytest.mark.parametrize("value", [[], [1], [{}], [{"a": 1}, 2], {"a": 1}, "text", None, {"a": []}])
def test_other_json_is_no_table(value):
    assert of_json(value) is None


def test_long_and_wide_tables_are_cut_and_say_so():
    table = of_json([{f"c{n}": n for n in range(30)}] * 100)
    html = table_html(table, 1_000_000, "_.json")
    assert len(table.columns) == MAX_COLUMNS
    assert "40 more rows, 6 more columns; all of it:" in html
    assert len(table_html(table, 20_000, "_.json")) < 21_000
    assert table_html(table, 20_000, "_.json").count("<tr") < 10


def test_numbers_stand_to_the_right():
    html = table_html(csv_table("n,word\n1.5,a\n-2,b\n"), 10_000, "_.text")  # type: ignore[arg-type]
    assert html.count("text-align:right") == 3


@given(st.text(alphabet='a,";\n\r\t\0', max_size=60))
def test_any_text_is_a_table_of_even_rows_or_none(text):
    table = csv_table(text)
    assert table is None or {len(row) for row in table.rows} <= {len(table.columns)}
