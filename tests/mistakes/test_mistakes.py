"""Each mistake gets its answer, and is none any more when it is put right."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import families
from .corpus import FAMILIES, MISTAKES
from .families import magics
from .innocent import INNOCENT
from .mistake import APP, Mistake, cells_of
from .page import PAGE, page

if TYPE_CHECKING:
    from tests.notebook.conftest import Kernel, Ran

AFRESH = """
%unload_ext flask_nb
for _name in [*get_ipython().user_ns.keys() - get_ipython().user_ns_hidden.keys()]:
    if _name[0] != "_": del get_ipython().user_ns[_name]
%load_ext flask_nb
"""
"""What makes a notebook a new one; ``%reset`` would collect garbage each time."""

COLLECTED = """
import gc, sys
sys.last_value = sys.last_traceback = sys.last_exc = get_ipython().InteractiveTB.tb = None
get_ipython().displayhook.flush()
get_ipython().push(dict.fromkeys(("_", "__", "___")), interactive=False)
gc.collect()
"""
"""What lets Python say now that something was never awaited, not in the cells of another notebook."""

notebooks = itertools.count()


def said(ran: Ran) -> str:
    """Return all that a reader sees of a cell."""
    return "\n".join(filter(None, [ran.traceback, ran.text, ran.stdout, ran.stderr]))


def run_all(kernel: Kernel, text: str, name: str = "cell") -> str:
    """Run cells one after the other; return what they show.

    :param name: what tells them from other cells of the notebook.
    """
    return "\n".join(said(kernel.run(cell, f"{name} {number}")) for number, cell in enumerate(cells_of(text)))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_gets_an_answer_and_can_be_put_right(kernel: Kernel, mistake: Mistake) -> None:
    if kernel.engine != "ours" and (mistake.only_ours or mistake in magics.MISTAKES):
        pytest.skip("not about the app, or in words of our own framework")
    kernel.notebook = f"{next(notebooks)} "
    kernel.run(AFRESH)
    assert "Traceback" not in run_all(kernel, mistake.setup, "setup")
    answer = run_all(kernel, mistake.wrong)
    assert [words for words in mistake.says if words not in answer] == [], answer
    put_right = run_all(kernel, mistake.right)
    assert mistake.shows in put_right, put_right
    assert not re.search(r"Traceback|^\w+Error: ", put_right, re.M), put_right
    assert [words for words in mistake.says if words in put_right] == []
    if "async " in mistake.wrong:
        kernel.run(AFRESH)
        kernel.run(COLLECTED)  # in a cell after the next, for IPython keeps the result of the last one


def test_each_mistake_has_a_name_of_its_own() -> None:
    names = [mistake.name for mistake in MISTAKES]
    assert len(set(names)) == len(names)


def test_no_family_is_left_out() -> None:
    files = {path.stem for path in Path(families.__file__).parent.glob("[a-z]*.py")}
    assert files == {family.__name__.rpartition(".")[2] for family in FAMILIES}


def test_the_page_of_mistakes_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "type: python -m tests.mistakes.page"


HINT = re.compile(
    r"Type [\w@%<]|, type |Did you mean|Add\b|Leave out|went out|takes '|needs an import|ends without"
)


@pytest.mark.parametrize("cells", INNOCENT.values(), ids=INNOCENT)
def test_nothing_is_guessed(kernel: Kernel, cells: str) -> None:
    kernel.notebook = f"{next(notebooks)} "
    kernel.run(AFRESH)
    run_all(kernel, APP, "setup")
    answer = run_all(kernel, cells)
    assert answer
    assert HINT.search(answer) is None, answer
