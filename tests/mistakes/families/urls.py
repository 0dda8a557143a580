"""URLs and redirects."""

from ..mistake import APP, Mistake

SITE = (
    APP
    + """
@app.get("/hello/<name>")
def hello(name):
    return f"Hello {name}!"
@app.get("/home")
def index():
    return "at home"
"""
)

MISTAKES = [
    Mistake(
        "an endpoint that is misspelt",
        wrong="""
            %%route /go --try /go
            url_for("idx")
        """,
        says=["BuildError: Could not build url for endpoint 'idx'. Did you mean 'index' instead?"],
        right="""
            %%route /go --try /go
            url_for("index")
        """,
        shows="/home",
        setup=SITE,
    ),
    Mistake(
        "a path for an endpoint",
        wrong="""
            %%route /go --try /go
            url_for("/home")
        """,
        says=[
            "BuildError: Could not build url for endpoint '/home'",
            "url_for takes an endpoint. That of /home is 'index'",
        ],
        right="""
            %%route /go --try /go
            url_for("index")
        """,
        shows="/home",
        setup=SITE,
    ),
    Mistake(
        "a URL without the value of its variable",
        wrong="""
            %%route /go --try /go
            url_for("hello")
        """,
        says=[
            "BuildError: Could not build url for endpoint 'hello'. Did you forget to specify values ['name']?"
        ],
        right="""
            %%route /go --try /go
            url_for("hello", name="Ann")
        """,
        shows="/hello/Ann",
        setup=SITE,
    ),
    Mistake(
        "a redirect to an endpoint",
        wrong="""
            %%route /go
            redirect("index")
            ---
            %get /go
        """,
        says=["404 Not Found", "'index' is an endpoint. Type redirect(url_for('index'))"],
        right="""
            %%route /go
            redirect(url_for("index"))
            ---
            %get /go
        """,
        shows="at home",
        setup=SITE,
    ),
    Mistake(
        "a redirect to itself",
        wrong="""
            %%route /loop
            redirect(url_for("loop"))
            ---
            %get /loop
        """,
        says=["/loop redirects to itself"],
        right="""
            %%route /loop
            redirect(url_for("index"))
            ---
            %get /loop
        """,
        shows="at home",
        setup=SITE,
    ),
    Mistake(
        "%url_for without a value",
        wrong="%url_for hello",
        says=["%url_for hello name="],
        right="%url_for hello name=Ann",
        shows="/hello/Ann",
        setup=SITE,
    ),
    Mistake(
        "%url_for with a misspelt endpoint",
        wrong="%url_for helo name=Ann",
        says=["there is no endpoint 'helo'. Near: hello (/hello/<name>)"],
        right="%url_for hello name=Ann",
        shows="/hello/Ann",
        setup=SITE,
    ),
]
