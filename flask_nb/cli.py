"""The ``flask-nb`` command: Flask's command line over flask_nb, with commands of its own.

What it adds to :mod:`flask_nb.web.cli`: the option ``--as-flask``, IPython as the prompt of ``shell``,
the list of Hosts before what ``run`` serves on loopback, and the commands of :data:`COMMANDS`, which are
imported when they are called.
"""

from __future__ import annotations

import glob
import importlib
import re
import sys
from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, cast

import click
from werkzeug.serving import is_running_from_reloader, run_simple

from .alias import as_flask, offer_on_import
from .errors import FlaskAlreadyImportedError
from .web import cli as web_cli
from .web.discovery import NoAppException, NoAppNamedException
from .web.helpers import get_debug_flag

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .project.plan import Plan
    from .project.serving import ServedNotebook
    from .web import Flask

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("flask_nb.project.demo:demo_command", "Run the quickstart notebook and serve its app."),
    "export": (
        "flask_nb.project.export.command:export_command",
        "Write a notebook as a project that any server takes.",
    ),
    "lab": ("flask_nb.project.lab:lab_command", "Copy the tutorials and open them in JupyterLab."),
    "test": ("flask_nb.project.testing:test_command", "Test the outputs that notebooks store."),
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
        self.add_command(run_command)
        for name, (target, short_help) in COMMANDS.items():
            self.add_command(LazyCommand(name, target, short_help))

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Make the context of a call; commands that know no app read no ``.env`` that goes with one."""
        if _command_of(args) in COMMANDS:
            extra.setdefault("obj", web_cli.ScriptInfo(load_dotenv_defaults=False))
        return super().make_context(info_name, args, parent=parent, **extra)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command; where a notebook stands in its place, say how that is served."""
        if name.endswith(".ipynb") and not ctx.resilient_parsing:
            ctx.fail(f"{name} is a notebook, not a command. To serve it, type: flask-nb run {quote(name)}")
        return super().get_command(ctx, name)

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
    hosts, notebook = _hosts_of(application, hostname), _as_notebook(application)
    if notebook is not None:
        # Its module is one of those whose files the reloader watches, and it follows its file by itself.
        own = glob.escape(str(notebook.path.resolve()))
        options["exclude_patterns"] = [*(options.get("exclude_patterns") or ()), own]
    # run_simple would put its own debugger before the gate.
    if options.pop("use_debugger", False):
        application = _debugged(application, hostname, options.get("use_evalex", True))
    is_guarded = notebook is not None or web_cli.is_loopback(hostname)
    if is_guarded and not hostname.startswith("unix://"):
        from .gate import COMMAND_HOST_ADVICE, Gate  # only what serves waits for it

        application = Gate(application, hosts, host_advice=COMMAND_HOST_ADVICE, cross_site=notebook is None)
    run_simple(hostname, port, application, **options)


def _debugged(application: WSGIApplication, hostname: str, evalex: bool) -> WSGIApplication:
    from .debugger import BoundedDebugger

    debugged = BoundedDebugger(application, evalex)
    debugged.trusted_hosts.append(hostname)  # as run_simple does
    return debugged


def _hosts_of(application: WSGIApplication, hostname: str) -> Callable[[], list[str]]:
    """Return what names the app's own Hosts, asked at each request."""
    notebook = _as_notebook(application)
    if notebook is not None:
        return lambda: [hostname, *notebook.hosts()]
    config = getattr(application, "config", {})
    return lambda: _hosts(config, hostname)


def _hosts(config: dict[str, Any], hostname: str) -> list[str]:
    # With the dot, for the app's subdomains are its own.
    server_name = config.get("SERVER_NAME")
    own = [f".{server_name}"] if server_name else []
    return [hostname, *own, *(config.get("TRUSTED_HOSTS") or ())]


# --- notebooks ------------------------------------------------------------------------------------


def _split(import_path: str) -> tuple[Path, str | None]:
    """Return the file, and what stands behind the colon that is not that of a Windows drive."""
    path, *inside = re.split(r":(?![\\/])", import_path, maxsplit=1)
    return Path(path), inside[0] if inside else None


def _as_notebook(application: object) -> ServedNotebook | None:
    serving = sys.modules.get("flask_nb.project.serving")
    is_one = serving is not None and isinstance(application, serving.ServedNotebook)
    return cast("ServedNotebook", application) if is_one else None


def load_notebook(path: str, app_name: str | None) -> Any:
    """Return the app of a notebook, for ``shell``, ``routes`` and the app's own commands.

    :raises NoAppException: it has none, or none of Flask's kind.
    """
    from .engines import is_flask_app
    from .project import load
    from .project.serving import describe_failure

    try:
        app = load(path, app_name)
    except Exception as exc:
        raise NoAppException(describe_failure(exc, Path(path))) from None
    if not is_flask_app(app):
        raise NoAppException(f"The app of {path} is a {type(app).__name__}, which only 'run' can serve.")
    return app


def _serve_notebook(info: web_cli.ScriptInfo, path: Path, app_name: str | None, reloads: bool) -> None:
    """Let the app of a call be that of a notebook; with the reloader its process alone runs the cells."""
    from .project.serving import ServedNotebook, describe_failure

    notebook = ServedNotebook(path, app_name, get_debug_flag())
    is_child = is_running_from_reloader()
    try:
        plan: Plan = notebook.read_plan() if reloads and not is_child else notebook.start()
    except (Exception, SystemExit) as exc:
        if not is_child:
            raise NoAppException(describe_failure(exc, path)) from None
        click.echo(describe_failure(exc, path), err=True)
    else:
        _say([] if is_child else plan.notice())
    if is_child:
        notebook.follow(lambda message: click.echo(message, err=True))
    info.create_app = lambda: cast("Flask", notebook)


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(f" * {line}")


def _run(info: web_cli.ScriptInfo, target: str | None, plan: bool, **options: Any) -> None:
    info.app_import_path = target or info.app_import_path
    path, app_name = _split(info.app_import_path or "")
    if path.suffix == ".ipynb":
        if plan:
            click.echo(_plan(path, app_name))
            return
        reloads = get_debug_flag() if options["reload"] is None else options["reload"]
        _serve_notebook(info, path, app_name, reloads)
    elif plan:
        raise click.UsageError("--plan is for notebooks. Name one: flask-nb run app.ipynb --plan")
    web_cli.run_command.callback(**options)  # type: ignore[misc]


def _plan(path: Path, app_name: str | None) -> Plan:
    from .errors import ProgramError
    from .project.planning import plan_notebook

    try:
        return plan_notebook(path, app_name)
    except ProgramError as exc:
        raise NoAppException(str(exc)) from None


run_command = click.Command(
    "run",
    params=[
        click.Argument(["target"], metavar="[IMPORT]", required=False),
        *web_cli.run_command.params,
        click.Option(
            ["--plan"], is_flag=True, help="Say which cells of a notebook are run, and why; run nothing."
        ),
    ],
    callback=web_cli.pass_script_info(_run),
    help=f"{cleandoc(web_cli.run_command.help or '')}\n\nIMPORT is what --app takes, or a notebook such as"
    " app.ipynb.",
    short_help=web_cli.run_command.short_help,
)


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
    web_cli.app_loaders[".ipynb"] = load_notebook
    web_cli.run_simple = serve  # type: ignore[assignment]  # it passes all options on
    offer_on_import(_announce)
    cli.main()
