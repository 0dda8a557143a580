"""Modules that cells import, while they are edited: autoreload, ``%run``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

SHOP = """
from flask_nb import Flask

app = Flask("shop")

@app.get("/")
def home():
    return "{answer}"

@app.get("/{extra}")
def extra():
    return "extra"
"""


@pytest.fixture
def folder(kernel: Kernel) -> Path:
    return Path(kernel.value("__import__('os').getcwd()").strip("'"))


def write(path: Path, source: str, age: int) -> None:
    """Write a module that is *age* seconds old: a reloader goes by the time."""
    path.write_text(source)
    os.utime(path, (path.stat().st_mtime - age,) * 2)


@pytest.mark.parametrize("order", [("autoreload", "flask_nb"), ("flask_nb", "autoreload")])
def test_a_module_that_autoreload_reloads_answers_anew(
    kernel: Kernel, folder: Path, order: tuple[str, str]
) -> None:
    kernel.run("%unload_ext flask_nb")
    name = f"shop_after_{order[0]}"
    write(folder / f"{name}.py", SHOP.format(answer="one", extra="old"), age=9)
    for extension in order:
        kernel.run(f"%reload_ext {extension}", extension)
    kernel.run("%autoreload 2", "autoreload")
    kernel.run(f"from {name} import app", "import")
    assert "one" in kernel.run("%get /", "get").text
    write(folder / f"{name}.py", SHOP.format(answer="two", extra="new"), age=5)
    for _ in range(3):
        ran = kernel.run("%get /", "get")
        assert ("two" in ran.text, ran.stdout) == (True, "")
    assert "extra" in kernel.run("%get /new", "new").text
    assert "404" in kernel.run("%get /old", "old").text
    kernel.run("%autoreload 0", "autoreload")


def test_a_script_that_runs_again_replaces_what_it_made(kernel: Kernel, folder: Path) -> None:
    for answer in ("one", "two"):
        write(folder / "script_of_test.py", SHOP.format(answer=answer, extra=answer), age=0)
        assert kernel.run("%run script_of_test.py", "run").stdout == ""
        assert answer in kernel.run("%get /", "get").text
    assert "404" in kernel.run("%get /one", "one").text
