"""What nbval does with the cells of a notebook that loads flask_nb: text first, and differences to be read.

It leans on these names of nbval: ``IPyNbCell`` with ``compare_outputs``, ``comparison_traceback``,
``sanitize``, ``options`` and ``raise_cell_error``; its ``parent`` with ``nb``, ``kernel`` and
``skip_compare``; the kernel's ``is_alive`` and ``await_reply``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import partial
from queue import Empty
from typing import Any

import pytest
from nbformat import NotebookNode

from .outputs import difference_lines, output_differences, without_agreeing_html

_LOOK_SECONDS = 1

# What tells of the server, of the environment, or how long something took.
_OF_ONE_RUN = re.compile(
    r"^\s*(?:\w+\s*=\s*)?"
    r"(?P<magic>%load_ext flask_nb|%serve|%url_for(?=.*\s--(?:live|local)\b)|%\w+(?=.*\s--time\b))"
    r"|(?P<call>\bapp\.run)\(",
    re.MULTILINE,
)


def adopt(item: Any) -> None:
    """Let a cell of nbval compare as said above, and tell when its kernel dies.

    :param item: the ``IPyNbCell``; its class is left as it is.
    """
    item.compare_outputs = partial(_compare, item, item.compare_outputs)
    item.runtest = partial(_run, item, item.runtest)


def _compare(
    item: Any, compare: Any, now: Sequence[NotebookNode], stored: Sequence[NotebookNode], *rest: Any
) -> bool:
    clean = partial(_clean, item.sanitize)
    old, new = without_agreeing_html(stored, now, clean)
    if compare(new, old, *rest):
        return True
    # Where this sees no difference, such as in what is displayed twice, nbval's own words stand.
    if found := output_differences(old, new, clean, item.parent.skip_compare):
        item.comparison_traceback = ["- as stored in the notebook, + as it is now", *difference_lines(found)]
        item.comparison_traceback += advice_on(item.cell.source)
    return False


def advice_on(source: str) -> list[str]:
    """Return what to do about a cell of which one run says something else than another; nothing of others."""
    found = _OF_ONE_RUN.search(source)
    if found is None:
        return []
    name = found["magic"] or found["call"]
    return [f"What {name} says depends on the run and its environment. Tag the cell nbval-ignore-output"]


def _clean(sanitize: Any, value: Any) -> Any:
    return sanitize(value) if isinstance(value, str) else value


def _run(item: Any, run: Any) -> None:
    kernel = item.parent.kernel
    if not item.options["skip"]:
        if not kernel.is_alive():
            pytest.skip("the kernel has died in a cell before")
        kernel.await_reply = partial(_await_reply, item, type(kernel).await_reply)
    run()


def _await_reply(item: Any, await_reply: Any, message_id: str, timeout: float | None = None) -> Any:
    """Wait as nbval does, but not for a kernel that has died."""
    kernel = item.parent.kernel
    end = time.monotonic() + (float("inf") if timeout is None else timeout)
    while True:
        left = end - time.monotonic()
        try:
            return await_reply(kernel, message_id, timeout=max(0, min(left, _LOOK_SECONDS)))
        except Empty:
            if not kernel.is_alive():
                item.raise_cell_error("The kernel died while it ran this cell")
            if left <= _LOOK_SECONDS:
                raise
