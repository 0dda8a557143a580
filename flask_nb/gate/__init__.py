"""What stands before an app: who may ask, and by which address."""

from .front import PROXIED, Front
from .gate import Gate
from .names import is_loopback, is_origin
from .peers import is_of_another_user, tells_users
from .preflight import ASKED_BY_GATE
from .probes import PING, Probe, Probes
from .refusals import COMMAND_HOST_ADVICE, NOTEBOOK_HOST_ADVICE, OTHER_USER

__all__ = [
    "ASKED_BY_GATE",
    "COMMAND_HOST_ADVICE",
    "NOTEBOOK_HOST_ADVICE",
    "OTHER_USER",
    "PING",
    "PROXIED",
    "Front",
    "Gate",
    "Probe",
    "Probes",
    "is_loopback",
    "is_of_another_user",
    "is_origin",
    "tells_users",
]
