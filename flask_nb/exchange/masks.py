"""What no output shows: secrets, memory addresses, control characters."""

from __future__ import annotations

import json
import re
import zlib
from base64 import urlsafe_b64decode
from datetime import datetime
from typing import Any

from werkzeug.http import parse_cookie

HIDDEN = "<hidden>"
"""Stands where a secret stood."""

VOLATILE = "…"
"""Stands where a value stood that differs from run to run."""

_SECRET_WORD = re.compile(
    r"pass(?:wd|phrase|code)?|pwd|secrets?|auth(?:orization)?|credentials?|apikey|jwt|sig(?:nature)?|sid"
    r"|[cx]srf|otp|cvv|.*token"
)
_SECRET_PART = re.compile(r"password|passwd|secret|apikey")
_KEY_KINDS = frozenset(["api", "secret", "private", "access", "auth", "signing", "encryption", "session"])
_SESSION_NAMES = frozenset(["session", "sessionid", "phpsessid", "jsessionid"])
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_FOREIGN_COOKIES = re.compile(r"_xsrf|username-.*|jupyterhub-.*|jupyter-.*|_streamlit_xsrf", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_QUOTED_SECRET = re.compile(r"""(['"])([\w-]+)\1(\s*:\s*)(b?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))""")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_SIGNATURE = re.compile(r"[\w-]{27,86}")
_MAX_SESSION = 64_000


def is_secret_name(name: str) -> bool:
    """Tell whether a variable, a field, a query key or a configuration key of this name holds a secret."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return (
        any(_SECRET_WORD.fullmatch(word) for word in words)
        or _SECRET_PART.search("".join(words)) is not None
        or (words[-1:] == ["key"] and not _KEY_KINDS.isdisjoint(words))
    )


def mask_value(name: str, value: str) -> str:
    """Return a value for display: hidden if its name says that it is a secret."""
    return HIDDEN if is_secret_name(name) else mask_text(value)


def mask_text(text: str) -> str:
    """Return a repr or a message without memory addresses, URL credentials and quoted secrets."""
    text = mask_credentials(_ADDRESS.sub("0x…", text))
    return _QUOTED_SECRET.sub(_masked_item, text)


def _masked_item(match: re.Match[str]) -> str:
    quote, name, colon, value = match.groups()
    return f"{quote}{name}{quote}{colon}{HIDDEN if is_secret_name(name) else value}"


def printable(text: str) -> str:
    """Return a text whose control characters are visible instead of effective; line ends become ``\\n``."""
    if text.isprintable():  # the ordinary case, and several times faster
        return text
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def mask_url(url: str) -> str:
    """Return a URL or path whose secret query values and credentials are masked."""
    path, mark, query = mask_credentials(url).partition("?")
    return path + mark + "&".join(_masked_pair(pair) for pair in query.split("&"))


def mask_credentials(text: str) -> str:
    """Return a text without the name and password of the URLs in it."""
    return _USER_INFO.sub(VOLATILE, text)


def _masked_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={VOLATILE}" if value and is_secret_name(name) else f"{name}{equals}{value}"


def is_foreign_cookie(name: str) -> bool:
    """Tell whether a cookie is Jupyter's: cookies ignore ports, so a browser sends them to the app too."""
    return _FOREIGN_COOKIES.fullmatch(name) is not None


def drop_foreign_cookies(header: str) -> str:
    """Return a ``Cookie`` header without the cookies that are Jupyter's."""
    pairs = [pair.strip() for pair in header.split(";")]
    return "; ".join(pair for pair in pairs if pair and not is_foreign_cookie(pair.partition("=")[0].strip()))


def readable_cookie(name: str, value: str) -> str:
    """Return the content of one of the app's own cookies for people.

    A signed session shows what it holds, which anybody may read, but neither its time nor its
    signature, which differ from run to run and would let a reader of the notebook log in.
    """
    value = _unquoted(value)
    content = decode_session(value)
    if content is not None:
        return f"<signed {json.dumps(_masked(content), ensure_ascii=False, default=str)}>"
    if is_secret_name(name) or name.lower() in _SESSION_NAMES or _JWT.fullmatch(value):
        return HIDDEN if value else value
    payload, dot, signature = value.rpartition(".")
    return f"{payload}.{HIDDEN}" if dot and _SIGNATURE.fullmatch(signature) else value


def _unquoted(value: str) -> str:
    try:
        return parse_cookie(f"value={value}").get("value", value)
    except UnicodeError:
        return value


def decode_session(value: str) -> Any:
    """Return what a signed session cookie holds, without its secret; None if it is not one.

    The form is itsdangerous's: payload, time and signature as URL-safe base64, joined by dots; a
    payload that begins with a dot is compressed. The payload is JSON in which types that JSON
    lacks stand as an object with one key that names the type.
    """
    payload, _, rest = value.removeprefix(".").partition(".")
    stamp, dot, signature = rest.partition(".")
    if not dot or not _SIGNATURE.fullmatch(signature):
        return None
    try:
        if not 1 <= len(_decode64(stamp)) <= 8:
            return None
        data = _decode64(payload)
        if value.startswith("."):
            data = zlib.decompressobj().decompress(data, _MAX_SESSION)
        return _untagged(json.loads(data))
    except (ValueError, zlib.error, RecursionError):
        return None


def _decode64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


_TAGS = frozenset({" t", " b", " m", " u", " d", " di"})


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (tag := next(iter(value))) in _TAGS:
        return _untagged(value[tag])
    return {key.removesuffix("__") if key[:1] == " " else key: _untagged(item) for key, item in value.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: VOLATILE if is_secret_name(str(key)) else _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
