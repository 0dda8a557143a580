# mypy: implicit-reexport
# ruff: noqa: F401
"""What stands before an app: who may ask, and by which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .front import PROXIED, Front
    from .gate import Gate
    from .names import is_loopback, is_origin
    from .peers import is_of_another_user, tells_users
    from .preflight import ASKED_BY_GATE
    from .probes import PING, Probe, Probes
    from .refusals import COMMAND_HOST_ADVICE, NOTEBOOK_HOST_ADVICE, OTHER_USER
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "front": "PROXIED Front",
            "gate": "Gate",
            "names": "is_loopback is_origin",
            "peers": "is_of_another_user tells_users",
            "preflight": "ASKED_BY_GATE",
            "probes": "PING Probe Probes",
            "refusals": "COMMAND_HOST_ADVICE NOTEBOOK_HOST_ADVICE OTHER_USER",
        },
    )
