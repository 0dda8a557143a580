"""Flask-SQLAlchemy: a model, its queries, 404 and pages, and the session that ends with the request."""

from flask import Flask, jsonify, request, url_for
from flask_sqlalchemy import SQLAlchemy
from observation import seen

db = SQLAlchemy()


class Note(db.Model):
    """A line of text."""

    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String, unique=True, nullable=False)


def make_app():
    """Return the app: ``/notes`` lists and adds, ``/notes/<id>`` shows."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.config["SQLALCHEMY_RECORD_QUERIES"] = True
    db.init_app(app)

    @app.get("/notes")
    def notes():
        page = db.paginate(db.select(Note).order_by(Note.id), per_page=2)
        following = url_for("notes", page=page.next_num) if page.has_next else None
        return jsonify(total=page.total, texts=[note.text for note in page], next=following)

    @app.post("/notes")
    def add():
        note = Note(text=request.get_json()["text"])
        db.session.add(note)
        if request.args.get("keep") != "no":
            db.session.commit()
        return "added", 201, {"Location": url_for("show", number=note.id or 0)}

    @app.get("/notes/<int:number>")
    def show(number):
        return db.get_or_404(Note, number, description="no such note").text

    with app.app_context():
        db.create_all()
    return app


def observe():
    """Add notes, list them in pages, ask for one that is not there, violate a constraint."""
    from sqlalchemy.exc import IntegrityError

    app = make_app()
    client = app.test_client()
    steps = [client.post("/notes", json={"text": text}) for text in ("one", "two", "three")]
    steps.append(client.post("/notes?keep=no", json={"text": "never committed"}))
    steps += [
        client.get(path) for path in ("/notes", "/notes?page=2", "/notes?page=9", "/notes/2", "/notes/7")
    ]
    assert steps[4].json == {"total": 3, "texts": ["one", "two"], "next": "/notes?page=2"}
    assert [step.status_code for step in steps[5:]] == [200, 404, 200, 404]
    app.testing = True
    try:
        client.post("/notes", json={"text": "one"})
    except IntegrityError:
        pass
    else:
        raise AssertionError("two notes of the same text")
    assert client.get("/notes").json["total"] == 3
    try:
        db.session.execute(db.select(Note))
    except RuntimeError as error:
        outside = type(error).__name__
    return [seen(step) for step in steps], outside
