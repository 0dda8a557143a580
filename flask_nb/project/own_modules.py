"""The modules that stand beside a notebook, and what its cells leave in them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from flask_nb import engines

from .program import module_name


class OwnModules:
    """Those that are imported from now on."""

    def __init__(self) -> None:
        self._before = frozenset(sys.modules)

    @contextmanager
    def anew(self, path: Path) -> Iterator[None]:
        """Let a notebook that is run again import them again, if cells have registered on an app in one.

        Else what they had registered there would stay, whatever they say now, and hooks would be called
        once for each run.

        :param path: the notebook.
        """
        own = self._below(path.resolve().parent, but=module_name(path))
        if not any(map(_is_registered_on, own.values())):
            own = {}
        for name in own:
            del sys.modules[name]
        try:
            yield
        except BaseException:
            sys.modules.update(own)
            raise

    def _below(self, folder: Path, but: str) -> dict[str, ModuleType]:
        return {
            name: module
            for name, module in list(sys.modules.items())
            if name != but and name.partition(".")[0] != "flask_nb" and self._is_below(folder, name, module)
        }

    def _is_below(self, folder: Path, name: str, module: object) -> bool:
        known = {} if name in self._before else getattr(module, "__dict__", {})  # a lazy one imports if asked
        place = Path(str(known.get("__file__") or next(iter(known.get("__path__") or ()), "")))
        return place.is_relative_to(folder) and not {"site-packages", "dist-packages"} & {*place.parts}


def _is_registered_on(module: ModuleType) -> bool:
    return any(map(engines.has_cells, list(vars(module).values())))
