"""Configuration: where it comes from and what it takes."""

from __future__ import annotations

import json
import tomllib
from datetime import timedelta

import pytest


@pytest.fixture
def config(framework, tmp_path):
    return framework.Config(tmp_path, {"EXISTING": 1})


def test_only_upper_case_keys_of_a_mapping_are_taken(config):
    assert config.from_mapping({"A": 1, "b": 2, "Mixed": 3}, C=4, d=5) is True
    assert config == {"EXISTING": 1, "A": 1, "C": 4}


def test_pairs_are_a_mapping_too(config):
    config.from_mapping([("A", 1)])
    assert config["A"] == 1


def test_a_key_that_is_no_text_is_an_error(config):
    with pytest.raises(AttributeError):
        config.from_mapping({1: 2})


def test_a_python_file_runs_as_the_module_config(config, tmp_path):
    (tmp_path / "settings.py").write_text("import os\nA = __name__\nB = __file__\nc = 1\n")
    assert config.from_pyfile("settings.py") is True
    assert config["A"] == "config"
    assert config["B"] == str(tmp_path / "settings.py")
    assert "c" not in config
    assert "os" not in config


@pytest.mark.parametrize("silent", [False, True])
def test_an_error_in_a_python_file_is_never_silent(config, tmp_path, silent):
    (tmp_path / "broken.py").write_text("A = \n")
    with pytest.raises(SyntaxError) as caught:
        config.from_pyfile("broken.py", silent=silent)
    assert caught.value.filename == str(tmp_path / "broken.py")


@pytest.mark.parametrize("name", ["missing.py", ".", "a_file/below"])
def test_a_missing_python_file_is_an_error_unless_silent(config, tmp_path, name):
    (tmp_path / "a_file").write_text("")
    with pytest.raises(OSError, match="configuration file") as caught:
        config.from_pyfile(name)
    assert str(tmp_path / name) in str(caught.value)
    assert config.from_pyfile(name, silent=True) is False


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_missing_data_file_is_an_error_unless_silent(config, name):
    with pytest.raises(OSError, match="configuration file"):
        config.from_file(name, load=json.load)
    assert config.from_file(name, load=json.load, silent=True) is False


def test_a_data_file_below_a_file_is_an_error_even_if_silent(config, tmp_path):
    (tmp_path / "a_file").write_text("")
    with pytest.raises(NotADirectoryError):
        config.from_file("a_file/below", load=json.load, silent=True)


def test_data_files_are_loaded_as_text_or_bytes(config, tmp_path):
    (tmp_path / "a.json").write_text('{"A": [1], "b": 2}')
    (tmp_path / "a.toml").write_text("T = 5\nlower = 6\n")
    assert config.from_file("a.json", load=json.load) is True
    assert config.from_file("a.toml", load=tomllib.load, text=False) is True
    assert config == {"EXISTING": 1, "A": [1], "T": 5}


def test_an_absolute_name_leaves_the_root_path(framework, tmp_path):
    (tmp_path / "a.py").write_text("A = 1\n")
    config = framework.Config("/nowhere/at/all")
    config.from_pyfile(tmp_path / "a.py")
    assert config["A"] == 1


def test_an_object_gives_its_upper_case_attributes(config):
    class Base:
        INHERITED = 1

    class Settings(Base):
        OWN = 2
        lower = 3

        @property
        def COMPUTED(self):
            return 4

    config.from_object(Settings())
    assert config == {"EXISTING": 1, "INHERITED": 1, "OWN": 2, "COMPUTED": 4}


def test_an_object_can_be_named_for_import(config):
    config.from_object("string.Formatter")
    config.from_object("errno")
    assert config["ENOENT"] == 2


def test_an_object_that_cannot_be_imported_is_an_import_error(config):
    with pytest.raises(ImportError, match="no_such_module"):
        config.from_object("no_such_module.Settings")


def test_a_variable_names_the_file(config, tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("A = 1\n")
    monkeypatch.setenv("SETTINGS", str(tmp_path / "a.py"))
    assert config.from_envvar("SETTINGS") is True
    assert config["A"] == 1


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable_is_an_error_unless_silent(config, monkeypatch, value):
    if value is not None:
        monkeypatch.setenv("SETTINGS", value)
    with pytest.raises(RuntimeError, match="'SETTINGS'"):
        config.from_envvar("SETTINGS")
    assert config.from_envvar("SETTINGS", silent=True) is False


def test_a_variable_that_names_a_missing_file_is_silent_if_asked(config, monkeypatch):
    monkeypatch.setenv("SETTINGS", "missing.py")
    assert config.from_envvar("SETTINGS", silent=True) is False
    with pytest.raises(FileNotFoundError):
        config.from_envvar("SETTINGS")


def test_prefixed_variables_are_json_or_text(config, monkeypatch):
    monkeypatch.setenv("FLASK_NUMBER", "1")
    monkeypatch.setenv("FLASK_TRUTH", "true")
    monkeypatch.setenv("FLASK_TEXT", "it's not JSON")
    monkeypatch.setenv("OTHER_NUMBER", "2")
    assert config.from_prefixed_env() is True
    assert config == {"EXISTING": 1, "NUMBER": 1, "TRUTH": True, "TEXT": "it's not JSON"}


def test_the_prefix_is_joined_with_an_underscore(config, monkeypatch):
    monkeypatch.setenv("MY__A", "1")
    monkeypatch.setenv("MY_B", "2")
    config.from_prefixed_env("MY_")
    assert config == {"EXISTING": 1, "A": 1}


def test_two_underscores_lead_into_nested_dictionaries(config, monkeypatch):
    config["MAIL"] = {"HOST": "here"}
    monkeypatch.setenv("FLASK_MAIL__PORT", "25")
    monkeypatch.setenv("FLASK_NEW__deep__Key", "1")
    config.from_prefixed_env()
    assert config["MAIL"] == {"HOST": "here", "PORT": 25}
    assert config["NEW"] == {"deep": {"Key": 1}}


def test_variables_are_taken_in_the_order_of_their_names(config, monkeypatch):
    monkeypatch.setenv("FLASK_MAIL__PORT", "25")
    monkeypatch.setenv("FLASK_MAIL", '{"HOST": "here"}')
    config.from_prefixed_env()
    assert config["MAIL"] == {"HOST": "here", "PORT": 25}


def test_a_nested_variable_below_a_text_is_an_error(config, monkeypatch):
    monkeypatch.setenv("FLASK_NAME", "text")
    monkeypatch.setenv("FLASK_NAME__below", "1")
    with pytest.raises(TypeError):
        config.from_prefixed_env()


def test_a_loader_of_ones_own_may_refuse_with_any_error(config, monkeypatch):
    def load(text):
        raise LookupError(text)

    monkeypatch.setenv("FLASK_A", "1")
    config.from_prefixed_env(loads=load)
    assert config["A"] == "1"


def test_a_namespace_gives_keyword_arguments(config):
    config.update(MAIL_HOST="h", MAIL_PORT=1, MAILBOX=2, mail_x=3)
    assert config.get_namespace("MAIL_") == {"host": "h", "port": 1}
    assert config.get_namespace("MAIL_", lowercase=False) == {"HOST": "h", "PORT": 1}
    assert config.get_namespace("MAIL_", trim_namespace=False) == {"mail_host": "h", "mail_port": 1}


def test_the_representation_shows_the_content(config):
    assert repr(config) == "<Config {'EXISTING': 1}>"


def test_attributes_of_the_app_stand_for_keys(framework):
    app = framework.Flask(__name__)
    app.secret_key = "k"
    app.testing = True
    assert app.config["SECRET_KEY"] == "k"
    app.config["TESTING"] = "yes"
    assert app.testing == "yes"


def test_a_lifetime_in_seconds_is_read_as_a_timedelta(framework):
    app = framework.Flask(__name__)
    app.config["PERMANENT_SESSION_LIFETIME"] = 60
    assert app.permanent_session_lifetime == timedelta(minutes=1)
    app.permanent_session_lifetime = timedelta(days=2)
    assert app.config["PERMANENT_SESSION_LIFETIME"] == timedelta(days=2)


def test_an_attribute_of_the_class_is_the_descriptor(framework):
    attribute = framework.config.ConfigAttribute

    class App(framework.Flask):
        answer = attribute("ANSWER", get_converter=int)

    app = App(__name__)
    app.answer = "42"
    assert app.answer == 42
    assert app.config["ANSWER"] == "42"
    assert isinstance(App.answer, attribute)


def test_an_app_can_have_a_config_class_of_its_own(framework):
    class Config(framework.Config):
        pass

    class App(framework.Flask):
        config_class = Config

    assert type(App(__name__).config) is Config


@pytest.mark.parametrize(
    ("value", "debug"), [(None, False), ("0", False), ("No", False), ("1", True), ("x", True)]
)
def test_debug_comes_from_the_environment(framework, monkeypatch, value, debug):
    if value is not None:
        monkeypatch.setenv("FLASK_DEBUG", value)
    assert framework.Flask(__name__).debug is debug


def test_configuration_files_may_be_relative_to_the_instance_folder(framework, tmp_path):
    (tmp_path / "a.py").write_text("A = 1\n")
    app = framework.Flask(__name__, instance_path=str(tmp_path), instance_relative_config=True)
    app.config.from_pyfile("a.py")
    assert app.config["A"] == 1


def test_from_json_is_ours_alone(tmp_path):
    from flask_nb.web import Config

    (tmp_path / "a.json").write_text('{"A": 1, "b": 2}')
    config = Config(tmp_path)
    assert config.from_json("a.json") is True
    assert config == {"A": 1}
    assert config.from_json("missing.json", silent=True) is False
