"""What cells define on an app besides routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flask_nb import web
from flask_nb.engines.ours import OurEngine
from flask_nb.errors import CellError, CellSyntaxError
from flask_nb.live.workspace import Workspace


@pytest.fixture
def engine(tmp_path: Path) -> OurEngine:
    engine = OurEngine.new("nb", root_path=str(tmp_path))
    engine.app.add_url_rule("/hello/<name>", "hello", lambda name: name)
    return engine


def read(engine: OurEngine, kind: str, where: Any, **options: Any) -> Any:
    below = engine.config_below("x", whole_cell=False)
    return engine.read_config(kind, where, below, silent=options.get("silent", False))


def test_a_file_is_read_without_setting_anything(engine: OurEngine, tmp_path: Path) -> None:
    (tmp_path / "settings.cfg").write_text("A = 1\nlower = 2\nDEBUG = True\n")
    assert read(engine, "python", engine.config_path("settings.cfg")) == {"A": 1, "DEBUG": True}
    assert "A" not in engine.config


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [("json", "a.json", '{"A": {"b": 1}, "c": 2}'), ("toml", "a.toml", "A = {b = 1}\nc = 2")],
)
def test_data_files_keep_upper_case_keys_at_the_top(
    engine: OurEngine, tmp_path: Path, kind: str, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    assert read(engine, kind, engine.config_path(name)) == {"A": {"b": 1}}


def test_a_json_file_is_utf8_with_or_without_a_mark(engine: OurEngine, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes('\ufeff{"A": "ä"}'.encode())
    assert read(engine, "json", engine.config_path("a.json")) == {"A": "ä"}


def test_a_missing_file_is_forgiven_in_silence(engine: OurEngine) -> None:
    for kind in ("python", "json", "toml"):
        assert read(engine, kind, engine.config_path("none"), silent=True) is None


def test_a_prefix_merges_into_nested_settings(engine: OurEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.app.config["MAIL"] = {"HOST": "h", "TLS": {"ON": False}}
    monkeypatch.setenv("NBT_MAIL__TLS__ON", "true")
    monkeypatch.setenv("NBT_N", "3")
    assert read(engine, "prefix", "NBT") == {"MAIL": {"HOST": "h", "TLS": {"ON": True}}, "N": 3}
    assert engine.config["MAIL"] == {"HOST": "h", "TLS": {"ON": False}}


def test_an_object_is_read_by_its_upper_case_names(engine: OurEngine) -> None:
    class Settings:
        A = 1
        b = 2

    assert read(engine, "object", Settings) == {"A": 1}


def test_a_template_tells_what_it_uses_and_takes(engine: OurEngine) -> None:
    source = "{% extends 'base.html' %}{% include x %}{{ url_for(a) }}{{ b }}{{ session.c }}{{ range(2) }}"
    assert engine.add_template("a.html", source, "<cell>", 2) == (["base.html"], ["a", "b", "x"])


def test_a_template_that_does_not_compile_names_the_line_of_the_cell(engine: OurEngine) -> None:
    with pytest.raises(CellSyntaxError, match="No filter named 'shout'") as caught:
        engine.add_template("a.html", "fine\n{{ x | shout }}\n", "<cell>", 3)
    assert (caught.value.line, caught.value.text) == (4, "{{ x | shout }}")


def test_a_static_file_tells_its_url_and_type(engine: OurEngine) -> None:
    assert engine.add_static("a/site.css", b"p {}", None) == ("/static/a/site.css", "text/css")


def test_an_app_without_static_files_refuses_one(tmp_path: Path) -> None:
    engine = OurEngine(web.Flask("nb", static_folder=None, root_path=str(tmp_path)))
    with pytest.raises(CellError, match="static_folder=None"):
        engine.add_static("a.css", b"", None)


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, "/hello/Ann?x=1"),
        ({"external": True}, "http://localhost/hello/Ann?x=1"),
        ({"external": True, "scheme": "https"}, "https://localhost/hello/Ann?x=1"),
        ({"anchor": "top"}, "/hello/Ann?x=1#top"),
    ],
)
def test_urls_are_built_without_a_context(engine: OurEngine, options: Any, url: str) -> None:
    assert engine.url_for("hello", {"name": "Ann", "x": 1}, **options) == url


def test_urls_follow_the_configuration(engine: OurEngine) -> None:
    engine.app.config.update(SERVER_NAME="shop.example", APPLICATION_ROOT="/app", TRUSTED_HOSTS=["x.example"])
    assert engine.url_for("hello", {"name": "A"}) == "/app/hello/A"
    assert engine.url_for("hello", {"name": "A"}, external=True) == "http://shop.example/app/hello/A"
    engine.app.config["SERVER_NAME"] = None
    assert engine.url_for("hello", {"name": "A"}, external=True) == "http://localhost/app/hello/A"


def test_building_a_url_runs_no_hook(engine: OurEngine) -> None:
    ran: list[str] = []
    engine.app.teardown_appcontext(lambda exc: ran.append("teardown"))
    engine.app.before_request(lambda: ran.append("before"))
    engine.url_for("hello", {"name": "A"})
    assert ran == []
    assert not web.has_app_context()


def test_url_defaults_see_the_app(engine: OurEngine) -> None:
    engine.app.url_defaults(lambda endpoint, values: values.setdefault("app", web.current_app.name))
    assert engine.url_for("hello", {"name": "A"}) == "/hello/A?app=nb"


def test_in_a_request_of_the_app_its_url_counts(engine: OurEngine) -> None:
    with engine.request_context({"path": "/", "base_url": "http://other.example/"}):
        assert engine.url_for("hello", {"name": "A"}, external=True) == "http://other.example/hello/A"
    other = OurEngine.new("other")
    with other.request_context({"path": "/"}):
        assert engine.url_for("hello", {"name": "A"}) == "/hello/A"
        assert web.current_app.name == "other"


def test_own_settings_are_those_that_differ(engine: OurEngine) -> None:
    assert engine.own_config() == {}
    engine.set_secret_key("k")
    engine.set_debug(True)
    assert engine.own_config() == {"SECRET_KEY": "k", "DEBUG": True}
    assert engine.app.jinja_env.auto_reload


def test_a_fresh_app_takes_nothing_over(tmp_path: Path) -> None:
    workspace = Workspace()
    for _ in range(2):
        run = workspace.begin("cell", "%app reset", True)
        made = OurEngine.fresh("nb", str(tmp_path))
        workspace.finish(run, True)
        assert made.app.live.overlay.templates == {}
        other = workspace.begin("other", "%%template a.html", True)
        made.add_template("a.html", "a", "<cell>", 2)
        workspace.finish(other, True)


def test_an_import_string_may_have_a_colon(
    engine: OurEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "defaults_of_nb.py").write_text("class Production:\n    A = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert read(engine, "object", "defaults_of_nb:Production") == {"A": 1}
