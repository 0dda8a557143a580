"""How what a blueprint has recorded reaches an app: at once, and in a notebook whenever it records more.

It knows of a blueprint and of an app what Flask documents, so that it serves any of that shape.
"""

from __future__ import annotations

from typing import Any

from .tables import LiveDict, carried, copy_name
from .workspace import registering

_HOOK_TABLES = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "url_default_functions",
    "url_value_preprocessors",
    "template_context_processors",
)
"""The tables of hooks that a registration copies from the blueprint to the app."""


def register(blueprint: Any, app: Any, options: dict[str, Any]) -> None:
    """Register a blueprint on an app.

    :param options: those of ``register_blueprint``.
    :raises ValueError: when the app has a blueprint of that name.
    """
    name = f"{options.get('name_prefix', '')}.{options.get('name', blueprint.name)}".lstrip(".")
    _check_name_is_free(blueprint, app, name)
    is_new_here = all(one is not blueprint for one in app.blueprints.values())
    merges = is_new_here or name not in app.blueprints
    app.blueprints[name] = blueprint
    blueprint._got_registered_once = True
    state = blueprint.make_setup_state(app, options, is_new_here)
    app.live.place(blueprint, name, options, lambda: _set_up(blueprint, name, state, merges))


def resume(blueprint: Any, app: Any, name: str, options: dict[str, Any]) -> None:
    """Bring to an app that has a blueprint already what that records from now on.

    :param name: the name under which the app has it.
    :param options: those of its registration.
    """
    run = registering()
    if run is not None:
        entry = app.blueprints.enter(run, name, blueprint)
        state = blueprint.make_setup_state(app, options, False)
        entry.is_settled = True
        app.live.place(blueprint, name, options, lambda: _set_up(blueprint, name, state, True))
        entry.is_settled = False


def _check_name_is_free(blueprint: Any, app: Any, name: str) -> None:
    known: Any = app.blueprints
    if known.is_free(name) if isinstance(known, LiveDict) else name not in known:
        return
    whose = "this blueprint" if known[name] is blueprint else "another blueprint"
    raise ValueError(
        f"the app has registered {whose} as {name!r} already. Register it under a name of its own:"
        " register_blueprint(..., name='...')."
    )


def _set_up(blueprint: Any, name: str, state: Any, merges: bool) -> None:
    """Bring to the app of *state* what was recorded; in a notebook, what has not reached it yet."""
    if blueprint.has_static_folder and f"{name}.static" not in state.app.view_functions:
        state.add_url_rule(
            f"{blueprint.static_url_path}/<path:filename>",
            view_func=blueprint.send_static_file,
            endpoint="static",
        )
    if merges:
        _merge_functions(blueprint, state.app, name)
    for function, carrying in carried(blueprint.deferred_functions):
        with carrying:
            function(state)
    _register_commands(blueprint, name, state)
    for (child, options), carrying in carried(blueprint._blueprints):
        with carrying:
            child.register(state.app, _options_of_child(name, state, child, options))


def _merge_functions(blueprint: Any, app: Any, name: str) -> None:
    """Add the blueprint's hooks, handlers and views to those of the app."""
    for table in _HOOK_TABLES:
        for scope, functions in getattr(blueprint, table).items():
            getattr(app, table).setdefault(_scoped(name, scope), []).extend(functions)
    for scope, by_code in blueprint.error_handler_spec.items():
        for code, handlers in by_code.items():
            known = app.error_handler_spec[_scoped(name, scope)][code]
            for error in handlers:
                copy_name(handlers, error, known, error)
    for endpoint in blueprint.view_functions:
        copy_name(blueprint.view_functions, endpoint, app.view_functions, endpoint)
        copy_name(blueprint.view_functions, endpoint, app.view_functions, f"{name}.{endpoint}")


def _register_commands(blueprint: Any, name: str, state: Any) -> None:
    if "cli" not in vars(blueprint) or not blueprint.cli.commands:  # ours is made when it is first asked for
        return
    group = state.options.get("cli_group", blueprint.cli_group)
    commands = state.app.cli.commands
    if group is None:
        for command in blueprint.cli.commands:
            copy_name(blueprint.cli.commands, command, commands, command)
        return
    # What was not given is an object of the framework's own.
    blueprint.cli.name = group if isinstance(group, str) else name
    if commands.get(blueprint.cli.name) is not blueprint.cli:
        state.app.cli.add_command(blueprint.cli)


def _options_of_child(name: str, state: Any, child: Any, options: dict[str, Any]) -> dict[str, Any]:
    options = dict(options)
    subdomain = options.get("subdomain") or child.subdomain
    if subdomain is not None or state.subdomain is not None:
        options["subdomain"] = ".".join(filter(None, (subdomain, state.subdomain))) or None
    prefix = options.get("url_prefix")
    prefix = child.url_prefix if prefix is None else prefix
    if state.url_prefix is not None and prefix is not None:
        options["url_prefix"] = f"{state.url_prefix.rstrip('/')}/{prefix.lstrip('/')}"
    elif prefix is not None or state.url_prefix is not None:
        options["url_prefix"] = state.url_prefix if prefix is None else prefix
    options["name_prefix"] = name
    return options


def _scoped(name: str, scope: str | None) -> str:
    """Return the app's name for a scope of the blueprint registered as *name*."""
    return name if scope is None else f"{name}.{scope}"
