"""The imports of a written module: translated for its framework, sorted, and none that nobody needs."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import flask_nb
from flask_nb.errors import ProgramError

from .package import EngineName

FRAMEWORKS: dict[EngineName, str] = {"flask": "flask", "flask_nb": "flask_nb.web"}
"""What the framework's names are imported from."""

VIEWS = frozenset({"View", "MethodView"})
NOT_IN_FLASK = frozenset({"as_flask", "course", "load_ipython_extension", "unload_ipython_extension"})
OFFERED = (frozenset(flask_nb.__all__) | VIEWS) - NOT_IN_FLASK - {"json"}
"""What ``%%route`` gives a view without an import."""


@dataclass(frozen=True, order=True)
class Import:
    """One name that is imported.

    :param module: the module, with dots in front for the package's own.
    :param name: what is taken from it; empty for ``import module``.
    :param asname: what it is called here; empty for its own name.
    :param only_loads: whether nothing uses the name: ``import a.b`` makes ``a.b`` be there, and binds ``a``.
    """

    module: str
    name: str = ""
    asname: str = ""
    only_loads: bool = False

    @property
    def binds(self) -> str:
        """The name that it binds."""
        return self.asname or self.name or self.module.partition(".")[0]

    def above(self, dots: str) -> Import:
        """Return the same import for a module of a package within the package."""
        return self if self.top else replace(self, module=f"{dots}{self.module}")

    def __str__(self) -> str:
        renamed = f" as {self.asname}" if self.asname else ""
        if self.name:
            return (
                f"from {self.module} import {self.name}{renamed}{'  # noqa: F401' if self.only_loads else ''}"
            )
        return f"import {self.module}{renamed}"

    @property
    def top(self) -> str:
        """The top-level module; empty for the package's own."""
        return "" if self.module.startswith(".") else self.module.partition(".")[0]


class Translator:
    """Translates imports of the framework, and of modules that become the package's.

    :param engine: the framework of the written package.
    :param own: the modules that lie beside the notebook and go with it.
    """

    def __init__(self, engine: EngineName, own: Collection[str]) -> None:
        self.framework = FRAMEWORKS[engine]
        self.engine = engine
        self._own = own

    def imports_of(self, node: ast.Import | ast.ImportFrom, where: str) -> Iterator[Import]:
        """Yield what a statement imports, as the package has to.

        :param where: the cell, for errors.
        """
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                yield self._from(module, alias.name, alias.asname or "", where)
            return
        for alias in node.names:
            yield from self._module(alias.name, alias.asname or "")

    def _from(self, module: str, name: str, asname: str, where: str) -> Import:
        if module == "flask_nb" and name in NOT_IN_FLASK:
            raise ProgramError.in_cell(
                where, f"{name!r} is for notebooks, and no part of an app. Leave it out"
            )
        if module.startswith("flask_nb.") and not module.startswith("flask_nb.web"):
            raise ProgramError.in_cell(
                where, f"{module!r} is for notebooks, and no part of an app. Leave it out"
            )
        return Import(self.module(module), name, asname)

    def _module(self, name: str, asname: str) -> Iterator[Import]:
        top = name.partition(".")[0]
        if top not in self._own:
            yield self._foreign(name, asname)
            return
        before, _, last = name.rpartition(".")
        if not before or asname:
            yield Import(f".{before}", last, asname)
            return
        # First, so that its remark ends no line on which another statement follows.
        yield Import(f".{before}", last, f"_{name.replace('.', '_')}", only_loads=True)
        yield Import(".", top)

    def _foreign(self, name: str, asname: str) -> Import:
        translated = self.module(name)
        if translated != name and translated == "flask_nb.web" and not asname:
            return Import("flask_nb", "web", name.rpartition(".")[2] if "." not in name else "")
        return Import(translated, "", asname)

    def module(self, name: str) -> str:
        """Return the module that stands for one of the notebook's."""
        if name.partition(".")[0] in self._own:
            return f".{name}"
        for package in ("flask_nb.web", "flask_nb", "flask"):
            if name == package or name.startswith(f"{package}."):
                return self.framework + name[len(package) :]
        return name

    def offered(self, name: str) -> Import:
        """Return the import of a name of the framework that no cell imports."""
        return Import(f"{self.framework}.views" if name in VIEWS else self.framework, name)


def is_stdlib(top: str) -> bool:
    """Whether a top-level module is of the standard library."""
    return top in sys.stdlib_module_names


def is_extension(top: str) -> bool:
    """Whether a module imports ``flask`` itself, as its name tells."""
    return top.startswith("flask_") and top != "flask_nb"


def write_imports(imports: Iterable[Import], features: Collection[str] = (), remark: str = "") -> str:
    """Return the lines of imports in their customary order; empty without any.

    :param features: those of ``__future__``.
    :param remark: what stands behind each of them.
    """
    by_group: defaultdict[int, list[Import]] = defaultdict(list)
    for one in set(imports):
        by_group[_group(one)].append(one)
    blocks = ["\n".join(_write_group(by_group[group], remark)) for group in sorted(by_group)]
    if features:
        blocks.insert(0, f"from __future__ import {', '.join(sorted(features))}")
    return "\n\n".join(blocks)


def _group(one: Import) -> int:
    return 2 if not one.top else 0 if is_stdlib(one.top) else 1


def _write_group(imports: list[Import], remark: str) -> Iterator[str]:
    plain = sorted(one for one in imports if not one.name)
    for one in sorted(plain, key=lambda one: (one.module.lower(), one.asname)):
        yield f"import {one.module}{f' as {one.asname}' if one.asname else ''}{remark}"
    from_module: defaultdict[str, list[Import]] = defaultdict(list)
    for one in imports:
        if one.name:
            from_module[one.module].append(one)
    for module in sorted(from_module, key=lambda module: (-_dots(module), module.lower())):
        yield from _write_from(module, from_module[module], remark)


def _dots(module: str) -> int:
    return len(module) - len(module.lstrip("."))


def _write_from(module: str, imports: list[Import], remark: str) -> Iterator[str]:
    if any(one.name == "*" for one in imports):
        yield f"from {module} import *"
        imports = [one for one in imports if one.name != "*"]
    renamed = [one for one in imports if one.asname and one.asname != one.name]
    kept = sorted((one.name for one in imports if one not in renamed), key=_in_order)
    if kept:
        line = f"from {module} import {', '.join(kept)}{remark}"
        if len(line) > 88:
            yield f"from {module} import ({remark}"
            yield from (f"    {name}," for name in kept)
            yield ")"
        else:
            yield line
    for one in sorted(renamed):
        yield _join_remarks(f"{one}{remark}")


def _join_remarks(line: str) -> str:
    return line.replace("  # noqa: F401  # noqa: ", "  # noqa: F401, ")


def _in_order(name: str) -> tuple[int, str, str]:
    """Constants first, then classes, then the rest, as isort sorts them."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower(), name
