"""Flask-RESTX: a namespace with a model, and what describes them."""

# %% app
from flask import Flask

app = Flask(__name__)

# %% api
from flask_restx import Api, Resource, fields

api = Api(app, version="1.0", title="Todos")

# %% resources
ns = api.namespace("todos", description="what is to do")
todo = api.model("Todo", {"id": fields.Integer, "task": fields.String(required=True)})


@ns.route("/")
class Todos(Resource):
    """All of them."""

    @ns.marshal_list_with(todo)
    def get(self):
        """List them."""
        return [{"id": 1, "task": "sleep"}]


@api.route("/hello")
class Hello(Resource):
    """A greeting."""

    def get(self):
        """Greet."""
        return {"hello": "world"}


# %% request
client = app.test_client()
assert client.get("/hello").json == {"hello": "world"}
assert client.get("/todos/").json == [{"id": 1, "task": "sleep"}]
assert set(client.get("/swagger.json").json["paths"]) == {"/hello", "/todos/"}
assert client.get("/").status_code == 200
