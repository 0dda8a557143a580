"""Flask-AppBuilder: an administration with users, roles, views of a model and an API."""

from flask import Flask
from flask.cli import FlaskGroup
from flask_appbuilder import AppBuilder, BaseView, Model, ModelRestApi, ModelView, expose, has_access
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.interface import SQLAInterface
from observation import seen
from sqlalchemy import Column, Integer, String

RANDOM = (
    r'(?<=value=")[\w.-]{60,}', r"eyJ[\w-]+\.[\w.-]+", r"(?<=Content-Length: )\d+",
    r"\d{4}-\d\d-\d\d[T ][\d:.]+",
    r"\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT", r"a (few seconds|second) ago",
)  # fmt: skip


db = SQLA()


class Fruit(Model):
    """What is administered."""

    __tablename__ = "fruit"
    id = Column(Integer, primary_key=True)
    name = Column(String(20), unique=True, nullable=False)

    def __repr__(self):
        return self.name


class Fruits(ModelView):
    """Its pages."""

    datamodel = SQLAInterface(Fruit)
    list_columns = ("name",)


class FruitApi(ModelRestApi):
    """Its API."""

    resource_name = "fruit"
    datamodel = SQLAInterface(Fruit)
    allow_browser_login = True


class Report(BaseView):
    """A page of its own."""

    default_view = "total"

    @expose("/total/<int:number>")
    @has_access
    def total(self, number):
        """Show the number."""
        return f"total {number}"


def make_app():
    """Return the app with an administrator."""
    app = Flask(__name__)
    app.config |= {
        "SECRET_KEY": "for the test",
        "SQLALCHEMY_DATABASE_URI": "sqlite://",
        "FAB_API_SWAGGER_UI": True,
        "WTF_CSRF_ENABLED": False,
    }
    db.init_app(app)
    with app.app_context():
        builder = AppBuilder(app, db.session)
        builder.add_view(Fruits, "Fruits", category="Data")
        builder.add_api(FruitApi)
        builder.add_view_no_menu(Report)
        Model.metadata.create_all(db.engine)
        builder.sm.add_user("admin", "Ann", "Lee", "ann@example.org", builder.sm.find_role("Admin"), "pass")
    return app


def observe():
    """Come as a stranger and as the administrator; use pages, API and a command."""
    app = make_app()
    client = app.test_client()
    stranger = [
        client.get(path) for path in ("/", "/fruits/list/", "/report/total/3", "/api/v1/fruit/", "/login/")
    ]
    wrong = client.post("/login/", data={"username": "admin", "password": "guess"}, follow_redirects=True)
    right = client.post("/login/", data={"username": "admin", "password": "pass"}, follow_redirects=True)
    assert "Invalid login" in wrong.text
    assert "Logout" in right.text
    pages = [
        client.get("/fruits/add"),
        client.post("/fruits/add", data={"name": "apple"}, follow_redirects=True),
        client.post("/fruits/add", data={"name": "apple"}, follow_redirects=True),
        client.get("/fruits/list/"),
        client.get("/fruits/show/1"),
        client.post("/fruits/edit/1", data={"name": "pear"}, follow_redirects=True),
        client.get("/report/total/3"),
        client.get("/users/list/"),
        client.get("/roles/list/"),
        client.get("/swagger/v1"),
        client.get("/static/appbuilder/css/ab.css"),
        client.get("/lang/de"),
        client.get("/nothing"),
    ]
    assert "pear" in pages[5].text
    assert pages[6].text == "total 3"
    token = app.test_client().post(
        "/api/v1/security/login", json={"username": "admin", "password": "pass", "provider": "db"}
    )
    bearer = {"headers": {"Authorization": f"Bearer {token.json['access_token']}"}}
    caller = app.test_client(use_cookies=False)
    calls = [
        caller.get("/api/v1/fruit/", **bearer),
        caller.post("/api/v1/fruit/", json={"name": "plum"}, **bearer),
        caller.post("/api/v1/fruit/", json={"nom": "plum"}, **bearer),
        caller.put("/api/v1/fruit/2", json={"name": "fig"}, **bearer),
        caller.get("/api/v1/fruit/2", **bearer),
        caller.delete("/api/v1/fruit/2", **bearer),
        caller.get("/api/v1/fruit/9", **bearer),
        caller.get("/api/v1/fruit/"),
        caller.get("/api/v1/_openapi", **bearer),
    ]
    assert [call.status_code for call in calls[:8]] == [200, 201, 422, 200, 200, 200, 404, 401]
    runner = app.test_cli_runner()
    listed = runner.invoke(FlaskGroup(create_app=lambda: app), ["fab", "list-users"])  # a plugin's command
    facts = [seen(step, *RANDOM) for step in (*stranger, wrong, right, *pages, *calls[:8])]
    rules = sorted(f"{rule.rule} {rule.endpoint} {sorted(rule.methods)}" for rule in app.url_map.iter_rules())
    assert "username:admin" in listed.output
    return facts, calls[8].json, listed.output, rules
