"""Flask-Admin: the pages it makes of a model, and one of our own."""

from flask import Flask
from flask_admin import Admin, BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from observation import seen

db = SQLAlchemy()


class Fruit(db.Model):
    """What is administered."""

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20), unique=True)


class Fruits(ModelView):
    """How the fruits are administered."""

    column_searchable_list = ("name",)
    can_export = True


class Report(BaseView):
    """A page of its own."""

    @expose("/")
    def index(self):
        """Show a link to the other one."""
        return f"see {self.get_url('.detail', number=3)}"

    @expose("/<int:number>", methods=("GET", "POST"))
    def detail(self, number):
        """Show the number."""
        return f"number {number}"


def make_app():
    """Return an app with its administration below ``/admin``."""
    app = Flask(__name__)
    app.secret_key = "for the test"
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db.init_app(app)
    Babel(app)
    admin = Admin(app, name="Fruits")
    admin.add_view(Fruits(Fruit, db.session, category="Data"))
    admin.add_view(Report(name="Report", endpoint="report"))
    with app.app_context():
        db.create_all()
    return app


def observe():
    """Add, list, search, change, export and delete."""
    client = make_app().test_client()
    steps = [
        client.get("/admin/"),
        client.get("/admin/fruit/new/"),
        client.post("/admin/fruit/new/", data={"name": "apple"}),
        client.get("/admin/fruit/"),
        client.post("/admin/fruit/new/", data={"name": "apple"}),
        client.post("/admin/fruit/edit/?id=1", data={"name": "pear"}, follow_redirects=True),
        client.get("/admin/fruit/?search=zzz"),
        client.get("/admin/fruit/export/csv/"),
        client.get("/admin/report/"),
        client.post("/admin/report/3"),
        client.get("/admin/static/admin/css/bootstrap4/admin.css"),
        client.get("/admin/static/../../conf.py"),
        client.post("/admin/fruit/delete/", data={"id": "1"}, follow_redirects=True),
    ]
    assert [step.status_code for step in steps[:6]] == [200, 200, 302, 200, 200, 200]
    assert "apple" in steps[3].text
    assert "pear" in steps[5].text
    assert "pear" not in steps[6].text
    assert steps[7].text.split() == ["Name", "pear"]
    assert steps[8].text == "see /admin/report/3"
    assert "pear" not in steps[12].text
    stamp = r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d"
    return [seen(step, stamp, body=len(step.data) < 40_000) for step in steps]
