"""The ``flask-nb`` command: Flask's command line over flask_nb, with commands of its own.

What it adds to :mod:`flask_nb.web.cli`: the option ``--as-flask``, IPython as the prompt of ``shell``,
the list of Hosts before what ``run`` serves on loopback, and the commands of :data:`COMMANDS`, which are
imported when they are called.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

import click
from werkzeug.serving import is_running_from_reloader, run_simple

from .alias import as_flask, offer_on_import
from .errors import FlaskAlreadyImportedError
from .gate import COMMAND_HOST_ADVICE, Gate
from .web import cli as web_cli
from .web.discovery import NoAppNamedException

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("flask_nb.project.demo:demo_command", "Run the quickstart notebook and serve its app."),
    "lab": ("flask_nb.project.lab:lab_command", "Copy the tutorials and open them in JupyterLab."),
}
"""A command's name → where it is, as :class:`LazyCommand` takes it, and its line in the help."""


class LazyCommand(click.Command):
    """A command that is listed without being imported.

    :param name: what is typed.
    :param target: ``module:attribute`` of the command itself, or of a function that makes it.
    :param short_help: its line in the group's help.
    """

    def __init__(self, name: str, target: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.target = target

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Make the context of the command itself, which click then invokes."""
        return self.load().make_context(info_name, args, parent=parent, **extra)

    def load(self) -> click.Command:
        """Import the command itself."""
        module, _, attribute = self.target.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except ImportError as exc:
            raise click.ClickException(f"The command {self.name!r} cannot be loaded: {exc}") from exc
        return found if isinstance(found, click.Command) else cast(click.Command, found())


class FlaskNbGroup(web_cli.FlaskGroup):
    """The group of ``flask-nb``."""

    options_before_help = ("as_flask", *web_cli.FlaskGroup.options_before_help)

    def __init__(self, **extra: Any) -> None:
        super().__init__(**extra)
        self.params.append(_as_flask_option)
        for name, (target, short_help) in COMMANDS.items():
            self.add_command(LazyCommand(name, target, short_help))

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Make the context of a call; commands that know no app read no ``.env`` that goes with one."""
        if _command_of(args) in COMMANDS:
            extra.setdefault("obj", web_cli.ScriptInfo(load_dotenv_defaults=False))
        return super().make_context(info_name, args, parent=parent, **extra)

    def report_no_app(self, exc: web_cli.NoAppException) -> None:
        """Say why no commands of an app are listed, unless nobody spoke of an app."""
        if not isinstance(exc, NoAppNamedException):
            super().report_no_app(exc)


def _command_of(args: list[str]) -> str | None:
    """Return the name of the command, behind the group's options."""
    before = ""
    for arg in args:
        if not arg.startswith("-") and before not in ("-A", "--app", "-e", "--env-file"):
            return arg
        before = arg
    return None


def _alias(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value:
        return
    try:
        as_flask()
    except FlaskAlreadyImportedError as exc:
        raise click.ClickException(str(exc)) from None


_as_flask_option = click.Option(
    ["--as-flask"],
    is_flag=True,
    # Before anything that could import the app's module.
    is_eager=True,
    expose_value=False,
    envvar="FLASK_NB_AS_FLASK",
    callback=_alias,
    help="Let 'import flask' mean flask_nb.web, so that an app written for Flask runs on it.",
)


def interact(banner: str, namespace: dict[str, Any]) -> None:
    """Start IPython's prompt where there is IPython, else Python's."""
    try:
        from IPython import start_ipython
        from traitlets.config import Config
    except ImportError:
        web_cli.interact(banner, namespace)
        return
    config = Config()
    config.TerminalInteractiveShell.banner1 = banner + "\n"
    start_ipython(argv=[], user_ns=namespace, config=config)


def serve(hostname: str, port: int, application: WSGIApplication, **options: Any) -> None:
    """Serve as Werkzeug's ``run_simple`` does; on loopback, only for the app's own Hosts.

    A page whose name was pointed at this machine (DNS rebinding) could read the app otherwise. Other
    sites may call it as in production: the app's own CORS rules decide. A Unix socket has a proxy before
    it, which is the one to know the names. The debugger keeps the last failures only.
    """
    config = getattr(application, "config", {})
    # run_simple would put its own debugger before the gate.
    if options.pop("use_debugger", False):
        application = _debugged(application, hostname, options.get("use_evalex", True))
    if web_cli.is_loopback(hostname) and not hostname.startswith("unix://"):
        application = Gate(
            application,
            lambda: _hosts(config, hostname),
            host_advice=COMMAND_HOST_ADVICE,
            cross_site=True,
        )
    run_simple(hostname, port, application, **options)


def _debugged(application: WSGIApplication, hostname: str, evalex: bool) -> WSGIApplication:
    from .debugger import BoundedDebugger

    debugged = BoundedDebugger(application, evalex)
    debugged.trusted_hosts.append(hostname)  # as run_simple does
    return debugged


def _hosts(config: dict[str, Any], hostname: str) -> list[str]:
    # With the dot, for the app's subdomains are its own.
    server_name = config.get("SERVER_NAME")
    own = [f".{server_name}"] if server_name else []
    return [hostname, *own, *(config.get("TRUSTED_HOSTS") or ())]


def _announce(line: str) -> None:
    if not is_running_from_reloader():
        click.echo(f" * {line}", err=True)


cli = FlaskNbGroup(
    name="flask-nb",
    help="""Build, serve and test web applications: Flask's command line over flask_nb.

The app is the one that --app or FLASK_APP names, else that of a wsgi.py or app.py in this folder.
""",
)


def main() -> None:
    """Run the ``flask-nb`` command, and end the program."""
    web_cli.repl = interact
    web_cli.run_simple = serve  # type: ignore[assignment]  # it passes all options on
    offer_on_import(_announce)
    cli.main()
