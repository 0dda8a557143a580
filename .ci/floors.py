"""Print pip's constraints for the lowest versions that pyproject.toml allows of what the package needs.

Extras count where a user chooses them for what they add (``async``, ``dotenv``, ``tls``); development's tools
are taken as they are today.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
EXTRAS = ("async", "dotenv", "tls")


def floors(project: dict[str, Any]) -> list[str]:
    """Return ``name==version`` for each dependency.

    :raises ValueError: one of them names no lowest version.
    """
    extras = project["optional-dependencies"]
    required = [*project["dependencies"], *(one for extra in EXTRAS for one in extras[extra])]
    return [floor(one) for one in required]


def floor(requirement: str) -> str:
    found = re.match(r"([\w-]+)>=([\w.]+)", requirement)
    if found is None:
        raise ValueError(f"{requirement!r} in pyproject.toml names no lowest version: write 'name>=1.2'")
    return f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    print("\n".join(floors(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"])))
