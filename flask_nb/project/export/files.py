"""The files of a package that are no cells: templates, static and configuration files, modules."""

from __future__ import annotations

import ast
import mimetypes
from collections.abc import Callable, Collection, Iterator

from flask_nb.cells.writing import quote
from flask_nb.errors import ProgramError

from .beside import Beside, is_below
from .configuring import clean_config
from .imports import Translator
from .opened import read_by_name
from .pieces import Contents, Piece
from .secret_values import read_call
from .slices import Edit, Slice

_CONFIG = ("from_pyfile", "from_file")
_RESOURCE = ("open_resource", "open_instance_resource")


class PackageFiles:
    """Collects the files of a package.

    :param package: its import name.
    :param beside: what lies beside the notebook.
    :param options: what the app is made with.
    :param take_secret: notes a secret of a file.
    """

    def __init__(
        self,
        package: str,
        beside: Beside,
        options: dict[str, object],
        take_secret: Callable[[str, tuple[str, ...]], None],
    ) -> None:
        self.files: dict[str, bytes] = {}
        self.notes: list[str] = []
        self._package = package
        self._beside = beside
        self._options = options
        self._take_secret = take_secret
        self._settings: dict[Piece, list[str]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Write a file into the package.

        :raises ProgramError: it would be written elsewhere.
        """
        if not is_below(name):
            raise ProgramError(f"{name!r} is no path below the package. Give it another name")
        self.files[f"{self._package}/{name}"] = data

    def add_new(self, name: str, data: bytes) -> str:
        """Write a file under its name or one like it that is free; return the name."""
        stem, dot, suffix = name.rpartition(".")
        number = 1
        while f"{self._package}/{name}" in self.files:
            number += 1
            name = f"{stem}_{number}{dot}{suffix}"
        self.add(name, data)
        return name

    # --- configuration ---

    @property
    def _is_relative(self) -> bool:
        return self._options.get("instance_relative_config") is True

    def read_config(self, name: str) -> bytes | None:
        """Return a configuration file beside the notebook."""
        return self._beside.read(f"instance/{name}" if self._is_relative else name)

    def add_config(self, name: str, data: bytes) -> None:
        """Write a configuration file where the app looks for it."""
        if self._is_relative:
            self.files[f"instance/{name}"] = data
            self.notes.append(f"instance/{name} lies beside the package, and is not installed with it.")
        else:
            self.add(name, data)

    def settings_of(self, piece: Piece) -> Iterator[str]:
        """Yield the statements that set the secrets of a configuration file that a statement loads."""
        return iter(self._settings.get(piece, ()))

    # --- what lies beside the notebook ---

    def add_contents(self, contents: Contents, pieces: list[Piece]) -> None:
        """Write templates, static files and whatever else the app opens."""
        templates, static = self._folder("template_folder"), self._folder("static_folder")
        self._check_root(contents)
        for folder in {templates, static, *_blueprint_folders(pieces)}:
            for name, data in self._beside.below(folder) if folder else ():
                self.add(name, data)
        for template in contents.templates.values():
            self.add(f"{templates}/{template.name}", template.source.encode(errors="replace"))
        for one in contents.static.values():
            self.add(f"{static}/{one.path}", one.content.encode(errors="replace"))
            if one.mimetype and one.mimetype != mimetypes.guess_type(one.path)[0]:
                self.notes.append(
                    f"%%static {one.path} --type {one.mimetype}: as a file it has the type of its name."
                )
        schema = self._beside.read("schema.sql")
        if schema is not None:
            self.add("schema.sql", schema)
        for piece in pieces:
            self._add_opened(piece)
        for piece in pieces:
            self.notes += self._missed(piece)

    def has(self, name: str) -> bool:
        """Whether the package has a file."""
        return f"{self._package}/{name}" in self.files

    def _missed(self, piece: Piece) -> Iterator[str]:
        """Yield notes on files that are read by a name alone, and are not in the package."""
        for node, name in read_by_name(piece.nodes()):
            if not self.has(name) and self._beside.has(name):
                yield (
                    f"the cell {piece.cell.name!r}, line {node.lineno}: {name} lies beside the notebook, and "
                    f"is not in the package. Open it with current_app.open_resource({quote(name)}), and it "
                    f"goes along"
                )

    def _folder(self, option: str) -> str:
        default = "templates" if option == "template_folder" else "static"
        found = self._options.get(option, default)
        if isinstance(found, str) and is_below(found):
            return found
        return default

    def _check_root(self, contents: Contents) -> None:
        if "root_path" in self._options and (contents.templates or contents.static):
            raise ProgramError(
                "the app is made with root_path=…, so that it would not find the templates and static files "
                "of the package. Leave root_path out"
            )

    def _add_opened(self, piece: Piece) -> None:
        for node in piece.nodes():
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            first, method = node.args[0], node.func.attr
            if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                continue
            if method in _CONFIG:
                self._add_loaded(piece, node, first.value)
            elif method in _RESOURCE:
                data = self._beside.read(first.value)
                if data is not None:
                    self.add(first.value, data)

    def _add_loaded(self, piece: Piece, call: ast.Call, name: str) -> None:
        data = self.read_config(name)
        if data is None:
            return
        cleaned = clean_config(name, data, self._take_secret)
        self.add_config(name, cleaned.data)
        if not cleaned.secrets:
            return
        if not isinstance(piece.node, ast.Expr) or piece.node.value is not call:
            raise piece.fail(
                f"{name} holds the secret {cleaned.secrets[0]}. Load it in a statement of its own"
            )
        assert isinstance(call.func, ast.Attribute)
        config = ast.unparse(call.func.value)
        self._settings[piece] = [f'{config}["{key}"] = {read_call(key)}' for key in cleaned.secrets]

    # --- modules ---

    def add_modules(self, names: Collection[str], translator: Translator) -> None:
        """Write the modules that lie beside the notebook, translated."""
        for top in sorted(names):
            for name, data in self._beside.module(top):
                self.add(name, self._translate(name, data, translator) if name.endswith(".py") else data)

    def _translate(self, name: str, data: bytes, translator: Translator) -> bytes:
        """Return a module whose imports are those of the package."""
        text = data.decode()
        tree = ast.parse(text)
        lines = text.split("\n")
        whole = Slice(lines, (1, 0), (len(lines), len(lines[-1].encode())))
        up = "." * name.count("/")
        for node in ast.walk(tree):
            if not isinstance(node, (ast.Import, ast.ImportFrom)) or getattr(node, "level", False):
                continue
            modules = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            )
            if all(translator.module(module) == module for module in modules):
                continue
            written = [str(one.above(up)) for one in translator.imports_of(node, name)]
            whole.edits.append(Edit.of(node, f"\n{' ' * node.col_offset}".join(written)))
        return whole.render().encode()


def _blueprint_folders(pieces: list[Piece]) -> Iterator[str]:
    """Yield the folders of templates and static files that blueprints name."""
    for piece in pieces:
        for node in piece.nodes():
            is_folder = isinstance(node, ast.keyword) and node.arg in ("template_folder", "static_folder")
            value = node.value if is_folder and isinstance(node, ast.keyword) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value
