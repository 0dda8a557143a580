import json
from typing import Any

from flask_nb.panel.json_layout import parse_json
from flask_nb.panel.tree import json_tree


def tree(value):
    return json_tree(parse_json(json.dumps(value)))


def test_a_value_is_a_fold_if_it_has_parts_and_a_line_if_not():
    html = tree({"a": {"b": 1}, "c": []})
    assert html.count("<details") == 2
    assert html.count("<details open") == 1
    assert "1 item<" in html


def test_every_member_of_the_top_level_is_named_whatever_the_first_takes_up():
    html = tree({"rows": [["x" * 100] * 50] * 50, "more": [1, 2], "total": 7})
    assert "total" in html
    assert "2 items" in html


def test_long_lists_are_cut_and_say_so():
    assert "… 250 more" in tree([0] * 300)


def test_a_tree_has_an_end_however_deep_and_wide_the_value():
    value: Any = "x"
    for _ in range(60):
        value = [value, *["y" * 100] * 49]
    assert len(tree(value)) < 100_000
