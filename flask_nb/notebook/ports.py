"""The port that a kernel has again: after it was restarted, or after the extension was loaded again."""

from __future__ import annotations

import sys
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: Above what programs are known for, and below what systems hand out to clients: 32768 on Linux.
_FIRST, _COUNT = 20000, 12000

_WISHES = 3

_named: WeakKeyDictionary[InteractiveShell, dict[str, int]] = WeakKeyDictionary()


def named_ports(shell: InteractiveShell) -> dict[str, int]:
    """Return the ports that were asked for in a shell, by what people call the app.

    They outlive the extension, so that ``%reload_ext`` moves nobody's app.
    """
    return _named.setdefault(shell, {})


def familiar_ports(label: str) -> list[int]:
    """Return the ports to be tried first for an app; none outside of a kernel.

    They follow from the name of the kernel's connection file, which stays when the kernel is restarted, and
    is another one for each kernel, also for two of one notebook. Nothing has to be written down, so nothing
    is left behind. Nobody else knows that name, and so nobody can take the port in advance.

    :param label: what people call the app.
    """
    kernel = _connection_file()
    if kernel is None:
        return []
    digest = sha256(f"{kernel}\n{label}".encode()).digest()
    numbers = [int.from_bytes(digest[place : place + 4], "big") for place in range(0, 4 * _WISHES, 4)]
    return [_FIRST + number % _COUNT for number in numbers]


def _connection_file() -> str | None:
    connect = sys.modules.get("ipykernel.connect")
    with suppress(Exception):  # in a shell that is no kernel's
        return str(connect.get_connection_file()) if connect is not None else None
    return None
