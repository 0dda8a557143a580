"""Make the README's first picture: ``python -m tests.browser.make_picture``."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from .browsed import Browsed
from .frontend import OpenNotebook, chromium, serving

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "browse.png"
MOST = 200_000

CELLS = (
    "%load_ext flask_nb",
    "%%static house.css\nbody { font: 16px/1.6 sans-serif; margin: 16px 24px }\n"
    "h1 { color: #2e6b3e; margin: 0 }\n"
    "button { background: #2e6b3e; color: white; border: 0; border-radius: 4px; padding: .3em .9em }",
    '%%template guests.html\n<link rel="stylesheet" href="/static/house.css">\n<h1>Tea house</h1>\n'
    "<ul>{% for guest in guests %}<li>{{ guest }}</li>{% endfor %}</ul>\n"
    '<form method="post"><input name="name" placeholder="Your name"> <button>Come in</button></form>',
    '%%route GET,POST /\nif request.method == "POST":\n    guests.append(request.form["name"])\n'
    '    return redirect("/")\nreturn render_template("guests.html", guests=guests)',
    "%browse --height 270",
)


def make() -> None:
    """Drive JupyterLab, use the page, and take the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        with serving("lab", Path(folder)) as lab:
            opened = OpenNotebook(browser, lab.put(write_notebook(Path(folder) / "tea-house.ipynb")))
            opened.page.set_viewport_size({"width": 900, "height": 1500})
            opened.run_all()
            view = Browsed(opened, "%browse")
            for name in ("Ann", "Bo"):
                view.page.fill("input", name)
                view.page.click("button")
                view.wait_for(name)
            opened.select("%load_ext")
            opened.page.mouse.move(0, 0)
            opened.page.wait_for_timeout(300)
            first, last = (opened.cell(text).bounding_box() for text in ("%%route GET,POST", "%browse"))
            assert first is not None
            assert last is not None
            top = first["y"]
            clip = {
                "x": first["x"],
                "y": top,
                "width": first["width"],
                "height": last["y"] + last["height"] - top,
            }
            opened.page.screenshot(path=PICTURE, clip=clip)  # type: ignore[arg-type]
            opened.close()
        browser.close()
    assert PICTURE.stat().st_size < MOST


def write_notebook(path: Path) -> Path:
    """Write the notebook that is shown; the first cell defines what the others use."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    cells = [*CELLS[:1], "from flask_nb import redirect, render_template, request\nguests = []", *CELLS[1:]]
    notebook.cells = [nbformat.v4.new_code_cell(re.sub(r"\s+$", "", cell)) for cell in cells]
    nbformat.write(notebook, path)
    return path


if __name__ == "__main__":
    make()
