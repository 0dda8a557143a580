"""What a package and its modules are called."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Collection

_TAKEN = frozenset({"flask", "flask_nb", "tests", "test", "instance", "gunicorn", "werkzeug", "jinja2"})


def import_name(stem: str) -> str:
    """Return the name of the package of a notebook: ``2 My Shop`` → ``my_shop``.

    It is a name that can be imported, and hides no module of the standard library.
    """
    ascii_ = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", ascii_.lower()).strip("_")
    name = re.sub(r"^[0-9_]+", "", name) or (f"app_{name}" if name else "notebook_app")
    is_taken = (
        name in sys.stdlib_module_names | _TAKEN or keyword.iskeyword(name) or keyword.issoftkeyword(name)
    )
    return f"{name}_app" if is_taken else name


def distribution_name(package: str) -> str:
    """Return the name of the distribution of a package."""
    return package.strip("_").replace("_", "-")


def module_name(variable: str, taken: Collection[str]) -> str:
    """Return the name of a module for what a variable holds."""
    name = variable.strip("_").lower() or "module"
    while name in taken:
        name += "_views" if not name.endswith("_views") else "_"
    return name
