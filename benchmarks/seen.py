"""From the key that runs an edited cell until its page is painted, in JupyterLab in Chromium.

Run it where JupyterLab, Playwright and Chromium are installed (`pip install -e '.[browser]'`)::

    python -m benchmarks.seen --turns 20

The cell is a `%%route` with `--try`, whose answer is a page in a frame. Its peers stand in the same
notebook: a cell that displays that very frame and does nothing else, and one that prints a line. In each
turn all of them are edited and run, one after the other. Time begins with Shift-Enter and ends when the
frame has loaded, or the line is there, and the browser has drawn twice.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.kernels import as_notebook

if TYPE_CHECKING:
    from tests.browser.frontend import OpenNotebook

EDITED = "%%route /page --try /page\n'<h1>Edition {number}</h1><p>of a page that is edited</p>'"
PRINTED = "print('Edition {number}')"
PEER = "the same frame, displayed"
TURNS_BEFORE = 3
"""Turns that are not counted: what is loaded once is loaded by then."""
CALM = 300
"""Milliseconds between two turns."""


@contextmanager
def notebook() -> Iterator[OpenNotebook]:
    """Open a notebook whose first cell has loaded the extension."""
    from playwright.sync_api import sync_playwright

    from tests.browser.frontend import OpenNotebook, chromium, serving

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        path = Path(name, "seen.ipynb")
        path.write_text(as_notebook(["%load_ext flask_nb"]), encoding="utf-8")
        arguments = ["--no-sandbox", "--disable-gpu"]
        with serving("lab", Path(name)) as lab:
            browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
            opened = OpenNotebook(browser, lab.put(path))
            opened.run_all()
            yield opened
            opened.close()
            browser.close()


def frame_of(opened: OpenNotebook) -> str:
    """Return the frame of the edited cell's output, as a template for its edition."""
    opened.append_cell(EDITED.format(number=0))
    opened.edit_and_run(EDITED.format(number=0), "Edition 0<")
    opened.wait_until_idle()
    shown = [output.get("data", {}).get("text/html", "") for output in opened.stored_outputs()[-1]]
    found = re.search(r"<iframe.*?</iframe>", "".join("".join(html) for html in shown), re.S)
    assert found, shown
    return found[0]


def cells(opened: OpenNotebook) -> Mapping[str, str]:
    """Return the sources to compare, each a template for its edition; the first cell is there already."""
    frame = frame_of(opened)
    displayed = f"from IPython.display import HTML, display\ndisplay(HTML({f'<div>{frame}</div>'!r}))"
    displayed = displayed.replace("{", "{{").replace("}", "}}").replace("Edition 0", "Edition {number}")
    return {"%%route with --try": EDITED, PEER: displayed, "print": PRINTED}


def measure(opened: OpenNotebook, turns: int) -> dict[str, list[float]]:
    """Return the milliseconds of each turn."""
    sources = cells(opened)
    for source in list(sources.values())[1:]:
        opened.append_cell(source.format(number=0))
    times: dict[str, list[float]] = {name: [] for name in sources}
    editions = count(1)  # each is seen once, so that no cell is taken for another
    for _ in range(TURNS_BEFORE + turns):
        for name, source in sources.items():
            number = next(editions)
            opened.page.wait_for_timeout(CALM)
            opened.select(source[:12])
            milliseconds = opened.edit_and_run(
                source.format(number=f"{number}."), f"Edition {number}.", "Shift+Enter"
            )
            times[name].append(milliseconds)
    return {name: found[TURNS_BEFORE:] for name, found in times.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--turns", type=int, default=20, help="how often each cell is edited (20)")
    arguments = parser.parse_args()
    with notebook() as opened:
        times = measure(opened, arguments.turns)
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"key → painted, in Lab           ms   of {PEER}")
    for name, value in medians.items():
        print(f"  {name:<26} {value:7.0f}   {value / medians[PEER]:.2f}")


if __name__ == "__main__":
    main()
