"""How one exchange is to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_nb.jsonpath import JsonPath, parse_paths

LAST = "_"
"""What IPython calls a cell's value."""


@dataclass(frozen=True)
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

    scripts: bool = False
    mask: tuple[str, ...] = ()
    elapsed: bool = False
    headers: bool = False
    height: int | None = None
    name: str = LAST
    steps: bool = False
    masked_paths: tuple[JsonPath, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        paths = tuple(path for text in self.mask for path in parse_paths(text))
        object.__setattr__(self, "masked_paths", paths)
