# mypy: implicit-reexport
# ruff: noqa: F401
"""What stands before an app: who may ask, and by which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .front import Front
    from .gate import ASKED_BY_GATE, PROXIED, Gate
    from .names import AllowList, Origin, is_loopback, is_origin, is_origin_of
    from .peers import is_held_by, is_of_another_user, is_over_loopback, tells_users
    from .preflight import allows
    from .probes import PING, Probe, Probes
    from .refusals import (
        COMMAND_HOST_ADVICE,
        NOTEBOOK_HOST_ADVICE,
        OTHER_USER,
        about_host,
        about_origin,
        about_user,
        page,
        text_page,
    )
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "front": "Front",
            "gate": "ASKED_BY_GATE PROXIED Gate",
            "names": "AllowList Origin is_loopback is_origin is_origin_of",
            "peers": "is_held_by is_of_another_user is_over_loopback tells_users",
            "preflight": "allows",
            "probes": "PING Probe Probes",
            "refusals": "COMMAND_HOST_ADVICE NOTEBOOK_HOST_ADVICE OTHER_USER about_host about_origin "
            "about_user page text_page",
        },
    )
