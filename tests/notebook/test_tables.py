"""Tables that magics answer with."""

from __future__ import annotations

import re

from flask_nb.engines import RouteRow
from flask_nb.notebook.tables import route_table


def test_methods_never_wrap_and_long_names_do() -> None:
    row = RouteRow("/a/" + "long/" * 40, ("DELETE", "PATCH", "PUT"), "an_endpoint_" * 20, "%%route /a")
    html = route_table([row])._repr_mimebundle_()["text/html"]
    wrapping = re.findall(r'<code style="[^"]*white-space:([\w-]+)', html)
    assert wrapping == ["nowrap", "pre-wrap", "pre-wrap", "pre-wrap"]
    assert html.count("overflow-wrap:anywhere") == 3
