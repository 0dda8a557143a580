"""Who is at the other end of a connection over loopback, where the system tells (Linux).

A loopback port is open to every user of the machine. The system knows the user of each end of a connection,
and the inode of its socket, by which the process is known that holds it.

It is asked for one connection by ``sock_diag(7)``, in a few microseconds. The table in ``/proc/net/tcp`` says
the same, and is read where there is no such interface; that can take 40 ms, since all places of the system's
hash table are gone through.

An end that nobody holds any more has the inode 0, and then the user 0 as well: who sends a request and is
gone before we look would pass for root. So it counts as nobody's.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, NamedTuple, TypeVar

from flask_nb.wsgi import CLIENT

__all__ = ["is_held_by", "is_of_another_user", "is_over_loopback", "tells_users"]

T = TypeVar("T")

_ROOT = 0


class Peer(NamedTuple):
    """The other end of a connection.

    :param user: the number of the user whose it is.
    :param inode: that of its socket; 0 if nobody holds it.
    """

    user: int
    inode: int


class End(NamedTuple):
    """An end of a connection."""

    family: socket.AddressFamily
    address: bytes
    port: int

    @classmethod
    def of(cls, address: str, port: str) -> End:
        """Return an end as an environ names it.

        :raises ValueError: it is none.
        """
        parsed = ip_address(address)
        family = socket.AF_INET if parsed.version == 4 else socket.AF_INET6
        return cls(family, parsed.packed, int(port))


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


def tells_users() -> bool:
    """Return whether this system tells whose a connection is."""
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.connect(listener.getsockname())
        (host, port), (own_host, own_port) = client.getsockname(), listener.getsockname()
        asked = {"REMOTE_ADDR": host, "REMOTE_PORT": port, "SERVER_NAME": own_host, "SERVER_PORT": own_port}
        return find_peer(asked) is not None


def find_peer(environ: Mapping[str, Any]) -> Peer | None:
    """Return the other end of the connection that brought a request; None where that cannot be told."""
    try:
        is_unspecified = ip_address(environ["SERVER_NAME"]).is_unspecified
        address = environ["REMOTE_ADDR"] if is_unspecified else environ["SERVER_NAME"]
        theirs = End.of(environ["REMOTE_ADDR"], environ["REMOTE_PORT"])
        ours = End.of(address, environ["SERVER_PORT"])
    except (KeyError, ValueError):
        return None
    for look_up in (_ask_system, _read_table):
        with suppress(OSError, AttributeError, struct.error):
            return look_up(theirs, ours)
    return None


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


def _found(theirs: Peer | None, ours: Peer | None) -> Peer | None:
    """Return the other end; nobody's where only our own is there, None where that is not known either."""
    return theirs or (Peer(-1, 0) if ours is not None else None)


# --- asking the system: sock_diag(7), netlink(7), linux/inet_diag.h ---

_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ERROR = 4, 20, 1, 2
_HEADER = struct.Struct("=IHHII")
_QUESTION = struct.Struct("=BBBBI")  # family, protocol, what else is wanted, padding, states
_ANY_INTERFACE_AND_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_USER_AND_INODE = struct.Struct("=II")
_USER_AT = _HEADER.size + 4 + 48 + 12  # behind family and state, both ends, and three numbers


def _ask_system(theirs: End, ours: End) -> Peer | None:
    """Ask for the two ends of one connection.

    :raises OSError: there is nobody to ask.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:  # type: ignore[attr-defined,unused-ignore]
        netlink.setblocking(False)  # the answer is there when the question has been sent
        found = _ask(netlink, theirs, ours)
        return found or _found(None, _ask(netlink, ours, theirs))


def _ask(netlink: socket.socket, local: End, remote: End) -> Peer | None:
    ports = struct.pack("!HH", local.port, remote.port)
    addresses = local.address.ljust(16, b"\0") + remote.address.ljust(16, b"\0")
    question = _QUESTION.pack(local.family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    body = question + ports + addresses + _ANY_INTERFACE_AND_COOKIE
    netlink.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 1, 0) + body)
    answer = netlink.recv(8192)
    if _HEADER.unpack_from(answer)[1] == _ERROR:
        (code,) = struct.unpack_from("=i", answer, _HEADER.size)
        if code != -errno.ENOENT:
            raise OSError(-code, os.strerror(-code))
        return None
    return Peer(*_USER_AND_INODE.unpack_from(answer, _USER_AT))


# --- reading the table: proc(5) ---

_TABLES = {socket.AF_INET: "/proc/self/net/tcp", socket.AF_INET6: "/proc/self/net/tcp6"}

#: It is read in pieces, and a row may slip through between two of them.
_TRIES = 3


def _read_table(theirs: End, ours: End) -> Peer | None:
    """Find both ends in the table.

    :raises OSError: there is none.
    """
    found = None
    for _ in range(_TRIES):
        with open(_TABLES[theirs.family], "rb") as file:
            table = file.read()
        found = _found(_row(table, theirs, ours), _row(table, ours, theirs))
        if found is None or found.user >= 0:  # a sandbox's table may be empty
            break
    return found


def _row(table: bytes, local: End, remote: End) -> Peer | None:
    place = table.find(b" %b %b " % (_written(local), _written(remote)))
    if place < 0:
        return None
    # local, remote, state, queues, timer, retransmissions, user, timeout, inode
    fields = table[place : place + 400].split(b"\n", 1)[0].split()
    return Peer(int(fields[6]), int(fields[8]))


def _written(end: End) -> bytes:
    """Return an end as the table has it: words of 32 bits in the machine's own byte order."""
    step = -1 if sys.byteorder == "little" else 1
    words = b"".join(end.address[place : place + 4][::step] for place in range(0, len(end.address), 4))
    return b"%b:%04X" % (words.hex().upper().encode(), end.port)
