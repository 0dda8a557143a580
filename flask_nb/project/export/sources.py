"""A plan written as a package: ``create_app`` and what it needs, blueprints, templates, static files."""

from __future__ import annotations

from ..plan import Plan
from .assembling import Assembler
from .package import EngineName, Package


def write_package(plan: Plan, engine: EngineName) -> Package:
    """Return the package that a notebook becomes; nothing of the notebook is run.

    :param engine: the framework that the package imports.
    :raises ProgramError: names the cell that cannot be written, and what to do.
    """
    return Assembler(plan, engine).assemble()
