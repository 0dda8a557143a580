"""``%browse`` in JupyterLab: links, forms, scripts, history, live reload, and what is said when something is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .browsed import Browsed, Foreign
    from .frontend import OpenNotebook, Server

pytestmark = pytest.mark.browser

CELLS = r"""
%load_ext flask_nb
---
import time
from flask_nb import Flask, Response, flash, make_response, redirect, request, session
app = Flask(__name__)
app.secret_key = "k"
posted = []
---
%%static site.css
@font-face { font-family: own; src: url(dot.svg) }
h1 { color: rgb(0, 128, 0) }
---
%%static dot.svg
<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10"/></svg>
---
%%static own.js
window.ownScript = "ran";
---
%%template page.html
<!doctype html><link rel="stylesheet" href="/static/site.css"><script src="/static/own.js"></script>
<h1>Home</h1><img src="/static/dot.svg">
<a id="link" href="two?x=1">two</a> <a id="blank" target="_blank" href="/two?x=blank">blank</a>
<a id="away" href="http://elsewhere.example/">away</a> <a id="file" href="/file">file</a>
<a id="low" href="/two?x=2#low">low</a> <a id="here" href="#end">end</a>
<a id="stopped" href="/two" onclick="event.preventDefault()">stopped</a>
<a id="handler" onclick="location.href='/two?x=handler'">handler</a>
<form id="get" action="/two"><input name="x" value="a b&c"><button id="send">Get</button></form>
<form id="post" method="post" action="/send"><input name="q" value="tea"><textarea name="t">1
2</textarea><button name="pressed" value="first" id="first">1</button>
<button name="pressed" value="second" id="second">2</button></form>
<form id="upload" method="post" enctype="multipart/form-data" action="/upload">
<input type="file" name="f" id="chosen"><button id="up">Upload</button></form>
<div style="height: 3000px"></div><p id="end">End</p>
---
%%route /
return render_template("page.html")
---
%%route /two
who = request.cookies.get("who")
return (f"<h1>Two {request.args.get('x')}</h1><p>from {request.referrer} who {who}</p><a id=back href='/'>home</a>"
        "<div style='height: 3000px'></div><p id=low>Low</p>")
---
%%route POST /send
posted.append(request.form.to_dict())
answer = redirect("/two?x=" + request.form["q"] + "," + request.form.get("pressed", "none"))
answer.set_cookie("who", "Ann", httponly=True)
return answer
---
%%route POST /upload
f = request.files["f"]
return f"<p>{f.filename} {f.mimetype} {len(f.read())} bytes</p>"
---
%%route GET,POST,PUT /echo
return {"method": request.method, "headers": dict(request.headers), "body": request.get_data(as_text=True),
        "args": request.args, "path": request.path, "form": request.form}
---
%%route /events
def ticks():
    for n in range(3):
        yield f"id: {n}\nevent: tick\ndata: {n}\n\n"
        time.sleep(0.1)
    time.sleep(600)
return Response(ticks(), mimetype="text/event-stream")
---
%%route /file
return Response("a,b\n", mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=data.csv"})
---
%%route /json
return {"tea": "green"}
---
%%route /fails
return 1 / (1 - 1)
---
%%route /teapot
return "<p>short and stout</p>", 418
---
%%route /loop
return redirect("/loop")
---
%%route /leave
return redirect("http://elsewhere.example/x")
---
%%route /large
return "<p>" + "x" * 5_000_000 + "</p><p id=last>last</p>"
---
%%route /huge
return Response("y" * 200_000_000, mimetype="text/plain")
---
%%route /endless
def more():
    while True:
        yield "z" * 1000
        time.sleep(0.01)
return Response(more(), mimetype="text/html")
---
%%route /slow
time.sleep(2)
return "<p>slow</p>"
---
%%route /invalid
return "</p><table><b>bold<td><i>" + "<div>" * 300 + "end &nosuch; <script>document.title='ran'</sc" + "ript"
---
%%route /utf16
return Response("<p>Grüße 茶</p>".encode("utf-16"), mimetype="text/html")
---
%%route /blank
return "<h1>Blank</h1><div id=out></div>"
---
%%template htmx.html
<script src="/static/htmx.js"></script><script src="/static/jquery.js"></script>
<button id="more" hx-post="/echo" hx-vals='{"n": 1}' hx-target="#out">More</button><div id="out"></div>
<button id="jq">jQuery</button>
<script>$("#jq").on("click", () => $.getJSON("/json", data => $("#out").text("jq " + data.tea)))</script>
---
%%route /htmx
return render_template("htmx.html")
---
%browse / --height 400
---
counter = 0
---
%%route /count
global counter
counter += 1
return f"<p>count {counter}</p>"
"""


def npm_file(folder: Path, package: str, name: str) -> str:
    """Return a file of an npm package; the test is skipped where npm cannot get it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    packed = subprocess.run(
        [npm, "pack", "--silent", package], cwd=folder, capture_output=True, text=True, check=False
    )
    if packed.returncode:
        pytest.skip(f"npm has no {package} here")
    with tarfile.open(folder / packed.stdout.strip().splitlines()[-1]) as archive:
        member = archive.extractfile(f"package/{name}")
        assert member is not None
        return member.read().decode()


@pytest.fixture(scope="module")
def opened(browser: Browser, lab: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenNotebook]:
    """A notebook with an app that is being used."""
    from .browsed import opened_notebook, write_notebook

    with opened_notebook(
        browser, lab, write_notebook(tmp_path_factory.mktemp("browse") / "b.ipynb", CELLS)
    ) as opened:
        yield opened


@pytest.fixture
def view(opened: OpenNotebook) -> Browsed:
    """The view, at its first page."""
    from .browsed import Browsed

    return Browsed(opened, "%browse / ").go("/", "Home")


def run_cell(opened: OpenNotebook, source: str) -> None:
    """Put a cell at the end and run it."""
    opened.append_cell(source)
    opened.page.keyboard.press("Control+Enter")
    opened.wait_until_idle()


# --- pages and what belongs to them ---


def test_a_page_has_its_own_styles_pictures_and_scripts(view: Browsed) -> None:
    assert view.page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 128, 0)"
    assert view.page.evaluate("document.querySelector('img').naturalWidth") == 20
    assert view.page.evaluate("window.ownScript") == "ran"
    assert view.status.startswith("200 OK · text/html")
    assert view.notes == ""


def test_a_link_leads_to_the_next_page_which_knows_the_one_before(view: Browsed) -> None:
    view.page.click("#link")
    view.wait_for("Two 1")
    assert "from http://localhost/" in view.text()
    assert view.address == "/two?x=1"


def test_back_forward_and_reload_do_what_they_say(view: Browsed) -> None:
    view.page.click("#link")
    view.wait_for("Two 1")
    view.press("Back")
    view.wait_for("Home")
    view.press("Forward")
    view.wait_for("Two 1")
    mark = view.mark()
    view.press("Reload")
    view.wait_for_new(mark)
    assert "Two 1" in view.text()


def test_a_link_with_an_anchor_scrolls_there(view: Browsed) -> None:
    view.page.click("#low")
    view.wait_for("Two 2")
    assert view.page.evaluate("scrollY") > 1000
    assert view.address == "/two?x=2#low"


def test_an_anchor_of_the_same_page_asks_for_nothing(view: Browsed) -> None:
    mark = view.mark()
    view.page.click("#here")
    view.page.wait_for_function("scrollY > 1000")
    assert view.page.evaluate("window.markedByTest") == mark
    assert view.address == "/#end"


def test_a_link_that_a_script_stops_stays_stopped(view: Browsed) -> None:
    mark = view.mark()
    view.page.click("#stopped")
    view.tab.wait_for_timeout(300)
    assert view.page.evaluate("window.markedByTest") == mark


def test_a_link_for_another_tab_opens_in_the_view(view: Browsed) -> None:
    view.page.click("#blank")
    view.wait_for("Two blank")


def test_a_link_out_of_the_app_is_offered_to_the_person(view: Browsed) -> None:
    view.page.click("#away")
    view.wait_for_note("leads out of the app")
    link = view.box.locator(".flask-nb-notes a")
    assert link.get_attribute("href") == "http://elsewhere.example/"
    assert "Home" in view.text()


def test_a_handler_that_sets_location_leads_there(view: Browsed) -> None:
    view.page.click("#handler")
    view.wait_for("Two handler")


# --- forms ---


def test_a_form_is_sent_as_a_query(view: Browsed) -> None:
    view.page.click("#send")
    view.wait_for("Two a b&c")
    assert view.address == "/two?x=a+b%26c"


def test_a_form_is_posted_with_the_button_that_was_pressed_and_its_answer_redirects(view: Browsed) -> None:
    view.page.click("#second")
    view.wait_for("Two tea,second")
    assert "who Ann" in view.text()
    assert view.address == "/two?x=tea,second"


def test_form_submit_sends_it_without_a_button(view: Browsed) -> None:
    view.page.evaluate("document.getElementById('post').submit()")
    view.wait_for("Two tea,none")


def test_a_file_is_uploaded(view: Browsed) -> None:
    view.page.set_input_files(
        "#chosen", {"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG" * 100}
    )
    view.page.click("#up")
    view.wait_for("a.png image/png 400 bytes")


def test_an_upload_that_is_too_large_is_refused_in_words(view: Browsed) -> None:
    body = b"x" * (8 * 1024 * 1024 + 1)
    view.page.set_input_files("#chosen", {"name": "a.bin", "mimeType": "text/plain", "buffer": body})
    view.page.click("#up")
    view.wait_for_note("8 MB at most")
    assert "Home" in view.text()


def test_a_posted_page_is_shown_again_and_not_sent_again(view: Browsed, opened: OpenNotebook) -> None:
    view.page.evaluate("document.getElementById('upload').submit()")
    view.wait_for("0 bytes")
    view.go("/two", "Two None")
    view.press("Back")
    view.wait_for("0 bytes")
    assert view.status.startswith("200 OK")


# --- scripts ---


def test_fetch_asks_the_app(view: Browsed) -> None:
    script = """
      const response = await fetch('/echo?a=1', {method: 'PUT', body: 'tea', headers: {'X-Own': 'yes'}});
      const sent = await response.json();
      return [response.status, response.url, sent.method, sent.body, sent.headers['X-Own'], sent.args.a];
    """
    assert view.run(script) == [200, "http://localhost/echo?a=1", "PUT", "tea", "yes", "1"]


def test_fetch_follows_redirects_and_sees_failures(view: Browsed) -> None:
    form = "new URLSearchParams({q: 'x'})"
    script = f"const r = await fetch('/send', {{method: 'POST', body: {form}}}); return [r.redirected, r.url]"
    assert view.run(script) == [True, "http://localhost/two?x=x,none"]
    assert view.run("return (await fetch('/fails')).status") == 500


def test_fetch_can_be_given_up(view: Browsed) -> None:
    script = """
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      await fetch('/slow', {signal: controller.signal});
    """
    assert view.run(script) == "AbortError"


def test_xmlhttprequest_asks_the_app(view: Browsed) -> None:
    script = """
      const xhr = new XMLHttpRequest(), seen = [];
      xhr.onreadystatechange = () => seen.push(xhr.readyState);
      xhr.open('POST', '/echo');
      xhr.setRequestHeader('Content-Type', 'text/plain');
      const loaded = new Promise(resolve => xhr.addEventListener('load', resolve));
      xhr.send('tea');
      await loaded;
      return [xhr.status, JSON.parse(xhr.responseText).body, seen, xhr.getResponseHeader('content-type')];
    """
    assert view.run(script) == [200, "tea", [1, 2, 3, 4], "application/json"]


def test_eventsource_hears_events_while_they_come(view: Browsed) -> None:
    script = """
      const source = new EventSource('/events'), heard = [];
      await new Promise(resolve => source.addEventListener('tick', event => {
        heard.push(event.data + event.lastEventId);
        if (heard.length === 3) resolve();
      }));
      source.close();
      return heard;
    """
    assert view.run(script) == ["00", "11", "22"]


def test_pushstate_and_back_stay_within_the_page(view: Browsed) -> None:
    mark = view.mark()
    view.page.evaluate(
        "addEventListener('popstate', e => { window.popped = e.state }); history.pushState({n: 1}, '', '/pushed');"
        "history.pushState({n: 2}, '', '/pushed/2')"
    )
    view.page.wait_for_timeout(200)
    assert view.address == "/pushed/2"
    view.page.evaluate("history.back()")
    view.page.wait_for_function("window.popped && window.popped.n === 1")
    assert view.address == "/pushed"
    assert view.page.evaluate("window.markedByTest") == mark


def test_a_script_that_reloads_gets_a_new_page(view: Browsed) -> None:
    mark = view.mark()
    view.page.evaluate("location.reload()")
    view.wait_for_new(mark)
    assert "Home" in view.text()


def test_files_of_elements_that_scripts_add_are_loaded(view: Browsed) -> None:
    script = """
      const image = new Image();
      const loaded = new Promise(resolve => { image.onload = () => resolve(image.naturalWidth); });
      image.src = '/static/dot.svg';
      document.body.append(image);
      const script = document.createElement('script');
      const ran = new Promise(resolve => { script.onload = () => resolve(window.ownScript); });
      window.ownScript = 'not yet';
      script.src = '/static/own.js';
      document.body.append(script);
      return [await loaded, await ran];
    """
    assert view.run(script) == [20, "ran"]


@pytest.fixture(scope="module")
def libraries(opened: OpenNotebook, tmp_path_factory: pytest.TempPathFactory) -> None:
    """HTMX and jQuery as static files of the app."""
    folder = tmp_path_factory.mktemp("npm")
    htmx = npm_file(folder, "htmx.org@2", "dist/htmx.min.js")
    jquery = npm_file(folder, "jquery@3", "dist/jquery.min.js")
    (folder / "own.json").write_text(json.dumps({"htmx.js": htmx, "jquery.js": jquery}))
    run_cell(
        opened,
        f"import json\nlibraries = json.load(open({str(folder / 'own.json')!r}))\n"
        '@app.get(\'/static/<any("htmx.js", "jquery.js"):name>\')\n'
        "def library(name):\n    return Response(libraries[name], mimetype='text/javascript')",
    )


def test_pages_of_htmx_and_jquery_work(libraries: None, view: Browsed) -> None:
    view.go("/htmx", "More")
    view.page.click("#more")
    view.wait_for('"n":"1"')
    assert "Hx-Request" in view.text()
    view.page.click("#jq")
    view.wait_for("jq green")


# --- answers that are no pages ---


def test_an_answer_that_is_no_page_is_shown_as_the_panel_shows_it(view: Browsed) -> None:
    view.go("/json", '"tea"')
    assert view.status == "200 OK · application/json · 16 B"


def test_a_file_to_download_is_saved(view: Browsed) -> None:
    with view.tab.expect_download() as saved:
        view.page.click("#file")
    assert saved.value.suggested_filename == "data.csv"
    assert Path(str(saved.value.path())).read_text() == "a,b\n"
    assert "Home" in view.text()


def test_a_failure_is_shown_with_its_traceback(view: Browsed) -> None:
    view.go("/fails", "ZeroDivisionError")
    assert "1 / (1 - 1)" in view.text()
    assert view.status.startswith("500 Internal Server Error")


def test_a_page_with_an_error_status_is_the_apps_own(view: Browsed) -> None:
    view.go("/teapot", "short and stout")
    assert view.status.startswith("418")
    view.go("/nowhere", "Not Found")
    assert view.status.startswith("404")


def test_a_redirect_out_of_the_app_is_said_with_a_link(view: Browsed) -> None:
    view.go("/leave")
    view.wait_for_note("redirects to another host")
    assert view.box.locator(".flask-nb-notes a").get_attribute("href") == "http://elsewhere.example/x"


def test_a_redirect_that_never_ends_is_given_up(view: Browsed) -> None:
    view.go("/loop")
    view.wait_for_note("20 redirects in a row")


def test_a_page_of_5_mb_is_shown_whole(view: Browsed) -> None:
    view.go("/large")
    assert view.page.evaluate("document.getElementById('last').textContent") == "last"


def test_an_answer_of_200_mb_is_cut_and_said(view: Browsed) -> None:
    view.go("/huge", "GET /huge")
    assert "cut after" in view.text() + view.notes


def test_an_answer_without_end_is_cut_and_said(view: Browsed) -> None:
    view.go("/endless", "zzz")
    assert "cut after" in view.text()


def test_invalid_html_is_what_the_browser_makes_of_it(view: Browsed) -> None:
    view.go("/invalid", "bold")


def test_a_page_in_utf_16_is_read(view: Browsed) -> None:
    view.go("/utf16", "Grüße 茶")


# --- what cannot work is said once ---


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("new WebSocket('ws://localhost/'); new WebSocket('ws://localhost/')", "uses a WebSocket"),
        ("navigator.serviceWorker.register('/sw.js').catch(() => {})", "uses a service worker"),
        ("document.cookie", "reads or sets cookies itself"),
        ("confirm('Sure?')", "confirm()"),
    ],
)
def test_what_cannot_work_is_said_once(view: Browsed, script: str, said: str) -> None:
    view.run(script)
    view.wait_for_note(said)
    assert view.notes.count(said) == 1


def test_files_of_other_hosts_do_not_load_and_are_named(view: Browsed, foreign: Foreign) -> None:
    view.run(f"document.body.insertAdjacentHTML('beforeend', '<img src=\"{foreign.url}/x.png\">')")
    view.wait_for_note(f"%browse --allow {foreign.host}")
    assert "/x.png" not in foreign.asked


def test_a_host_that_is_allowed_gives_styles_and_scripts(opened: OpenNotebook, foreign: Foreign) -> None:
    from .browsed import Browsed

    run_cell(opened, f"%browse /blank --new --allow {foreign.host}")
    view = Browsed(opened, f"--allow {foreign.host}")
    view.wait_for("Blank")
    view.run(
        f"for (const s of [Object.assign(document.createElement('script'), {{src: '{foreign.url}/x.js'}}),"
        f" Object.assign(document.createElement('link'), {{rel: 'stylesheet', href: '{foreign.url}/x.css'}})])"
        " document.head.append(s)"
    )
    view.page.wait_for_function("getComputedStyle(document.querySelector('h1')).color === 'rgb(255, 0, 0)'")
    assert view.page.evaluate("window.fromElsewhere") is True
    assert view.run(f"await fetch('{foreign.url}/x.json')") == "TypeError"


@pytest.fixture(scope="module")
def foreign() -> Iterator[Foreign]:
    """A server of somebody else."""
    from .browsed import foreign_server

    with foreign_server() as foreign:
        yield foreign


# --- while and after cells run ---


def test_a_page_answers_while_a_cell_runs(view: Browsed, opened: OpenNotebook) -> None:
    opened.append_cell("time.sleep(4)")
    opened.page.keyboard.press("Control+Enter")
    view.page.click("#link")
    view.wait_for("Two 1")
    assert "*" in opened.cell("time.sleep(4)").locator(".jp-InputPrompt").inner_text()
    opened.wait_until_idle()


def test_a_view_loads_its_page_again_when_a_cell_has_changed_the_app(
    view: Browsed, opened: OpenNotebook
) -> None:
    run_cell(opened, "%%route /live\nreturn '<h1>One</h1><div style=\"height:3000px\"></div>'")
    view.go("/live", "One")
    view.page.evaluate("window.scrollTo(0, 700)")
    view.tab.wait_for_timeout(300)
    run_cell(opened, "%%route /live\nreturn '<h1>Other</h1><div style=\"height:3000px\"></div>'")
    view.wait_for("Other")
    assert view.page.evaluate("scrollY") == 700


def test_a_variable_that_a_view_reads_is_a_change_of_the_app(view: Browsed, opened: OpenNotebook) -> None:
    run_cell(opened, "shelf = ['tea']")
    run_cell(opened, "%%route /shelf\nreturn f'<h1>{len(shelf)} on the shelf</h1>'")
    view.go("/shelf", "1 on the shelf")
    run_cell(opened, "shelf.append('milk')")
    view.wait_for("2 on the shelf")


def test_several_cells_in_a_row_are_one_change(view: Browsed, opened: OpenNotebook) -> None:
    for n in range(4):
        opened.append_cell(f"%%route /several/{n}\nreturn '{n}'")
    view.go("/count", "count")
    before = int(view.text().split()[-1])
    opened.select("%%route /several/0")
    opened.command("notebook:run-all-below")
    opened.wait_until_idle()
    view.wait_for(f"count {before + 1}")
    view.tab.wait_for_timeout(600)
    assert view.text().strip() == f"count {before + 1}"


def test_a_cell_that_changes_nothing_loads_nothing(view: Browsed, opened: OpenNotebook) -> None:
    view.go("/count", "count")
    before = view.text()
    run_cell(opened, "%get /json")
    view.tab.wait_for_timeout(700)
    assert view.text() == before


def test_a_view_says_that_the_app_fails_until_the_next_good_run(view: Browsed, opened: OpenNotebook) -> None:
    run_cell(opened, "%%route /flaky\nreturn '<h1>Good</h1>'")
    view.go("/flaky", "Good")
    run_cell(opened, "%%route /flaky\nreturn 1 / 0")
    view.wait_for("ZeroDivisionError")
    view.wait_for_note("The app fails since the last cell")
    run_cell(opened, "%%route /flaky\nreturn '<h1>Mended</h1>'")
    view.wait_for("Mended")
    assert view.notes == ""


def test_a_posted_page_is_not_sent_again_by_a_change(view: Browsed, opened: OpenNotebook) -> None:
    view.page.evaluate("document.getElementById('upload').submit()")
    view.wait_for("0 bytes")
    run_cell(opened, "%%route /one/more\nreturn ''")
    view.wait_for_note("which is not sent again")
    assert "0 bytes" in view.text()


# --- several views ---

SEVERAL = """
%load_ext flask_nb
---
%%route /
"<h1>Home</h1>"
---
%%route /two
f"<h1>Two {request.args['x']}</h1>"
---
"""


def test_a_later_view_takes_the_place_of_the_first_and_another_stays_with_new(
    browser: Browser, lab: Server, tmp_path: Path
) -> None:
    from .browsed import Browsed, opened_notebook, write_notebook

    path = write_notebook(tmp_path / "later.ipynb", f"{SEVERAL}%browse / ")
    with opened_notebook(browser, lab, path) as opened:
        first = Browsed(opened, "%browse / ")
        first.wait_for("Home")
        run_cell(opened, "%browse /two?x=later")
        Browsed(opened, "x=later").wait_for("Two later")
        first.wait_for_note("shown by a later %browse")
        opened.select("%browse / ")
        opened.command("notebook:run-cell")
        opened.wait_until_idle()
        Browsed(opened, "%browse / ").wait_for("Home")
        run_cell(opened, "%browse /two?x=new --new")
        Browsed(opened, "x=new").wait_for("Two new")
        Browsed(opened, "%browse / ").go("/two?x=first", "Two first")


def test_a_view_that_has_shown_no_page_yet_leaves_its_place_to_the_still_picture(
    browser: Browser, lab: Server, tmp_path: Path
) -> None:
    from .browsed import opened_notebook, write_notebook

    path = write_notebook(tmp_path / "both.ipynb", f"{SEVERAL}%browse /\n%browse /two?x=second")
    with opened_notebook(browser, lab, path) as opened:
        boxes = opened.cell("x=second").locator(".flask-nb-browse")
        boxes.first.get_by_text("shown by a later %browse").wait_for()
        assert [boxes.nth(number).locator("iframe").count() for number in range(2)] == [0, 1]
        assert opened.cell("x=second").locator(".flask-nb-still").first.is_visible()


# --- the bar ---


def test_a_page_is_as_wide_as_a_phone_where_that_is_chosen(view: Browsed) -> None:
    view.box.locator("select").select_option("phone")
    assert view.page.evaluate("innerWidth") == 375
    view.box.locator("select").select_option("full")
    assert view.page.evaluate("innerWidth") > 700


def test_a_page_is_shown_smaller_with_zoom(opened: OpenNotebook) -> None:
    from .browsed import Browsed

    run_cell(opened, "%browse /blank --new --zoom 50 --height 200")
    view = Browsed(opened, "--zoom 50")
    view.wait_for("Blank")
    assert view.page.evaluate("innerHeight") == 400


def test_the_address_for_a_tab_is_that_of_the_page(view: Browsed) -> None:
    view.go("/two?x=tab", "Two tab")
    view.press("Open in a tab")
    view.wait_for_note("In a tab of its own")
    href = str(view.box.locator(".flask-nb-notes a").get_attribute("href"))
    assert href.startswith("http://127.0.0.1:")
    assert href.endswith("/two?x=tab")


def test_an_address_that_is_no_path_of_the_app_is_told(view: Browsed) -> None:
    view.box.locator("input").first.fill("http://elsewhere.example/")
    view.box.locator("input").first.press("Enter")
    view.wait_for_note("leads out of the app")


# --- what is kept ---


def test_what_is_saved_is_a_still_picture_and_text_without_an_address(opened: OpenNotebook) -> None:
    outputs: list[dict[str, Any]] = next(
        cell for cell in opened.stored_outputs() if "widget-view" in json.dumps(cell)
    )
    widget, still = outputs
    assert widget["data"]["text/plain"] == "%browse /"
    assert set(widget["data"]) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert "GET / → 200 OK" in still["data"]["text/plain"]
    assert "flask-nb-still" in still["data"]["text/html"]
    assert "127.0.0.1" not in json.dumps(outputs)


def test_the_still_picture_is_not_shown_beside_the_page(view: Browsed, opened: OpenNotebook) -> None:
    assert not opened.cell("%browse / ").locator(".flask-nb-still").is_visible()


def test_a_web_page_of_the_notebook_shows_the_still_picture(opened: OpenNotebook, tmp_path: Path) -> None:
    import nbformat
    from nbconvert import HTMLExporter

    outputs = next(cell for cell in opened.stored_outputs() if "widget-view" in json.dumps(cell))
    cell = nbformat.v4.new_code_cell("%browse", outputs=nbformat.from_dict(outputs))
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "200 OK" in page
    assert "<pre>%browse /" in page


def test_nothing_went_wrong_in_the_front_end(opened: OpenNotebook) -> None:
    ours = [text for text in opened.errors if "flask-nb" in text or "anywidget" in text]
    assert ours == []


def test_a_kernel_that_restarts_is_said_and_what_to_run(
    browser: Browser, lab: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from .browsed import Browsed, opened_notebook, write_notebook

    path = write_notebook(
        tmp_path_factory.mktemp("restart") / "restart.ipynb",
        "%load_ext flask_nb\n---\n%%route /\n'<h1>Home</h1>'\n---\n%browse",
    )
    with opened_notebook(browser, lab, path) as opened:
        view = Browsed(opened, "%browse")
        view.wait_for("Home")
        opened.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )
        view.wait_for_note("The kernel was restarted")


def test_notebook_7_shows_a_page_that_can_be_used(
    browser: Browser, notebook_7: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from .browsed import Browsed, opened_notebook, write_notebook

    cells = "%load_ext flask_nb\n---\n%%route GET,POST /\nname = request.form.get('name', 'nobody')\n"
    cells += "f'<h1>{name}</h1><form method=post><input name=name value=Ann><button>Go</button></form>'\n---\n%browse"
    path = write_notebook(tmp_path_factory.mktemp("nb7") / "nb7.ipynb", cells)
    with opened_notebook(browser, notebook_7, path) as opened:
        view = Browsed(opened, "%browse")
        view.wait_for("nobody")
        view.page.click("button")
        view.wait_for("Ann")


# --- beside the notebook ---

DOCKED = """
%load_ext flask_nb
---
%%route /
"<h1>Home</h1><a id='link' href='/two'>two</a>"
---
%%route /two
"<h1>Two</h1>"
---
%browse / --dock
"""


def test_a_docked_view_stands_beside_the_notebook_and_is_used_there(
    browser: Browser, lab: Server, tmp_path: Path
) -> None:
    from .browsed import Browsed, opened_notebook, write_notebook

    with opened_notebook(browser, lab, write_notebook(tmp_path / "docked.ipynb", DOCKED)) as opened:
        view = Browsed(opened, "%browse / --dock")
        view.box = opened.page.locator(".flask-nb-browse")
        view.wait_for("Home")
        notebook = opened.page.locator(".jp-NotebookPanel").bounding_box()
        docked = view.box.bounding_box()
        assert notebook is not None
        assert docked is not None
        assert docked["x"] >= notebook["x"] + notebook["width"]
        view.page.click("#link")
        view.wait_for("Two")
        opened.page.locator(
            ".jp-NotebookPanel .jp-InputPrompt"
        ).first.click()  # what was used last gets the keys
        run_cell(opened, "%%route /two\n'<h1>Three</h1>'")
        view.wait_for("Three")
