"""How hosts and origins are written, and which of them are this machine's."""

from __future__ import annotations

import ipaddress
import re
import secrets
from typing import NamedTuple

from flask_nb.lazy import pattern

#: The names that mean this machine in every browser: nobody can own them (RFC 6761 §6.3).
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

#: Binding one of these means every address of the machine.
_EVERY_ADDRESS = frozenset({"0.0.0.0", "[::]"})

_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Dot-separated labels; the underscore is not a DNS hostname character, yet common in local names.
_NAME = pattern(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.ASCII)

#: Enough for every name that people use, and a bound for a client that sends a new one each time.
_REMEMBERED = 64


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine reach a server that is bound to *host*."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # a name may resolve to anything


def is_origin(text: str) -> bool:
    """Return whether this is an origin as browsers send it: scheme, name and a port that is not usual."""
    return Origin.parse(text) is not None


class Authority(NamedTuple):
    """A Host header, or what follows the ``//`` of an Origin, in one spelling."""

    name: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Authority | None:
        """Return the parts in lower case, or None when the text is no ``host`` or ``host:port``."""
        name, port = _split_port(text)
        if port is not None and not _is_port(port):
            return None
        normal = _normal_name(name)
        return cls(normal, int(port) if port else None) if normal else None


def _split_port(text: str) -> tuple[str, str | None]:
    """Split at the last colon, unless it stands within the brackets of an IPv6 address."""
    name, colon, port = text.rpartition(":")
    return (name, port) if colon and "]" not in port else (text, None)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _normal_name(name: str) -> str | None:
    """Return a host in lower case, without trailing dot, IPv6 in its short form; None if it is none."""
    if name.startswith("[") and name.endswith("]"):
        return _normal_address(name[1:-1])
    normal = name.lower().removesuffix(".")
    return normal if _NAME.fullmatch(normal) else None


def _normal_address(text: str) -> str | None:
    try:
        # A zone such as %eth0 has no place in a Host (RFC 9110 §4.2.2 refers to RFC 3986 §3.2.2).
        return None if "%" in text else f"[{ipaddress.IPv6Address(text).compressed}]"
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class AllowList:
    """What one answer of ``hosts()`` admits, and the Host headers that it already has admitted."""

    def __init__(self, entries: tuple[str, ...]) -> None:
        named = [(entry, name) for entry in entries if entry and (name := _entry_name(entry))]
        names = frozenset(name for _, name in named)
        self.entries = entries
        self.names = _LOOPBACK | names
        self.suffixes = (".localhost", *(f".{name}" for entry, name in named if entry.startswith(".")))
        self.every_address = bool(names & _EVERY_ADDRESS)
        self.admitted: set[str] = set()

    def admits(self, host: str) -> bool:
        if host in self.admitted:
            return True
        authority = Authority.parse(host)
        if authority is None or not self._has(authority.name):
            return False
        if len(self.admitted) >= _REMEMBERED:
            self.admitted.clear()
        self.admitted.add(host)
        return True

    def _has(self, name: str) -> bool:
        return (
            name in self.names or name.endswith(self.suffixes) or (self.every_address and _is_address(name))
        )


def _entry_name(entry: str) -> str | None:
    """Return the name of an allow-list entry; an IPv6 address may stand there without brackets."""
    entry = entry.removeprefix(".")
    if entry.count(":") > 1 and not entry.startswith("["):
        return _normal_address(entry)
    name, _ = _split_port(entry)
    try:
        return _normal_name(name if name.isascii() else name.encode("idna").decode("ascii"))
    except UnicodeError:
        return None


class Origin(NamedTuple):
    """What an Origin header says (RFC 6454 §6.2), in one spelling."""

    scheme: str
    name: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Origin | None:
        """Return the parts; None of ``null``, of another scheme than http and https, and of what is none."""
        scheme, _, rest = text.partition("://")
        default, authority = _DEFAULT_PORTS.get(scheme.lower()), Authority.parse(rest)
        if default is None or authority is None:
            return None
        return cls(scheme.lower(), authority.name, authority.port or default)

    def invented(self) -> str:
        """Return an origin that nobody has (RFC 6761 §6.4), the name apart as near to this as can be."""
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{secrets.token_hex(8)}.invalid{port}"

    @property
    def is_local(self) -> bool:
        """Whether a page of this machine asks."""
        return self.name in _LOOPBACK or self.name.endswith(".localhost")


def is_origin_of(origin: str, host: str) -> bool:
    """Say whether an Origin names this Host; ``null`` and every malformed one do not.

    The scheme is not compared: a proxy may end TLS before us.
    """
    theirs, ours = Origin.parse(origin), Authority.parse(host)
    if theirs is None or ours is None:
        return False
    return (theirs.name, theirs.port) == (ours.name, ours.port or _DEFAULT_PORTS[theirs.scheme])
