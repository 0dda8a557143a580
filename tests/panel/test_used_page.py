"""The document of a page that is used in the notebook."""

from __future__ import annotations

import re

import pytest

from flask_nb.panel.used_page import policy, text_of


def test_a_policy_lets_nothing_in_by_itself_and_a_form_go_nowhere() -> None:
    assert policy().startswith("default-src 'none'; ")
    assert "form-action 'none'" in policy()
    assert "frame-src 'none'" in policy()
    assert "http" not in policy()


def test_a_host_that_is_allowed_gives_styles_scripts_fonts_and_pictures_only() -> None:
    with_host = re.findall(r"([\w-]+) [^;]*https://cdn\.example http://cdn\.example", policy(["cdn.example"]))
    assert with_host == ["script-src", "style-src", "img-src", "font-src"]


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        ("é茶".encode(), "text/html"),
        ("é茶".encode(), "text/html; charset=nonsense"),
        ("é茶".encode("utf-16"), "text/html; charset=utf-8"),
        ("é茶".encode("utf-8-sig"), "text/html; charset=latin-1"),
        ("é茶".encode("gb18030"), 'text/html; charset="gb18030"'),
        ("<meta charset='gb18030'>é茶".encode("gb18030"), "text/html"),
    ],
)
def test_a_page_is_read_as_it_says(data: bytes, content_type: str) -> None:
    assert text_of(data, content_type).endswith("é茶")
