"""Who is at the other end of a connection over loopback, where the system tells (Linux, ``proc(5)``).

A loopback port is open to every user of the machine. The table of TCP connections names the user of each
end, and the inode of its socket, by which the process is known that holds it.

An end that nobody holds any more has the inode 0, and then the user 0 as well: who sends a request and is
gone before we look would pass for root. So it counts as nobody's.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Mapping, MutableMapping
from ipaddress import ip_address
from typing import Any, NamedTuple, TypeVar

from flask_nb.wsgi import CLIENT

__all__ = ["is_held_by", "is_of_another_user", "is_over_loopback", "tells_users"]

T = TypeVar("T")

#: The tables of IPv4 and of IPv6.
_TABLES = {socket.AF_INET: "/proc/self/net/tcp", socket.AF_INET6: "/proc/self/net/tcp6"}

#: A table is read in pieces, and a row may slip through between two of them.
_TRIES = 3

_ROOT = 0


class Peer(NamedTuple):
    """The other end of a connection.

    :param user: the number of the user whose it is.
    :param inode: that of its socket; 0 if nobody holds it.
    """

    user: int
    inode: int


def tells_users() -> bool:
    """Return whether this system tells whose a connection is."""
    return os.access(_TABLES[socket.AF_INET], os.R_OK)


def is_over_loopback(environ: Mapping[str, Any]) -> bool:
    """Return whether a program of this machine has sent the request."""
    try:
        return ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def is_of_another_user(environ: MutableMapping[str, Any]) -> bool:
    """Return whether a request came over loopback from a program of another user; root is nobody's other.

    Root may read all that this user has, and on WSL it is root that passes on what Windows' browser asks.
    What cannot be told counts as one's own.
    """
    return _once(environ, "is_of_another_user", lambda: _is_of_another_user(environ))


def is_held_by(environ: MutableMapping[str, Any], process: int) -> bool:
    """Return whether it is certain that this process has sent the request."""
    return _once(environ, f"is_held_by_{process}", lambda: _is_held_by(find_peer(environ), process))


def find_peer(environ: Mapping[str, Any]) -> Peer | None:
    """Return the other end of the connection that brought a request; None where that cannot be told."""
    try:
        theirs = _Row(environ["REMOTE_ADDR"], int(environ["REMOTE_PORT"]))
        bound = ip_address(environ["SERVER_NAME"])
        address = environ["REMOTE_ADDR"] if bound.is_unspecified else str(bound)
        return _look_up(theirs, _Row(address, int(environ["SERVER_PORT"])))
    except (KeyError, ValueError, OSError):
        return None


def _look_up(theirs: _Row, ours: _Row) -> Peer | None:
    for _ in range(_TRIES):
        with open(_TABLES[theirs.family], "rb") as file:
            table = file.read()
        if (found := _find(table, theirs, ours)) is not None:
            return found
        if (
            _find(table, ours, theirs) is None
        ):  # our own end is there if the table is one: a sandbox's may be empty
            return None
    return Peer(-1, 0)


class _Row:
    """One end as the table writes it: words of 32 bits in the machine's own byte order.

    :raises ValueError: it is no address.
    """

    def __init__(self, address: str, port: int) -> None:
        parsed = ip_address(address)
        self.family = socket.AF_INET if parsed.version == 4 else socket.AF_INET6
        packed = parsed.packed
        step = -1 if sys.byteorder == "little" else 1
        words = b"".join(packed[place : place + 4][::step] for place in range(0, len(packed), 4))
        self.text = b"%b:%04X" % (words.hex().upper().encode(), port)


def _find(table: bytes, local: _Row, remote: _Row) -> Peer | None:
    place = table.find(b" %b %b " % (local.text, remote.text))
    if place < 0:
        return None
    # local, remote, state, queues, timer, retransmissions, user, timeout, inode
    fields = table[place : place + 400].split(b"\n", 1)[0].split()
    return Peer(int(fields[6]), int(fields[8]))


def _is_of_another_user(environ: Mapping[str, Any]) -> bool:
    if not is_over_loopback(environ) or not hasattr(os, "getuid"):
        return False
    peer = find_peer(environ)
    return peer is not None and not (peer.inode and peer.user in (_ROOT, os.getuid()))


def _is_held_by(peer: Peer | None, process: int) -> bool:
    if peer is None or not peer.inode:
        return False
    sought, folder = f"socket:[{peer.inode}]", f"/proc/{process}/fd"
    try:
        return any(_link(f"{folder}/{name}") == sought for name in os.listdir(folder))
    except OSError:
        return False


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:  # closed meanwhile
        return ""


def _once(environ: MutableMapping[str, Any], name: str, find: Callable[[], T]) -> T:
    """Find out once for all requests of a connection, whose other end stays the same."""
    known: MutableMapping[str, Any] = environ.get(CLIENT, {})
    if name not in known:
        known[name] = find()
    found: T = known[name]
    return found
