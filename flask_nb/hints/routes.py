"""Rules and URLs: how a rule is written, what an endpoint is."""

from __future__ import annotations

import re

from werkzeug.routing import BuildError

from .scene import Scene


def _malformed(scene: Scene) -> str | None:
    """Put the colon between a converter and its variable."""
    found = re.search(r"malformed url rule: .*<(\w+)\s+(\w+)>", str(scene.exc))
    return f"Type <{found[1]}:{found[2]}>" if found else None


def _converter(scene: Scene) -> str | None:
    """Put the converter before its variable."""
    found = re.match(r"the converter '(\w+)' does not exist", str(scene.exc))
    rule = scene.local("rule", "_parse_rule")
    if found is None or rule is None or scene.engine is None:
        return None
    turned = re.search(rf"<{found[1]}:(\w+)>", rule)
    return f"Type <{turned[1]}:{found[1]}>" if turned and turned[1] in scene.engine.converters() else None


def _path(scene: Scene) -> str | None:
    """Name the endpoint of the path that was taken for one."""
    exc = scene.exc
    if not isinstance(exc, BuildError) or scene.engine is None or not str(exc.endpoint).startswith("/"):
        return None
    found = [row.endpoint for row in scene.engine.routes() if row.rule == exc.endpoint]
    return f"url_for takes an endpoint. That of {exc.endpoint} is {found[0]!r}" if found else None


HINTS = (
    (ValueError, _malformed),
    (LookupError, _converter),
    (BuildError, _path),
)
