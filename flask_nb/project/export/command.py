"""``flask-nb export``: a notebook becomes a project."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from flask_nb.errors import FlaskNbError

from .exporting import export_notebook
from .package import EngineName, Export
from .target import Target, ended_by_sigterm


class _Refused(click.ClickException):
    exit_code = 2


@click.command("export", short_help="Write a notebook as a project that any server takes.")
@click.argument("notebook", metavar="NOTEBOOK")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--engine",
    type=click.Choice(["flask", "flask_nb"]),
    default="flask",
    show_default=True,
    help="The framework that the package imports.",
)
@click.option("--force", is_flag=True, help="Write although DIR exists; what you have added to it stays.")
@click.pass_context
def export_command(ctx: click.Context, notebook: str, folder: Path, engine: EngineName, force: bool) -> None:
    """Write a notebook as an installable package in the folder DIR, with its tests.

    NOTEBOOK is such as app.ipynb, or app.ipynb:shop for the app that the variable shop holds. None of its
    code is run. If DIR exists, what would change is shown, and written with --force only; the exit status
    is 1 if something would.
    """
    try:
        with ended_by_sigterm():
            ctx.exit(export_to(notebook, folder, engine, force=force))
    except FlaskNbError as exc:
        raise _Refused(str(exc)) from None


def export_to(notebook: str, folder: Path, engine: EngineName, *, force: bool) -> int:
    """Export a notebook, tell what was done, and return the exit status."""
    lines, status = run_export(notebook, folder, engine, force=force)
    click.echo("\n".join(lines))
    return status


def run_export(
    notebook: str, folder: Path, engine: EngineName = "flask", *, force: bool = False
) -> tuple[list[str], int]:
    """Export a notebook.

    :param notebook: its path, and behind a colon the variable that holds the app.
    :return: what to tell, and 0 if the folder is now as exported, else 1.
    :raises FlaskNbError: it cannot be exported; nothing was written.
    """
    path, app_name = _split(notebook)
    export = export_notebook(path, app_name, engine)
    target = Target(folder, path)
    if not target.exists:
        target.write(export.files)
        return [*_tree(folder, export), *_notes(export), *_next(folder, export)], 0
    changes = target.changes(export.files)
    shown = [str(change) for change in changes]
    if not changes:
        return [f"{folder} is as {path.name} would be exported: nothing is changed"], 0
    if not force:
        return [*shown, "", f"{folder} exists, and nothing was written. To write this, add --force"], 1
    target.write(export.files)
    return [*shown, *_notes(export), *_next(folder, export)], 0


def _split(notebook: str) -> tuple[Path, str | None]:
    path, colon, name = notebook.rpartition(":")
    if colon and path.endswith(".ipynb"):
        return Path(path), name
    return Path(notebook), None


def _tree(folder: Path, export: Export) -> Iterator[str]:
    yield f"{folder}/"
    yield from (f"    {path}" for path in sorted(export.files))


def _notes(export: Export) -> Iterator[str]:
    for secret in dict.fromkeys(export.package.secrets):
        yield f"{secret.variable} is read from the environment instead of {secret.place}"
    yield from export.notes


def _next(folder: Path, export: Export) -> Iterator[str]:
    sets = " ".join(f"{name}=…" for name in dict.fromkeys(one.variable for one in export.package.secrets))
    yield from ("", "Next:", f"    cd {shlex.quote(str(folder))}")
    yield "    python3 -m venv .venv && .venv/bin/pip install -q -e '.[test,deploy]' && .venv/bin/pytest"
    yield f"    {sets}{' ' if sets else ''}.venv/bin/gunicorn -c gunicorn.conf.py"
