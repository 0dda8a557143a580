"""``%config_from`` and ``%%config_from``: sources of configuration → what an app is set to."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, Literal

from flask_nb.errors import CellSyntaxError, ConfigError, MagicArgumentError

from .arguments import MagicParser, parse_literal, suggest
from .config_errors import explain, shared_variables, written_otherwise
from .expressions import Text, end_of_expression, expand_value, has_expressions, parse_text
from .view import ViewSource
from .words import quote_word

if TYPE_CHECKING:
    from flask_nb.engines.protocol import Engine

Kind = Literal["python", "json", "toml", "variable", "prefix", "import", "object", "setting", "text"]
Format = Literal["python", "json", "toml"]

FORMATS: tuple[Format, ...] = ("python", "json", "toml")
SUFFIXES: dict[str, Format] = {".cfg": "python", ".py": "python", ".json": "json", ".toml": "toml"}
"""The endings of configuration files, and how each is read."""

_SETTING = re.compile(r"([^\W\d]\w*)=", re.ASCII)
_CELL = "the cell"


class _NotSet:
    """What a key held that was not there."""

    def __repr__(self) -> str:
        return "not set"


NOT_SET = _NotSet()
"""Stands for the value before, where a key was not set."""


@dataclass(frozen=True)
class ConfigSource:
    """One source of configuration.

    :param kind: how it is read.
    :param name: the file, the variable, the prefix, the object, or the key of a setting.
    :param value: the value of a setting; of the kind ``text`` it has expressions to be evaluated.
    """

    kind: Kind
    name: str
    value: object = None

    def __str__(self) -> str:
        shown = {"variable": f"env:{self.name}", "prefix": f"prefix:{self.name}_"}
        return shown.get(self.kind, self.name)


@dataclass(frozen=True)
class ConfigDefinition:
    """A line of ``%config_from``, or a cell of ``%%config_from``.

    :param sources: read from left to right, so that the last one to set a key wins.
    :param silent: accept that a file is missing, or a variable unset.
    :param format: how the cell is read; None for a line.
    :param body: the cell below the magic's line.
    :param body_line: the line of the cell on which the body begins, from 1.
    :param text: the words as typed, or the body: what tells one definition of a cell from another.
    """

    sources: tuple[ConfigSource, ...] = ()
    silent: bool = False
    format: Format | None = None
    body: str = ""
    body_line: int = 2
    text: str = ""


@dataclass(frozen=True)
class ConfigChange:
    """What became of one key.

    :param before: its value before, :data:`NOT_SET` without one.
    """

    key: str
    before: object
    now: object


@dataclass(frozen=True)
class AppliedConfig:
    """A configuration that has been set.

    :param changes: the keys that were set, in the order in which they were.
    :param ignored: keys of the cell that are not in upper case, and do not count.
    :param missing: the sources that ``--silent`` passed over.
    """

    definition: ConfigDefinition
    changes: tuple[ConfigChange, ...]
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What there is to say besides the table."""
        notes = [f"not found: {', '.join(self.missing)}"] if self.missing else []
        if self.ignored:
            notes.append(f"not upper case, so not settings: {', '.join(self.ignored)}")
        if not self.changes and not notes:
            notes.append(f"no setting found: {self._why_nothing()}")
        return notes

    def _why_nothing(self) -> str:
        sources = self.definition.sources
        if sources and all(source.kind == "prefix" for source in sources):
            names = " or ".join(f"{source.name}_" for source in sources)
            return f"no environment variable begins with {names}"
        return "only upper-case names count"


@cache
def config_parser(magic: str = "%config_from") -> MagicParser:
    """Return the parser of ``%config_from``, or of ``%%config_from``."""
    parser = MagicParser(
        magic,
        "SOURCE …",
        "Load the app's configuration, and show what it sets.\n\n"
        "It belongs to its cell: a re-run first takes back what the cell had set before. As a cell,\n"
        "%%config_from takes the settings themselves, and --format says how they are written.",
        examples=(
            "%config_from settings.cfg",
            "%config_from default_settings:Production env:APP_SETTINGS --silent",
            "%config_from prefix:FLASK_ DEBUG=True GREETING='Good day'",
            "%%config_from --format toml",
        ),
    )
    parser.add_words(
        "SOURCE",
        "a file (.cfg and .py: upper-case names; .json, .toml), env:VARIABLE that names one, "
        "prefix:FLASK_ for environment variables, an object of the notebook, module:Name, "
        "or KEY=value with a Python literal, text or {expression}; the last one to set a key wins",
    )
    parser.add_argument(
        "--silent", action="store_true", help="accept that a file is missing or a variable unset"
    )
    parser.add_argument(
        "--format", choices=FORMATS, metavar="F", help=f"how the cell is written: {', '.join(FORMATS)}"
    )
    return parser


def parse_config(line: str, cell: str | None = None, body_line: int = 2) -> ConfigDefinition:
    """Parse the line of ``%config_from``, and the cell below ``%%config_from``.

    :raises MagicArgumentError: when it is not understood.
    """
    parser = config_parser("%config_from" if cell is None else "%%config_from")
    arguments = parser.parse_line(line, _find_literal)
    words: list[str] = arguments.words
    if cell is None:
        return _define_line(words, arguments.silent, arguments.format)
    if words or arguments.silent:
        what = repr(words[0]) if words else "--silent"
        raise MagicArgumentError(
            f"the cell holds the settings itself, so {what} does not belong here. "
            f"Type %config_from {words[0] if words else 'SOURCE --silent'} on a line of its own"
        )
    return ConfigDefinition(format=arguments.format or "python", body=cell, body_line=body_line, text=cell)


def _define_line(words: list[str], silent: bool, format: Format | None) -> ConfigDefinition:
    if not words:
        raise MagicArgumentError(
            "the source is missing. Type one, such as %config_from settings.cfg or %config_from DEBUG=True"
        )
    if format is not None:
        raise MagicArgumentError(
            "--format is for cells: a file is read as its suffix says, .cfg, .py, .json or .toml"
        )
    for before, word, after in zip(words, words[1:], [*words[2:], "value"], strict=False):
        if word == "=":
            raise MagicArgumentError(
                f"a setting is one word, without spaces around '='. Type {before}={after}"
            )
    sources = tuple(_parse_source(word) for word in words)
    return ConfigDefinition(sources, silent, text=" ".join(quote_word(word) for word in words))


def _parse_source(word: str) -> ConfigSource:
    if found := _SETTING.match(word):
        return _parse_setting(found[1], word[found.end() :])
    scheme, colon, rest = word.partition(":")
    if colon and scheme in ("env", "prefix"):
        return _parse_environment(scheme, rest)
    kind = SUFFIXES.get(os.path.splitext(word)[1].lower())
    if kind is not None:
        return ConfigSource(kind, word)
    if re.fullmatch(r"[\w.]+:[\w.]+", word):
        return ConfigSource("import", word)
    if all(part.isidentifier() for part in word.split(".")):
        return ConfigSource("object", word)
    raise MagicArgumentError(
        f"{word!r} is not a source. Type a file that ends in {', '.join(SUFFIXES)}, env:VARIABLE, "
        f"prefix:FLASK_, an object, module:Name, or KEY=value"
    )


def _parse_setting(key: str, value: str) -> ConfigSource:
    if not key.isupper():
        raise MagicArgumentError(
            f"settings are in upper case, and {key!r} is not. Type {key.upper()}={value}"
        )
    literal = parse_literal(value)
    if literal is not value:
        return ConfigSource("setting", key, literal)
    text = parse_text(value)
    if has_expressions(text):
        return ConfigSource("text", key, text)
    return ConfigSource("setting", key, "".join(map(str, text)))  # escaped braces are plain ones now


def _parse_environment(scheme: str, name: str) -> ConfigSource:
    if not re.fullmatch(r"\w*[^\W_]\w*", name):
        example = "env:APP_SETTINGS" if scheme == "env" else "prefix:FLASK_"
        raise MagicArgumentError(
            f"{scheme + ':' + name!r} does not name an environment variable. Type one, such as {example}"
        )
    if scheme == "env":
        return ConfigSource("variable", name)
    return ConfigSource("prefix", name.removesuffix("_"))


def _find_literal(line: str, position: int, words: Sequence[str], word: str) -> int | None:
    """Return where a literal or an expression behind ``KEY=`` ends, so that its quotes and spaces stay."""
    if not _SETTING.match(word):
        return None
    if _SETTING.fullmatch(word) and line[position] in "'\"[({":
        ends = (found.start() for found in re.finditer(r"(?=\s)|$", line[position:]))
        for end in filter(None, ends):
            if parse_literal(text := line[position:][:end]) is not text:
                return position + end
    return end_of_expression(line, position)


def apply_config(
    definition: ConfigDefinition,
    target: Engine,
    namespace: Mapping[str, Any],
    *,
    filename: str = "<cell>",
) -> AppliedConfig:
    """Read all sources, then set what they say; an error leaves the configuration as it was.

    :param namespace: the notebook's, in which objects are looked up.
    :param filename: what tracebacks call the cell.
    :raises ConfigError: when a source cannot be read.
    :raises CellSyntaxError: when the cell cannot be read.
    """
    whole_cell = definition.format is not None
    below = target.config_below(definition.text, whole_cell=whole_cell)
    values: dict[str, Any] = {}
    missing: list[str] = []
    ignored: tuple[str, ...] = ()
    if whole_cell:
        found = _read_cell(definition, filename)
        values = {key: value for key, value in found.items() if key.isupper()}
        ignored = tuple(key for key in found if key not in values and definition.format != "python")
    for source in definition.sources:
        read = _read_source(source, target, {**below, **values}, namespace, definition.silent)
        if read is None:
            missing.append(str(source))
        values.update(read or {})
    changes = tuple(ConfigChange(key, below.get(key, NOT_SET), value) for key, value in values.items())
    target.set_config(definition.text, values, whole_cell=whole_cell)
    return AppliedConfig(definition, changes, ignored, tuple(missing))


def _read_source(
    source: ConfigSource,
    target: Engine,
    below: Mapping[str, Any],
    namespace: Mapping[str, Any],
    silent: bool,
) -> dict[str, Any] | None:
    if source.kind == "setting":
        return {source.name: source.value}
    if source.kind == "text":
        return {source.name: _expand(source, namespace)}
    if source.kind == "variable" and not os.environ.get(source.name):
        if silent:
            return None
        raise ConfigError(
            str(source),
            f"the environment variable {source.name!r} is not set, so it names no configuration file. "
            f"Set it with %env {source.name}=settings.cfg, or add --silent",
        )
    kind, where = _locate(source, target, namespace)
    try:
        return target.read_config(kind, where, below, silent=silent)
    except (Exception, SystemExit) as exc:  # a configuration file may do anything
        if kind == "prefix" and isinstance(exc, TypeError) and (shared := shared_variables(source.name)):
            raise ConfigError(str(source), shared) from exc
        raise explain(exc, str(source), where if isinstance(where, str) else "") from exc


def _expand(source: ConfigSource, namespace: Mapping[str, Any]) -> object:
    """Return the value of a setting: an expression alone is its value, among other text it becomes text."""
    text: Text = source.value  # type: ignore[assignment]

    def evaluate(expression: str) -> object:
        try:
            return eval(expression, dict(namespace))
        except Exception as exc:
            reason = f"the expression {{{expression}}} failed with {type(exc).__name__}: {exc}"
            raise ConfigError(source.name, reason) from exc

    return expand_value(text, evaluate)


def _locate(source: ConfigSource, target: Engine, namespace: Mapping[str, Any]) -> tuple[str, object]:
    """Return how a source is read, and what is to be read."""
    if source.kind == "variable":
        path = os.environ[source.name]
        return SUFFIXES.get(os.path.splitext(path)[1].lower(), "python"), target.config_path(path)
    if source.kind == "object":
        return "object", _find_object(source.name, namespace)
    if source.kind in FORMATS:
        return source.kind, target.config_path(source.name)
    return ("object" if source.kind == "import" else source.kind), source.name


def _find_object(name: str, namespace: Mapping[str, Any]) -> object:
    first, *rest = name.split(".")
    if first not in namespace:
        hint = suggest(first, [key for key in namespace if not key.startswith("_")], "")
        if not hint.startswith("Did you mean"):
            hint = f"An object of a module is typed as module:Name; a file ends in {', '.join(SUFFIXES)}"
        raise ConfigError(name, f"there is no variable {first!r} in the notebook. {hint}")
    try:
        return reduce(getattr, rest, namespace[first])
    except Exception as exc:
        raise ConfigError(name, f"{type(exc).__name__}: {exc}") from None


# --- the cell ---


def _read_cell(definition: ConfigDefinition, filename: str) -> dict[str, Any]:
    if definition.format == "python":
        return _read_python(definition, filename)
    found = _read_data(definition)
    if not isinstance(found, dict):
        kind = type(found).__name__
        raise ConfigError(
            _CELL, f'it holds a {kind}, not settings. Write an object, such as {{"DEBUG": true}}'
        )
    return found


def _read_python(definition: ConfigDefinition, filename: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "config"}
    if definition.body.strip():
        source = ViewSource(definition.body, definition.body_line, filename)
        try:
            code = source.compile(source.parse())
        except CellSyntaxError as exc:
            exc.args = (f"{exc}{written_otherwise(definition.body)}",)
            raise
        try:
            exec(code, names)
        except (Exception, SystemExit) as exc:
            error = explain(exc, _CELL, filename)
            error.args = (f"{error}{written_otherwise(definition.body)}",)
            raise error from exc
    return {name: value for name, value in names.items() if name.isupper()}


def _read_data(definition: ConfigDefinition) -> Any:
    body = definition.body.rstrip("\n")  # so that its end is not the line below
    source = ViewSource(definition.body, definition.body_line)
    try:
        return json.loads(body) if definition.format == "json" else tomllib.loads(body)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as exc:
        error = explain(exc, _CELL, "", body.encode(errors="replace"))
        words = str(error).partition(": not valid ")[2].partition(": ")[2]
        line, column = error.line or 1, error.column
    except RecursionError:
        words, line, column = f"the {str(definition.format).upper()} is nested too deeply", 1, None
    raise source.fail(words, line + definition.body_line - 1, column)
