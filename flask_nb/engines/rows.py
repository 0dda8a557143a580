"""A rule of an app as a line of the list of routes."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule

from flask_nb.live.routes import named_methods

from .protocol import RouteRow


def row_of(app: Any, rule: Rule, owner: str | None = None) -> RouteRow:
    """Describe a rule of an app."""
    domain = rule.host if app.url_map.host_matching else rule.subdomain
    return RouteRow(rule.rule, tuple(sorted(named_methods(rule))), str(rule.endpoint), owner, domain or "")
