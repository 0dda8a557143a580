"""What a notebook is exported to, before anything of it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

EngineName = Literal["flask", "flask_nb"]
"""The framework that the exported package imports."""


@dataclass(frozen=True)
class EnvironmentSecret:
    """A secret of the notebook that the package reads from the environment.

    :param variable: the environment variable, such as ``SECRET_KEY``.
    :param place: where the notebook has it, in words: ``the cell 'app.secret_key = …', line 1``.
    """

    variable: str
    place: str


@dataclass(frozen=True)
class Package:
    """The package that a notebook becomes.

    :param name: of the distribution, such as ``my-shop``.
    :param import_name: of the package, such as ``my_shop``.
    :param engine: the framework that it imports.
    :param files: path below the target, with slashes → content; the package's own, not its tests or metadata.
    :param imports: the top-level modules that its sources import, without the standard library and itself.
    :param requires: distributions in the versions that its artifacts need, such as ``scikit-learn==1.7.2``.
    :param secrets: what it reads from the environment.
    :param notes: what a person should know, in sentences.
    """

    name: str
    import_name: str
    engine: EngineName
    files: dict[str, bytes]
    imports: frozenset[str] = frozenset()
    requires: tuple[str, ...] = ()
    secrets: tuple[EnvironmentSecret, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Export:
    """All that is written for a notebook.

    :param notebook: where it comes from.
    :param package: the package.
    :param files: path below the target, with slashes → content; the package's, its tests and its metadata.
    :param notes: what a person should know, in sentences.
    """

    notebook: Path
    package: Package
    files: dict[str, bytes] = field(repr=False)
    notes: tuple[str, ...] = ()
