from __future__ import annotations

import pytest

from flask_nb.hints import body_hints

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("reads", "content_type", "flag"),
    [
        ({"form"}, "application/json", "--form"),
        ({"form"}, "application/problem+json; charset=utf-8", "--form"),
        ({"json"}, FORM, "--json"),
        ({"json"}, "multipart/form-data; boundary=b", "--json"),
        ({"json"}, "application/json", None),
        ({"form"}, FORM, None),
        ({"form", "json"}, FORM, None),
        ({"form", "json"}, "application/json", None),
        ({"form"}, "", None),
        (set(), "application/json", None),
    ],
)
def test_a_view_that_reads_another_kind_of_body_gets_a_hint(reads, content_type, flag):
    hints = list(body_hints(reads, content_type))
    assert [flag in hint for hint in hints] == ([True] if flag else [])
