"""The errors of a magic's line begin with the magic's name, whoever finds the fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flask_nb.errors import MagicArgumentError, naming
from flask_nb.notebook.magics import NotebookMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

UNBOUND: Any = None
MAGICS = sorted(NotebookMagics(UNBOUND, UNBOUND, UNBOUND).parsers())


def error_of(shell: InteractiveShell, cell: str) -> str:
    error = shell.run_cell(cell).error_in_exec
    assert isinstance(error, MagicArgumentError)
    return str(error)


@pytest.mark.parametrize("magic", MAGICS)
def test_an_error_begins_with_the_name_of_its_magic(loaded: InteractiveShell, magic: str) -> None:
    body = "\nbody" if magic.startswith("%%") else ""
    assert error_of(loaded, f"{magic} --nonsense{body}").startswith(f"{magic}: unknown flag '--nonsense'.")


@pytest.mark.parametrize(
    ("cell", "begins"),
    [
        ("%get {nobody}", "%get: the expression {nobody} failed with NameError"),
        ("%get http://elsewhere/", "%get: 'http://elsewhere/' leads to another server"),
        ("%get / --mask '$..['", "%get: the mask '$..[' is not a JSON path"),
        ("%%post / --expand\n{nobody}", "%%post: the expression {nobody} failed"),
        ("%%http\nGET /{{nobody}}", "%%http: line 2: the expression {nobody} failed"),
        ("%%http\ncurl /x | jq", "%%http: line 2: '|' at '| jq' is for the shell"),
        ("%%request_context {nobody}\n1", "%%request_context: the expression {nobody} failed"),
        ("%url_for static filename={nobody}", "%url_for: the expression {nobody} failed"),
        ("%cookies set a={nobody}", "%cookies: the expression {nobody} failed"),
        ("%cookies clear nope", "%cookies: there is no cookie 'nope'"),
        ("%app --secret-key {1}", "%app: a secret key is text or bytes, but this one is int"),
        ("%routes --drop nope", "%routes: no route has the endpoint 'nope'"),
        ("%%route /x --try '/x --timeout x'\n'x'", "%%route --try: argument --timeout: 'x' is not a number"),
        ("%%route /x --try /{nobody}\n'x'", "%%route --try: the expression {nobody} failed"),
    ],
)
def test_a_fault_that_is_found_later_is_named_too(loaded: InteractiveShell, cell: str, begins: str) -> None:
    loaded.run_cell("%app reset").raise_error()
    assert error_of(loaded, cell).startswith(begins)


def test_the_name_that_is_nearest_to_the_fault_counts() -> None:
    with pytest.raises(MagicArgumentError, match=r"^%inner: no$"), naming("%outer"), naming("%inner"):
        raise MagicArgumentError("no")


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(ValueError, match=r"^no$"), naming("%get"):
        raise ValueError("no")
