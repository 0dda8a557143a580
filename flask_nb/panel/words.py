"""Sizes, times, statuses and long texts in the words in which both writers put them."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.http import HTTP_STATUS_CODES

from flask_nb.exchange.masks import printable

MAX_LINES = 60
MAX_CHARACTERS = 8_000

_WIDTH = 16


class Clip:
    """The first part of a text.

    :param text: that part.
    :param hidden: how many lines or characters are left out, in words; None if nothing is.
    """

    __slots__ = ("hidden", "text")

    def __init__(self, text: str, hidden: str | None) -> None:
        self.text = text
        self.hidden = hidden


def clip(text: str, lines: int | None = None, length: int | None = None) -> Clip:
    """Return the first lines of a text, within so many characters.

    :param lines: how many lines all of it has, where *text* is only its first :data:`MAX_LINES`.
    :param length: how many characters all of it has.
    """
    lines = text.count("\n") + 1 if lines is None else lines
    length = len(text) if length is None else length
    if length <= MAX_CHARACTERS and lines <= MAX_LINES:
        return Clip(text, None)
    short = "\n".join(text.split("\n", MAX_LINES)[:MAX_LINES])
    if len(short) <= MAX_CHARACTERS:
        return Clip(short, f"{lines - MAX_LINES:,} more lines")
    return Clip(short[:MAX_CHARACTERS], f"{size(length - MAX_CHARACTERS)} more")


def clipped(text: str, rest: str) -> str:
    """Return the first lines of a text, made printable, and how to get the rest where there is more."""
    part = clip(text.replace("\r\n", "\n").rstrip("\n"))
    return printable(part.text) + more(part.hidden, rest)


def more(hidden: str | None, rest: str) -> str:
    """Return the line below a text that is cut; empty if it is not."""
    return f"\n… {hidden}; all of it: {rest}" if hidden else ""


def counted(count: int, word: str) -> str:
    """Return a number of things: ``1 link``, ``2 links``."""
    return f"{count:,} {word}{'s' * (count != 1)}"


def size(count: int) -> str:
    """Return a number of bytes for people: ``10 B``, ``1.2 kB``."""
    if count < 1000:
        return f"{count} B"
    for unit in ("kB", "MB", "GB"):
        value = count / 1000
        if value < 999.5 or unit == "GB":
            break
        count //= 1000
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


def duration(seconds: float) -> str:
    """Return a time for people: ``0.4 ms``, ``12 ms``, ``1.5 s``."""
    if seconds >= 0.9995:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.00995 else f"{seconds * 1000:.0f} ms"


def status_line(status: str) -> str:
    """Return a status as the registry writes it: ``404 Not Found`` also where a server shouts."""
    code, _, reason = status.partition(" ")
    if code == "0":  # what Werkzeug puts before words that are no status, such as "stopped"
        return printable(reason)
    # Werkzeug's table: the standard library's differs between versions of Python.
    phrase = HTTP_STATUS_CODES.get(int(code)) if code.isdecimal() else None
    if phrase is None or (reason and reason.lower() != phrase.lower()):
        return printable(status)
    return f"{code} {phrase}"


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows of words as lines whose columns stand below each other; the last one is as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    lines = ("  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def hex_dump(data: bytes, rows: int) -> str:
    """Return the first bytes in rows: place, hexadecimal, and as text where they are printable."""
    lines = []
    for start in range(0, min(len(data), rows * _WIDTH), _WIDTH):
        row = data[start : start + _WIDTH]
        characters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row)
        lines.append(f"{start:04x}  {row.hex(' '):{3 * _WIDTH - 1}}  {characters}")
    return "\n".join(lines)
