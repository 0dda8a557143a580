"""How tall a page is guessed to be, compared with what a browser measures in a frame of 960 pixels."""

from __future__ import annotations

import pytest

from flask_nb.panel.heights import page_height
from flask_nb.panel.markup import start_tags

WORDS = "word " * 120

#: What Chromium measures.
MEASURED = {
    "<h1>Hello</h1>": 80,
    "<p>Hello, <b>World</b>!</p>": 50,
    "a<br>b<br>c<br>": 70,
    "<pre>" + "x = 1\n" * 20 + "</pre>": 326,
    "<form><label>Name <input name=a></label><button>Send</button></form>": 37,
    f"<!doctype html><h1>Title</h1><p>{WORDS}</p><h2>Sub</h2><ul>{'<li>one</li>' * 12}</ul>": 470,
    f"<h1>Table</h1><table>{'<tr><td>1<td>2</tr>' * 15}</table>": 430,
    "<style>body{font:16px/1.6 sans-serif;margin:12px}label{display:block}</style>"
    "<form><p>Which?</p><label>A <input></label><label>B <input></label><button>Go</button></form>": 152,
}


def height(page: str) -> int:
    tags = list(start_tags(page))
    css = "".join(page[tag.end : tag.content_end] for tag in tags if tag.name == "style")
    return page_height(page, tags, css)


@pytest.mark.parametrize("page", MEASURED, ids=lambda page: page[:24])
def test_the_guess_is_near(page: str) -> None:
    assert height(page) == pytest.approx(MEASURED[page], rel=0.1, abs=12)


def test_what_is_not_shown_takes_no_height() -> None:
    hidden = "<title>x</title><script>1\n2</script><!-- <p>x --><input type=hidden>"
    assert height(f"{hidden}<p>a</p>") == height("<p>a</p>")


def test_a_picture_that_says_its_height_has_it() -> None:
    assert height('<img src="/a.png" width="10" height="300">') - height("<img>") == 240


@pytest.mark.parametrize("piece", ["<!--", "</a", "<style>a{", "<", "</p>", "<p>", "{", "a:b;"])
def test_any_page_has_a_height_and_has_it_soon(piece: str) -> None:
    page = piece * (200_000 // len(piece))  # with a quadratic step, this would never end
    assert page_height(page, list(start_tags(page)), page) > 0
