"""The names of templates and static files: paths below their folder, as URLs and Jinja write them."""

from __future__ import annotations

from collections.abc import Sequence

from flask_nb.errors import MagicArgumentError


def parse_path(words: Sequence[str], *, typed: str, folder: str, example: str) -> str:
    """Return the one path that a line names.

    :param typed: what stands before the path in a line, for errors: ``%%template``.
    :param folder: the folder that the path is below of.
    :param example: a path to name in errors.
    :raises MagicArgumentError: when there is none, more than one, or it leads elsewhere.
    """
    if len(words) != 1:
        wrong = f"one name at a time, not {' '.join(words)!r}; a name with spaces needs quotes"
        message = wrong if words else f"the name is missing. Type one, such as {typed} {example}"
        raise MagicArgumentError(message)
    path = words[0]
    wanted = "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", ".", ".."))
    wanted = wanted.removeprefix(f"{folder}/")
    if wanted == path and not path.startswith("~") and path.isprintable():
        return path
    raise MagicArgumentError(
        f"{path!r} is not a path below the folder {folder}. Type {typed} {wanted or example}"
    )
