import pytest

from flask_nb.exchange import CookieJar


def jar_with(*headers, path="/"):
    jar = CookieJar()
    jar.store("localhost", path, headers)
    return jar


def test_a_cookie_is_sent_back():
    assert jar_with("a=1; Path=/; HttpOnly", "b=2").header("localhost", "/x?y") == "a=1; b=2"


def test_a_port_makes_no_difference():
    assert jar_with("a=1").header("localhost:5000", "/") == "a=1"


def test_a_secure_cookie_is_sent_to_localhost():
    assert jar_with("a=1; Secure").header("localhost", "/") == "a=1"


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/users"])
def test_a_cookie_goes_to_its_path_and_below(path):
    assert jar_with("a=1; Path=/admin").header("localhost", path) == "a=1"


@pytest.mark.parametrize("path", ["/", "/administrator", "/a"])
def test_a_cookie_goes_nowhere_else(path):
    assert jar_with("a=1; Path=/admin").header("localhost", path) is None


def test_without_a_path_the_folder_of_the_request_counts():
    assert jar_with("a=1", path="/shop/cart").header("localhost", "/shop/list") == "a=1"
    assert jar_with("a=1", path="/shop/cart").header("localhost", "/") is None


def test_longer_paths_come_first():
    assert jar_with("a=1; Path=/", "a=2; Path=/x").header("localhost", "/x") == "a=2; a=1"


@pytest.mark.parametrize("end", ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_the_app_can_delete_a_cookie(end):
    jar = jar_with("a=1; Path=/")
    jar.store("localhost", "/", [f"a=; Path=/; {end}"])
    assert len(jar) == 0


def test_max_age_wins_over_expires():
    assert len(jar_with("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT")) == 1


def test_a_cookie_for_another_domain_is_refused():
    assert len(jar_with("a=1; Domain=example.com", "=x", "novalue")) == 0


def test_a_domain_cookie_reaches_subdomains():
    jar = jar_with("a=1; Domain=localhost", "b=2")
    assert jar.header("api.localhost", "/") == "a=1"


def test_the_repr_hides_secrets():
    assert "s3cret" not in repr(jar_with("session=s3cret"))
