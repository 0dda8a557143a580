"""``flask-nb lab``: the course in JupyterLab."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from flask_nb.errors import CourseError, NotebookRunError

from .course import FOLDER, Course, course
from .foreground import run_in_foreground


@click.command("lab", short_help="Copy the tutorials and open them in JupyterLab.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Copy them into this folder.",
)
@click.option("--no-browser", is_flag=True, help="Start JupyterLab without opening a browser.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS OF JUPYTERLAB]")
@click.pass_context
def lab_command(ctx: click.Context, folder: Path, no_browser: bool, options: tuple[str, ...]) -> None:
    """Copy the tutorials into a folder and open JupyterLab there.

    A notebook that you have changed is never overwritten.
    """
    try:
        copied = course(folder)
    except (CourseError, NotebookRunError) as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(repr(copied))
    if find_spec("jupyterlab") is None:
        raise click.ClickException(
            "JupyterLab is not installed here; the copies stay where they are. Install it with:\n"
            f"    {sys.executable} -m pip install jupyterlab"
        )
    ctx.exit(open_lab(copied, [*(["--no-browser"] if no_browser else []), *options]))


def open_lab(copied: Course, options: list[str]) -> int:
    """Run JupyterLab on the first tutorial until it ends, and return its status."""
    command = [sys.executable, "-m", "jupyterlab", copied.tutorials[0].name, *options]
    return run_in_foreground(command, copied.folder)
