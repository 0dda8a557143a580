"""The parts of a package put together."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import partial

from flask_nb.cells import AppArguments
from flask_nb.cells.config import ConfigDefinition
from flask_nb.errors import ProgramError

from .. import rules
from ..plan import Plan
from .app_factory import FactoryWriter
from .artifacts import requirements_of, write_artifacts
from .beside import Beside, imported_tops
from .configuring import ConfigFile, ConfigWriter, clean_config
from .files import PackageFiles
from .imports import NOT_IN_FLASK, Import, Translator, is_extension, write_imports
from .layout import Block, join_blocks, read_headings
from .modules import HELPERS, ModuleWriter
from .naming import distribution_name, import_name, module_name
from .package import EngineName, EnvironmentSecret, Package
from .pieces import Piece, Reader
from .placing import INIT, SHARED, Placement, find_made
from .rendering import Renderer
from .replacing import drop_replaced

_READ_SECRET = '''def read_secret(variable: str, test_config: Mapping[str, Any] | None = None) -> Any:
    """Return a secret: that of a test's settings, or else of the environment."""
    if test_config is not None and variable in test_config:
        return test_config[variable]
    value = os.environ.get(variable)
    if not value:
        raise RuntimeError(
            f"The environment variable {variable} is not set. Type: export {variable}=…"
        )
    return value'''

_LOAD_SETTINGS = '''def load_settings_file(app: Flask, variable: str, *, silent: bool = False) -> None:
    """Load the settings file that a variable names: JSON or TOML by its ending, else Python."""
    path = os.environ.get(variable, "")
    if path.lower().endswith(".json"):
        app.config.from_file(path, load=json.load, silent=silent)
    elif path.lower().endswith(".toml"):
        app.config.from_file(path, load=tomllib.load, text=False, silent=silent)
    else:
        app.config.from_envvar(variable, silent=silent)'''


class Assembler:
    """Puts the package of one notebook together.

    :param plan: what of the notebook is taken.
    :param engine: the framework that the package imports.
    """

    def __init__(self, plan: Plan, engine: EngineName) -> None:
        self._plan = plan
        self._engine: EngineName = engine
        self._package = import_name(plan.path.stem)
        self._beside = Beside(plan)
        self._contents = Reader(plan).read()
        self._pieces = drop_replaced(self._contents.pieces)
        self._notes: list[str] = []
        self._secrets: dict[EnvironmentSecret, None] = {}
        self._secret_texts: set[str] = set()
        self._own = self._beside.modules(self._imported())
        self._translator = Translator(engine, self._own)
        self._modules = ModuleWriter(self._translator, {})
        self._read_imports()
        self._factory = FactoryWriter(plan.app_name, self._pieces)
        self._pieces = self._factory.pieces
        self._files = PackageFiles(
            self._package, self._beside, self._factory.options, partial(self._take, None)
        )
        self._renderer = self._make_renderer()

    def assemble(self) -> Package:
        """Return the package.

        :raises ProgramError: something cannot be written.
        """
        blueprints = self._blueprints()
        secret = [piece for piece in self._pieces if self._has_secret(piece)]
        placement = Placement(self._pieces, self._factory.variable, secret, blueprints)
        if placement.note:
            self._notes.append(placement.note)
        self._renderer.app_names = placement.app_names
        self._modules.homes = {
            name: module for piece, module in placement.module_of.items() for name in piece.names.binds
        }
        self._files.add_contents(self._contents, self._pieces)
        self._write_modules(placement)
        self._files.add_modules(self._own, self._translator)
        if self._contents.artifacts:
            for name, data in write_artifacts(
                self._contents.artifacts, self._plan.path.parent, self._own
            ).items():
                self._files.add(name, data)
        if environment := self._write_environment():
            self._files.add("environment.py", environment.encode())
        self._check_secrets()
        self._note_unknown()
        return Package(
            name=distribution_name(self._package),
            import_name=self._package,
            engine=self._engine,
            files=dict(sorted(self._files.files.items())),
            imports=frozenset(self._third_party()),
            requires=requirements_of(self._contents.artifacts),
            secrets=tuple(self._secrets),
            notes=tuple(dict.fromkeys([*self._losses(), *self._notes, *self._files.notes])),
        )

    def _losses(self) -> list[str]:
        """Return what the plan says is lost, without the files that the package has."""
        taken = tuple(self._beside.taken)
        return [loss for loss in self._plan.losses if not (taken and loss.startswith(taken))]

    # --- imports ---

    def _imported(self) -> set[str]:
        found = {module for artifact in self._contents.artifacts for module in artifact.modules}
        for piece in self._pieces:
            found |= set(imported_tops(piece.nodes()))
            definition = piece.definition
            for source in definition.sources if isinstance(definition, ConfigDefinition) else ():
                if source.kind == "import":
                    found.add(source.name.replace(":", ".").partition(".")[0])
        return found

    def _read_imports(self) -> None:
        for piece in self._pieces:
            node = piece.node
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                self._modules.features |= {alias.name for alias in node.names}
                continue
            if isinstance(node, ast.ImportFrom) and node.module == "flask_nb":
                node.names = [alias for alias in node.names if alias.name != "as_flask"]
            for one in self._translator.imports_of(node, piece.cell.name):
                if one.only_loads:
                    self._modules.loads.setdefault(one.module.strip(".").partition(".")[0], []).append(one)
                elif one.name != "*":
                    self._modules.imports[one.binds] = one
                elif one.module != self._translator.framework:  # whose names are known
                    self._modules.stars.append(one)
        self._pieces = [piece for piece in self._pieces if not _calls_as_flask(piece)]

    def _third_party(self) -> Iterator[str]:
        yield "flask" if self._engine == "flask" else "flask_nb"
        for name, data in self._files.files.items():
            for node in ast.walk(ast.parse(data)) if name.endswith(".py") else ():
                yield from set(imported_tops([node])) - sys.stdlib_module_names - {self._package}

    # --- modules ---

    def _make_renderer(self) -> Renderer:
        names = [piece.names for piece in self._pieces]
        needed = frozenset().union(*(one.needs for one in names)) | {self._factory.variable}
        bound = frozenset().union(*(one.binds for one in names))
        renames = dict(self._factory.renames)
        if self._engine == "flask" and self._modules.imports.get("flask", Import("")).module == "flask":
            renames.update({"flask_nb": "flask"} if self._imports_plainly("flask_nb") else {})
        return Renderer(
            self._translator,
            (),
            {*needed, *bound, *self._modules.imports},
            needed,
            self._config_writer,
            renames,
            self._finds,
        )

    def _finds(self, name: str) -> bool:
        """Whether a file of the package can be named by the folder of its modules."""
        path = self._modules.imports.get("Path", HELPERS["Path"])
        return self._files.has(name) and path == HELPERS["Path"] and "Path" not in self._modules.homes

    def _imports_plainly(self, name: str) -> bool:
        return any(
            isinstance(piece.node, ast.Import)
            and any(alias.name.partition(".")[0] == name and not alias.asname for alias in piece.node.names)
            for piece in self._pieces
        )

    def _blueprints(self) -> dict[str, str]:
        made = find_made(self._pieces, rules.BLUEPRINT_CLASSES)
        found: dict[str, str] = {}
        for name in made:
            taken = {INIT, SHARED, "environment", "artifacts", *found.values(), *self._own}
            found[name] = module_name(name, taken)
        return found

    def _write_modules(self, placement: Placement) -> None:
        headings = read_headings(self._plan.path)
        modules = {INIT: [], **{module: [] for module in placement.module_of.values()}}  # type: ignore[var-annotated]
        for piece, module in placement.module_of.items():
            modules[module].append(self._block(piece, in_app=False))
        in_app = [self._block(piece, in_app=True) for piece in self._factory.order(placement.in_app)]
        for module, blocks in modules.items():
            body = join_blocks(blocks, headings, 2)
            docstring = f"What the modules of {self._package} share."
            if module == INIT:
                body = "\n\n\n".join(filter(None, [body, self._factory.write(in_app, headings)]))
                docstring = f"The app of {self._plan.path.name}."
            elif module != SHARED:
                docstring = f"The blueprint {module} of {self._package}."
            alias = module == INIT and self._needs_alias()
            text = self._modules.write(module, docstring, body, [], alias=alias)
            self._files.add(f"{module}.py", text.encode())

    def _block(self, piece: Piece, *, in_app: bool) -> Block:
        text = self._renderer.render(piece, in_app=in_app)
        for secret in self._renderer.secrets_of(piece):
            self._take(piece, secret.variable, secret.values)
        extra = [] if piece.definition is not None else list(self._files.settings_of(piece))
        return Block("\n".join([text, *extra]), piece, piece.is_function_or_class)

    def _needs_alias(self) -> bool:
        """Whether an extension imports ``flask``, which has to mean the package's framework."""
        tops = {one.top for one in self._modules.imports.values()}
        return self._engine == "flask_nb" and any(map(is_extension, tops))

    # --- secrets and settings ---

    def _write_environment(self) -> str:
        imports, functions = [Import("os")], []
        if self._secrets:
            imports += [HELPERS["Mapping"], HELPERS["Any"]]
            functions.append(_READ_SECRET)
        if HELPERS["load_settings_file"] in self._modules.used:
            imports += [HELPERS["json"], HELPERS["tomllib"], self._translator.offered("Flask")]
            functions.append(_LOAD_SETTINGS)
        if not functions:
            return ""
        head = f'"""What the environment gives, so that no source holds it."""\n\n{write_imports(imports)}'
        return "\n\n\n".join([head, *functions]) + "\n"

    def _has_secret(self, piece: Piece) -> bool:
        return bool(self._renderer.secrets_of(piece)) or isinstance(
            piece.definition, (AppArguments, ConfigDefinition)
        )

    def _take(self, piece: Piece | None, variable: str, texts: tuple[str, ...]) -> None:
        place = f"the cell {piece.cell.name!r}, line {piece.line}" if piece else "a configuration file"
        self._secrets[EnvironmentSecret(variable, place)] = None
        self._secret_texts |= set(texts)

    def _config_writer(self, piece: Piece) -> ConfigWriter:
        take = partial(self._take, piece)

        def read_file(name: str) -> ConfigFile | None:
            data = self._files.read_config(name)
            if data is None:
                return None
            cleaned = clean_config(name, data, take)
            self._files.add_config(name, cleaned.data)
            return cleaned

        return ConfigWriter(piece.app, read_file, self._files.add_new, take, self._qualified)

    def _qualified(self, module: str) -> str:
        return f"{self._package}.{module}" if module.partition(".")[0] in self._own else module

    def _check_secrets(self) -> None:
        for text in self._secret_texts:
            for name, data in self._files.files.items():
                if len(text) > 5 and text.encode() in data:
                    raise ProgramError(
                        f"a secret of {self._plan.path.name} stands in {name} as well, where nothing can "
                        f"take it out: {next(iter(self._secrets)).place}. Give it one place in the notebook"
                    )

    def _note_unknown(self) -> None:
        unknown = sorted(self._modules.unknown) if not self._modules.stars else []
        if unknown:
            self._notes.append(
                f"{', '.join(unknown)}: no cell that is taken binds {'it' if len(unknown) == 1 else 'them'}."
            )


def _calls_as_flask(piece: Piece) -> bool:
    """Whether a statement makes ``import flask`` mean ours, which the package does by itself."""
    node = piece.node
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in NOT_IN_FLASK
