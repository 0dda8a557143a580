"""What a page that is used in the notebook may ask of its app."""

from __future__ import annotations

import pytest

from flask_nb.exchange.page_request import MAX_BODY, PageRequest, PageRequestError, shown_headers


def parsed(body: bytes = b"", **message: object) -> PageRequest:
    return PageRequest.parse({"method": "GET", "path": "/x", **message}, body)


@pytest.mark.parametrize("method", ["CONNECT", "trace", "TRACK", "", "GE T", "GET\r\n", 1, None])
def test_a_method_that_no_page_may_use_is_refused(method: object) -> None:
    with pytest.raises(PageRequestError, match="a method"):
        parsed(method=method)


@pytest.mark.parametrize("path", ["http://other/", "x", "", None, 1, "/" + "x" * 20_000, ["/x"]])
def test_what_is_no_path_of_the_app_is_refused(path: object) -> None:
    with pytest.raises(PageRequestError, match="no path of this app"):
        parsed(path=path)


def test_a_body_of_8_mb_is_taken_and_one_byte_more_is_not() -> None:
    assert len(parsed(b"x" * MAX_BODY).body) == MAX_BODY
    with pytest.raises(PageRequestError, match="8 MB at most"):
        parsed(b"x" * (MAX_BODY + 1))


FORBIDDEN = (
    "Host origin Cookie Cookie2 Sec-Fetch-Site sec-anything X-Forwarded-For X-FORWARDED-PREFIX Referer Via "
    "X-Flask-Nb-Exchange Proxy-Authorization Forwarded Content-Length Transfer-Encoding X_Forwarded_For "
    "Connection Bad:Name"
)


@pytest.mark.parametrize("name", [*FORBIDDEN.split(), "Bad Name", ""])
def test_a_header_that_is_not_the_pages_to_set_is_dropped(name: str) -> None:
    assert parsed(headers=[[name, "evil"], ["X-Own", "yes"]]).headers == (("X-Own", "yes"),)


@pytest.mark.parametrize(
    "headers", [None, 1, "X-A: b", [1], [["X-A"]], [["X-A", 1]], [["X-A", "b\r\nHost: evil"]], {"X-A": "b"}]
)
def test_headers_of_another_shape_are_dropped(headers: object) -> None:
    assert parsed(headers=headers).headers == ()


def test_the_kernel_says_which_host_where_from_and_how_long() -> None:
    message = {"method": "post", "path": "/a?b=1", "from": "/page#x"}
    request = PageRequest.parse(message, b"").made("shop.localhost", 3)
    sent = dict(request.wire_headers())
    assert (request.method, request.path, request.timeout) == ("POST", "/a?b=1", 3)
    assert (sent["Host"], sent["Origin"]) == ("shop.localhost", "http://shop.localhost")
    assert sent["Referer"] == "http://shop.localhost/page"


def test_a_page_is_asked_for_as_a_browser_does_and_a_fetch_as_a_script() -> None:
    assert dict(parsed(kind="page").made("localhost", 1).headers)["Accept"].startswith("text/html")
    assert dict(parsed(kind="fetch").made("localhost", 1).headers)["Accept"] == "*/*"


def test_a_page_reads_no_cookies_of_an_answer() -> None:
    pairs = [("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("SET-COOKIE", "b=2"), ("X-Own", "yes")]
    assert shown_headers(pairs) == [("Content-Type", "text/html"), ("X-Own", "yes")]
