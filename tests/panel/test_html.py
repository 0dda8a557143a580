"""The panel in three views: a trusted notebook, an untrusted one, and a stripped static page."""

import json
import re
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from flask_nb.exchange import Request
from flask_nb.panel import Display
from flask_nb.panel.webrtc import NO_WEBRTC

STATIC_TAGS = {"div", "span", "table", "tr", "td", "pre", "code", "b", "a"}
UNTRUSTED_TAGS = STATIC_TAGS | {"details", "summary", "img"}
OWN_TAGS = UNTRUSTED_TAGS | {"iframe", "audio", "video"}
RUNNING = {"script", "style", "object", "embed", "svg", "link", "meta", "base"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)></pre></iframe>\"'><b onclick=x>$x^2$"


class Panel(HTMLParser):
    """What stands in a panel: tags, attributes, text, and in which tags each text stands."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.texts, self._open = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag != "img":
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, "the tags are nested"

    def handle_data(self, data):
        self.texts.append((data, tuple(self._open)))

    @property
    def text(self):
        return "".join(text for text, _ in self.texts)


def html_of(response):
    return response._repr_mimebundle_()[0]["text/html"]


def stripped(html, tags):
    return Panel(
        nh3.clean(html, tags=tags, attributes={"*": {"style"}, "img": {"src"}}, url_schemes={"data"})
    ).text


PAGE = '<!doctype html><h1>Hello</h1><a href="/x">x</a><form></form><script>alert(1)</script>'
BODIES = {
    "html": Response(PAGE, mimetype="text/html"),
    "evil html": Response(EVIL, mimetype="text/html"),
    "json": Response('{"id": 7, "evil": "<script>"}', mimetype="application/json"),
    "long json": Response(
        "[" + ",".join(f'{{"n": "{n}"}}' for n in range(90)) + "]", mimetype="application/json"
    ),
    "text": Response(EVIL, mimetype="text/plain"),
    "svg": Response("<svg onload=alert(1)></svg>", mimetype="image/svg+xml"),
    "csv": Response(f"a,{EVIL}\n1,{EVIL}\n", mimetype="text/csv"),
    "objects": Response('[{"<script>": "<script>", "$x$": 1}]', mimetype="application/json"),
    "film": Response(b"\0\xff", mimetype='video/x"onerror="alert(1)'),
    "files": Response("<style>p{}</style><img src=/i.png><script src=/a.js></script>", mimetype="text/html"),
    "bytes": Response(b"\0\xff", mimetype='application/x"><script>'),
    "headers": Response("x", headers={"X-Evil": EVIL, "Set-Cookie": f"a={EVIL}"}),
    "redirect": Response("", 302, {"Location": f"http://example.com/{EVIL}"}),
}


@pytest.fixture(params=BODIES)
def panel(request, serve):
    def view(_):
        print(EVIL)
        return BODIES[request.param]

    return html_of(serve(view).send(Request("GET", "/a?b=" + EVIL)))


def test_nothing_in_a_panel_can_run(panel):
    seen = Panel(panel)
    assert not RUNNING & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "id"]
    assert {value for name, value in seen.attributes if name == "sandbox"} <= {""}
    kinds = ("data:image/", "data:audio/", "data:video/")
    assert all(value.startswith(kinds) for name, value in seen.attributes if name == "src")


def test_a_link_in_a_panel_only_saves_bytes(panel):
    seen = Panel(panel)
    links = [value for name, value in seen.attributes if name == "href"]
    assert all(link.startswith("data:application/octet-stream;base64,") for link in links)
    assert len(links) == len([name for name, _ in seen.attributes if name == "download"])


def test_every_frame_is_sandboxed(panel):
    assert panel.count("<iframe") == panel.count('<iframe sandbox=""')


def test_the_words_of_app_and_user_stand_where_nothing_is_typeset(panel):
    for text, tags in Panel(panel).texts:
        assert "$" not in text or {"pre", "code"} & set(tags)


@pytest.mark.parametrize("tags", [STATIC_TAGS, UNTRUSTED_TAGS], ids=["static", "untrusted"])
def test_what_must_be_read_is_there_without_frames_and_styles(serve, tags):
    def view(_):
        print("printed line")
        return Response(PAGE, mimetype="text/html", headers={"X-Own": "header value"})

    text = stripped(html_of(serve(view).send(Request("GET", "/hello"))), tags)
    for words in (
        "GET /hello → 200 OK",
        "X-Own",
        "header value",
        "<h1>Hello</h1>",
        "printed line",
        "1 link, 1 form",
    ):
        assert words in text


@pytest.mark.parametrize("tags", [STATIC_TAGS, UNTRUSTED_TAGS], ids=["static", "untrusted"])
def test_a_failure_can_be_read_in_every_view(serve, tags):
    text = stripped(html_of(serve(lambda _: 1 / 0).send(Request("GET", "/boom"))), tags)
    assert "500 Internal Server Error" in text
    assert "ZeroDivisionError: division by zero" in text


@pytest.mark.parametrize(
    ("kind", "words"), [("json", '"id": 7'), ("text", EVIL), ("csv", EVIL), ("bytes", "00 ff")]
)
def test_what_is_text_can_be_read_in_the_static_view(serve, kind, words):
    assert words in stripped(html_of(serve(lambda _: BODIES[kind]).send(Request("GET", "/"))), STATIC_TAGS)


def test_an_array_of_objects_is_also_a_table(serve):
    seen = Panel(html_of(serve(lambda _: BODIES["objects"]).send(Request("GET", "/"))))
    assert "as a table" in seen.text
    assert '"<script>": "<script>"' in seen.text


def test_what_is_masked_is_in_no_view_and_neither_is_its_length(serve):
    bodies = iter(['[{"id": 9, "n": 1}]', '[{"id": 1234, "n": 1}]'])
    view = lambda _: Response(next(bodies), mimetype="application/json")  # noqa: E731
    client, display = serve(view), Display(mask=("$..id",))
    first, second = (client.send(Request("GET", "/"), display=display) for _ in range(2))
    assert first._repr_mimebundle_() == second._repr_mimebundle_()
    assert '{"id": …, "n": 1}' in second._repr_mimebundle_()[0]["text/plain"]
    assert second.json == [{"id": 1234, "n": 1}]


def test_a_page_stands_in_its_frame_with_inert_links(serve):
    seen = Panel(html_of(serve(lambda _: BODIES["html"]).send(Request("GET", "/"))))
    assert dict(seen.attributes)["srcdoc"] == f'<base target="_blank">{PAGE}'


def test_a_still_picture_says_what_does_not_work_in_it(serve):
    def view(request):
        page = "<a href=/>x</a><iframe src=/x></iframe><script src=/a.js></script><img src=/gone.png><img src=https://example.com/a.png>"
        return page if request.path == "/" else Response(status=404)

    text = Panel(html_of(serve(view).send(Request("GET", "/")))).text
    expected = (
        "still picture: 1 link, 1 frame, 1 script (scripts run with --scripts) · not loaded: /gone.png (404)"
    )
    assert expected in text


def test_scripts_run_only_when_asked_for_and_reach_nothing(serve):
    response = serve(lambda _: BODIES["html"]).send(Request("GET", "/"), display=Display(scripts=True))
    seen = Panel(html_of(response))
    frame = dict(seen.attributes)
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"].startswith(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src'
    )
    assert 0 < frame["srcdoc"].index(NO_WEBRTC) < frame["srcdoc"].index("<base")
    assert "scripts run; still: 1 link, 1 form" in seen.text
    assert not RUNNING & set(seen.tags)


def test_the_page_cannot_take_back_what_the_frame_forbids(serve):
    page = "<meta http-equiv=Content-Security-Policy content='default-src *'><base target=_self href=/x><p>"
    response = serve(lambda _: page).send(Request("GET", "/"), display=Display(scripts=True))
    source = dict(Panel(html_of(response)).attributes)["srcdoc"]
    assert (
        source.index("default-src 'none'") < source.index('<base target="_blank">') < source.index(page[:20])
    )


def test_the_apps_own_files_stand_in_the_frame(serve):
    def view(request):
        if request.path == "/s.css":
            return Response("h1{color:red}", mimetype="text/css")
        return '<link rel="stylesheet" href="/s.css"><h1>Hello</h1>'

    frame = dict(Panel(html_of(serve(view).send(Request("GET", "/")))).attributes)
    assert frame["srcdoc"] == '<base target="_blank"><style>h1{color:red}</style><h1>Hello</h1>'


def test_a_long_path_is_wrapped_so_that_the_status_is_seen(serve):
    html = html_of(serve(lambda request: "ok").send(Request("GET", "/" + "long/" * 40)))
    assert "overflow-wrap:anywhere" in html.partition("→")[0]
    assert "nowrap" not in html.partition("→")[0]


PROSE = "prose " * 100


@pytest.mark.parametrize(
    "view",
    [
        lambda _: Response(PROSE, mimetype="text/plain"),
        lambda _: Response(json.dumps({"long": PROSE}), mimetype="application/json"),
        lambda _: Response(f"<p>{PROSE}", mimetype="text/html"),
        lambda _: print(PROSE) or "ok",
        lambda _: int(PROSE),
    ],
    ids=["text", "json", "source", "printed", "error"],
)
def test_long_lines_wrap(serve, view):
    html = html_of(serve(view).send(Request("GET", "/")))
    blocks = [block for block in html.split("<pre ")[1:] if "prose prose" in block.partition("</pre>")[0]]
    assert blocks
    assert all(
        "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere" in block.partition(">")[0]
        for block in blocks
    )


def test_a_long_line_of_json_goes_on_below_its_beginning(serve):
    body = Response(json.dumps({"a": [PROSE]}), mimetype="application/json")
    assert "padding-left:6ch;text-indent:-6ch" in html_of(serve(lambda _: body).send(Request("GET", "/")))


def test_a_panel_is_as_wide_as_its_cell_and_its_prose_is_not(serve):
    html = html_of(serve(lambda _: Response(PROSE, mimetype="text/plain")).send(Request("GET", "/")))
    assert "max-width" not in html.partition(">")[0]
    assert "max-width:100ch" in html
    table = Response("a   b\n1   2", mimetype="text/plain")
    assert "max-width:100ch" not in html_of(serve(lambda _: table).send(Request("GET", "/")))


def test_all_sizes_follow_the_front_ends_size_of_code(panel):
    sizes = re.findall(r"font(?:-size)?:([^;\"]*)", re.sub(r'srcdoc="[^"]*"', "", panel))
    assert sizes
    assert all("--jp-code-font-size" in size or "em" in size or size == "inherit" for size in sizes)


def test_a_frame_has_a_title(serve):
    seen = Panel(html_of(serve(lambda _: PAGE).send(Request("GET", '/a"b?token=1'))))
    assert dict(seen.attributes)["title"] == "GET /a%22b?token=…"


@pytest.mark.parametrize(("height", "shown"), [(None, 480), (1234, 1234), (100, 100)])
def test_a_tall_page_says_what_shows_all_of_it(serve, height, shown):
    display = Display(height=height)
    html = html_of(serve(lambda _: "<p>x</p>" * 30).send(Request("GET", "/"), display=display))
    assert f"height:{shown}px" in html
    assert ("more below: " in html and "--height 1100" in html) == (shown < 1000)


def test_an_error_that_a_handler_has_answered_is_offered_below_the_answer(serve, recorder):
    def view(_):
        try:
            return 1 / 0
        except ZeroDivisionError as exc:
            recorder.current().fail(exc, is_handled=True)
            return "<p>sorry"

    bundle = serve(view).send(Request("GET", "/"))._repr_mimebundle_()[0]
    assert "ZeroDivisionError, handled" in bundle["text/html"]
    assert "<p>sorry\n\nhandled:\n  in view, line " in bundle["text/plain"]


def test_headers_are_shown_when_they_are_asked_for(serve):
    response = serve(lambda _: "ok").send(Request("GET", "/"), display=Display(headers=True))
    bundle = response._repr_mimebundle_()[0]
    assert "<details open" in bundle["text/html"]
    assert "Content-Type: text/html; charset=utf-8\n" in bundle["text/plain"]


def test_headers_are_unfolded_where_they_are_the_answer(serve):
    client = serve(lambda request: "ok")
    assert "<details open" in html_of(client.send(Request("HEAD", "/")))
    assert "<details open" not in html_of(client.send(Request("GET", "/")))


def test_plain_words_need_no_frame(serve):
    assert "iframe" not in html_of(serve(lambda _: "Hello Ann!").send(Request("GET", "/")))


@pytest.mark.parametrize(
    ("value", "is_tree"),
    [({"a": {"b": 1}}, True), ([[1], [2]], True), ({"a": 1, "b": []}, False), (["a"], False), ("a", False)],
)
def test_a_nested_json_body_is_also_a_tree(serve, value, is_tree):
    response = Response(json.dumps(value), mimetype="application/json")
    html = html_of(serve(lambda _: response).send(Request("GET", "/")))
    assert ("as a tree" in html) is is_tree


def test_a_long_json_body_is_also_a_tree(serve):
    seen = Panel(html_of(serve(lambda _: BODIES["long json"]).send(Request("GET", "/"))))
    assert "90 items" in seen.text
    assert seen.tags.count("details") > 50


@pytest.mark.parametrize(
    "response",
    [
        Response('<p>&"</p>' * 100_000, mimetype="text/html"),
        Response("é&" * 300_000, mimetype="text/plain"),
        Response("[" + ",".join(['{"<>": "&&&&"}'] * 20_000) + "]", mimetype="application/json"),
        Response("<p>x", headers={f"X-{n}": '"' * 5000 for n in range(200)}, mimetype="text/html"),
        Response(b"x" * 1_000_000, mimetype="image/png"),
        Response(b"x" * 149_000, mimetype="audio/mp4"),
        Response(b"\0" * 149_000, mimetype="application/zip"),
        Response(('"' * 8 + ",") * 100_000, mimetype="text/csv"),
        Response("[" + ",".join(['["&"]'] * 20_000) + "]", mimetype="application/json"),
        Response("[" + ",".join(['"&"'] * 20_000) + "]", mimetype="application/json"),
        Response("<p>" + "<img src=/x.png>" * 50, mimetype="text/html"),
    ],
)
def test_a_bundle_holds_at_most_300_kb(serve, response):
    picture = Response(b"x" * 60_000, mimetype="image/png")
    view = lambda request: print("<&>" * 100_000) or (picture if "x.png" in request.path else response)  # noqa: E731
    headers = tuple((f"X-{n}", '"' * 900) for n in range(100))
    sent = serve(view).send(Request("GET", "/" + "ä" * 5000, headers), display=Display(elapsed=True))
    assert sum(len(text.encode()) for text in sent._repr_mimebundle_()[0].values()) <= 300_000


def test_json_goes_without_colours_where_there_is_no_room_for_them(serve, monkeypatch):
    body = "[" + ",".join(['["a"' + ',"a"' * 9 + "]"] * 50) + "]"
    response = serve(lambda _: Response(body, mimetype="application/json")).send(Request("GET", "/"))
    assert html_of(response).count('<span style="color:color-mix(in srgb,#') >= 500
    monkeypatch.setattr("flask_nb.panel.exchanger.MAX_BUNDLE", 30_000)
    assert '<span style="color:color-mix(in srgb,#' not in html_of(response)


kinds = st.sampled_from(
    [
        "text/html",
        "application/json",
        "text/csv",
        "image/svg+xml",
        "text/plain",
        "application/zip",
        "audio/wav",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    piece=st.text(min_size=1, max_size=12),
    count=st.integers(1, 60_000),
    kind=kinds,
    display=st.builds(Display, st.booleans(), st.sampled_from([(), ("$..id",)])),
)
def test_whatever_the_body_a_bundle_is_bounded_and_stable(serve, piece, count, kind, display):
    body = (piece * count)[:600_000].encode("utf-8", "replace")
    response = serve(lambda _: Response(body, mimetype=kind)).send(Request("GET", "/"), display=display)
    bundle = response._repr_mimebundle_()[0]
    assert sum(len(text.encode()) for text in bundle.values()) <= 300_000
    assert response._repr_mimebundle_()[0] == bundle


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.text(max_size=300),
    kind=st.sampled_from(["text/plain", "text/html", "application/json", "text/csv", "application/x"]),
    header=st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=100
    ),
    printed=st.text(max_size=100),
)
def test_any_words_survive_escaped(serve, body, kind, header, printed):
    view = lambda _: print(printed) or Response(body, mimetype=kind, headers={"X-Any": header.strip()})  # noqa: E731
    html = html_of(serve(view).send(Request("GET", "/")))
    seen = Panel(html)
    assert set(seen.tags) <= OWN_TAGS
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", html)
