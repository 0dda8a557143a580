"""Configuration: a dictionary that fills itself from files, objects and the environment."""

from __future__ import annotations

import errno
import json
import os
import types
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from werkzeug.utils import import_string

if TYPE_CHECKING:
    from .app import Flask

T = TypeVar("T")

# What ``silent=True`` forgives: that there is no such file, never what stands in one.
_NO_SUCH_FILE = {errno.ENOENT, errno.EISDIR}


class ConfigAttribute(Generic[T]):
    """Make an attribute of the app stand for a key of its configuration.

    :param name: the configuration key.
    :param get_converter: turns the stored value into what the attribute gives.
    """

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @overload
    def __get__(self, obj: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, obj: Flask, owner: type | None = None) -> T: ...

    def __get__(self, obj: Flask | None, owner: type | None = None) -> T | Self:
        if obj is None:
            return self
        value = obj.config[self.__name__]
        convert = self.get_converter
        return value if convert is None else convert(value)

    def __set__(self, obj: Flask, value: Any) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, Any]):
    """Hold an app's configuration: upper-case keys, any values.

    :param root_path: the folder that relative file names start from.
    :param defaults: the values to begin with.
    """

    def __init__(self, root_path: str | os.PathLike[str], defaults: dict[str, Any] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {super().__repr__()}>"

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Load the Python file that an environment variable names.

        :param variable_name: the variable.
        :param silent: accept that the variable is unset or that its file is missing.
        :return: whether a file was loaded.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"Configuration was to be read from the file that the environment variable "
            f"{variable_name!r} names, but the variable is not set. Set it to a path, or pass silent=True."
        )

    def from_prefixed_env(self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads) -> bool:
        """Take every environment variable that begins with a prefix and ``_``.

        A value that ``loads`` refuses stays the string it is. ``__`` in a name leads into a nested
        dictionary, which is made where there is none: ``FLASK_MAIL__PORT=25`` sets
        ``config["MAIL"]["PORT"]``.

        :param prefix: what the names begin with, without the ``_``.
        :param loads: turns the text into a value; JSON unless told.
        :return: always True.
        """
        start = f"{prefix}_"
        for name in sorted(name for name in os.environ if name.startswith(start)):
            value: Any = os.environ[name]
            with suppress(Exception):  # whatever a loader of the caller's own raises: then it is plain text
                value = loads(value)
            *path, key = name.removeprefix(start).split("__")
            target: dict[str, Any] = self
            for part in path:
                if part not in target:
                    target[part] = {}
                target = target[part]
            target[key] = value
        return True

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take the upper-case names that it defines.

        :param filename: the file, relative to ``root_path`` unless absolute.
        :param silent: accept that there is no such file.
        :return: whether a file was loaded.
        """
        module = types.ModuleType("config")
        module.__file__ = path = os.path.join(self.root_path, filename)
        # A Python file is also forgiven a parent that is not a folder.
        forgiven = {*_NO_SUCH_FILE, errno.ENOTDIR} if silent else ()
        source = _read(path, "rb", forgiven, lambda file: file.read())
        if source is None:
            return False
        exec(compile(source, path, "exec"), module.__dict__)
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the upper-case attributes of a module, a class or any other object.

        :param obj: the object, or where to import it from (``"package.settings.Production"``).
        """
        source = import_string(obj) if isinstance(obj, str) else obj
        self.update((name, getattr(source, name)) for name in dir(source) if name.isupper())

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Take the upper-case keys of a data file.

        :param filename: the file, relative to ``root_path`` unless absolute.
        :param load: reads a mapping from the open file, such as ``json.load`` or ``tomllib.load``.
        :param silent: accept that there is no such file.
        :param text: open as text; False for loaders that want bytes.
        :return: whether a file was loaded.
        """
        path = os.path.join(self.root_path, filename)
        data = _read(path, "r" if text else "rb", _NO_SUCH_FILE if silent else (), load)
        return False if data is None else self.from_mapping(data)

    def from_json(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Take the upper-case keys of a JSON file.

        :param filename: the file, relative to ``root_path`` unless absolute.
        :param silent: accept that there is no such file.
        :return: whether a file was loaded.
        """
        return self.from_file(filename, json.load, silent=silent)

    def from_mapping(self, mapping: Mapping[str, Any] | None = None, **kwargs: Any) -> bool:
        """Take the upper-case keys of a mapping and of the keyword arguments.

        :param mapping: a mapping, or key and value pairs.
        :return: always True.
        """
        given = dict(() if mapping is None else mapping, **kwargs)
        self.update((key, value) for key, value in given.items() if key.isupper())
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, Any]:
        """Return the entries whose keys begin with a prefix, as keyword arguments for what they configure.

        :param namespace: the prefix, such as ``"MAIL_"``.
        :param lowercase: give the keys in lower case.
        :param trim_namespace: give the keys without the prefix.
        """
        skip = len(namespace) if trim_namespace else 0
        fold = str.lower if lowercase else str
        return {fold(key[skip:]): value for key, value in self.items() if key.startswith(namespace)}


def _read(path: str, mode: str, forgiven: Collection[int], load: Callable[[IO[Any]], T]) -> T | None:
    """Open a configuration file and load it; None when it is missing and that is forgiven."""
    try:
        with open(path, mode) as file:
            return load(file)
    except OSError as exc:
        if exc.errno in forgiven:
            return None
        exc.strerror = f"Cannot read the configuration file ({exc.strerror})"
        raise
