"""Flask-JWT-Extended: a token and a page that wants it."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "for the test, and long enough for it"

# %% tokens
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required

jwt = JWTManager(app)


@jwt.additional_claims_loader
def claims(identity):
    """Add a claim."""
    return {"length": len(identity)}


# %% views
@app.post("/login/<name>")
def login(name):
    """Give a token."""
    return {"token": create_access_token(identity=name)}


@app.get("/secret")
@jwt_required()
def secret():
    """Show who asks."""
    return f"only for {get_jwt_identity()}"


# %% request
client = app.test_client()
token = client.post("/login/ann").json["token"]
assert client.get("/secret").status_code == 401
assert client.get("/secret", headers={"Authorization": f"Bearer {token}"}).text == "only for ann"
assert client.get("/secret", headers={"Authorization": "Bearer a.b.c"}).status_code == 422
