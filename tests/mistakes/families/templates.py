"""Templates and static files."""

from ..mistake import Mistake

MISTAKES = [
    Mistake(
        "a template that is misspelt",
        wrong="""
            %%template hello.html
            <p>Hello</p>
            ---
            %%route / --try /
            render_template("helo.html")
        """,
        says=[
            "TemplateNotFound: helo.html",
            "Did you mean 'hello.html'? Looked for in cells of %%template and in the folder templates",
        ],
        right="""
            %%template hello.html
            <p>Hello</p>
            ---
            %%route / --try /
            render_template("hello.html")
        """,
        shows="<p>Hello</p>",
    ),
    Mistake(
        "a template with its folder",
        wrong="""
            %%template hello.html
            <p>Hello</p>
            ---
            %%route / --try /
            render_template("templates/hello.html")
        """,
        says=["TemplateNotFound: templates/hello.html", "Did you mean 'hello.html'?"],
        right="""
            %%template hello.html
            <p>Hello</p>
            ---
            %%route / --try /
            render_template("hello.html")
        """,
        shows="<p>Hello</p>",
    ),
    Mistake(
        "text for the name of a template",
        wrong="""
            %%route /hello/<name> --try /hello/Ann
            render_template("<p>{{ name }}</p>", name=name)
        """,
        says=[
            "TemplateNotFound",
            "render_template takes the name of a template. For its text, type render_template_string",
        ],
        right="""
            %%route /hello/<name> --try /hello/Ann
            render_template_string("<p>{{ name }}</p>", name=name)
        """,
        shows="<p>Ann</p>",
    ),
    Mistake(
        "a template that does not exist",
        wrong="""
            %%route / --try /
            render_template("welcome.html")
        """,
        says=["TemplateNotFound: welcome.html", "To make it, begin a cell with %%template welcome.html"],
        right="""
            %%template welcome.html
            <p>Hello</p>
            ---
            %%route / --try /
            render_template("welcome.html")
        """,
        shows="<p>Hello</p>",
    ),
    Mistake(
        "a variable of a template that is misspelt where it is given",
        wrong="""
            %%template hello.html
            <p>Hello {{ name }}!</p>
            ---
            %%route / --try /
            render_template("hello.html", nme="Ann")
        """,
        says=["hello.html takes 'name', and was given 'nme'"],
        right="""
            %%template hello.html
            <p>Hello {{ name }}!</p>
            ---
            %%route / --try /
            render_template("hello.html", name="Ann")
        """,
        shows="Hello Ann!",
    ),
    Mistake(
        "an attribute of a variable that was not given",
        wrong="""
            %%template hello.html
            <p>Hello {{ user.name }}!</p>
            ---
            %%route / --try /
            render_template("hello.html", usr={"name": "Ann"})
        """,
        says=["UndefinedError: 'user' is undefined", "hello.html takes 'user', and was given 'usr'"],
        right="""
            %%template hello.html
            <p>Hello {{ user.name }}!</p>
            ---
            %%route / --try /
            render_template("hello.html", user={"name": "Ann"})
        """,
        shows="Hello Ann!",
    ),
    Mistake(
        "a block that is not closed",
        wrong="""
            %%template list.html
            {% for name in names %}
            <p>{{ name }}</p>
        """,
        says=["Unexpected end of template", "endfor"],
        right="""
            %%template list.html
            {% for name in names %}
            <p>{{ name }}</p>
            {% endfor %}
        """,
        shows="list.html",
    ),
    Mistake(
        "an endpoint that a template misspells",
        wrong="""
            %%template menu.html
            <a href="{{ url_for('helo') }}">Hello</a>
            ---
            @app.get("/hello")
            def hello():
                return render_template("menu.html")
            %get /hello
        """,
        says=["BuildError: Could not build url for endpoint 'helo'. Did you mean 'hello' instead?"],
        right="""
            %%template menu.html
            <a href="{{ url_for('hello') }}">Hello</a>
            ---
            @app.get("/hello")
            def hello():
                return render_template("menu.html")
            %get /hello
        """,
        shows='href="/hello"',
    ),
    Mistake(
        "a static file that is misspelt",
        wrong="""
            %%static style.css
            p { color: red }
            ---
            %get /static/stlye.css
        """,
        says=["404 Not Found", "there is no static file 'stlye.css'. Did you mean 'style.css'?"],
        right="""
            %%static style.css
            p { color: red }
            ---
            %get /static/style.css
        """,
        shows="color: red",
    ),
    Mistake(
        "a static file without /static",
        wrong="""
            %%static style.css
            p { color: red }
            ---
            %get /style.css
        """,
        says=["404 Not Found", "the static file is at /static/style.css"],
        right="""
            %%static style.css
            p { color: red }
            ---
            %get /static/style.css
        """,
        shows="color: red",
    ),
    Mistake(
        "a variable of a template in single braces",
        wrong="""
            %%route /hello/<name> --try /hello/Ann
            render_template_string("<p>Hello {name}!</p>", name=name)
        """,
        says=["line 2: {name} went out as it stands. A template takes {{ name }}"],
        right="""
            %%route /hello/<name> --try /hello/Ann
            render_template_string("<p>Hello {{ name }}!</p>", name=name)
        """,
        shows="Hello Ann!",
    ),
]
