"""Flask-RESTful: a list of todos, resource by resource, with a page beside it."""

# %% imports
from flask import Flask
from flask_restful import Api, Resource, abort, reqparse

# %% app
app = Flask(__name__)
api = Api(app)

# %% data
TODOS = {"todo1": {"task": "build"}, "todo2": {"task": "test"}}

parser = reqparse.RequestParser().add_argument("task")


# %% hello
class Hello(Resource):
    """A greeting."""

    def get(self):
        """Greet."""
        return {"hello": "world"}


api.add_resource(Hello, "/")


# %% todo
def find(todo_id):
    """Return a todo, or end the request."""
    if todo_id not in TODOS:
        abort(404, message=f"there is no {todo_id}")
    return TODOS[todo_id]


class Todo(Resource):
    """One of the todos."""

    def get(self, todo_id):
        """Show it."""
        return find(todo_id)

    def put(self, todo_id):
        """Change it."""
        TODOS[todo_id] = {"task": parser.parse_args()["task"]}
        return TODOS[todo_id], 201


api.add_resource(Todo, "/todos/<todo_id>")


# %% todos
class TodoList(Resource):
    """All of them."""

    def get(self):
        """List them."""
        return TODOS


api.add_resource(TodoList, "/todos")


# %% page
@app.route("/about")
def about():
    """Say what this is."""
    return "todos"


# %% request
client = app.test_client()
assert client.get("/").json == {"hello": "world"}
assert client.put("/todos/todo3", json={"task": "rest"}).status_code == 201
assert set(client.get("/todos").json) == {"todo1", "todo2", "todo3"}
assert client.get("/todos/none").json["message"].startswith("there is no none")
assert client.get("/about").text == "todos"
