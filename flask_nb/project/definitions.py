"""What a defining magic says: parsed, the names that it needs, and applied to an app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask_nb import cells
from flask_nb.cells import AppArguments, ArtifactDefinition, RoutesArguments
from flask_nb.cells.config import ConfigDefinition
from flask_nb.cells.contents import StaticDefinition, TemplateDefinition
from flask_nb.cells.expressions import Expression, Text, expand_value
from flask_nb.cells.route import RouteDefinition
from flask_nb.cells.rules import find_variables
from flask_nb.cells.view import form_of, wrap_body
from flask_nb.errors import MagicArgumentError, MagicHelpRequested, naming

from .artifacts import find_artifact, load_artifact
from .cell_names import Names, names_in, names_of
from .cell_python import Magic

if TYPE_CHECKING:
    from .program import CurrentApp

Definition = (
    RouteDefinition
    | TemplateDefinition
    | StaticDefinition
    | ConfigDefinition
    | AppArguments
    | RoutesArguments
    | ArtifactDefinition
)


@dataclass(frozen=True)
class Kind:
    """What is done with the definitions of one magic.

    :param parse: returns what a magic says.
    :param names: returns the names that it binds and needs.
    :param apply: applies it; called with the definition, the app, the cell's file name and its compiler's
        flags.
    :param says: what it does, in a few words.
    """

    parse: Callable[[Magic], Any]
    names: Callable[[Any], Names]
    apply: Callable[[Any, CurrentApp, str, int], object]
    says: str


def parse_definition(magic: Magic) -> Definition | None:
    """Return what a magic defines; None for one that only shows something, and for other magics.

    :raises FlaskNbError: when it is not understood.
    """
    kind = KINDS.get(magic.name)
    if kind is None or magic.kind not in ("cell", "line"):
        return None
    sign = "%%" if magic.kind == "cell" else "%"
    try:
        with naming(sign + magic.name):
            definition: Definition = kind.parse(magic)
    except MagicHelpRequested:
        return None
    return None if _only_shows(definition) else definition


def _only_shows(definition: Definition) -> bool:
    if isinstance(definition, RoutesArguments):
        return not definition.drop
    return definition == AppArguments()


def names_of_definition(magic: Magic, definition: Definition) -> Names:
    """Return the names that a definition binds and needs.

    :raises CellSyntaxError: when its cell does not compile.
    """
    return KINDS[magic.name].names(definition)


def apply_definition(
    magic: Magic, definition: Definition, app: CurrentApp, filename: str, flags: int
) -> None:
    """Apply a definition to the app.

    :param filename: what tracebacks call the cell.
    :param flags: flags of the cell's compiler.
    """
    KINDS[magic.name].apply(definition, app, filename, flags)


# --- names ---


def _names_of_route(definition: RouteDefinition) -> Names:
    source = cells.ViewSource(definition.body, definition.body_line)
    tree = source.parse()
    if form_of(tree) != "body":
        return names_of(tree.body)
    variables = find_variables(definition.subdomain, definition.host, definition.rule)
    names = [*(variable.name for variable in variables), *(name for name, _ in definition.defaults)]
    wrapped = wrap_body(source, tree, list(dict.fromkeys(names)))
    source.compile(wrapped)
    found = names_of(wrapped.body)
    return Names(needs=found.needs, later=found.later, later_calls=found.later_calls, writes=found.writes)


def _names_of_config(definition: ConfigDefinition) -> Names:
    found = {source.name.partition(".")[0] for source in definition.sources if source.kind == "object"}
    for source in definition.sources:
        if source.kind == "text":
            found |= set(_names_of_text(source.value))  # type: ignore[arg-type]
    return Names(needs=frozenset(found), reads=frozenset(found))


def _names_of_app(definition: AppArguments) -> Names:
    found = frozenset(_names_of_text(definition.secret_key or ()))
    return Names(needs=found, reads=found)


def _names_of_text(text: Text) -> Iterator[str]:
    for part in text:
        if isinstance(part, Expression):
            yield from names_in(part.source)


# --- applying ---


def _apply_route(definition: RouteDefinition, app: CurrentApp, filename: str, flags: int) -> None:
    cells.apply_route(definition, app.engine_for_route(), app.namespace, filename=filename, flags=flags)


def _apply_config(definition: ConfigDefinition, app: CurrentApp, filename: str, flags: int) -> None:
    cells.apply_config(definition, app.engine_for_route(), app.namespace, filename=filename)


def _apply_app(definition: AppArguments, app: CurrentApp, filename: str, flags: int) -> None:
    key = _secret_key(definition, app.namespace)
    engine = app.choose(definition)
    if definition.debug is not None:
        engine.set_debug(definition.debug)
    if key is not None:
        engine.set_secret_key(key)


def _secret_key(definition: AppArguments, namespace: dict[str, Any]) -> str | bytes | None:
    if definition.secret_key is None:
        return None
    key = expand_value(definition.secret_key, lambda source: eval(source, namespace))
    if isinstance(key, str | bytes) and key:
        return key
    raise MagicArgumentError("a secret key is text or bytes. Type some text, such as --secret-key dev")


def _apply_routes(definition: RoutesArguments, app: CurrentApp, filename: str, flags: int) -> None:
    for endpoint in definition.drop:
        app.engine().drop(endpoint)


def _apply_artifact(definition: ArtifactDefinition, app: CurrentApp, filename: str, flags: int) -> None:
    folder = Path(app.namespace["__file__"]).parent
    for name in definition.names:
        if artifact := find_artifact(name, folder):
            app.namespace[name] = load_artifact(artifact, folder)


def _parse_config(magic: Magic) -> ConfigDefinition:
    if magic.kind == "line":
        return cells.parse_config(magic.line)
    return cells.parse_config(magic.line, magic.body, magic.number + 1)


KINDS: dict[str, Kind] = {
    "route": Kind(
        lambda magic: cells.parse_route(magic.line, magic.body, magic.number + 1),
        _names_of_route,
        _apply_route,
        "defines a route",
    ),
    "template": Kind(
        lambda magic: cells.parse_template(magic.line, magic.body, magic.number + 1),
        lambda definition: Names(),
        lambda definition, app, filename, flags: cells.apply_template(
            definition, app.engine_for_route(), filename=filename
        ),
        "defines a template",
    ),
    "static": Kind(
        lambda magic: cells.parse_static(magic.line, magic.body),
        lambda definition: Names(),
        lambda definition, app, filename, flags: cells.apply_static(definition, app.engine_for_route()),
        "defines a static file",
    ),
    "config_from": Kind(_parse_config, _names_of_config, _apply_config, "sets the configuration"),
    "app": Kind(lambda magic: cells.parse_app(magic.line), _names_of_app, _apply_app, "sets up the app"),
    "routes": Kind(
        lambda magic: cells.parse_routes(magic.line),
        lambda definition: Names(),
        _apply_routes,
        "withdraws a route",
    ),
    "artifact": Kind(
        lambda magic: cells.parse_artifact(magic.line),
        lambda definition: Names(needs=frozenset(definition.names), reads=frozenset(definition.names)),
        _apply_artifact,
        "keeps a value for programs",
    ),
}
"""The name of a defining magic → what is done with its definitions."""
