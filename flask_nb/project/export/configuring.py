"""``%config_from``, ``%%config_from`` and ``%app`` written as statements, and the files that they name."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from flask_nb.cells import AppArguments
from flask_nb.cells.config import ConfigDefinition, ConfigSource
from flask_nb.cells.expressions import Expression, Text
from flask_nb.cells.writing import quote, write_value
from flask_nb.errors import ProgramError

from .secret_values import SECRET, find_secrets, has_password, read_call
from .slices import Edit, Slice

TakeSecret = Callable[[str, tuple[str, ...]], None]
"""Called with a variable and the texts of a secret."""


@dataclass
class ConfigFile:
    """A configuration file without its secrets.

    :param secrets: the settings that were taken out of it.
    """

    data: bytes
    secrets: list[str] = field(default_factory=list)


class ConfigWriter:
    """Writes the settings of one cell.

    :param app: the variable of the app.
    :param read_file: returns a file that lies beside the notebook, without its secrets.
    :param add_file: writes a file into the package; returns its name there.
    :param take_secret: notes a secret.
    :param own: returns the name of a module as the package has it.
    """

    def __init__(
        self,
        app: str,
        read_file: Callable[[str], ConfigFile | None],
        add_file: Callable[[str, bytes], str],
        take_secret: TakeSecret,
        own: Callable[[str], str],
    ) -> None:
        self._app = app
        self._read_file = read_file
        self._add_file = add_file
        self._take_secret = take_secret
        self._own = own

    def write_config(self, definition: ConfigDefinition) -> list[str]:
        """Return the statements of a configuration."""
        if definition.format is not None:
            return list(self._write_cell(definition))
        lines: list[str] = []
        settings: dict[str, str] = {}
        for source in definition.sources:
            if source.kind in ("setting", "text"):
                settings[source.name] = self._setting(source)
            else:
                lines += [*self._assign(settings), *self._load(source, definition.silent)]
                settings = {}
        return [*lines, *self._assign(settings)]

    def write_app(self, definition: AppArguments) -> list[str]:
        """Return the statements of ``%app``, once the app is made."""
        lines = [f"{self._app}.debug = {definition.debug}"] if definition.debug is not None else []
        if definition.secret_key is not None:
            key = self._setting(ConfigSource("text", "SECRET_KEY", definition.secret_key))
            lines.append(f"{self._app}.secret_key = {key}")
        return lines

    # --- a line ---

    def _setting(self, source: ConfigSource) -> str:
        is_plain = source.kind == "setting"
        written = write_value(source.value) if is_plain else write_text(source.value)  # type: ignore[arg-type]
        tree = ast.parse(f"{source.name} = {written}")
        for secret in find_secrets(tree):
            self._take_secret(source.name, secret.values)
            return read_call(source.name)
        return written

    def _assign(self, settings: Mapping[str, str]) -> list[str]:
        if len(settings) <= 1:
            return [f'{self._app}.config["{key}"] = {value}' for key, value in settings.items()]
        return [_call(f"{self._app}.config.update", settings)]

    def _load(self, source: ConfigSource, silent: bool) -> Iterator[str]:
        config = f"{self._app}.config"
        quiet = ", silent=True" if silent else ""
        name = quote(source.name)
        if source.kind in ("python", "json", "toml"):
            found = self._read_file(source.name)
            load = {"json": ", load=json.load", "toml": ", load=tomllib.load, text=False"}.get(
                source.kind, ""
            )
            yield f"{config}.{'from_file' if load else 'from_pyfile'}({name}{load}{quiet})"
            for key in found.secrets if found else ():
                yield f'{config}["{key}"] = {read_call(key)}'
        elif source.kind == "variable":
            yield f"load_settings_file({self._app}, {name}{quiet})"
        elif source.kind == "prefix":
            yield f"{config}.from_prefixed_env({name})"
        elif source.kind == "import":
            yield f"{config}.from_object({quote(self._own(source.name.replace(':', '.')))})"
        else:
            yield f"{config}.from_object({source.name})"

    # --- a cell ---

    def _write_cell(self, definition: ConfigDefinition) -> Iterator[str]:
        if definition.format == "python":
            yield from self._write_python(definition)
            return
        loads = json.loads if definition.format == "json" else tomllib.loads
        try:
            values = loads(definition.body)
        except ValueError as exc:
            raise ProgramError(f"its {definition.format} cannot be read: {exc}") from None
        settings = {
            key: self._setting(ConfigSource("setting", key, value))
            for key, value in values.items()
            if key.isupper()
        }
        if all(map(_is_literal, settings.values())):
            yield from self._assign(settings)
        else:  # dates and times, which TOML knows
            yield from self._write_file(definition, f"settings.{definition.format}")

    def _write_python(self, definition: ConfigDefinition) -> Iterator[str]:
        tree = ast.parse(definition.body)
        settings: dict[str, str] = {}
        for node in tree.body:
            is_plain = isinstance(node, ast.Assign) and len(node.targets) == 1
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if not is_plain or not isinstance(target, ast.Name) or not target.id.isupper():
                yield from self._write_file(definition, "settings.cfg")
                return
            assert isinstance(node, ast.Assign)
            source = ast.get_source_segment(definition.body, node.value) or ast.unparse(node.value)
            if any(isinstance(one, ast.Name) for one in ast.walk(node.value)):
                yield from self._write_file(definition, "settings.cfg")
                return
            secrets = list(find_secrets(ast.parse(f"{target.id} = {source}")))
            for secret in secrets:
                self._take_secret(target.id, secret.values)
            settings[target.id] = read_call(target.id) if secrets else source
        yield from self._assign(settings)

    def _write_file(self, definition: ConfigDefinition, name: str) -> Iterator[str]:
        kind = "python" if name.endswith(".cfg") else name.rpartition(".")[2]
        cleaned = clean_config(name, definition.body.encode(), self._take_secret)
        name = self._add_file(name, cleaned.data)
        yield from self._load(ConfigSource(kind, name), silent=False)  # type: ignore[arg-type]
        for key in cleaned.secrets:
            yield f'{self._app}.config["{key}"] = {read_call(key)}'


def write_text(text: Text) -> str:
    """Return a text with expressions as Python writes it."""
    if len(text) == 1 and isinstance(text[0], Expression):
        return text[0].source
    if not any(isinstance(part, Expression) for part in text):
        return write_value("".join(map(str, text)))
    pieces: list[ast.expr] = [ast.FormattedValue(ast.parse(part.source, mode="eval").body, -1, None)
              if isinstance(part, Expression) else ast.Constant(part) for part in text]  # fmt: skip
    return ast.unparse(ast.fix_missing_locations(ast.JoinedStr(pieces)))


def _call(function: str, settings: Mapping[str, str]) -> str:
    line = f"{function}({', '.join(f'{key}={value}' for key, value in settings.items())})"
    if len(line) <= 84:
        return line
    return f"{function}(\n" + "".join(f"    {key}={value},\n" for key, value in settings.items()) + ")"


def _is_literal(source: str) -> bool:
    try:
        ast.literal_eval(source)
    except ValueError:
        return source.startswith("read_secret(")
    except SyntaxError:
        return False
    return True


def clean_config(name: str, data: bytes, take_secret: TakeSecret) -> ConfigFile:
    """Return a configuration file without its secrets.

    :raises ProgramError: it has a secret that cannot be taken out.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ConfigFile(data)
    if name.endswith(".json"):
        return _clean_json(name, text, take_secret)
    if name.endswith(".toml"):
        return _clean_toml(name, text, take_secret)
    return _clean_python(name, text, take_secret)


def _clean_json(name: str, text: str, take_secret: TakeSecret) -> ConfigFile:
    try:
        values = json.loads(text)
    except ValueError:
        return ConfigFile(text.encode())
    secrets = _secret_keys(values, take_secret)
    if not secrets:
        return ConfigFile(text.encode())
    kept = {key: value for key, value in values.items() if key not in secrets}
    return ConfigFile((json.dumps(kept, indent=2, ensure_ascii=False) + "\n").encode(), secrets)


def _clean_toml(name: str, text: str, take_secret: TakeSecret) -> ConfigFile:
    try:
        values = tomllib.loads(text)
    except ValueError:
        return ConfigFile(text.encode())
    secrets = _secret_keys(values, take_secret)
    if not secrets:
        return ConfigFile(text.encode())
    pattern = rf"^[ \t]*[\"']?(?:{'|'.join(map(re.escape, secrets))})[\"']?[ \t]*=.*\n?"
    without = re.sub(pattern, "", text, flags=re.MULTILINE)
    kept = {key: value for key, value in values.items() if key not in secrets}
    try:
        is_clean = tomllib.loads(without) == kept
    except ValueError:
        is_clean = False
    if not is_clean:
        raise ProgramError(
            f"{name} holds the secret {secrets[0]} in a way that cannot be taken out of it. "
            f"Write it as one line at the top: {secrets[0]} = …"
        )
    return ConfigFile(without.encode(), secrets)


def _secret_keys(values: object, take_secret: TakeSecret) -> list[str]:
    found = []
    for key, value in values.items() if isinstance(values, dict) else ():
        is_secret = SECRET.fullmatch(key) is not None or (isinstance(value, str) and has_password(value))
        if is_secret and isinstance(value, str) and value:
            take_secret(key, (value,))
            found.append(key)
    return found


def _clean_python(name: str, text: str, take_secret: TakeSecret) -> ConfigFile:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ConfigFile(text.encode())
    found: list[str] = []
    lines = text.split("\n")
    whole = Slice(lines, (1, 0), (len(lines), len(lines[-1].encode())))
    for node in tree.body:
        for secret in find_secrets(node):
            if not isinstance(node, ast.Assign) or secret.node is not node.value:
                raise ProgramError(
                    f"{name} holds the secret {secret.variable} within a statement. Write it as "
                    f"{secret.variable} = …, on a line of its own"
                )
            key = ast.unparse(node.targets[0])
            take_secret(key, secret.values)
            found.append(key)
            whole.edits.append(Edit.of(node, f"{key} = None  # the environment has it"))
    return ConfigFile(whole.render().encode(), found)
