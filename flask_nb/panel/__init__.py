# mypy: implicit-reexport
# ruff: noqa: F401
"""Exchanges as they are shown: one model of what a panel says, and two that write it, as text and as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .comparison import Difference, differences, json_differences, text_differences
    from .exchanger import PanelExchanger, PanelResponse
    from .options import Display
    from .panel import Panel
    from .words import status_line
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "comparison": "Difference differences json_differences text_differences",
            "exchanger": "PanelExchanger PanelResponse",
            "options": "Display",
            "panel": "Panel",
            "words": "status_line",
        },
    )
