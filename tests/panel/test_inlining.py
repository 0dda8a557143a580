from base64 import b64encode
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.exchange import RawResponse
from flask_nb.panel.assets import MAX_FILES
from flask_nb.panel.inlining import MAX_FRAME, inlined_page, parse_srcset

FILES = {
    "/s.css": ("text/css", b"@import 'deep/more.css'; b{background:url(i.png)}"),
    "/deep/more.css": ("text/css", b"i{background:url(../i.png)}"),
    "/end.css": ("text/css", b"a{content:'</style><script>'}"),
    "/loop.css": ("text/css", b"@import 'loop.css';"),
    "/i.png": ("image/png", b"picture"),
    "/i.svg": ("image/svg+xml", b"<svg/>"),
    "/a.js": ("text/javascript", b"run()"),
    "/heavy.css": ("text/css", b"b{color:red;background:url(big.png)}"),
    "/page": ("text/html", b"<p>"),
    "/big.png": ("image/png", b"x" * 300_000),
}
PICTURE = f"data:image/png;base64,{b64encode(b'picture').decode()}"


def fetch(path):
    kind, data = FILES.get(path, ("text/html", None))
    return answer(kind, status="404 NOT FOUND") if data is None else answer(kind, data)


def answer(kind, data=b"", status="200 OK"):
    return RawResponse(status, (("Content-Type", kind),), data)


def framed(page, scripts=False, url="http://localhost/", room=MAX_FRAME, fetch=fetch):
    return inlined_page(page, url, fetch, scripts=scripts).fit(room)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<img src=/i.png>", f'<img src="{PICTURE}">'),
        ("<img src='i.png' alt=\"'\">", f'<img src="{PICTURE}" alt="\'">'),
        ("<img src=http://localhost/i.png>", f'<img src="{PICTURE}">'),
        ("<base href=/deep/><img src=../i.png>", f'<base href=/deep/><img src="{PICTURE}">'),
        ("<img srcset='i.png 1x, gone.png 2x'>", f'<img srcset="{PICTURE} 1x">'),
        ("<video poster=i.png></video>", f'<video poster="{PICTURE}"></video>'),
        ("<style>p{background:url(i.png)}</style>", f"<style>p{{background:url({PICTURE})}}</style>"),
        ("<p style='background:url(i.png)'>", f'<p style="background:url({PICTURE})">'),
        ("<p style='background:url(&quot;i.png&quot;)'>", f'<p style="background:url({PICTURE})">'),
        ("<a target=_self href=/x>", '<a target="_blank" href=/x>'),
    ],
)
def test_the_apps_own_files_stand_in_the_page(page, expected):
    assert framed(page).source == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<iframe src=/x></iframe>", '<iframe src=""></iframe>'),
        ("<object data='a.pdf'></object>", '<object data=""></object>'),
        ("<embed src=http://localhost/a.svg>", '<embed src="">'),
        ("<iframe src=https://example.com/></iframe>", "<iframe src=https://example.com/></iframe>"),
        ("<iframe srcdoc='<p>'></iframe>", "<iframe srcdoc='<p>'></iframe>"),
    ],
)
def test_pages_of_the_app_within_a_page_are_not_asked_of_the_front_end(page, expected):
    assert framed(page).source == expected


@pytest.mark.parametrize(
    "page",
    [
        "<img src=https://example.com/i.png><link rel=stylesheet href=//example.com/s.css>",
        "<img src=http://localhost:3000/i.png><img src=data:image/png;base64,AA><img src=http://[>",
        "<!-- <img src=/i.png> --><textarea><img src=/i.png></textarea><img src><img src=''>",
        "<link rel=icon href=/i.png><link rel='alternate stylesheet' href=/s.css><script src=/a.js></script>",
        "<p style='color:red'>&nbsp;<P  >\n<br/ >",
        "<filter style='filter:url(#f)'>",
    ],
)
def test_all_else_stays_as_it_is_and_is_not_asked_for(page):
    assert framed(page, fetch=lambda path: pytest.fail(path)).source == page


def test_a_stylesheet_stands_in_the_page_with_what_it_names():
    page = framed("<link rel=stylesheet media=print href=s.css><p>")
    more = b64encode(f"i{{background:url({PICTURE})}}".encode()).decode()
    assert page.source == (
        f'<style media="print">@import url(data:text/css;charset=utf-8;base64,{more}); '
        f"b{{background:url({PICTURE})}}</style><p>"
    )


def test_a_stylesheet_stays_without_a_file_of_its_that_is_too_large():
    page = framed("<link rel=stylesheet href=heavy.css>")
    assert page.source == "<style>b{color:red;background:url(big.png)}</style>"
    assert page.missing == (("/big.png", "too large"),)


def test_a_stylesheet_cannot_end_its_element():
    assert "</style><script>" not in framed("<link rel=stylesheet href=end.css>").source


def test_stylesheets_that_import_each_other_end():
    assert framed("<link rel=stylesheet href=loop.css>").source.startswith("<style>@import url(data:")


def test_scripts_are_there_when_they_are_to_run():
    run = b64encode(b"run()").decode()
    page = "<script defer src=a.js></script>"
    assert (
        framed(page, scripts=True).source
        == f'<script defer src="data:text/javascript;base64,{run}"></script>'
    )


def test_a_part_of_a_picture_keeps_its_name():
    assert framed("<img src=i.svg#part>").source.endswith('#part">')


@pytest.mark.parametrize(
    ("page", "missing"),
    [
        ("<img src=gone.png>", ("/gone.png", "404")),
        ("<img src=page>", ("/page", "is a page")),
        ("<link rel=stylesheet href=i.png>", ("/i.png", "is image/png")),
        ("<img src=big.png>", ("/big.png", "too large")),
    ],
)
def test_what_is_not_there_is_named_with_the_reason(page, missing):
    assert framed(page).missing == (missing,)
    assert framed(page).source == page


def test_a_file_that_nobody_answers_for_is_not_there():
    assert framed("<img src=i.png>", fetch=lambda path: None).missing == (("/i.png", "no answer"),)


def test_each_file_is_asked_for_once_and_not_too_many_of_them():
    asked = []
    framed("<img src=i.png>" * 3, fetch=asked.append)
    assert asked == ["/i.png"]
    framed("".join(f"<img src={n}.png>" for n in range(200)), fetch=asked.append)
    assert len(asked) == 1 + MAX_FILES


def test_without_room_for_a_file_the_page_is_still_there():
    page = framed("<p>hi</p><img src=i.png>", room=60)
    assert page.source == "<p>hi</p><img src=i.png>"
    assert page.missing == (("/i.png", "too large"),)


def test_a_stylesheet_gets_the_room_before_a_picture():
    page = "<img src=i.png><link rel=stylesheet href=deep/more.css>"
    assert "<style>" in framed(page, room=320).source


def test_an_address_that_the_page_gives_is_where_relative_ones_start():
    assert PICTURE in framed("<img src=../i.png>", url="http://localhost/deep/page?x=1").source


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("a.png", [("a.png", "")]),
        ("a.png 1x, b.png 2x", [("a.png", "1x"), ("b.png", "2x")]),
        ("a.png, b.png 100w", [("a.png", ""), ("b.png", "100w")]),
        ("data:image/png;base64,AA 1x ,b", [("data:image/png;base64,AA", "1x"), ("b", "")]),
        (" , ", []),
    ],
)
def test_a_srcset_is_read_as_in_the_standard(text, candidates):
    assert parse_srcset(text) == candidates


@given(
    st.lists(
        st.sampled_from(
            [
                "<img src=i.png>",
                "<link rel=stylesheet href=s.css>",
                "<style>",
                "</style>",
                "<p style='",
                "'>",
                "é&",
            ]
        ),
        max_size=30,
    ),
    st.integers(0, 3000),
)
def test_any_page_fits_into_any_room(pieces, room):
    page = framed("".join(pieces), room=room)
    assert len(escape(page.source).encode()) <= room
