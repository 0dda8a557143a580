"""Flask-Babel: translated texts, dates and numbers in the language and time zone of who asks."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string, request
from flask_babel import (
    Babel,
    force_locale,
    format_currency,
    format_datetime,
    get_locale,
    lazy_gettext,
    ngettext,
    refresh,
)
from flask_babel import gettext as _
from observation import seen

HELLO = lazy_gettext("Hello %(name)s", name="Ann")
PAGE = """{{ _('Bye') }} {{ 1234.5|numberformat }} {{ when|dateformat }}
{% trans n=n %}one{% pluralize %}{{ n }}{% endtrans %}"""
WHEN = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)


def make_app(folder):
    """Return the app, with a German catalog in the folder."""
    catalog = Catalog(locale="de")
    catalog.add("Hello %(name)s", "Hallo %(name)s")
    catalog.add("Bye", "Tschüß")
    catalog.add(("%(num)d day", "%(num)d days"), ("%(num)d Tag", "%(num)d Tage"))
    messages = Path(folder, "de", "LC_MESSAGES")
    messages.mkdir(parents=True)
    with open(messages / "messages.mo", "wb") as file:
        write_mo(file, catalog)

    app = Flask(__name__)
    Babel(
        app,
        default_translation_directories=folder,
        locale_selector=lambda: request.accept_languages.best_match(["en", "de"]),
        timezone_selector=lambda: request.args.get("zone"),
    )
    app.get("/", endpoint="page")(page)
    app.get("/template", endpoint="template")(lambda: render_template_string(PAGE, when=WHEN, n=3))
    return app


def page():
    """Return a bit of everything."""
    lines = [str(get_locale()), str(HELLO), _("Bye"), ngettext("%(num)d day", "%(num)d days", 2)]
    lines += [format_datetime(WHEN, "short"), format_currency(3.5, "EUR")]
    with force_locale("de"):
        lines.append(_("Bye"))
    refresh()
    return "\n".join(lines)


def observe():
    """Ask in English and German, and for another time zone."""
    with tempfile.TemporaryDirectory() as folder:
        client = make_app(folder).test_client()
        steps = [
            client.get(path, headers={"Accept-Language": language})
            for language in ("en", "de", "fr")
            for path in ("/", "/?zone=Asia/Tokyo", "/template")
        ]
    lines = steps[4].text.splitlines()
    assert lines[:4] == ["de", "Hallo Ann", "Tschüß", "2 Tage"]
    assert "16:08" in lines[4]
    assert steps[5].text.startswith("Tschüß 1.234,5")
    return [seen(step) for step in steps]
