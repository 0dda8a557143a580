"""The command line: finding the app, ``run``, ``shell``, ``routes``, and the app's own commands.

A command reaches its app through the :class:`ScriptInfo` of its click context; :class:`FlaskGroup`
makes one and fills it from ``--app``. Two tables and one function can be changed from outside:

``app_loaders``
    file suffix → a function that makes the app of such a file; ``.py`` is built in.
``repl``
    the interactive prompt that ``shell`` starts.
``run_simple``
    what ``run`` serves with, called as :func:`werkzeug.serving.run_simple` is.
"""

from __future__ import annotations

import importlib.metadata
import ipaddress
import os
import platform
import re
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import click
from click.core import ParameterSource
from werkzeug.serving import is_running_from_reloader
from werkzeug.serving import run_simple as run_simple
from werkzeug.utils import import_string

from .ctx import has_app_context
from .discovery import NoAppException as NoAppException
from .discovery import NoAppNamedException, locate_app, prepare_import
from .discovery import find_app_by_string as find_app_by_string
from .discovery import find_best_app as find_best_app
from .globals import app_ctx
from .helpers import get_debug_flag, get_load_dotenv

if TYPE_CHECKING:
    import ssl

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.routing import Rule

    from .app import Flask

F = TypeVar("F", bound=Callable[..., Any])

AppLoader = Callable[[str, "str | None"], "Flask"]
"""Makes an app of a file: called with its path and what stood after the colon, None if nothing did."""

DEFAULT_FILES = ("wsgi.py", "app.py")
DOTENV_FILES = (".flaskenv", ".env")


# ---- The app of a call ----------------------------------------------------------------------------


def _load_python(path: str, app_name: str | None) -> Flask:
    return cast("Flask", locate_app(prepare_import(path), app_name))


app_loaders: dict[str, AppLoader] = {".py": _load_python}


class ScriptInfo:
    """What the commands of one call share: how to make the app, and the app once it is made.

    :param app_import_path: ``module``, ``module:name`` or ``module:factory(arguments)``, where the
        module may be a file.
    :param create_app: makes the app; goes before the path.
    :param set_debug_flag: whether the app's debug mode is set from ``FLASK_DEBUG``.
    :param load_dotenv_defaults: whether ``.flaskenv`` and ``.env`` are read.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.data: dict[Any, Any] = {}
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self._loaded_app: Flask | None = None

    def load_app(self) -> Flask:
        """Return the app, made at the first call.

        :raises NoAppException: there is none.
        """
        if self._loaded_app is None:
            app = self._make_app()
            if self.set_debug_flag:
                # Through the property, which also sets what the template environment follows.
                app.debug = get_debug_flag()
            self._loaded_app = app
        return self._loaded_app

    def _make_app(self) -> Flask:
        if self.create_app is not None:
            app: Flask | None = self.create_app()
        elif self.app_import_path:
            # The colon of a Windows drive stands before a slash.
            path, *inside = re.split(r":(?![\\/])", self.app_import_path, maxsplit=1)
            app = app_loaders.get(Path(path).suffix, _load_python)(path, inside[0] if inside else None)
        else:
            names = map(prepare_import, DEFAULT_FILES)
            found = (locate_app(name, None, raise_if_not_found=False) for name in names)
            app = next((one for one in found if one is not None), None)
        if app is None:
            raise NoAppNamedException(
                "There is no app to work with. Name one with --app or FLASK_APP,"
                " or work in a folder with a wsgi.py or app.py."
            )
        return app


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


# ---- Groups --------------------------------------------------------------------------------------


def with_appcontext(f: F) -> F:
    """Run a click callback within the context of the call's app.

    A context that is there already, such as one that a test pushed, is used as it is.
    """

    @click.pass_context
    def within_app_context(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if not has_app_context():
            ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
        return ctx.invoke(f, *args, **kwargs)

    return cast(F, update_wrapper(within_app_context, f))


class AppGroup(click.Group):
    """A click group whose commands run within an app context, unless they say otherwise."""

    def command(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Register a command as :meth:`click.Group.command` does.

        :param with_appcontext: False to run it without an app context.
        """
        needs_context = kwargs.pop("with_appcontext", True)
        register = super().command(*args, **kwargs)

        def decorate(f: Callable[..., Any]) -> click.Command:
            return cast(click.Command, register(with_appcontext(f) if needs_context else f))

        return decorate

    def group(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Group]:
        """Register a group as :meth:`click.Group.group` does; it is an :class:`AppGroup` by default."""
        kwargs.setdefault("cls", AppGroup)
        return cast("Callable[[Callable[..., Any]], click.Group]", super().group(*args, **kwargs))


class FlaskGroup(AppGroup):
    """The group of a command line that works with one app: its own commands and the app's.

    :param add_default_commands: whether it has ``run``, ``shell`` and ``routes``.
    :param create_app: makes the app, instead of ``--app``.
    :param add_version_option: whether it has ``--version``.
    :param load_dotenv: whether it reads ``.flaskenv`` and ``.env``.
    :param set_debug_flag: whether it sets the app's debug mode.
    """

    options_before_help: tuple[str, ...] = ("env_file", "app")
    """Options that say which app it is, so that the help can list its commands."""

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        options = [_env_file_option, _app_option, _debug_option]
        if add_version_option:
            options.append(version_option)
        extra["params"] = [*(extra.pop("params", None) or ()), *options]
        settings = dict(extra.pop("context_settings", None) or {})
        settings.setdefault("auto_envvar_prefix", "FLASK")
        super().__init__(**extra, context_settings=settings)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._has_plugins = False
        for command in (run_command, shell_command, routes_command) if add_default_commands else ():
            self.add_command(command)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command: of this group, of a plugin, or of the app, whose context it then has."""
        self._load_plugin_commands()
        command = super().get_command(ctx, name)
        return self._get_app_command(ctx, name) if command is None else command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands; an app that cannot be loaded is reported, not raised."""
        self._load_plugin_commands()
        names = set(super().list_commands(ctx))
        try:
            names.update(ctx.ensure_object(ScriptInfo).load_app().cli.list_commands(ctx))
        except NoAppException as exc:
            self.report_no_app(exc)
        except Exception:
            # The help must come up whatever the app's module does.
            _report(traceback.format_exc())
        return sorted(names)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Make the context of a call, with the :class:`ScriptInfo` that its commands share."""
        # app.run() at the end of a module must not serve while a command imports it.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in {**self.context_settings, **extra}:
            extra["obj"] = ScriptInfo(None, self.create_app, self.set_debug_flag, self.load_dotenv)
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the group's options; the help is shown with the app's commands in it."""
        if args[0] in self.get_help_option_names(ctx) if args else self.no_args_is_help:
            # --help ends the parsing before options that only the environment gives are looked at.
            for option in self.params:
                if option.name in self.options_before_help:
                    option.handle_parse_result(ctx, {}, [])
        try:
            return super().parse_args(ctx, args)
        except BaseException:
            # click closes only contexts that it has parsed; the help has pushed the app's by then.
            ctx.close()
            raise

    def report_no_app(self, exc: NoAppException) -> None:
        """Say above the help why it lists no commands of an app."""
        _report(f"Error: {exc.format_message()}\n")

    def _get_app_command(self, ctx: click.Context, name: str) -> click.Command | None:
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as exc:
            _report(f"Error: {exc.format_message()}\n")
            return None
        # Already here, so that callbacks of the command's parameters have the context too.
        if not has_app_context() or app_ctx.app is not app:
            ctx.with_resource(app.app_context())
        return app.cli.get_command(ctx, name)

    def _load_plugin_commands(self) -> None:
        """Add what installed packages offer under the entry point ``flask.commands``, once."""
        if self._has_plugins:
            return
        self._has_plugins = True
        for entry_point in importlib.metadata.entry_points(group="flask.commands"):
            try:
                self.add_command(entry_point.load(), entry_point.name)
            except ImportError as exc:
                # One plugin that wants what is not installed must not take all commands away.
                _report(f"The command {entry_point.name!r} ({entry_point.value}) is not available: {exc}\n")


def _report(message: str) -> None:
    click.secho(message, err=True, fg="red")


# ---- Options of the group ------------------------------------------------------------------------


def get_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Print the versions of Python, flask_nb and Werkzeug, and end the program."""
    if not value or ctx.resilient_parsing:
        return
    from .. import __version__

    click.echo(
        f"Python {platform.python_version()}\n"
        f"flask_nb {__version__}\n"
        f"Werkzeug {importlib.metadata.version('werkzeug')}",
        color=ctx.color,
    )
    ctx.exit()


def _use_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _use_debug(ctx: click.Context, param: click.Parameter, value: bool) -> bool | None:
    """Put an explicit choice where the app, the server and the reloader's child will look for it."""
    source = ctx.get_parameter_source(str(param.name))
    if source in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None
    os.environ["FLASK_DEBUG"] = "1" if value else "0"
    return value


def _use_env_file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value and find_spec("dotenv") is None:
        raise click.BadParameter(
            "reading it needs python-dotenv: pip install python-dotenv", ctx=ctx, param=param
        )
    load_defaults = ctx.ensure_object(ScriptInfo).load_dotenv_defaults
    if value or load_defaults:
        load_dotenv(value, load_defaults=load_defaults)
    return value


_DEBUG_HELP = "Turn debug mode on or off."
_env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    # Before --app, whose value may stand in the file.
    is_eager=True,
    expose_value=False,
    callback=_use_env_file,
    help="Read environment variables from this file; they go before those of '.env' and '.flaskenv',"
    " and those set in the environment before all. Needs python-dotenv.",
)
_app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    is_eager=True,
    expose_value=False,
    callback=_use_app,
    help="The app: 'module' or 'module:name', where the module is a dotted name or a file, and the name a"
    " variable, a factory, or a factory's call such as 'create_app(\"test\")'. An app called 'app' or"
    " 'application' and a factory called 'create_app' or 'make_app' need no name.",
)
_debug_option = click.Option(
    ["--debug/--no-debug"], expose_value=False, callback=_use_debug, help=_DEBUG_HELP
)
version_option = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=get_version,
    help="Show the versions and exit.",
)


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Set the environment variables of ``.env`` files; what is set already stays.

    A variable of *path* goes before the same of ``.env``, and that before the same of ``.flaskenv``.
    Both are looked for from the working directory upwards. Without python-dotenv nothing is read, and
    one line says so if there would have been something.

    :param path: one more file to read.
    :param load_defaults: whether to look for ``.flaskenv`` and ``.env``.
    :return: whether any variable was read.
    """
    if find_spec("dotenv") is None:
        if path or any(os.path.isfile(name) for name in DOTENV_FILES):
            click.secho(
                " * .env files were found but not read, because python-dotenv is not installed:"
                " pip install python-dotenv",
                fg="yellow",
                err=True,
            )
        return False
    from dotenv import dotenv_values, find_dotenv

    files = [find_dotenv(name, usecwd=True) for name in DOTENV_FILES] if load_defaults else []
    if path is not None:
        files.append(os.fspath(path))
    variables: dict[str, str | None] = {}
    for file in files:
        if os.path.isfile(file):
            variables |= dotenv_values(file, encoding="utf-8")
    for name, value in variables.items():
        if value is not None:
            os.environ.setdefault(name, value)
    return bool(variables)


# ---- run -----------------------------------------------------------------------------------------


class CertParamType(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic from click 8.2 on
    """The value of ``--cert``: a file, ``adhoc``, or the import name of an :class:`ssl.SSLContext`."""

    name = "path"
    path_type = click.Path(exists=True, dir_okay=False, resolve_path=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the file's path, ``"adhoc"`` or the SSL context."""
        try:
            import ssl
        except ImportError:
            raise click.BadParameter("this Python was built without SSL", ctx, param) from None
        try:
            return self.path_type.convert(value, param, ctx)
        except click.BadParameter:
            text = click.STRING.convert(value, param, ctx)
            if text.lower() == "adhoc":
                if find_spec("cryptography") is None:
                    raise click.BadParameter(
                        "'adhoc' needs cryptography: pip install cryptography", ctx, param
                    ) from None
                return "adhoc"
            imported = import_string(text, silent=True)
            if isinstance(imported, ssl.SSLContext):
                return imported
            raise


class SeparatedPathType(click.Path):
    """Several paths in one value, separated as ``PATH`` is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a list of paths, each checked as :class:`click.Path` does."""
        convert = super().convert
        return [convert(item, param, ctx) for item in self.split_envvar_value(value)]


def _join_cert_and_key(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Check ``--key`` against ``--cert``, and make them a pair where both are files."""
    cert = ctx.params.get("cert")
    if isinstance(cert, str) and cert != "adhoc":
        if value is None:
            raise click.BadParameter("'--cert' is a file and needs the file of its key", ctx, param)
        ctx.params["cert"] = cert, value
    elif value is not None:
        raise click.BadParameter(_why_no_key(cert), ctx, param)
    return value


def _why_no_key(cert: ssl.SSLContext | str | None) -> str:
    if cert is None:
        return "a key goes with a certificate: give '--cert' too"
    kind = "'adhoc'" if cert == "adhoc" else "an SSLContext"
    return f"'--cert' is {kind}, which has its own key"


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine can reach a server bound to *host*."""
    if host.startswith("unix://") or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        # A name may resolve to anything, and to something else tomorrow.
        return False


@contextmanager
def debugger_pin() -> Iterator[None]:
    """Have the debugger ask for a PIN made now, unless ``WERKZEUG_DEBUG_PIN`` chooses one.

    Werkzeug's own PIN is a function of the machine and the user, so that it never changes. This one
    holds as long as the server runs; it travels in the environment to the reloader's children, who
    would otherwise ask again after each reload.
    """
    if "WERKZEUG_DEBUG_PIN" in os.environ:
        yield
        return
    digits = f"{secrets.randbelow(10**9):09}"
    os.environ["WERKZEUG_DEBUG_PIN"] = f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    try:
        yield
    finally:
        os.environ.pop("WERKZEUG_DEBUG_PIN", None)


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Print what is served, once: the reloader's children print nothing."""
    if is_running_from_reloader():
        return
    if app_import_path is not None:
        click.echo(f" * Serving the app {app_import_path!r}")
    click.echo(f" * Debug mode: {'on' if debug else 'off'}")


def _load_app_to_serve(info: ScriptInfo) -> WSGIApplication:
    """Load the app; in the reloader's child an error becomes an app that raises it.

    So the browser shows the traceback, and the next save is picked up.
    """
    try:
        return info.load_app()
    except Exception as exc:
        if not is_running_from_reloader():
            raise
        traceback.print_exc()
        error = exc

    def raise_error(environ: WSGIEnvironment, start_response: StartResponse) -> NoReturn:
        raise error from None

    return raise_error


# What run_simple calls its options, where that is another name.
_RUN_SIMPLE = {
    "reload": "use_reloader",
    "debugger": "use_debugger",
    "with_threads": "threaded",
    "cert": "ssl_context",
}


@click.command("run", short_help="Serve the app while you develop it.")
@click.option("--debug/--no-debug", expose_value=False, callback=_use_debug, help=_DEBUG_HELP)
@click.option("--host", "-h", default="127.0.0.1", help="The address to bind to.")
@click.option("--port", "-p", default=5000, help="The port to bind to; 0 takes a free one.")
@click.option(
    "--cert",
    type=CertParamType(),
    # Before --key, which is checked against it.
    is_eager=True,
    help="Serve HTTPS with this certificate file, with 'adhoc' for one made now, or with the"
    " ssl.SSLContext of this import name.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=_join_cert_and_key,
    expose_value=False,
    help="The key file of the certificate file.",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Restart when a file of the app changes, or not. In debug mode it does by default.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show the debugger when a view raises, or not. In debug mode it does by default, unless others"
    " than this machine can reach it.",
)
@click.option(
    "--with-threads/--without-threads",
    default=True,
    help="Handle each request in a thread of its own, or not.",
)
@click.option(
    "--extra-files",
    default=None,
    type=SeparatedPathType(),
    help=f"More files whose change restarts the server, separated by {os.pathsep!r}.",
)
@click.option(
    "--exclude-patterns",
    default=None,
    type=SeparatedPathType(),
    help="Files that match one of these patterns (fnmatch) do not restart the server, separated by"
    f" {os.pathsep!r}.",
)
@pass_script_info
def run_command(info: ScriptInfo, /, host: str, port: int, **options: Any) -> None:
    """Serve the app with Werkzeug's development server.

    It is for development only: it was not made to be safe, stable or fast enough for the public.

    Debug mode turns the reloader and the debugger on.
    """
    debug = get_debug_flag()
    if debug and options["debugger"] is None and not is_loopback(host):
        raise click.UsageError(
            f"In debug mode, anyone who can reach {host} could use the debugger to run any code. Serve"
            " on 127.0.0.1, turn the debugger off with --no-debugger, or ask for it with --debugger."
        )
    app = _load_app_to_serve(info)
    show_server_banner(debug, info.app_import_path)
    by_debug = {name: debug if options[name] is None else options[name] for name in ("reload", "debugger")}
    options = {_RUN_SIMPLE.get(name, name): value for name, value in {**options, **by_debug}.items()}
    with debugger_pin():
        run_simple(host, port, app, **options)


# ---- shell ---------------------------------------------------------------------------------------


def interact(banner: str, namespace: dict[str, Any]) -> None:
    """Start Python's own prompt, after ``PYTHONSTARTUP`` and with completion where there is readline."""
    names: dict[str, Any] = {}
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        exec(compile(Path(startup).read_bytes(), startup, "exec"), names)
    # Only now: what the startup file defines must not hide the app.
    names.update(namespace)
    _complete_from(names)
    import code  # no other command needs it

    code.interact(banner=banner, local=names)


repl: Callable[[str, dict[str, Any]], None] = interact


def _complete_from(namespace: dict[str, Any]) -> None:
    hook = getattr(sys, "__interactivehook__", None)
    if hook is None:
        return
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        pass
    else:
        # rlcompleter looks into __main__ unless it is told where else.
        readline.set_completer(Completer(namespace).complete)
    hook()


def _app_of_context(info: ScriptInfo) -> Flask:
    """Return the app whose context is active; that of an app of another framework is not ours to know."""
    return app_ctx.app if has_app_context() else info.load_app()


@click.command("shell", short_help="Start a Python prompt in the app's context.")
@with_appcontext
@pass_script_info
def shell_command(info: ScriptInfo) -> None:
    """Start a Python prompt within the app's context.

    The app, g and what the app's shell context processors add are there under their names.
    """
    app = _app_of_context(info)
    banner = f"Python {sys.version} on {sys.platform}\nApp: {app.import_name}\nInstance: {app.instance_path}"
    repl(banner, app.make_shell_context())


# ---- routes --------------------------------------------------------------------------------------


_SORT_KEYS: dict[str, Callable[[Rule], Any] | None] = {
    "endpoint": lambda rule: rule.endpoint,
    "methods": lambda rule: sorted(rule.methods or ()),
    "domain": lambda rule: rule.host or rule.subdomain or "",
    "rule": lambda rule: rule.rule,
    "match": None,
}


@click.command("routes", short_help="List the app's routes.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(list(_SORT_KEYS)),
    default="endpoint",
    help="What to sort by; 'match' is the order in which rules are tried on a request.",
)
@click.option("--all-methods", is_flag=True, help="List HEAD and OPTIONS too.")
@with_appcontext
@pass_script_info
def routes_command(info: ScriptInfo, /, sort: str, all_methods: bool) -> None:
    """List the routes of the app with their endpoints and methods."""
    url_map, key = _app_of_context(info).url_map, _SORT_KEYS[sort]
    rules = sorted(url_map.iter_rules(), key=key) if key else list(url_map.iter_rules())
    if not rules:
        click.echo("No routes were registered.")
        return
    hidden = set() if all_methods else {"HEAD", "OPTIONS"}
    domain = "Host" if url_map.host_matching else "Subdomain"
    columns = {
        "Endpoint": [str(rule.endpoint) for rule in rules],
        "Methods": [", ".join(sorted(set(rule.methods or ()) - hidden)) for rule in rules],
        domain: [rule.host or rule.subdomain or "" for rule in rules],
        "Rule": [rule.rule for rule in rules],
    }
    if not any(columns[domain]):
        del columns[domain]
    _echo_table([[name, *cells] for name, cells in columns.items()])


def _echo_table(columns: list[list[str]]) -> None:
    """Print columns, whose first cell is the heading."""
    widths = [max(map(len, column)) for column in columns]
    heading, *lines = zip(*columns, strict=True)
    for line in (heading, ["-" * width for width in widths], *lines):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


# ---- The program ---------------------------------------------------------------------------------

cli = FlaskGroup(
    name="flask",
    help="""Work with a web application: serve it, list its routes, run its commands.

The app is the one that --app or FLASK_APP names, else that of a wsgi.py or app.py in this folder.
""",
)


def main() -> None:
    """Run the command line of :data:`cli`, and end the program."""
    cli.main()
