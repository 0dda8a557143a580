"""The value of an expression in the line of a magic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_nb import cells, exchange
from flask_nb.errors import MagicArgumentError


def evaluate(variables: Mapping[str, Any], source: str) -> object:
    """Return the value of an expression in a magic's line; its error is one line, for the frames are ours."""
    try:
        return eval(source, dict(variables))
    except Exception as exc:
        if isinstance(source, cells.AnswerSource) and (said := source.explain(variables)):
            raise MagicArgumentError(said) from exc
        reason = exchange.exception_message(exc)
        raise MagicArgumentError(f"the expression {{{source}}} failed with {reason}") from exc
