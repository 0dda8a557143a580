"""Fixtures for panels: those for exchanges, with a client whose responses show themselves."""

from __future__ import annotations

import pytest
from exchange.conftest import exchanger, over_socket, recorder, ring, serve, server

from flask_nb.panel import PanelExchanger

__all__ = ["exchanger", "over_socket", "recorder", "ring", "serve", "server"]


@pytest.fixture
def client_class() -> type[PanelExchanger]:
    """What sends."""
    return PanelExchanger
