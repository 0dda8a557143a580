"""Extensions of Flask do the same on ``flask_nb.web`` as on Flask."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.programs

#: Each script of ``apps``, and the modules that it needs.
EXTENSIONS = {
    "admin": ["flask_admin", "flask_babel", "flask_sqlalchemy"],
    "api_subclass": ["apiflask"],
    "caching": ["flask_caching"],
    "cross_origin": ["flask_cors"],
    "database": ["flask_sqlalchemy"],
    "forms": ["flask_wtf"],
    "headers": ["flask_bcrypt", "flask_compress", "flask_talisman"],
    "http_auth": ["flask_httpauth"],
    "languages": ["flask_babel"],
    "limiter": ["flask_limiter"],
    "login": ["flask_login"],
    "mail": ["flask_mail"],
    "migrations": ["flask_migrate", "flask_sqlalchemy"],
    "restful": ["flask_restful"],
    "restx": ["flask_restx"],
    "schemas": ["flask_marshmallow", "flask_sqlalchemy", "marshmallow_sqlalchemy"],
    "sessions": ["flask_session", "cachelib"],
    "smorest": ["flask_smorest"],
    "sockets": ["flask_socketio", "simple_websocket"],
    "tokens": ["flask_jwt_extended"],
    "toolbar": ["flask_debugtoolbar"],
}


@pytest.mark.parametrize("script", EXTENSIONS)
def test_an_extension_does_the_same(observed, script):
    on_flask, on_ours = observed(script, *EXTENSIONS[script])
    assert on_ours == on_flask
