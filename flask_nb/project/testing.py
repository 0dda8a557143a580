"""``flask-nb test``: the outputs that notebooks store, compared with what their cells give now."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click

from flask_nb.errors import NotebookRunError, ProgramError

from .foreground import run_in_foreground
from .program_cells import read_cells

CELL_SECONDS = 120
"""How long a cell may run."""


class Options(NamedTuple):
    """What the command is told, as click names it."""

    expression: str | None
    exitfirst: bool
    workers: str | None
    lax: bool
    kernel_name: str | None
    cell_timeout: float | None


class CannotTestError(click.ClickException):
    """What was named cannot be tested; nothing was run."""

    exit_code = 2


@click.command("test", short_help="Test the outputs that notebooks store.")
@click.argument("notebooks", nargs=-1, required=True, metavar="NOTEBOOK...")
@click.option("--update", is_flag=True, help="Store the outputs of now, after saying what is different.")
@click.option("-k", "expression", metavar="EXPRESSION", help="Test the cells that pytest chooses by this.")
@click.option("-x", "--exitfirst", is_flag=True, help="End at the first failure.")
@click.option("-n", "workers", metavar="N", help="Test notebooks in N processes; needs pytest-xdist.")
@click.option("--lax", is_flag=True, help="Compare cells marked NBVAL_CHECK_OUTPUT alone; others just run.")
@click.option("--kernel-name", metavar="NAME", help="The kernel; default: that of this Python.")
@click.option(
    "--cell-timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help=f"Give up a cell after this time; default: what pytest's settings say, else {CELL_SECONDS}.",
)
@click.pass_context
def test_command(ctx: click.Context, /, notebooks: tuple[str, ...], update: bool, **told: Any) -> None:
    """Run notebooks and compare what their cells give with the outputs they store.

    It is pytest with nbval, whose markers and settings count, and ends with pytest's status: 0 when all
    agrees, 1 when something differs or fails. A folder stands for the notebooks in it.

    With --update each notebook is run from the top, and the outputs of now are stored. Where a cell
    fails nothing is written.
    """
    paths, options = list(_find(notebooks)), Options(**told)
    if options.kernel_name:
        _check_kernel(options.kernel_name)
    ctx.exit((_update if update else _test)(paths, options))


def _find(names: Sequence[str]) -> Iterator[Path]:
    """Return the files, folders read, each once and looked at."""
    found = (path for name in names for path in _in_folder(Path(name)))
    for path in dict.fromkeys(found):
        try:
            read_cells(path)
        except ProgramError as exc:
            raise CannotTestError(str(exc)) from None
        yield path


def _in_folder(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    below = (each for each in sorted(path.rglob("*.ipynb")) if ".ipynb_checkpoints" not in each.parts)
    if found := list(below):
        return found
    raise CannotTestError(f"{path} has no notebook in it. Name a file that ends with .ipynb")


def _check_kernel(name: str) -> None:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        raise CannotTestError(
            f"No kernel of the name {name!r} is installed. To list them, type: jupyter kernelspec list"
        ) from None


def _test(paths: Sequence[Path], options: Options) -> int:
    _need("nbval", "pytest")
    if options.workers:
        _need("xdist")
    arguments = [
        "--verbosity=-1",
        "--override-ini=console_output_style=classic",
        # Cells are told in the order in which they stand, and one kernel runs all of a notebook.
        *("-p", "no:randomly", "-p", "flask_nb.project.cell_progress"),
        *("-p", "flask_nb.project.kernels_ahead"),
        "--nbval-lax" if options.lax else "--nbval",
        f"--nbval-kernel-name={options.kernel_name}" if options.kernel_name else "--nbval-current-env",
        *([f"--nbval-cell-timeout={options.cell_timeout}"] if options.cell_timeout else []),
        *(["-k", options.expression] if options.expression else []),
        *(["--exitfirst"] if options.exitfirst else []),
        *([f"--numprocesses={options.workers}", "--dist=loadfile"] if options.workers else []),
    ]
    # -P: as the script pytest does, which puts no folder on the path.
    command = [sys.executable, "-P", "-m", "pytest", *arguments, "--", *map(str, paths)]
    return run_in_foreground(command)


def _need(*modules: str) -> None:
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise CannotTestError(f"{missing[0]} is not installed here. Type: pip install 'flask_nb[test]'")


def _update(paths: Sequence[Path], options: Options) -> int:
    from .updating import update_notebook

    if options.expression or options.workers or options.lax:
        raise click.UsageError("--update runs whole notebooks, one by one: without -k, -n and --lax.")
    status = 0
    for path in paths:
        try:
            update_notebook(path, click.echo, options.kernel_name, options.cell_timeout or CELL_SECONDS)
        except NotebookRunError as exc:
            click.echo(f"{path}: nothing was written: {exc}", err=True)
            status = 1
            if options.exitfirst:
                break
    return status
