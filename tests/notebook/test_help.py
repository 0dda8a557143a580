"""The page of every magic, as a front end asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flask_nb.notebook.magics import NotebookMagics

if TYPE_CHECKING:
    from .conftest import Kernel

UNBOUND: Any = None
PARSERS = NotebookMagics(UNBOUND, UNBOUND, UNBOUND).parsers()


@pytest.fixture(scope="module")
def engine() -> str:
    """One engine: a page comes from the magic's parser, which knows no app."""
    return "ours"


def is_page_of(magic: str, text: str) -> bool:
    """Whether the text has all that the magic's parser says of it."""
    return all(line.strip() in text for line in PARSERS[magic]().format_help().splitlines())


@pytest.mark.parametrize("magic", sorted(PARSERS))
def test_a_question_mark_shows_the_magics_page(kernel: Kernel, magic: str) -> None:
    ran = kernel.run(f"{magic}?")
    assert ran.error is None
    assert is_page_of(magic, ran.reply["payload"][0]["data"]["text/plain"])


@pytest.mark.parametrize("magic", sorted(PARSERS))
def test_inspection_shows_the_magics_page(kernel: Kernel, magic: str) -> None:
    kernel.client.inspect(f"{magic} ", len(magic))
    reply = kernel.client.get_shell_msg(timeout=40)["content"]
    assert reply["found"]
    assert is_page_of(magic, reply["data"]["text/plain"])


@pytest.mark.parametrize("magic", sorted(PARSERS))
def test_a_page_has_usage_purpose_flags_and_examples(magic: str) -> None:
    page = PARSERS[magic]().format_help()
    usage, purpose, *_ = page.split("\n\n")
    assert usage.startswith(f"usage: %{magic.lstrip('%')}") or usage.startswith(
        f"usage: %%{magic.lstrip('%')}"
    )
    assert purpose.endswith(".")
    assert "--help" in page
    assert f"examples:\n  %{magic.lstrip('%')}" in page.replace("  %%", "  %")


@pytest.mark.parametrize("magic", sorted(PARSERS))
def test_the_flag_help_prints_the_same_page(kernel: Kernel, magic: str) -> None:
    ran = kernel.run(f"{magic} --help" + ("\n" if magic.startswith("%%") else ""))
    assert (ran.error, ran.outputs) == (None, [])
    assert "examples:" in ran.stdout


def test_a_question_mark_in_front_is_a_question_too(kernel: Kernel) -> None:
    assert is_page_of("%get", kernel.run("?%get").reply["payload"][0]["data"]["text/plain"])
