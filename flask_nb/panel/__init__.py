"""Exchanges as they are shown: one model of what a panel says, and two that write it, as text and as HTML."""

from .exchanger import PanelExchanger, PanelResponse
from .failure_page import failure_page
from .options import Display
from .words import status_line

__all__ = ["Display", "PanelExchanger", "PanelResponse", "failure_page", "status_line"]
