"""Who may talk to the pages: foreign names, foreign origins and frames are refused, and headers are strict."""

import pytest
from flask.testing import FlaskClient

from web.security import host_name, is_trusted_host


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("localhost:8000", True),
        ("192.168.1.20:8000", True),
        ("[fe80::1]:8000", True),
        ("coach.local", True),
        ("evil.example:8000", False),
        ("192.168.1.20.evil.example", False),
        ("", False),
    ],
)
def test_only_addresses_and_known_names_are_trusted(host: str, trusted: bool) -> None:
    assert is_trusted_host(host, {"localhost", "coach.local"}) is trusted


def test_host_names_lose_their_port() -> None:
    assert [host_name(h) for h in ("a:1", "[::1]:8", "::1", "B")] == ["a", "::1", "::1", "b"]


def test_a_rebound_name_gets_nothing(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400


def test_writes_from_other_sites_are_refused(client: FlaskClient) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/healthz", headers=headers).status_code == 403
    own = client.post("/healthz", headers={"Origin": "http://localhost"})
    assert own.status_code == 405


def test_every_answer_carries_the_strict_headers(client: FlaskClient) -> None:
    for path in ("/healthz", "/static/css/page.css", "/no/such/page"):
        policy = client.get(path, buffered=True).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_text_is_packed_for_browsers_that_can(client: FlaskClient) -> None:
    packed = client.get("/static/css/page.css", headers={"Accept-Encoding": "gzip"}, buffered=True)
    plain = client.get("/static/css/page.css", buffered=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    again = client.get("/static/css/page.css", headers={"If-None-Match": packed.headers["ETag"]}, buffered=True)
    assert again.status_code == 304
