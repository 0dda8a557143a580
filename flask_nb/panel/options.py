"""How one exchange is to be shown."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask_nb.jsonpath import JsonPath

LAST = "_"
"""What IPython calls a cell's value."""


class Display:
    """How one exchange is to be shown.

    :param scripts: whether scripts run in the frame of an HTML body, cut off from everything outside it.
    :param mask: JSON paths, or lists of them separated by commas, of what is left out of a JSON body: the
        app's own values that differ from run to run.
    :param elapsed: whether the summary says how long it took, which differs from run to run.
    :param headers: whether the response's headers are shown with it, and not only offered.
    :param height: of the frame of an HTML body in pixels; None for a guess.
    :param steps: whether the steps of the request are shown with it.
    :param name: what the next cell calls the response, to get what is not shown of it.
    :raises MagicArgumentError: if a mask is not a JSON path.
    """

    def __init__(
        self,
        scripts: bool = False,
        mask: tuple[str, ...] = (),
        elapsed: bool = False,
        headers: bool = False,
        height: int | None = None,
        name: str = LAST,
        steps: bool = False,
    ) -> None:
        self.scripts = scripts
        self.masked_paths = _paths_of(mask)
        self.elapsed = elapsed
        self.headers = headers
        self.height = height
        self.name = name
        self.steps = steps

    def called(self, name: str) -> Display:
        """Return the same under another name."""
        other = copy(self)
        other.name = name
        return other


def _paths_of(mask: tuple[str, ...]) -> tuple[JsonPath, ...]:
    if not mask:
        return ()
    from flask_nb.jsonpath import parse_paths

    return tuple(path for text in mask for path in parse_paths(text))
