"""The line of ``%browse``."""

from __future__ import annotations

import pytest

from flask_nb.cells import parse_browse
from flask_nb.errors import MagicArgumentError


def test_a_line_without_a_path_is_the_first_page() -> None:
    arguments = parse_browse("")
    assert (arguments.request.path, arguments.request.method) == (("/",), "GET")
    assert (arguments.height, arguments.zoom, arguments.width) == (480, 100, "full")
    assert arguments.is_live
    assert not arguments.is_new


def test_a_line_says_how_and_what() -> None:
    look = "--height 600 --zoom 80% --width phone"
    arguments = parse_browse(f"/items?a=1 {look} --no-live --new --dock --allow CDN.example --app shop")
    assert (arguments.height, arguments.zoom, arguments.width) == (600, 80, "phone")
    assert (arguments.is_live, arguments.is_new, arguments.is_docked) == (False, True, True)
    assert (arguments.allowed, arguments.app) == (("cdn.example",), "shop")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/a /b", "one path at a time"),
        ("--height 5", "from 100 to 5000"),
        ("--zoom 1000", "per cent"),
        ("--width wide", "phone"),
        ("--allow https://cdn.example/x", "not a host"),
        ("--allow 'x; script-src *'", "not a host"),
        ("--alow x", "--allow"),
    ],
)
def test_a_line_that_is_not_understood_is_told_what_is(line: str, said: str) -> None:
    with pytest.raises(MagicArgumentError, match=said):
        parse_browse(line)
