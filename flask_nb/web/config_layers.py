"""Settings that can be taken back: what each definition has set, one above the other.

An app's configuration is one dictionary, and the last one to set a key wins. So that a cell that runs
again can first take back what it had set, each definition is a *layer*: taking a layer away shows what
lay below it again. Whoever sets a key directly covers all layers of that key for good.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING, Any, cast

from .owners import MISSING, Identity, Owner, Registration, registering_owner

if TYPE_CHECKING:
    from .app import Flask


class Layer:
    """What one definition has set.

    :param values: the settings.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)


class ConfigLayers:
    """The layers of an app's configuration.

    :param app: the app, whose configuration holds what the topmost layers say, and in whose ledger the
        layers made under an owner are recorded.
    """

    def __init__(self, app: Flask) -> None:
        self._find_app = weakref.ref(app)  # the app holds this, and must not be kept alive by a cycle
        # By key: what was there before the first layer, then the layers from the lowest to the topmost.
        self._bases: dict[str, Any] = {}
        self._stacks: dict[str, list[Layer]] = {}

    @property
    def _app(self) -> Flask:
        return cast("Flask", self._find_app())

    def earlier(self, name: Hashable, *, all_of_owner: bool = False) -> list[Layer]:
        """Return the layers that earlier runs of the current owner have put here.

        :param name: which of its definitions is meant.
        :param all_of_owner: every definition of that owner is meant, if it is certain to be the same cell.
        """
        owner = registering_owner()
        if owner is None:
            return []
        identity = self._identity(owner, name)
        takes_all = all_of_owner and owner.retires
        return [
            entry.value
            for entry in self._app.registrations
            if isinstance(entry.value, Layer)
            and entry.owner.key == owner.key
            and entry.owner.run != owner.run
            and (takes_all or entry.identity == identity)
        ]

    def without(self, layers: Collection[Layer]) -> dict[str, Any]:
        """Return the configuration as it would be if these layers were taken away."""
        values = {**self._app.config, **self._uncovered(layers)}
        return {key: value for key, value in values.items() if value is not MISSING}

    def put(self, name: Hashable, values: Mapping[str, Any], instead_of: Collection[Layer] = ()) -> Layer:
        """Set *values* in the place of what other layers had set, in one step.

        :param name: what tells this definition from others of the same owner.
        :param values: the settings.
        :param instead_of: the layers to take away.
        """
        remaining = self.without(instead_of)
        changes = {**self._uncovered(instead_of), **values}
        for old in instead_of:
            self._forget(old)
        layer = Layer(values)
        for key in layer.values:
            self._stack(key, remaining.get(key, MISSING)).append(layer)
        self._publish(changes)
        self._register(name, layer)
        return layer

    def drop(self, layer: Layer) -> None:
        """Take a layer away; what lay below it counts again."""
        changes = self._uncovered([layer])
        self._unstack(layer)
        self._publish(changes)

    def _register(self, name: Hashable, layer: Layer) -> None:
        owner = registering_owner()
        if owner is None:
            return

        def repeat(target: Flask) -> None:
            target.config_layers.put(name, layer.values)

        identity = self._identity(owner, name)
        # Without a label: nobody is told of what is withdrawn, for mostly it has been set anew.
        entry = Registration(identity, owner, "", lambda: self.drop(layer), repeat, value=layer)
        self._app.registrations.enter(entry)

    def _identity(self, owner: Owner, name: Hashable) -> Identity:
        """The identity for a definition of *owner*: the same text in two cells is two definitions."""
        return self._app._free_identity(owner, ("config", owner.key, name))

    def _forget(self, layer: Layer) -> None:
        self._unstack(layer)
        for entry in self._app.registrations:
            if entry.value is layer:
                self._app.registrations.forget(entry.identity)

    def _unstack(self, layer: Layer) -> None:
        for key in layer.values:
            if layer in self._stacks.get(key, ()):
                self._stacks[key].remove(layer)

    def _stack(self, key: str, now: Any) -> list[Layer]:
        """The layers of a key, which begin anew where something else has covered them."""
        stack = self._stacks.setdefault(key, [])
        if not stack or now is not stack[-1].values[key]:
            stack.clear()
            self._bases[key] = now
        return stack

    def _uncovered(self, layers: Collection[Layer]) -> dict[str, Any]:
        """What the keys of these layers hold without them; MISSING where a key goes away."""
        return {key: self._below(key, layers) for layer in layers for key in layer.values}

    def _below(self, key: str, layers: Collection[Layer]) -> Any:
        now = self._app.config.get(key, MISSING)
        stack = self._stacks.get(key, [])
        if not stack or now is not stack[-1].values[key]:
            return now
        left = [layer for layer in stack if layer not in layers]
        return left[-1].values[key] if left else self._bases[key]

    def _publish(self, changes: Mapping[str, Any]) -> None:
        """Change the configuration: what is set in one step, then what goes away."""
        self._app.config.update({key: value for key, value in changes.items() if value is not MISSING})
        for key in changes:
            if changes[key] is MISSING:
                self._app.config.pop(key, None)
