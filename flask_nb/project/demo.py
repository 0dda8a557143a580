"""``flask-nb demo``: run the quickstart in a kernel, show what it shows, and serve its app."""

from __future__ import annotations

import io
import re
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import NoReturn
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import click
from nbformat import NotebookNode

from flask_nb.cells import cell_name
from flask_nb.errors import NotebookRunError

from .reading import bundled_notebook, code_cells, output_text, read_notebook
from .running import NotebookRun

FETCH_SECONDS = 10
"""How long the served page may take."""

_POLL_SECONDS = 0.2


@click.command("demo", short_help="Run the quickstart notebook and serve its app.")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N", help="Serve on this port; default: a free one."
)
@click.option("--keep", is_flag=True, help="Serve until Ctrl-C, also when the output is no terminal.")
def demo_command(port: int | None, keep: bool) -> None:
    """Run the quickstart notebook in a kernel and serve its app.

    Every exercise of the notebook is shown as text: the request and its response. Then the app is
    served and one page fetched from it. On a terminal it goes on serving until Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe of Windows may know no arrows
    try:
        show_notebook(bundled_notebook("quickstart"), port, keep or sys.stdout.isatty())
    except NotebookRunError as exc:
        raise click.ClickException(str(exc)) from exc


def show_notebook(path: Path, port: int | None, keep: bool) -> None:
    """Run a notebook, show it as text, serve its app and fetch its first page.

    :param keep: go on serving until Ctrl-C.
    :raises NotebookRunError: anything of that failed.
    """
    notebook = read_notebook(path)
    click.echo(f"{path.name}: {len(code_cells(notebook))} cells, in a kernel of {sys.executable}")
    with _ended_by_sigterm(), NotebookRun(notebook, path.parent) as run:
        for cell in with_progress(run.run_cells(), len(code_cells(notebook))):
            if "raises-exception" not in cell.metadata.get("tags", []):  # of an exercise nobody has solved
                click.echo(f"\n{transcript(cell)}")
        url = serve(run, port)
        click.echo(f"\nGET {url}\n\n{fetch(url)}")
        if keep:
            serve_until_interrupted(run, url)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as an exception does, so that what it has opened is closed."""

    def end(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)  # as shells report it

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def with_progress(cells: Iterable[NotebookNode], count: int) -> Iterator[NotebookNode]:
    """Give the cells as they come; on a terminal all at the end, after a progress bar."""
    if not sys.stdout.isatty():
        yield from cells
        return
    ran = []
    with click.progressbar(length=count, item_show_func=_name, show_eta=False) as bar:
        for cell in cells:
            ran.append(cell)
            bar.update(1, cell)
    yield from ran


def _name(cell: NotebookNode | None) -> str | None:
    return None if cell is None else cell_name(cell.source)


def transcript(cell: NotebookNode) -> str:
    """Return a cell as a terminal shows it: what was typed, and what came of it."""
    typed = "\n".join(f"| {line}".rstrip() for line in cell.source.splitlines())
    shown = output_text(cell)
    return f"{typed}\n\n{shown}" if shown else typed


def serve(run: NotebookRun, port: int | None) -> str:
    """Serve the notebook's app from its kernel, say so, and return the address.

    :raises NotebookRunError: the port is taken, or there is no app.
    """
    line = output_text(run.run("%serve" if port is None else f"%serve --port {port}"))
    found = re.search(r"https?://\S+", line)
    if found is None:
        raise NotebookRunError(f"%serve named no address but said {line!r}. Run flask-nb demo again")
    click.echo(f"\n{line}")
    return found[0]


def fetch(url: str) -> str:
    """Return what a page says.

    :raises NotebookRunError: nobody answered, or not in time.
    """
    try:
        # The address is on this machine: no proxy knows it.
        with build_opener(ProxyHandler({})).open(url, timeout=FETCH_SECONDS) as response:
            charset = response.headers.get_content_charset("utf-8")
            return str(response.read().decode(charset, "replace")).rstrip("\n")
    except HTTPError as exc:
        with exc:
            said = f"{exc.code} {exc.reason}"
        raise NotebookRunError(f"{url} answered {said}. The app needs a route for /") from None
    except (OSError, HTTPException) as exc:
        raise NotebookRunError(f"{url} did not answer: {exc}. Run flask-nb demo again") from exc


def serve_until_interrupted(run: NotebookRun, url: str) -> None:
    """Wait for Ctrl-C.

    :raises NotebookRunError: the kernel died meanwhile.
    """
    try:
        click.echo(f"\nOpen {url} in a browser. Ctrl-C ends it.")
        while run.is_alive():
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        click.echo("\nstopped")
        return
    raise NotebookRunError("the kernel died while it served. Run flask-nb demo again")
