"""What a definition needs of the app that it is applied to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

View = Callable[..., Any]


class Target(Protocol):
    """An app to which a route can be applied; engines provide it."""

    def converters(self) -> Collection[str]:
        """Return the names of the app's URL converters; from a mapping the classes are used as well."""

    def framework(self) -> ModuleType:
        """Return the module whose names cells may use without importing them."""

    def supports_async(self) -> bool:
        """Say whether the app can call an ``async`` view."""

    def as_view(self, cls: type, endpoint: str) -> View:
        """Return the view function of a class-based view."""

    def add_route(
        self,
        rule: str,
        endpoint: str,
        view: View,
        *,
        derived: bool,
        methods: Sequence[str] | None,
        defaults: Mapping[str, object] | None,
        strict_slashes: bool | None,
        host: str | None,
        subdomain: str | None,
    ) -> None:
        """Register the route, replacing what has the same identity.

        :param derived: the endpoint was made from the rule, so another rule's is not to be replaced.
        :raises EndpointConflictError: when two rules would share a derived endpoint.
        """
