"""Flask-RESTful: resources of an API."""

# %% app
from flask import Flask

app = Flask(__name__)

# %% api
from flask_restful import Api

api = Api(app)

# %% resources
from flask_restful import Resource, abort


class Hello(Resource):
    """A greeting."""

    def get(self):
        """Greet."""
        return {"hello": "world"}


class Item(Resource):
    """An item."""

    def get(self, number):
        """Show it."""
        if number > 9:
            abort(404, message=f"there is no item {number}")
        return {"number": number}


api.add_resource(Hello, "/hello", "/hi")
api.add_resource(Item, "/items/<int:number>", endpoint="item")

# %% request
client = app.test_client()
assert client.get("/hello").json == client.get("/hi").json == {"hello": "world"}
assert client.get("/items/3").json == {"number": 3}
assert client.get("/items/12").json["message"].startswith("there is no item 12")
