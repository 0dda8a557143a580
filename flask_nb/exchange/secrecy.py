"""What counts as a secret, decided in one table; ``SECURITY.md`` shows the same rows.

There are two kinds of evidence. A *name* says that its value is a secret: ``api_key``. A *shape* gives a
value away whatever it is called: ``Bearer x``. What flask_nb writes itself has names for most of its values,
and both count. What a view prints is the person's own text, and a word such as ``key`` means nothing in it:
there only shapes count, of which a name that is beyond doubt together with its value is one.

Every row works: its words and patterns are what :mod:`.masks` is made of.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from flask_nb.lazy import pattern

Where = Literal["header", "cookie", "setting", "ours", "printed", "source"]
"""Where a value is shown: ``ours`` is what else flask_nb words, ``source`` a line of the person's code."""

Evidence = Literal["sure", "text", "made", "cookies"]
"""What a name says of its value: it is a secret; it is one if it is text; it is one if it looks made by a
machine; it is a header of cookies."""


class Row(NamedTuple):
    """One decision.

    :param what: what is meant, in Markdown.
    :param where: where it counts, in words.
    :param why: the reason.
    """

    what: str
    where: str
    why: str


class Name(NamedTuple):
    """A name that says that its value is a secret.

    :param words: matches one word of the name, in lower case.
    :param last: matches the name's last words instead.
    :param places: where it counts.
    :param evidence: what it says; None takes the name out of all other rows.
    """

    what: str
    where: str
    why: str
    words: str = r"(?!)"
    last: str = r"(?!)"
    places: tuple[Where, ...] = ("header", "cookie", "setting", "ours", "printed", "source")
    evidence: Evidence | None = "sure"


class Shape(NamedTuple):
    """A form that gives a value away, whatever it is called.

    :param pattern: matches it in a text, with a group that :mod:`.masks` knows.
    :param is_word: whether it begins where a word begins; anything else begins with a character of its own.
    """

    what: str
    where: str
    why: str
    pattern: str = r"(?!)"
    is_word: bool = True


class Words(NamedTuple):
    """What stands in a secret's place and is none.

    :param pattern: matches all of the value.
    """

    what: str
    where: str
    why: str
    pattern: str = r"(?!)"


_OURS: tuple[Where, ...] = ("header", "cookie", "setting", "ours")
_EVERYWHERE = "everywhere"
_OWN = "headers, queries, cookies, settings, locals, messages"

_PRIVATE = "".join(rf"(?<!{word} )" for word in ("public", "site", "primary", "foreign", "sort", "cache"))

# Capitals inside, digits or length tell a credential from the next word of a sentence.
_CREDENTIAL = r"(?!(?:[A-Za-z]?[a-z]{1,19}|[A-Z]{2,5})(?:-[a-z]{1,19})*(?![\w~+/=-]|\.\w))[\w.~+/=-]{6,}+"

TABLE: tuple[Row | Name | Shape | Words, ...] = (
    # --- names ---
    Name(
        "a name that ends in `count`, `length`, `type`, `name`, `field`, `url`, `path`, `expires`, "
        "`enabled`, `algorithm`, `method`, `error` and the like",
        "shown everywhere",
        "It tells something of a secret, but is none: `token_type`, `PASSWORD_MIN_LENGTH`, `TokenError: …`.",
        last=r"counts?|length|len|size|limit|min|max|type|kind|name|fields?|label|url|uri|path|file|folder"
        r"|expire[sd]?|expiry|expiration|lifetime|ttl|age|days|seconds|enabled|required|optional|secure|protect"
        r"|algorithms?|methods?|provider|backend|prefix|errors?|exception|warning|status|location|model|scheme"
        r"|policy|format|mode|user|username|cookie name|samesite|httponly",
        evidence=None,
    ),
    Name(
        "`password`, `passwd`, `pwd`, `pw`, `pass`, `passphrase`, `passcode`, `psk`, `pin`; within a word, "
        "too: `PGPASSWORD`",
        _EVERYWHERE,
        'They mean nothing else. In a text they count in front of a value: `password=x`, `"password": '
        "\"x\"`, `('password', 'x')`, `--password x`.",
        words=r".*password|.*passwd|passwords|passphrase|passcode|pass|.*pwd|pw|psk|pin"
        r"|(?:db|pg|sql|mysql|mail|smtp|user|root|admin|ldap|ftp)pass",
    ),
    Name(
        "`secret`, `credential`, `auth`, `authorization`, `token`, `jwt`, `csrf`, `otp`, `signature`, "
        "`sig`, `hmac`, `assertion`, `sid`, `cvv`",
        _EVERYWHERE,
        "Whoever reads the value can act as somebody else. `tokens` counts of words, and so is not meant.",
        words=r".*secrets?|cred|creds|credentials?|auth(?:orization)?|.*token|jwt|[cx]srf|[th]?otp|sig(?:nature)?"
        r"|hmac|assertion|sid|cv[cv]|.*apikeys?",
    ),
    Name(
        "`key` and `keys` after `api`, `secret`, `private`, `access`, `account`, `signing`, `encryption`, "
        "`session` and the like; `code` after `auth`, `reset`, `recovery`, `verification`",
        _EVERYWHERE,
        "The word before says what it opens. In `SECRET_KEY_FALLBACKS` the first word decides.",
        last=r"(?:api|app|secret|private|access|account|shared|auth|signing|encryption|cipher|fernet|hmac|master"
        r"|session|subscription|license|service|client|consumer|deploy|storage|webhook|ssh|tls|aes|stripe|admin)"
        r" keys?|(?:auth|authorization|access|reset|recovery|verification|backup|invite|sms) codes?"
        r"|code verifier",
    ),
    Name(
        "`session_id`, `session_key`, `sessionid`, `PHPSESSID`, `JSESSIONID`",
        _EVERYWHERE,
        "Such a session lies on the server, and its name is all that a stranger needs.",
        last=r"session (?:id|key)|(?:php|j)?sess(?:ion)?id",
    ),
    Name(
        "`Cookie`, `Set-Cookie`, `HTTP_COOKIE`",
        _EVERYWHERE,
        "Each cookie in it is shown or hidden by its own name and shape.",
        last=r"cookies?",
        evidence="cookies",
    ),
    Name(
        "`KEY`, `PAT`, `SALT`, `PEPPER` at the end, but not `PUBLIC_KEY`, `SITE_KEY`, `PRIMARY_KEY`, "
        "`SORT_KEY`",
        "settings",
        "A setting of that name is a secret. Elsewhere `salt` is food, `pat` a pattern, `key` a "
        "dictionary's.",
        last=rf"{_PRIVATE}keys?|pat|salts?|pepper",
        places=("setting",),
    ),
    Name(
        "`Key` and `PAT` at the end of a header's name",
        "headers",
        "Vendors invent such headers: `Ocp-Apim-Subscription-Key`. What is no secret among them is not "
        "missed.",
        last=r"key|pat",
        places=("header",),
    ),
    Name(
        "a cookie that ends in `session`; those of proxies and editors: `_oauth2_proxy`, "
        "`CF_Authorization`, `AWSELBAuthSessionCookie`, `GCP_IAP_UID`, `KEYCLOAK_IDENTITY`, `vscode-tkn` "
        "and others",
        "cookies",
        "Cookies ignore ports: the login to what the notebook runs in reaches its app as well. Those of "
        "Jupyter and of editors are dropped before the app sees them; a proxy's may be meant for the app.",
        last=r"session|session cookie|oauth proxy|iap uid|keycloak identity|authentik proxy(?: \w+)*"
        r"|forward auth|pomerium|vouch cookie|kc restart|cf clearance|tkn",
        places=("cookie",),
    ),
    Name(
        "`dsn`, `conn`, `connstr`, `connection_string` at the end, if the value is text",
        _OWN,
        "More often than not it holds a password, in one of many notations. The connection itself is an "
        "object.",
        last=r"dsn|conn|conn ?str|connection string",
        places=_OURS,
        evidence="text",
    ),
    Name(
        "`key`, `code`, `tokens`, `salt`, `pat`, `pepper`, `session`, `ticket` at the end, if the value has "
        "12 characters or more, letters and digits, and no space or colon",
        _OWN,
        "These are ordinary words: `key=name`, `code=DE`, `status_code=404` are there to be read. Only a "
        "value that looks made by a machine says that a secret is meant.",
        last=rf"{_PRIVATE}keys?|codes?|tokens|salts?|pat|pepper|session|tickets?",
        places=_OURS,
        evidence="made",
    ),
    Row(
        "`key`, `code`, `salt` and all other ordinary words in what a view prints, logs or warns of",
        "shown",
        "It is the person's own text, and the words are its own, too.",
    ),
    # --- shapes ---
    Shape(
        "`Bearer x`, `Basic x`, `Digest x`, `Token x`, unless `x` is a plain word",
        _EVERYWHERE,
        "So a credential is sent (RFC 9110 §11.4), and so it is copied elsewhere.",
        pattern=r"(?=[ABDNTabdnt])(?P<scheme>(?i:Bearer|Basic|Digest|Negotiate|NTLM|Token|ApiKey)[ ]{1,4})"
        + _CREDENTIAL,
    ),
    Shape(
        "the name and password of a URL: `postgres://ann:pw@db/shop`",
        _EVERYWHERE,
        "Clients put whole URLs into their messages, whatever host they are for.",
        pattern=r"://(?P<user_info>[^/\s'\"<>?#]+)(?=@)",
        is_word=False,
    ),
    Shape(
        "what is signed as sessions are: `payload.time.signature`, `payload.signature`",
        _EVERYWHERE,
        "Sent back, it logs in. What a session holds anybody may read, so that is shown instead.",
        pattern=r"(?=[\w.=-]{30})(?P<signed>\.?[\w-]{2,}+={0,2}\.(?:[\w-]{4,12}\.)?[\w-]{27,86}+)"
        r"(?!['\"]?\s?[=:]|[\w.-])",
    ),
    Shape(
        "JSON Web Tokens; tokens of GitHub, GitLab, Slack, Stripe, AWS, Google, OpenAI, npm, PyPI",
        _EVERYWHERE,
        "Who hands them out gives them a form, so that they can be found where they do not belong.",
        pattern=r"(?=[\w.-]{16})(?P<known>eyJ[\w-]+\.[\w-]+\.[\w-]*|gh[pousr]_\w{20,}|github_pat_\w{20,}"
        r"|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|[sr]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|A[KS]IA[A-Z0-9]{16}"
        r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|npm_\w{30,}|pypi-[\w-]{30,})",
    ),
    Shape(
        "hashes of passwords: `scrypt:…$…$…`, `pbkdf2:…$…$…`",
        _EVERYWHERE,
        "They can be guessed at leisure, and their salt differs in each run.",
        pattern=r"(?P<hash>(?:scrypt|pbkdf2)(?::\w+)*\$[^$\s'\"]+\$[0-9a-f]+)",
    ),
    Shape(
        "hashes in the form of `crypt`: `$2b$…`, `$argon2id$…`",
        _EVERYWHERE,
        "As above.",
        pattern=r"(?P<crypt>\$(?:2[abxy]|argon2\w*|scrypt|pbkdf2[\w-]*)\$[\w./+=,$-]{20,})",
        is_word=False,
    ),
    Shape(
        "private keys in PEM",
        _EVERYWHERE,
        "They are good for nothing but to be kept.",
        pattern=r"(?P<pem>-----BEGIN[ ](?:[A-Z]+[ ])?PRIVATE[ ]KEY-----"
        r"(?:(?!-----END)[\s\S])*+(?:-----END[A-Z ]*-----)?)",
        is_word=False,
    ),
    Row(
        "the value of a hidden variable or entry, again in the message and the variables of the same failure",
        "messages, logged ones too; locals",
        "`raise KeyError(password)` has neither name nor shape, but the frame has both. From 6 characters "
        "on: a shorter one would be hidden in the middle of words.",
    ),
    # --- what is none ---
    Words(
        "`None`, `True`, `str`, `must`, `required`, `invalid` and the like in a secret's place; a sentence "
        "there",
        "shown everywhere",
        "That is the message of a validator, a type or a default: `password: must be longer`.",
        pattern=r"(?i:none|true|false|null|undefined|empty|missing|required|optional|invalid|incorrect|wrong|expired"
        r"|mismatch|changed|unchanged|must|should|has|have|is|was|does|do|may|can|cannot|needs|too|not|no|and|or|for"
        r"|of|str|bytes|int|bool|float|list|dict|tuple|any|object|text|string|basic|bearer|digest|hidden|redacted)"
        r"|[A-Z]\S*+ \S++ [^\n]*(?<=[.!?])|[*•.…%\s-]*|%[sdr]|\{\w*\}",
    ),
    Row(
        "bodies of responses; what `_.text`, `_.json`, `_.request` and their like hand out",
        "shown",
        "They are the person's own, and asked for by name. `--mask '$..token'` leaves out what nobody "
        "should see.",
    ),
    Row(
        "a line of code in a traceback; what was typed, in the error about it",
        "literals are masked by shape; what was typed is shown",
        "The cell is there to read anyway, and advice has to be right as typed. "
        '`password=request.form["pw"]` is code, not a password.',
    ),
)


def _names() -> list[tuple[Name, re.Pattern[str]]]:
    rows = (row for row in TABLE if isinstance(row, Name))
    return [(row, pattern(rf"(?:.* )?(?:{row.last})|(?:.* )?(?:{row.words})(?: .*)?")) for row in rows]


_NAMES = _names()
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 100

_SHAPES = [row for row in TABLE if isinstance(row, Shape)]
WORD_SHAPES = "|".join(row.pattern for row in _SHAPES if row.is_word)
"""The shapes that begin where a word begins, as one pattern; its groups say which it is."""

OTHER_SHAPES = "|".join(row.pattern for row in _SHAPES if not row.is_word)
"""The other shapes."""

_NO_SECRET = pattern("|".join(row.pattern for row in TABLE if isinstance(row, Words)))
_MADE = pattern(r"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)[\w+/=.~%-]{12,}")


@lru_cache(maxsize=4096)
def evidence(name: str, where: Where = "ours") -> Evidence | None:
    """Return what a name says of its value, None if nothing."""
    words = " ".join(_WORD.findall(name[-_LONGEST:])).lower()
    row = next((row for row, fits in _NAMES if where in row.places and fits.fullmatch(words)), None)
    return row.evidence if row else None


def is_secret_name(name: str) -> bool:
    """Tell whether what has this name is a secret, whatever it is and wherever it stands."""
    return evidence(name) == "sure"


def is_made(value: str) -> bool:
    """Tell whether a value looks made by a machine."""
    return _MADE.fullmatch(value) is not None


def is_no_secret(value: str) -> bool:
    """Tell whether what stands in the place of a secret only says something about it."""
    return _NO_SECRET.fullmatch(value) is not None
