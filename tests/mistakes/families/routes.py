"""Rules and methods."""

from ..mistake import Mistake

MISTAKES = [
    Mistake(
        "a rule without its slash",
        wrong="""
            %%route hello
            "Hello!"
        """,
        says=["the rule 'hello' has to begin with a slash. Type %%route /hello"],
        right="""
            %%route /hello --try /hello
            "Hello!"
        """,
        shows="Hello!",
    ),
    Mistake(
        "a rule without its slash in a decorator",
        wrong="""
            @app.route("hello")
            def hello():
                return "Hello!"
        """,
        says=["slash", "'hello'"],
        right="""
            @app.route("/hello")
            def hello():
                return "Hello!"
            %get /hello
        """,
        shows="Hello!",
    ),
    Mistake(
        "a space for the colon of a converter",
        wrong="""
            %%route /items/<int id>
            f"Item {id}"
        """,
        says=["the rule '/items/<int id>' is malformed at '<int id>'", "Type <int:id>"],
        right="""
            %%route /items/<int:id> --try /items/7
            f"Item {id}"
        """,
        shows="Item 7",
    ),
    Mistake(
        "a space for the colon of a converter in a decorator",
        wrong="""
            @app.get("/items/<int id>")
            def item(id):
                return f"Item {id}"
        """,
        says=["/items/<int id>", "Type <int:id>"],
        right="""
            @app.get("/items/<int:id>")
            def item(id):
                return f"Item {id}"
            %get /items/7
        """,
        shows="Item 7",
    ),
    Mistake(
        "the variable before its converter",
        wrong="""
            %%route /items/<id:int>
            f"Item {id}"
        """,
        says=["names the unknown converter 'id'", "Type <int:id>"],
        right="""
            %%route /items/<int:id> --try /items/7
            f"Item {id}"
        """,
        shows="Item 7",
    ),
    Mistake(
        "a converter that there is not",
        wrong="""
            %%route /items/<integer:id>
            f"Item {id}"
        """,
        says=["names the unknown converter 'integer'"],
        right="""
            %%route /items/<int:id> --try /items/7
            f"Item {id}"
        """,
        shows="Item 7",
    ),
    Mistake(
        "a variable in braces, as in FastAPI",
        wrong="""
            %%route /items/{id}
            f"Item {id}"
        """,
        says=["'/items/{id}' has a variable in braces. Type /items/<id>"],
        right="""
            %%route /items/<id> --try /items/7
            f"Item {id}"
        """,
        shows="Item 7",
    ),
    Mistake(
        "a variable in braces, in a decorator",
        wrong="""
            @app.get("/items/{id}")
            def item(id):
                return f"Item {id}"
        """,
        says=["/items/{id}", "Type /items/<id>"],
        right="""
            @app.get("/items/<id>")
            def item(id):
                return f"Item {id}"
            %get /items/7
        """,
        shows="Item 7",
    ),
    Mistake(
        "a variable that is taken for a number",
        wrong="""
            @app.get("/next/<n>")
            def next_number(n: int):
                return str(n + 1)
            %get /next/5
        """,
        says=["n is a text, '5'. Type <int:n> in the rule"],
        right="""
            @app.get("/next/<int:n>")
            def next_number(n: int):
                return str(n + 1)
            %get /next/5
        """,
        shows="6",
    ),
    Mistake(
        "a variable that is looked up among numbers",
        setup="""
            teas = {1: "green", 2: "black"}
        """,
        wrong="""
            %%route /teas/<n> --try /teas/2
            teas[n]
        """,
        says=["n is a text, '2'. Type <int:n> in the rule"],
        right="""
            %%route /teas/<int:n> --try /teas/2
            teas[n]
        """,
        shows="black",
    ),
    Mistake(
        "a query in the rule",
        wrong="""
            %%route /search?q=<q>
            f"Found: {q}"
        """,
        says=["'/search?q=<q>' has a query", "Type /search, and read request.args in the view"],
        right="""
            %%route /search --try /search?q=tea
            f"Found: {request.args['q']}"
        """,
        shows="Found: tea",
    ),
    Mistake(
        "a query in the rule, in a decorator",
        wrong="""
            @app.get("/search?q=<q>")
            def search(q):
                return f"Found: {q}"
        """,
        says=["'/search?q=<q>' has a query", "Type /search, and read request.args in the view"],
        right="""
            from flask_nb import request
            @app.get("/search")
            def search():
                return f"Found: {request.args['q']}"
            %get /search?q=tea
        """,
        shows="Found: tea",
    ),
    Mistake(
        "a variable behind a colon, as in Express",
        wrong="""
            %%route /items/:id
            f"Item {id}"
        """,
        says=["'/items/:id' has a variable behind a colon. Type /items/<id>"],
        right="""
            %%route /items/<id> --try /items/7
            f"Item {id}"
        """,
        shows="Item 7",
    ),
    Mistake(
        "a word of Python as a variable",
        wrong="""
            %%route /pages/<class>
            "a page"
        """,
        says=[
            "the variable 'class' of the rule '/pages/<class>' is a reserved word in Python. Type <class_>"
        ],
        right="""
            %%route /pages/<class_> --try /pages/7
            f"page {class_}"
        """,
        shows="page 7",
    ),
    Mistake(
        "a rule with a space",
        wrong="""
            %%route /hello world
            "Hello!"
        """,
        says=["'world' after the rule is not understood", "a rule with spaces needs quotes"],
        right="""
            %%route "/hello world"
            "Hello!"
            ---
            %get "/hello world"
        """,
        shows="Hello!",
    ),
    Mistake(
        "a request to try whose path has a space",
        wrong="""
            %%route /teas/<name> --try "/teas/earl grey"
            f"a cup of {name}"
        """,
        says=["'grey' is not understood", """type --try '"/teas/earl grey"'"""],
        right="""
            %%route /teas/<name> --try '"/teas/earl grey"'
            f"a cup of {name}"
        """,
        shows="a cup of earl grey",
    ),
    Mistake(
        "a view that does not take the variable of its rule",
        wrong="""
            @app.get("/hello/<name>")
            def hello():
                return f"Hello {name}!"
        """,
        says=["def hello(name)"],
        right="""
            @app.get("/hello/<name>")
            def hello(name):
                return f"Hello {name}!"
            %get /hello/Ann
        """,
        shows="Hello Ann!",
    ),
    Mistake(
        "method for methods",
        wrong="""
            @app.route("/save", method=["POST"])
            def save():
                return "saved"
        """,
        says=["unexpected keyword argument 'method'", 'Type methods=["POST"]'],
        right="""
            @app.route("/save", methods=["POST"])
            def save():
                return "saved"
            %post /save
        """,
        shows="saved",
    ),
    Mistake(
        "methods as text",
        wrong="""
            @app.route("/save", methods="POST")
            def save():
                return "saved"
        """,
        says=['methods=["POST"]'],
        right="""
            @app.route("/save", methods=["POST"])
            def save():
                return "saved"
            %post /save
        """,
        shows="saved",
    ),
    Mistake(
        "a method that there is not",
        wrong="""
            %%route PSOT /save
            "saved"
        """,
        says=["'PSOT' is not a known method", "Did you mean POST?"],
        right="""
            %%route POST /save --try "POST /save"
            "saved"
        """,
        shows="saved",
    ),
    Mistake(
        "a method that there is not, in a decorator",
        wrong="""
            @app.route("/save", methods=["PSOT"])
            def save():
                return "saved"
            %post /save
        """,
        says=["405 Method Not Allowed", "the rule answers OPTIONS, PSOT"],
        right="""
            @app.route("/save", methods=["POST"])
            def save():
                return "saved"
            %post /save
        """,
        shows="saved",
    ),
    Mistake(
        "a POST to a rule that answers GET",
        wrong="""
            %%route /save --try "POST /save"
            "saved"
        """,
        says=["405 Method Not Allowed", "the rule answers GET, HEAD, OPTIONS"],
        right="""
            %%route POST /save --try "POST /save"
            "saved"
        """,
        shows="saved",
    ),
    Mistake(
        "a decorator without parentheses",
        wrong="""
            @app.get
            def hello():
                return "Hello!"
        """,
        says=['no rule was registered for hello, since @app.get has no parentheses. Type @app.get("/hello")'],
        right="""
            @app.get("/hello")
            def hello():
                return "Hello!"
            %get /hello
        """,
        shows="Hello!",
    ),
    Mistake(
        "two views of one name in a cell",
        wrong="""
            @app.get("/one")
            def page():
                return "one"

            @app.get("/two")
            def page():
                return "two"
        """,
        says=["AssertionError", "page"],
        right="""
            @app.get("/one")
            def one():
                return "one"

            @app.get("/two")
            def two():
                return "two"
            %get /two
        """,
        shows="two",
    ),
    Mistake(
        "two rules that get one endpoint",
        wrong="""
            %%route /a/b
            "one"
            ---
            %%route /a-b
            "two"
        """,
        says=["the rule '/a-b' would get the endpoint 'a_b'", "--endpoint NAME"],
        right="""
            %%route /a/b
            "one"
            ---
            %%route /a-b --endpoint other --try /a-b
            "two"
        """,
        shows="two",
    ),
    Mistake(
        "a path that is misspelt",
        wrong="""
            @app.get("/about")
            def about():
                return "about us"
            ---
            %get /abuot
        """,
        says=["404 Not Found", "no rule matches; near: GET /about"],
        right="""
            @app.get("/about")
            def about():
                return "about us"
            ---
            %get /about
        """,
        shows="about us",
    ),
    Mistake(
        "a slash too many at the end of a path",
        wrong="""
            @app.get("/about")
            def about():
                return "about us"
            ---
            %get /about/
        """,
        says=["404 Not Found", "no rule matches; near: GET /about"],
        right="""
            @app.get("/about")
            def about():
                return "about us"
            ---
            %get /about
        """,
        shows="about us",
    ),
    Mistake(
        "a POST to a path without the slash of its rule",
        wrong="""
            %%route POST /items/
            request.form["name"]
            ---
            %post /items name=pen --form
        """,
        says=["POST /items → 308 Permanent Redirect · to http://localhost/items/"],
        right="""
            %%route POST /items/
            request.form["name"]
            ---
            %post /items/ name=pen --form
        """,
        shows="pen",
    ),
]
