import pytest
from werkzeug.wrappers import Response

from flask_nb.exchange import Request
from flask_nb.panel import Display
from flask_nb.panel.body import Body
from flask_nb.panel.words import hex_dump

SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'


def bundle(serve, *arguments, path="/", **options):
    response = Response(*arguments, **options)
    return serve(lambda request: response).send(Request("GET", path))._repr_mimebundle_()[0]


def test_bytes_are_shown_in_rows():
    assert hex_dump(b"%PDF\0" + b"x" * 12, 8) == (
        "0000  25 50 44 46 00 78 78 78 78 78 78 78 78 78 78 78  %PDF·xxxxxxxxxxx\n"
        "0010  78                                               x"
    )


def test_binary_is_a_summary_and_a_download(serve):
    shown = bundle(serve, b"\0\1", mimetype="application/zip", path="/a/data.zip")
    assert shown["text/plain"].endswith("  ··\n(application/zip, 2 B; all of it: _.data)")
    assert '<a download="data.zip" href="data:application/octet-stream;base64,AAE="' in shown["text/html"]


def test_a_large_binary_has_no_download(serve):
    assert "download" not in bundle(serve, b"\0" * 200_000, mimetype="application/zip")["text/html"]


def test_a_compressed_page_is_bytes(serve):
    shown = bundle(serve, b"\x1f\x8b", mimetype="text/html", headers={"Content-Encoding": "gzip"})
    assert "1f 8b" in shown["text/plain"]


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_sound_and_film_have_a_player_within_limits(serve, kind):
    small, large = (bundle(serve, b"x" * n, mimetype=f"{kind}/mp4") for n in (10, 200_000))
    assert f'<{kind} controls src="data:{kind}/mp4;base64,' in small["text/html"]
    assert f"<{kind}" not in large["text/html"]
    assert f"{kind}/mp4, 200 kB; all of it: _.data" in large["text/html"]
    assert small["text/plain"].endswith(f"({kind}/mp4, 10 B; all of it: _.data)")


def test_an_svg_is_a_picture_and_its_source_text(serve):
    shown = bundle(serve, SVG, mimetype="image/svg+xml")
    assert '<img alt="" src="data:image/svg+xml;base64,' in shown["text/html"]
    assert "<svg" not in shown["text/html"]
    assert shown["text/plain"].endswith(SVG)


@pytest.mark.parametrize(
    ("path", "header", "name"),
    [
        ("/a/b.bin?x=1", "", "b.bin"),
        ("/", "", "body.bin"),
        ("/a", 'attachment; filename="../../x y.zip"', "x_y.zip"),
        ("/..", "", "body.bin"),
    ],
)
def test_a_download_has_a_harmless_name(serve, path, header, name):
    response = Response(b"\0", headers={"Content-Disposition": header} if header else {})
    answer = serve(lambda request: response).send(Request("GET", path))
    assert Body(answer.exchange, Display()).file_name == name
