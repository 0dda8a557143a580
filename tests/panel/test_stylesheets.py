import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.panel.stylesheets import replace_addresses


def replaced(css):
    return replace_addresses(css, lambda address, is_stylesheet: f"<{address}>" if address != "no" else None)


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a{background:url(b.png) red}", "a{background:url(<b.png>) red}"),
        ("a{background:url( 'b c.png' )}", "a{background:url(<b c.png>)}"),
        ("@import 'a.css' screen;", "@import url(<a.css>) screen;"),
        ("@IMPORT url(a.css);", "@import url(<a.css>);"),
        ("/* url(b.png) */ a{content:'url(c.png)'}", "/* url(b.png) */ a{content:'url(c.png)'}"),
        ("a{b:url(no)}", "a{b:url(no)}"),
        ("a{b:url(unclosed}", "a{b:url(unclosed}"),
    ],
)
def test_addresses_are_replaced_and_the_rest_stays(css, expected):
    assert replaced(css) == expected


def test_of_a_font_one_format_is_enough():
    css = "@font-face{src:url(a.woff2) format('woff2'),url(a.woff)}@font-face{src:url(b.ttf)}"
    expected = "@font-face{src:url(<a.woff2>) format('woff2'),url(a.woff)}@font-face{src:url(<b.ttf>)}"
    assert replaced(css) == expected


def test_a_font_that_is_not_there_is_looked_for_in_its_next_format():
    css = "@font-face{src:url(a.woff2),url(a.woff)}"
    found = replace_addresses(css, lambda address, _: "<x>" if address == "a.woff" else None)
    assert found == "@font-face{src:url(a.woff2),url(<x>)}"


@given(st.text(alphabet="url('\")@import;/*\\ a\n{}", max_size=60))
def test_without_replacements_any_stylesheet_stays_as_it_is(css):
    assert replace_addresses(css, lambda address, is_stylesheet: None) == css
