"""What ``as_flask()`` does: ``import flask`` means :mod:`flask_nb.web` in this process.

Two finders on :data:`sys.meta_path` carry it. :class:`AliasFinder` stands first and answers for
``flask`` and every ``flask.…`` with the module of the same name below ``flask_nb.web``, itself and not a
copy, so that a class is one object under both names, pickles and reloads as ever. :class:`OfferFinder`
stands *last*, where only an import is heard that nothing else could answer: an installed Flask always
wins over the offer, also one that was installed after it was made.

Both also answer :mod:`importlib.metadata` for the distribution ``Flask``; extensions ask for its version.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from os import PathLike
from pathlib import Path
from types import ModuleType

from .errors import FlaskAlreadyImportedError

FLASK_VERSION = "3.1.3"
"""The version of Flask whose interface ``flask_nb.web`` offers."""

_FLASK = "flask"
_WEB = "flask_nb.web"
_MISSING = {
    "flask.sansio": "flask.sansio is not part of flask_nb.web, which has no sans-IO layer. "
    "Import App and Scaffold's names from flask.app and flask.blueprints instead",
}
_ANNOUNCEMENT = (
    "Flask is not installed: `import flask` means flask_nb.web here, as after flask_nb.as_flask()."
)
_ANY = DistributionFinder.Context()

_DISTRIBUTION_FILES = {
    "METADATA": f"Metadata-Version: 2.1\nName: Flask\nVersion: {FLASK_VERSION}\n"
    "Summary: The interface of Flask, answered by flask_nb.web\n",
    "entry_points.txt": "[console_scripts]\nflask = flask.cli:main\n",
    "top_level.txt": "flask\n",
}


def as_flask() -> None:
    """Make ``import flask`` and its submodules mean ``flask_nb.web`` in this process.

    Call it before anything imports Flask. A second call does nothing.

    :raises FlaskAlreadyImportedError: Flask itself has been imported already.
    """
    if is_aliased():
        return
    if sys.modules.get(_FLASK) is not None:
        raise FlaskAlreadyImportedError
    importlib.import_module(_WEB)
    sys.meta_path.insert(0, _ALIAS)
    sys.modules.update({_FLASK + name.removeprefix(_WEB): module for name, module in _loaded_below(_WEB)})


def is_aliased() -> bool:
    """Return whether ``flask`` means ``flask_nb.web`` in this process."""
    return _ALIAS in sys.meta_path


def undo_as_flask() -> None:
    """Let ``flask`` mean Flask again for imports to come; does nothing when it is not aliased.

    Names that were imported under the alias stay what they are.
    """
    if not is_aliased():
        return
    sys.meta_path.remove(_ALIAS)
    for name, module in _loaded_below(_FLASK):
        if module is sys.modules.get(_web_name(name)):
            del sys.modules[name]


def describe_flask() -> str | None:
    """Return a line on what ``import flask`` means in a notebook where Flask is installed, else None."""
    if is_aliased():
        return None
    if sys.modules.get(_FLASK) is not None:
        return (
            "Flask has been imported: `import flask` means Flask, whose apps work here, too. To let it mean "
            "flask_nb, restart the kernel, load flask_nb and type: %config FlaskNB.as_flask = True"
        )
    if importlib.util.find_spec(_FLASK) is None:
        return None
    return (
        "Flask is installed: `import flask` means Flask, whose apps work here, too. "
        "To let it mean flask_nb, type: %config FlaskNB.as_flask = True"
    )


def offer_on_import(announce: Callable[[str], None]) -> Callable[[], None]:
    """Alias at the first ``import flask`` that no installed package answers.

    :param announce: is told about it in one line, once, when that import happens.
    :return: a function that takes the offer back, with the alias if it came of the offer. It may be
        called more than once.
    """
    offer = OfferFinder(announce)
    sys.meta_path.append(offer)
    return offer.withdraw


class AliasLoader(Loader):
    """Hand the import system a module that exists already, and leave it unchanged.

    :param target: the name that the module has below ``flask_nb.web``.
    :param begin: is called first when the module is really imported.
    """

    def __init__(self, target: str, begin: Callable[[], None] = lambda: None) -> None:
        self.target = target
        self._begin = begin
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module of ``flask_nb.web``, imported if need be."""
        self._begin()
        module = importlib.import_module(self.target)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own spec back, which the import system has just replaced by the alias's.

        importlib.reload goes by the spec's name; nothing is executed a second time.
        """
        module.__spec__ = self._spec


class FlaskDistribution(Distribution):
    """What :mod:`importlib.metadata` reads of the distribution ``Flask`` while the alias holds."""

    def read_text(self, filename: str) -> str | None:
        """Return the text of a metadata file, None if the distribution has no such file."""
        return _DISTRIBUTION_FILES.get(filename)

    def locate_file(self, path: str | PathLike[str]) -> Path:
        """Return where a file of the distribution would be: ``flask/…`` lies in ``flask_nb/web/…``."""
        return Path(__file__).parent / "web" / Path(path).relative_to(_FLASK)


class AliasFinder(DistributionFinder):
    """Answer imports of ``flask`` and ``flask.…`` with the modules of ``flask_nb.web``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec that loads the same-named module of ``flask_nb.web``, None for other names.

        :raises ModuleNotFoundError: Flask has a module of this name, flask_nb.web on purpose has not.
        """
        if not _is_below(fullname, _FLASK):
            return None
        if fullname in _MISSING:
            raise ModuleNotFoundError(_MISSING[fullname], name=fullname)
        return _alias_spec(fullname, AliasLoader(_web_name(fullname)))

    def find_distributions(self, context: DistributionFinder.Context = _ANY) -> Iterable[Distribution]:
        """Return the distribution ``Flask`` if the context asks for it or for all."""
        return [FlaskDistribution()] if context.name is None or context.name.lower() == _FLASK else []


class OfferFinder(AliasFinder):
    """Wait for an import of ``flask`` that nobody else answers, then alias.

    :param announce: is told about it in one line.
    """

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce
        self._accepted = False

    def find_distributions(self, context: DistributionFinder.Context = _ANY) -> Iterable[Distribution]:
        """Return the distribution ``Flask`` to who asks for it by name; it is in no list yet."""
        return super().find_distributions(context) if context.name else []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec whose *loading* aliases: to look whether Flask is there changes nothing."""
        return _alias_spec(fullname, AliasLoader(_WEB, self.accept)) if fullname == _FLASK else None

    def accept(self) -> None:
        """Alias, and say so."""
        as_flask()
        self._remove()
        self._accepted = True
        self._announce(_ANNOUNCEMENT)

    def withdraw(self) -> None:
        """Take the offer back, and the alias if it came of it."""
        self._remove()
        if self._accepted:
            self._accepted = False
            undo_as_flask()

    def _remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)


def _alias_spec(fullname: str, loader: AliasLoader) -> ModuleSpec | None:
    found = importlib.util.find_spec(loader.target)
    if found is None:
        return None
    spec = ModuleSpec(fullname, loader, origin=found.origin)
    spec.submodule_search_locations = found.submodule_search_locations
    return spec


def _is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def _loaded_below(package: str) -> Iterator[tuple[str, ModuleType]]:
    return ((name, module) for name, module in list(sys.modules.items()) if _is_below(name, package))


def _web_name(flask_name: str) -> str:
    return _WEB + flask_name.removeprefix(_FLASK)


_ALIAS = AliasFinder()
