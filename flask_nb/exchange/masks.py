"""What no output shows: secrets, memory addresses, control characters."""

from __future__ import annotations

import json
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.http import parse_cookie

from flask_nb import exchange
from flask_nb.lazy import pattern

if TYPE_CHECKING:
    from .secrecy import Evidence, Where

HIDDEN = "<hidden>"
"""Stands where a secret stood."""

VOLATILE = "…"
"""Stands where a value stood that differs from run to run."""

_FOREIGN_COOKIES = pattern(
    r"_xsrf|username-.*|jupyterhub-.*|jupyter-.*|_streamlit_xsrf"
    r"|code-server-session|vscode-(?:tkn|secret.*|cli.*)|coder_(?:\w+_)?session_token.*",
    re.IGNORECASE,
)
_CONTROL = pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ADDRESS = pattern(r"\b0x[0-9a-fA-F]{6,}\b")
_SIGNATURE = pattern(r"[\w-]{27,86}")
_MARKS = frozenset(" :=%'\"<\\$.(-")
"""Every shape has one of these, or at least so many characters as :data:`_SHORTEST`."""

_SHORTEST = 16
_MAX_SESSION = 64_000
_MAX_JUDGED = 2_000


# Where a secret may stand: a shape, or a name and what joins it to its value. The name is judged when it is
# found, not in the pattern, and the value is read from there on, so that neither is gone through twice.
_QUOTE = r"\\{0,4}['\"]"


def _place() -> str:
    return (
        rf"(?<![\w.$-])(?:(?=[\w.$])(?:{exchange.WORD_SHAPES}"
        r"|name=\\?\"(?P<part>[^\"\\\n]+)\\?\"(?:\r?\n|\\r\\n|\\n){2}"
        r"|(?P<field>\w[\w.]*+)\n[ ][^\n\[]*+\[type=\w+, input_value="
        r"|(?P<name>(?:(?=[ACPSacps])(?i:api|access|secret|private|auth|client|session)[ ])?"
        r"[A-Za-z_$][\w.$-]*+)"
        r"(?:[ \t]{0,3}(?:=>|:=|:(?!//)|=(?!=))[ \t]{0,9}|%3[dD])"
        r"))"
        rf"|(?=[\\'\"])(?P<quote>{_QUOTE})(?P<key>[A-Za-z_][\w. -]*+)(?P=quote)"
        r"\]?\s{0,3}(?:=>|:|=(?!=))\s{0,20}"
        rf"|\(b?(?P<pair_quote>{_QUOTE})(?P<pair>[\w. -]++)(?P=pair_quote),\s?(?=b?[\\'\"\d\[({{])"
        r"|--(?P<flag>\w[\w-]*+)(?:[ =]|['\"],[ ]?)"
        r"|%(?:3[Ff]|26)(?P<parameter>\w[\w.-]*+)(?:=|%3[dD])"
        r"|<(?P<element>[A-Za-z][\w:.-]*+)>(?=[^<\s])"
        rf"|{exchange.OTHER_SHAPES}"
    )


# A search would try each character. But nothing begins within a word, so words are passed over as a whole;
# and what has been passed over is not tried again when no secret comes, so the time is linear.
def _finder() -> str:
    place = _place()
    without_groups = re.sub(r"(?<=[(][?]P[<=])", "no_", place)
    return rf"(?:(?!{without_groups})(?:[\w.$-]++[ \t\n]*+|[^\w.$-]))*+(?:{place})"


_FINDER = pattern(_finder)
_VALUE = pattern(
    rf"[bBuUrRfF]{{0,2}}(?P<quote>{_QUOTE})(?P<text>(?:(?!(?P=quote))(?:\\.|[^\\\n]))*+)(?P=quote)?"
    r"|(?P<open>[\[({])"
    r"|(?P<word>[^\s'\"&;,<>\[\](){}][^\s'\"&;,<]*+)"
)
_BRACKET = pattern(r"'(?:[^'\\\n]|\\.)*+'?|\"(?:[^\"\\\n]|\\.)*+\"?|[\[({]|[\])}]")
_OBJECT = pattern(r"[A-Za-z_][\w.]*\(")
_LINE = pattern(r"[^\r\n'\"]*+")
_PAIR_END = pattern(rf"(?:{_QUOTE})?(?:\)|\Z)")
_DIGEST = pattern(r"(?i:digest)[^\r\n']*+")

_Masked = tuple[int, int, str]
"""Where what is hidden begins and ends, and what is shown instead."""


def mask_value(name: str, value: str, where: Where = "ours") -> str:
    """Return a value for display: hidden if its name says that it is a secret."""
    said = exchange.evidence(name, where)
    if said == "cookies":
        return _mask_cookies_within(value)
    return HIDDEN if said and _is_hidden(said, value) else mask_text(value, where)


def _is_hidden(said: Evidence, value: str) -> bool:
    """Tell whether a value, as Python writes it, is a secret, after what its name has said."""
    found = _VALUE.match(value)
    if found is None:
        return said == "sure" and value != ""
    if found["open"]:
        return _is_container_hidden(said, value)
    is_quoted = found["text"] is not None
    return _is_text_hidden(said, found["text"] if is_quoted else value, is_quoted=is_quoted)


def _is_text_hidden(said: Evidence, text: str, *, is_quoted: bool) -> bool:
    if not text or exchange.is_no_secret(text):
        return False
    return exchange.is_made(text) if said == "made" else said == "sure" or is_quoted


def _is_container_hidden(said: Evidence, text: str) -> bool:
    """Tell whether a container has a secret in it, and not only what a validator says of one."""
    items = [item[0][1:-1] for item in _BRACKET.finditer(text) if item[0][0] in "'\""]
    if said == "made":
        return any(map(exchange.is_made, items))
    says_something = bool(items) and all(map(exchange.is_no_secret, items))
    return said == "sure" and not says_something and text[1:-1].strip() != ""


def mask_text(text: str, where: Where = "ours") -> str:
    """Return a repr or a message without secrets, and without the addresses of objects."""
    return mask_secrets(_ADDRESS.sub("0x…", text), where)


def mask_secrets(text: str, where: Where = "printed") -> str:
    """Return a text without secrets: those that have a shape, and those whose name counts there.

    It takes time in proportion to the text.
    """
    if len(text) < _SHORTEST and _MARKS.isdisjoint(text):
        return text
    pieces: list[str] = []
    done = position = 0
    while found := _FINDER.match(text, position):
        masked = _MASKS[str(found.lastgroup)](found, where)
        position = found.end()
        if masked is not None:
            begin, position, shown = masked
            pieces += text[done:begin], shown
            done = position
    return "".join([*pieces, text[done:]]) if pieces else text


def _mask_shape(found: re.Match[str], where: Where) -> _Masked:
    return (*found.span(str(found.lastgroup)), HIDDEN)


def _mask_scheme(found: re.Match[str], where: Where) -> _Masked:
    return found.end("scheme"), found.end(), HIDDEN


def _mask_user_info(found: re.Match[str], where: Where) -> _Masked:
    return (*found.span("user_info"), VOLATILE)


def _mask_signed(found: re.Match[str], where: Where) -> _Masked | None:
    shown = _readable_signed(found["signed"])
    return None if shown is None else (*found.span("signed"), shown)


def _mask_named(found: re.Match[str], where: Where) -> _Masked | None:
    name = found[str(found.lastgroup)]
    said = exchange.evidence(name, where)
    value = _VALUE.match(found.string, found.end()) if said else None
    if said is None or value is None:
        return None
    if value["text"] is not None:
        return _mask_quoted(value, said)
    if where == "source":
        return None
    mask = _mask_container if value["open"] else _mask_word
    return mask(value, said, name)


def _mask_quoted(value: re.Match[str], said: Evidence) -> _Masked | None:
    if said == "cookies":
        return value.start("text"), value.end("text"), mask_cookies(value["text"])
    is_hidden = _is_text_hidden(said, value["text"], is_quoted=True)
    return (*value.span(), HIDDEN) if is_hidden else None


def _mask_word(value: re.Match[str], said: Evidence, name: str) -> _Masked | None:
    """Mask a value without quotes: to its end, or to that of the line in a header with several words."""
    if said == "cookies" or name.lower().endswith("authorization"):
        line = _DIGEST.match(value.string, value.start()) or _LINE.match(value.string, value.start())
        assert line is not None  # it matches nothing, too
        return (*line.span(), mask_cookies(line[0]) if said == "cookies" else mask_authorization(line[0]))
    word = value[0].rstrip(")]}>.")
    if _OBJECT.match(word) or not _is_text_hidden(said, word, is_quoted=False):
        return None
    return value.start(), value.start() + len(word), HIDDEN


def _mask_pair(found: re.Match[str], where: Where) -> _Masked | None:
    """Mask the second half of a pair; among three names in a row none is the value of another."""
    masked = _mask_named(found, where) if where != "source" else None
    return masked if masked and _PAIR_END.match(found.string, masked[1]) else None


def _mask_container(value: re.Match[str], said: Evidence, name: str) -> _Masked | None:
    """Mask what stands in brackets. Its beginning decides, so that nested ones are not read over and over."""
    text, begin = value.string, value.start()
    end = _closing(text, begin, begin + _MAX_JUDGED)
    if not _is_container_hidden(said, text[begin : end or begin + _MAX_JUDGED]):
        return None
    return begin, end or _closing(text, begin, len(text)) or len(text), HIDDEN


def _closing(text: str, begin: int, limit: int) -> int | None:
    """Return where the bracket closes that opens at *begin*, None if it does not before *limit*."""
    depth = 0
    for found in _BRACKET.finditer(text, begin, limit):
        depth += {"[": 1, "(": 1, "{": 1, "]": -1, ")": -1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return None


_MASKS: dict[str, Callable[[re.Match[str], Where], _Masked | None]] = {
    **dict.fromkeys(("known", "hash", "crypt", "pem"), _mask_shape),
    "scheme": _mask_scheme,
    "user_info": _mask_user_info,
    "signed": _mask_signed,
    "pair": _mask_pair,
    **dict.fromkeys(("key", "flag", "part", "field", "name", "parameter", "element"), _mask_named),
}


def printable(text: str) -> str:
    """Return a text whose control characters are visible instead of effective; line ends become ``\\n``."""
    if text.isprintable():  # the ordinary case, and several times faster
        return text
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))


def indented(text: str) -> str:
    """Return a text with its lines set in, but for empty ones."""
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def mask_url(url: str) -> str:
    """Return a URL or path whose secret query values and credentials are masked."""
    path, mark, query = url.partition("?")
    return mask_secrets(path, "ours") + mark + "&".join(map(_masked_pair, query.split("&")))


def _masked_pair(pair: str) -> str:
    if not pair:
        return ""
    name, equals, value = pair.partition("=")
    said = exchange.evidence(unquote(name))
    if said and _is_text_hidden(said, unquote(value), is_quoted=True):
        return f"{name}={VOLATILE}"
    return f"{name}{equals}{mask_secrets(value, 'ours')}"


def mask_authorization(value: str) -> str:
    """Return an ``Authorization`` header for display: its scheme alone."""
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space else HIDDEN


def mask_cookies(header: str) -> str:
    """Return a ``Cookie`` header for display; cookies that are not the app's are left out."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return "; ".join(
        f"{name}{equals}{readable_cookie(name, text)}"
        for name, equals, text in pairs
        if not is_foreign_cookie(name)
    )


def _mask_cookies_within(value: str) -> str:
    found = _VALUE.fullmatch(value)
    if found is None or found["text"] is None:
        return mask_text(value)
    return value[: found.start("text")] + mask_cookies(found["text"]) + value[found.end("text") :]


def is_foreign_cookie(name: str) -> bool:
    """Tell whether a cookie is Jupyter's or an editor's: cookies ignore ports, so the app gets them too."""
    return _FOREIGN_COOKIES.fullmatch(name) is not None


def drop_foreign_cookies(header: str) -> str:
    """Return a ``Cookie`` header without the cookies that are not the app's."""
    pairs = [pair.strip() for pair in header.split(";")]
    return "; ".join(pair for pair in pairs if pair and not is_foreign_cookie(pair.partition("=")[0].strip()))


def readable_cookie(name: str, value: str) -> str:
    """Return the content of one of the app's own cookies for people.

    A signed session shows what it holds, which anybody may read, but neither its time nor its
    signature, which differ from run to run and would let a reader of the notebook log in.
    """
    value = _unquoted(value)
    shown = _readable_signed(value)
    if shown is not None:
        return shown
    said = exchange.evidence(name, "cookie")
    if said and _is_text_hidden(said, value, is_quoted=True):
        return HIDDEN
    payload, dot, signature = value.rpartition(".")
    return f"{payload}.{HIDDEN}" if dot and _SIGNATURE.fullmatch(signature) else mask_secrets(value, "ours")


def _readable_signed(value: str) -> str | None:
    """Return what a signed value holds, without what signs it; None if it is not one."""
    content = decode_session(value)
    if content is None:
        content = _decode_payload(*value.rpartition("."))
    return (
        None
        if content is None
        else f"<signed {json.dumps(_masked(content), ensure_ascii=False, default=str)}>"
    )


def _decode_payload(payload: str, dot: str, signature: str) -> Any:
    """Return what is signed without a time, None if it is not JSON: dotted names look alike."""
    if not dot or not _SIGNATURE.fullmatch(signature):
        return None
    try:
        return json.loads(_decode64(payload))
    except (ValueError, RecursionError):
        return None


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
        return {
            key: VOLATILE if exchange.is_secret_name(str(key)) else _masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, str):
        return mask_secrets(value, "ours")
    return value.isoformat() if isinstance(value, datetime) else value
