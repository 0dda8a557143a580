"""A module of the package: its pieces, and the imports that they need and no others."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..cell_names import names_of
from .imports import OFFERED, Import, Translator, is_extension, write_imports

HELPERS = {
    "Mapping": Import("collections.abc", "Mapping"),
    "Any": Import("typing", "Any"),
    "read_secret": Import(".environment", "read_secret"),
    "load_settings_file": Import(".environment", "load_settings_file"),
    "load_artifact": Import(".artifacts", "load_artifact"),
    "Path": Import("pathlib", "Path"),
    "json": Import("json"),
    "tomllib": Import("tomllib"),
}
"""What the package's own lines use."""

_KNOWN = frozenset({*dir(builtins), "__name__", "__file__", "__doc__", "__annotations__", "__package__"})
_LATE = "  # noqa: E402"


@dataclass
class ModuleWriter:
    """Writes modules.

    :param imports: name → the import that binds it, of the notebook's.
    :param stars: what is imported with a star.
    :param features: those of ``__future__``.
    :param homes: name → the module of the package that binds it.
    :param loads: name of a package → what is imported of it for being there.
    """

    translator: Translator
    imports: dict[str, Import]
    stars: list[Import] = field(default_factory=list)
    features: set[str] = field(default_factory=set)
    homes: dict[str, str] = field(default_factory=dict)
    loads: dict[str, list[Import]] = field(default_factory=dict)
    used: set[Import] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def write(
        self, module: str, docstring: str, body: str, extra: list[Import], *, alias: bool = False
    ) -> str:
        """Return a module's text.

        :param extra: what is imported for its effect.
        :param alias: whether ``import flask`` has to be made to mean the package's framework first.
        """
        needed = list(dict.fromkeys([*self._needed(module, body), *extra]))
        self.used.update(needed)
        parts = [f'"""{docstring}"""']
        if any(one.name == "*" for one in needed):
            parts.insert(0, "# ruff: noqa: F403, F405")
        if alias:
            late = [one for one in needed if is_extension(one.top) or not one.top]
            first = [one for one in needed if one not in late]
            parts.append(write_imports([*first, Import("flask_nb", "as_flask")], self.features))
            parts.append("as_flask()  # the extensions below import flask")
            parts.append(write_imports(late, remark=_LATE))
            self.used.add(Import("flask_nb", "as_flask"))
        elif text := write_imports(needed, self.features):
            parts.append(text)
        starts_with_definition = body.startswith(("def ", "async def ", "class ", "@"))
        head = "\n\n".join(parts)
        return f"{head}\n\n{'' if not starts_with_definition else chr(10)}{body}\n" if body else f"{head}\n"

    def _needed(self, module: str, body: str) -> Iterator[Import]:
        names = names_of(ast.parse(body).body)
        has_unknown = False
        for name in sorted(names.needs - names.binds):
            home = self.homes.get(name)
            if home is not None and home != module:
                yield Import(f".{home}" if home != "__init__" else ".", name)
            elif name in self.imports:
                yield self.imports[name]
                yield from self.loads.get(name, ())
            elif name in HELPERS:
                yield HELPERS[name]
            elif name in _KNOWN:
                continue
            elif name in OFFERED:
                yield self.translator.offered(name)
            else:
                has_unknown = True
                self.unknown.add(name)
        if has_unknown:
            yield from self.stars
