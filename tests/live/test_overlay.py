"""Templates and static files in front of those of the folders."""

from __future__ import annotations

import gc
import linecache
import threading
import traceback
import weakref

import pytest
from jinja2 import TemplateNotFound, TemplateSyntaxError

from flask_nb import web
from flask_nb.live.workspace import Workspace


@pytest.fixture
def app(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "templates" / "page.html").write_text("the file's {{ title }}")
    (tmp_path / "static" / "site.css").write_text("from { a: file }")
    return web.Flask("app_under_test", root_path=str(tmp_path))


@pytest.fixture
def run(app):
    workspace = Workspace()
    app.live.follow(workspace)

    def run_cell(key, action, is_certain=True):
        cell = workspace.begin(key, f"cell {key}", is_certain)
        action()
        return workspace.finish(cell, True)

    return run_cell


def render(app, name, **values):
    with app.app_context():
        return web.render_template(name, **values)


def test_a_template_wins_over_the_file_of_its_name(app):
    assert render(app, "page.html", title="page") == "the file's page"
    app.live.overlay.add_template("page.html", "the cell's {{ title }}")
    assert render(app, "page.html", title="page") == "the cell's page"


def test_a_template_is_escaped_by_its_name(app):
    app.live.overlay.add_template("a.html", "{{ x }}")
    app.live.overlay.add_template("a.txt", "{{ x }}")
    assert (render(app, "a.html", x="<"), render(app, "a.txt", x="<")) == ("&lt;", "<")


def test_files_and_overlaid_templates_extend_and_include_each_other(app, tmp_path):
    (tmp_path / "templates" / "base.html").write_text("<{% block a %}{% endblock %}>{% include 'end.html' %}")
    app.live.overlay.add_template("child.html", "{% extends 'base.html' %}{% block a %}child{% endblock %}")
    app.live.overlay.add_template("end.html", "end")
    assert render(app, "child.html") == "<child>end"
    app.live.overlay.add_template("base.html", "new {% block a %}{% endblock %}")
    assert render(app, "child.html") == "new child"


def test_a_replaced_template_is_seen_at_once(app):
    app.live.overlay.add_template("page.html", "one")
    assert render(app, "page.html") == "one"
    app.live.overlay.add_template("page.html", "two")
    assert (render(app, "page.html"), app.jinja_env.auto_reload) == ("two", False)


def test_a_retired_template_uncovers_the_file(app, run):
    run("a", lambda: app.live.overlay.add_template("page.html", "cell"))
    assert render(app, "page.html") == "cell"
    assert run("a", lambda: None) == ["withdrawn: template page.html"]
    assert render(app, "page.html", title="page") == "the file's page"


def test_a_template_of_another_cell_is_replaced_and_named(app, run):
    run("a", lambda: app.live.overlay.add_template("x.html", "a"))
    told = run("b", lambda: app.live.overlay.add_template("x.html", "b"))
    assert told == ["replaces template x.html of the cell 'cell a'"]
    assert render(app, "x.html") == "b"


def test_a_new_app_takes_over_templates_and_static_files(app, tmp_path, run):
    made = []
    make = lambda: made.append(web.Flask("nb", root_path=str(tmp_path)))  # noqa: E731
    run("app", make)
    run("a", lambda: made[0].live.overlay.add_template("x.html", "x"))
    run("b", lambda: made[0].live.overlay.add_static("x.txt", b"x"))
    assert run("app", make) == ["the new app has taken over 2 registrations of other cells"]
    assert render(made[1], "x.html") == "x"
    assert made[1].test_client().get("/static/x.txt").data == b"x"


def test_a_new_app_takes_a_template_over_before_its_filters_are_there(tmp_path, run):
    made = []

    def make():
        made.append(web.Flask("nb", root_path=str(tmp_path)))
        made[-1].add_template_filter(lambda s: s + "!", "shout")

    run("app", make)
    run("a", lambda: made[0].live.overlay.add_template("x.html", "{{ x | shout }}"))
    run("app", make)
    assert render(made[1], "x.html", x="a") == "a!"


def test_defining_a_template_does_not_make_the_environment(app):
    app.live.overlay.add_template("x.html", "x")
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    assert app.jinja_env.auto_reload


def test_a_template_that_does_not_compile_changes_nothing(app):
    app.live.overlay.add_template("page.html", "old")
    for wrong in ("{% if %}", "one\n{{ x | shout }}", "{% block %}"):
        with pytest.raises(TemplateSyntaxError):
            app.live.overlay.add_template("page.html", wrong)
    assert render(app, "page.html") == "old"


def test_a_filter_that_is_redefined_is_used_in_constants_too(app):
    app.add_template_filter(lambda s: s + "!", "shout")
    app.live.overlay.add_template("x.html", "{{ 'a' | shout }}")
    assert render(app, "x.html") == "a!"
    app.add_template_filter(lambda s: s + "?", "shout")
    assert render(app, "x.html") == "a?"


def test_a_traceback_shows_the_lines_of_the_templates_file(app):
    linecache.cache["<a cell>"] = (1, None, ["%%template x.html\n", "fine\n", "{{ 1 / n }}\n"], "<a cell>")
    app.live.overlay.add_template("x.html", "fine\n{{ 1 / n }}\n", "<a cell>", 2)
    with pytest.raises(ZeroDivisionError) as caught:
        render(app, "x.html", n=0)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno, last.line) == ("<a cell>", 3, "{{ 1 / n }}")


def test_a_filter_that_went_away_is_named_with_the_line_of_the_file(app):
    app.add_template_filter(str, "shout")
    app.live.overlay.add_template("x.html", "{{ x | shout }}", "<a cell>", 2)
    del app.jinja_env.filters["shout"]
    with pytest.raises(TemplateSyntaxError) as caught:
        render(app, "x.html", x=1)
    assert (caught.value.lineno, caught.value.filename) == (2, "<a cell>")


def test_overlaid_templates_are_listed_and_loadable(app):
    app.live.overlay.add_template("x.html", "x", "<a cell>")
    assert sorted(app.jinja_env.list_templates()) == ["page.html", "x.html"]
    source, filename, is_current = app.jinja_env.loader.get_source(app.jinja_env, "x.html")
    assert (source, filename, is_current()) == ("x", "<a cell>", True)
    app.live.overlay.add_template("x.html", "y")
    assert not is_current()


def test_templates_of_names_that_are_not_asked_for_any_more_are_not_all_kept(app):
    templates = []
    for number in range(300):
        app.live.overlay.add_template(f"{number}.html", "x")
        assert render(app, f"{number}.html") == "x"
        templates.append(weakref.ref(app.jinja_env.get_template(f"{number}.html")))
    gc.collect()
    assert sum(template() is not None for template in templates) <= 256


def test_a_missing_template_is_missing(app):
    with pytest.raises(TemplateNotFound):
        render(app, "none.html")


def test_imported_macros_are_those_of_the_overlay(app):
    app.live.overlay.add_template("m.html", "{% macro hi(n) %}hi {{ n }}{% endmacro %}")
    app.live.overlay.add_template("x.html", "{% from 'm.html' import hi %}{{ hi('Ann') }}")
    assert render(app, "x.html") == "hi Ann"


def test_templates_replaced_under_load_are_whole(app):
    stop = threading.Event()
    seen: set[str] = set()

    def ask():
        while not stop.is_set():
            seen.add(render(app, "x.html"))

    app.live.overlay.add_template("x.html", "0" * 50)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(60):
        app.live.overlay.add_template("x.html", str(number % 10) * 50)
        assert render(app, "x.html") == str(number % 10) * 50
    stop.set()
    for thread in threads:
        thread.join()
    assert seen <= {str(digit) * 50 for digit in range(10)}


def test_an_overlay_does_not_keep_its_app_alive(tmp_path):
    app = web.Flask("nb", root_path=str(tmp_path))
    app.live.overlay.add_static("a.txt", b"a")
    app.live.set("x", {"A": 1})
    gone = weakref.ref(app)
    gc.disable()
    try:
        del app
        assert gone() is None
    finally:
        gc.enable()


def test_a_static_content_wins_over_the_file(app):
    client = app.test_client()
    with client.get("/static/site.css") as response:
        assert response.text == "from { a: file }"
    app.live.overlay.add_static("site.css", b"from { a: cell }")
    response = client.get("/static/site.css")
    assert (response.text, response.content_type) == ("from { a: cell }", "text/css; charset=utf-8")


def test_the_etag_of_a_static_content_comes_from_the_content(app):
    client = app.test_client()
    app.live.overlay.add_static("a/b.js", b"one")
    first = client.get("/static/a/b.js")
    again = client.get("/static/a/b.js", headers={"If-None-Match": first.headers["ETag"]})
    app.live.overlay.add_static("a/b.js", b"two")
    after = client.get("/static/a/b.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.text, again.status_code, again.data, after.status_code, after.text) == (
        "one",
        304,
        b"",
        200,
        "two",
    )


def test_a_part_of_a_static_content_can_be_asked_for(app):
    app.live.overlay.add_static("a.txt", b"0123456789")
    response = app.test_client().get("/static/a.txt", headers={"Range": "bytes=2-4"})
    assert (response.status_code, response.data) == (206, b"234")


def test_head_and_caching_of_a_static_content(app):
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 60
    app.live.overlay.add_static("a.txt", b"text")
    response = app.test_client().head("/static/a.txt")
    assert (response.data, response.content_length) == (b"", 4)
    assert response.cache_control.max_age == 60


@pytest.mark.parametrize(
    ("path", "data", "mimetype"),
    [
        ("logo.svg", b"<svg/>", "image/svg+xml"),
        ("page", b"\n<!DOCTYPE html><p>", "text/html"),
        ("picture", b"<svg xmlns=''/>", "image/svg+xml"),
        ("notes", b"just text", "text/plain"),
        ("bytes", b"\xff\x00", "application/octet-stream"),
        ("a.tar.gz", b"\x1f\x8b\xff", "application/octet-stream"),
    ],
)
def test_the_type_of_a_static_content(app, path, data, mimetype):
    app.live.overlay.add_static(path, data)
    assert app.test_client().get(f"/static/{path}").mimetype == mimetype


def test_a_retired_static_content_uncovers_the_file(app, run):
    run("a", lambda: app.live.overlay.add_static("site.css", b"cell"))
    assert run("a", lambda: None) == ["withdrawn: static file site.css"]
    with app.test_client().get("/static/site.css") as response:
        assert response.text == "from { a: file }"


def test_an_app_without_static_files_says_so():
    app = web.Flask("nb", static_folder=None)
    with pytest.raises(RuntimeError, match="static_folder"):
        app.live.overlay.add_static("a.txt", b"")


def test_a_content_is_found_under_another_static_url(tmp_path):
    app = web.Flask("nb", root_path=str(tmp_path), static_url_path="/assets")
    app.live.overlay.add_static("a.txt", b"a")
    assert app.test_client().get("/assets/a.txt").data == b"a"
