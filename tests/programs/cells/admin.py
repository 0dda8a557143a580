"""Flask-Admin: a view of a model and a page of its own."""

# %% app
from flask import Flask

app = Flask(__name__)
app.secret_key = "for the test"
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"

# %% database
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy(app)


class Fruit(db.Model):
    """What is administered."""

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20))


with app.app_context():
    db.create_all()

# %% admin
from flask_admin import Admin, BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel


class ReportView(BaseView):
    """A page of its own."""

    @expose("/")
    def index(self):
        """Show it."""
        return "a report"


babel = Babel(app)
admin = Admin(app, name="fruits")
admin.add_view(ModelView(Fruit, db.session))
admin.add_view(ReportView(name="Report", endpoint="report"))

# %% request
visitor = app.test_client()
assert visitor.get("/admin/").status_code == 200
assert visitor.post("/admin/fruit/new/", data={"name": "apple"}).status_code == 302
assert "apple" in visitor.get("/admin/fruit/").text
assert visitor.get("/admin/report/").text == "a report"
