"""What signs the cookies of sessions: itsdangerous, without what it would work out anew for each text."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from itsdangerous.signer import SigningAlgorithm


class _KeptSerializer(URLSafeTimedSerializer):
    """A serializer with one signer, which does not change; itsdangerous makes one for each text."""

    def make_signer(self, salt: str | bytes | None = None) -> TimestampSigner:
        if salt is not None and salt != self.salt:
            return super().make_signer(salt)  # type: ignore[return-value]
        return self._own_signer

    @cached_property
    def _own_signer(self) -> TimestampSigner:
        return super().make_signer()  # type: ignore[return-value]


class _KeptSigner(TimestampSigner):
    """A signer that derives the key of each secret once."""

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        secret = self.secret_keys[-1] if secret_key is None else secret_key
        key = self._derived.get(secret)
        if key is None:
            key = self._derived[secret] = super().derive_key(secret)
        return key

    @cached_property
    def _derived(self) -> dict[str | bytes, bytes]:
        return {}


class _KeptHMAC(SigningAlgorithm):
    """Signs as itsdangerous does, with the hashes that a key begins with kept."""

    def __init__(self, digest_method: Callable[..., Any]) -> None:
        self._begun = lru_cache(maxsize=8)(lambda key: hmac.new(key, digestmod=digest_method))

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        mac = self._begun(key).copy()
        mac.update(value)
        return mac.digest()


def signing_serializer(
    keys: tuple[str | bytes, ...],
    salt: str,
    serializer: Any,
    key_derivation: str,
    digest_method: Callable[..., Any],
) -> URLSafeTimedSerializer:
    """Return a serializer of which the last key signs, and all are tried in reading."""
    return _KeptSerializer(
        list(keys),  # type: ignore[arg-type] # text and bytes may be mixed
        salt=salt,
        serializer=serializer,
        signer=_KeptSigner,
        signer_kwargs={
            "key_derivation": key_derivation,
            "digest_method": digest_method,
            "algorithm": _KeptHMAC(digest_method),
        },
    )
