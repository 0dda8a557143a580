"""Exchanges as they are shown: one model of what a panel says, and two that write it, as text and as HTML."""

from .as_test import as_test
from .comparison import Difference, differences, json_differences, text_differences
from .exchanger import PanelExchanger, PanelResponse
from .failure_page import failure_page
from .options import Display
from .panel import Panel
from .words import status_line

__all__ = [
    "Difference",
    "Display",
    "Panel",
    "PanelExchanger",
    "PanelResponse",
    "as_test",
    "differences",
    "failure_page",
    "json_differences",
    "status_line",
    "text_differences",
]
