from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.panel.markup import start_tags

names = st.sampled_from(["p", "a", "IMG", "my-tag"])
values = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=12)


def seen(page):
    return [
        (tag.name, {name: part.value for name, part in tag.attributes.items()}) for tag in start_tags(page)
    ]


@pytest.mark.parametrize(
    ("page", "tags"),
    [
        ('<img src="a>b" alt=x>', [("img", {"src": "a>b", "alt": "x"})]),
        ("<IMG SRC='/a&amp;b'/><br/>", [("img", {"src": "/a&b"}), ("br", {})]),
        ("<!-- <img src=a> --><p>", [("p", {})]),
        ("<!--><p>", [("p", {})]),
        ("<script>'<img src=a>'</script><p>", [("script", {}), ("p", {})]),
        ("<a href=/x/>t</a>", [("a", {"href": "/x/"})]),
        ("<input disabled value=>", [("input", {"value": ""})]),
        ("<p a=1 a=2>", [("p", {"a": "1"})]),
        ("1 < 2 <p", []),
        ('<p title="never closed>', []),
        ("<!doctype html><?x><title><b></title><b>", [("title", {}), ("b", {})]),
    ],
)
def test_start_tags_are_found_as_a_browser_finds_them(page, tags):
    assert seen(page) == tags


@given(st.lists(st.tuples(names, st.dictionaries(st.sampled_from(["src", "title"]), values)), max_size=5))
def test_any_tags_that_are_written_are_read(tags):
    written = [
        f"<{name} " + " ".join(f'{key}="{escape(value)}"' for key, value in given.items()) + ">"
        for name, given in tags
    ]
    assert seen("text".join(written)) == [(name.lower(), given) for name, given in tags]


@given(st.text(alphabet="<>ap='\" /!-\n", max_size=40))
def test_places_lie_within_the_page_and_in_order(page):
    end = 0
    for tag in start_tags(page):
        assert end <= tag.start < tag.end <= tag.content_end <= len(page)
        assert page[tag.start] == "<"
        assert page[tag.end - 1] == ">"
        end = tag.content_end


@given(st.text(alphabet="<>ab \n/", max_size=30))
def test_tags_without_quotes_are_found_as_the_standard_library_finds_them(page):
    found = []
    parser = HTMLParser()
    vars(parser)["handle_starttag"] = vars(parser)["handle_startendtag"] = lambda tag, _: found.append(tag)
    parser.feed(page)
    assert [tag.name for tag in start_tags(page)] == found
