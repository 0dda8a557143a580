"""What a mistake is: cells that are wrong, words that the answer holds, and the cells put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

APP = """
from flask_nb import Flask, jsonify, redirect, render_template, request, session, url_for
app = Flask(__name__)
"""
"""What stands above the cells of a mistake, unless it says otherwise."""


@dataclass(frozen=True)
class Mistake:
    """One mistake. Several cells are parted by a line with three dashes.

    :param name: what is done wrong, in words.
    :param wrong: the cells; the last one, or what it asks for, gets the answer.
    :param says: lines, or parts of lines, that the answer holds.
    :param right: the same cells put right.
    :param shows: what is shown then.
    :param setup: what stands above both.
    :param only_ours: whether apps of the installed Flask get other words.
    """

    name: str
    wrong: str
    says: Sequence[str]
    right: str
    shows: str = ""
    setup: str = APP
    only_ours: bool = False


def cells_of(text: str) -> list[str]:
    """Return the cells that a text holds."""
    return [cell.strip("\n") for cell in dedent(text).split("\n---\n") if cell.strip()]
