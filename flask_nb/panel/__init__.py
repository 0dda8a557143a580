"""Exchanges as they are shown: one model of what a panel says, and two that write it, as text and as HTML."""

from .exchanger import PanelExchanger, PanelResponse
from .options import Display
from .words import status_line

__all__ = ["Display", "PanelExchanger", "PanelResponse", "status_line"]
