"""Sources of configuration: parsed, read, set, shown, and what goes wrong."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells.config import (
    NOT_SET,
    AppliedConfig,
    ConfigChange,
    ConfigSource,
    apply_config,
    parse_config,
)
from flask_nb.engines.ours import OurEngine
from flask_nb.errors import CellSyntaxError, ConfigError, FlaskNbError, MagicArgumentError


class Session:
    """An app in a folder, and a notebook with variables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = OurEngine.new("nb", root_path=str(folder))
        self.variables: dict[str, Any] = {}

    @property
    def config(self) -> Mapping[str, Any]:
        return self.engine.config

    def write(self, name: str, content: str | bytes) -> None:
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self, line: str, cell: str | None = None) -> AppliedConfig:
        return apply_config(parse_config(line, cell), self.engine, self.variables)

    def fail(self, line: str, cell: str | None = None) -> str:
        """The message of the error, after which everything is as before."""
        before = dict(self.config)
        with pytest.raises(FlaskNbError) as caught:
            self.run(line, cell)
        assert dict(self.config) == before
        return str(caught.value)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


def test_sources_are_told_apart_by_how_they_look():
    line = "settings.cfg a/b.PY c.json d.toml env:APP prefix:FLASK_ pkg.mod:Name Settings a.B A=1"
    assert parse_config(line).sources == (
        ConfigSource("python", "settings.cfg"),
        ConfigSource("python", "a/b.PY"),
        ConfigSource("json", "c.json"),
        ConfigSource("toml", "d.toml"),
        ConfigSource("variable", "APP"),
        ConfigSource("prefix", "FLASK"),
        ConfigSource("import", "pkg.mod:Name"),
        ConfigSource("object", "Settings"),
        ConfigSource("object", "a.B"),
        ConfigSource("setting", "A", 1),
    )


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("A=1", 1),
        ("A=True", True),
        ("A=text", "text"),
        ("A=", ""),
        ("A='1'", "1"),
        ('A="two words"', "two words"),
        ("A=['a b', 2]", ["a b", 2]),
        ('A={"k": "v w"}', {"k": "v w"}),
        ("A=don't", "don't"),
        ("A=a=b", "a=b"),
        ("A=None", None),
        ("A=/a/b.json", "/a/b.json"),
    ],
)
def test_the_value_of_a_setting_is_a_literal_or_text(word, value):
    (source,) = parse_config(word).sources
    assert (source.name, source.value) == ("A", value)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A={key}", b"k"),
        ("A={ items['a b'] }", [1]),
        ("A=http://{host}/x", "http://h/x"),
        ("A='{key}'", "{key}"),
        ("A=\\{key}", "{key}"),
        ('A={"k": 1}', {"k": 1}),
        ("A={1, 2}", {1, 2}),
        ("A={nobody", "{nobody"),
    ],
)
def test_the_value_of_a_setting_may_come_from_the_notebook(session, line, value):
    session.variables = {"key": b"k", "items": {"a b": [1]}, "host": "h"}
    session.run(line)
    assert session.config["A"] == value


def test_an_expression_that_fails_sets_nothing(session):
    assert session.fail("B=1 A={nobody}") == (
        "A: the expression {nobody} failed with NameError: name 'nobody' is not defined"
    )


@pytest.mark.parametrize(
    ("line", "cell", "says"),
    [
        ("", None, "the source is missing. Type one, such as %config_from settings.cfg"),
        ("debug=True", None, "settings are in upper case, and 'debug' is not. Type DEBUG=True"),
        ("settings.yaml!", None, "'settings.yaml!' is not a source"),
        ("env:", None, "'env:' does not name an environment variable"),
        ("prefix:_", None, "'prefix:_' does not name an environment variable"),
        ("A='x", None, "not closed"),
        ("a.cfg --silnet", None, "Did you mean --silent?"),
        ("a.cfg --format toml", None, "--format is for cells"),
        ("--format yaml", "A: 1", "invalid choice: 'yaml'"),
        (
            "settings.cfg",
            "A = 1",
            "the cell holds the settings itself, so 'settings.cfg' does not belong here",
        ),
        ("--silent", "A = 1", "so --silent does not belong here"),
    ],
)
def test_mistakes_of_the_line(line, cell, says):
    with pytest.raises(MagicArgumentError) as caught:
        parse_config(line, cell)
    assert says in str(caught.value)


@given(st.text(), st.none() | st.text())
def test_any_line_is_parsed_or_refused(line, cell):
    try:
        parse_config(line, cell)
    except MagicArgumentError:
        pass


def test_what_changed_is_told_key_by_key(session):
    session.write("settings.cfg", "A = 1\nDEBUG = True\n")
    applied = session.run("settings.cfg B=2 A=3")
    assert applied.changes == (
        ConfigChange("A", NOT_SET, 3),
        ConfigChange("DEBUG", False, True),
        ConfigChange("B", NOT_SET, 2),
    )
    assert (session.config["A"], session.config["B"], session.config["DEBUG"]) == (3, 2, True)


def test_the_file_of_an_environment_variable_is_read_by_its_ending(session, monkeypatch):
    session.write("a.cfg", "A = 1")
    session.write("b.toml", "B = 2")
    monkeypatch.setenv("NBT_A", "a.cfg")
    monkeypatch.setenv("NBT_B", str(session.folder / "b.toml"))
    session.run("env:NBT_A env:NBT_B")
    assert (session.config["A"], session.config["B"]) == (1, 2)


def test_later_sources_see_earlier_ones(session, monkeypatch):
    monkeypatch.setenv("NBT_MAIL__PORT", "25")
    session.run("MAIL={'HOST': 'h'} prefix:NBT_")
    assert session.config["MAIL"] == {"HOST": "h", "PORT": 25}


def test_objects_of_the_notebook(session):
    class Settings:
        A = 1

        class Inner:
            B = 2

    session.variables["Settings"] = Settings
    session.run("Settings Settings.Inner")
    assert (session.config["A"], session.config["B"]) == (1, 2)


def test_an_object_of_a_module(session, monkeypatch):
    session.write("nb_defaults.py", "class Production:\n    A = 1\n")
    monkeypatch.syspath_prepend(str(session.folder))
    session.run("nb_defaults:Production")
    assert session.config["A"] == 1
    sys.modules.pop("nb_defaults")


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("", "import os\nA = len('ab')\nB = A + 1\nlower = 5\n"),
        ("--format python", "A = 2\nB = 3"),
        ("--format json", '{"A": 2, "B": 3}'),
        ("--format toml", "A = 2\nB = 3"),
    ],
)
def test_a_cell_holds_the_settings_itself(session, format, body):
    applied = session.run(format, body)
    assert [(change.key, change.now) for change in applied.changes] == [("A", 2), ("B", 3)]


def test_keys_of_a_cell_that_do_not_count_are_named(session):
    assert session.run("--format toml", "debug = true\nA = 1").notes == [
        "not upper case, so not settings: debug"
    ]
    assert session.run("", "a = 1").notes == ["no setting found: only upper-case names count"]
    assert session.run("", "").changes == ()


def test_silent_passes_over_what_is_missing(session, monkeypatch):
    monkeypatch.delenv("NBT_NONE", raising=False)
    applied = session.run("none.cfg env:NBT_NONE A=1 --silent")
    assert applied.notes == ["not found: none.cfg, env:NBT_NONE"]
    assert session.config["A"] == 1


def test_silent_does_not_forgive_what_stands_in_a_file(session):
    session.write("bad.json", "{")
    assert session.fail("bad.json --silent").startswith("bad.json, line 1, column 2: ")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.cfg", "A = 1\nB = = 2\n", "a.cfg, line 2, column 5: invalid syntax"),
        ("a.cfg", "A = 1\n\nB = A / 0\n", "a.cfg, line 3: ZeroDivisionError: division by zero"),
        ("a.py", "import no_such_module_of_nb", "a.py, line 1: ModuleNotFoundError: No module named"),
        ("a.py", "def f():\n    raise KeyError('x')\nA = f()\n", "a.py, line 3: KeyError: 'x'"),
        ("a.py", "import sys\nsys.exit(3)", "a.py, line 2: SystemExit: 3"),
        ("a.py", "open('/no/such/file')", "a.py, line 1: FileNotFoundError: "),
        ("a.py", b"A = 1\nB = '\xff'\n", "a.py, line 2, column 6: not UTF-8: it contains the byte 0xff"),
        ("a.json", b'{"A":\n "\xff"}', "a.json, line 2, column 3: not UTF-8: it contains the byte 0xff"),
        ("a.toml", b'A = 1\nB = "\xe9"', "a.toml, line 2, column 6: not UTF-8: it contains the byte 0xe9"),
        ("a.json", '{"A": 1,\n "B" 2}', "a.json, line 2, column 6: not valid JSON: Expecting ':' delimiter"),
        ("a.json", "[1]", "a.json: TypeError: the file holds a list, not an object of settings"),
        ("a.json", "", "a.json, line 1, column 1: not valid JSON: Expecting value"),
        ("a.toml", "A = 1\nB = \n", "a.toml, line 2, column 5: not valid TOML: Invalid value"),
        ("a.toml", 'A = 1\nB = "x', "a.toml, line 2, column 7: not valid TOML: "),
        ("a.toml", "A = 1\nA = 2\n", "a.toml, line 2"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_with_the_place(session, name, content, says):
    session.write(name, content)
    message = session.fail(f"B=1 {name}")
    assert message.startswith(says)
    assert "\n" not in message
    assert str(session.folder) not in message


def test_a_missing_file_names_the_near_one(session):
    session.write("settings.cfg", "")
    says = "setings.cfg: there is no such file. Did you mean settings.cfg?"
    assert session.fail("setings.cfg") == says
    assert session.fail("zzz.toml") == "zzz.toml: there is no such file. Fix the path, or add --silent"
    assert "its folder does not exist" in session.fail("no/such/a.cfg").lower()


def test_a_folder_is_no_file(session):
    (session.folder / "a.cfg").mkdir()
    assert session.fail("a.cfg") == "a.cfg: the file cannot be read: Is a directory"


def test_an_unset_variable_says_how_to_set_it(session, monkeypatch):
    monkeypatch.delenv("NBT_NONE", raising=False)
    message = session.fail("env:NBT_NONE")
    assert "the environment variable 'NBT_NONE' is not set" in message
    assert "%env NBT_NONE=settings.cfg" in message


def test_the_file_of_a_variable_is_missing(session, monkeypatch):
    monkeypatch.setenv("NBT_A", "none.cfg")
    assert session.fail("env:NBT_A").startswith("env:NBT_A: there is no such file")


def test_objects_that_are_not_there(session):
    session.variables["Settings"] = object()
    assert "Did you mean Settings?" in session.fail("Setings")
    assert "there is no variable 'Xyz'" in session.fail("Xyz")
    assert "AttributeError: 'object' object has no attribute 'A'" in session.fail("Settings.A")
    assert session.fail("no_such_module:A") == (
        "no_such_module:A: ModuleNotFoundError: No module named 'no_such_module'"
    )
    assert session.fail("os:no_such_name").startswith("os:no_such_name: ImportError: ")


def test_a_property_that_raises(session):
    class Settings:
        @property
        def A(self):
            raise ValueError("broken")

    session.variables["s"] = Settings()
    assert session.fail("s") == "s: ValueError: broken"


@pytest.mark.parametrize(
    ("format", "body", "error", "says"),
    [
        ("", "A = 1\nB = = 2", CellSyntaxError, "line 3: invalid syntax"),
        ("", "A = 1\nB = 1 / 0", ConfigError, "the cell, line 3: ZeroDivisionError"),
        ("--format json", '{"A": 1,\n"B" 2}', CellSyntaxError, "line 3, column 5: "),
        ("--format json", "[1]", ConfigError, "the cell: it holds a list, not settings"),
        ("--format toml", "A = 1\nB = \n", CellSyntaxError, "line 3, column 5: Invalid value"),
        ("--format toml", "A = 1\nB = '", CellSyntaxError, "line 3, column 6: "),
    ],
)
def test_a_cell_that_cannot_be_read_names_its_line(session, format, body, error, says):
    before = dict(session.config)
    with pytest.raises(error) as caught:
        session.run(format, body)
    assert str(caught.value).startswith(says)
    assert dict(session.config) == before


def test_a_value_that_cannot_hold_nested_settings(session, monkeypatch):
    monkeypatch.setenv("NBT_MAIL__PORT", "25")
    session.run("MAIL=text")
    assert session.fail("prefix:NBT_").startswith("prefix:NBT_: TypeError")


def test_spaces_around_the_sign_are_explained():
    with pytest.raises(MagicArgumentError, match="Type SEATS=3"):
        parse_config("SEATS = 3")
