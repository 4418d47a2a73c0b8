"""Phones: closed to strangers, opened by an invitation, kept by a cookie, shown out from the list."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coach.errors import UserError
from coach.service.access.typed_codes import MOST_WRONG
from tests.coach.service.notify.test_push import subscription
from tests.web.page_coach import PageCoach
from web.app import create_app
from web.security import TRUSTS_LOCAL

FAR = {"REMOTE_ADDR": "192.168.1.77"}
BASE = "http://192.168.1.5:8765"


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    with closing(PageCoach(tmp_path)) as made:
        yield made


@pytest.fixture
def app(coach: PageCoach) -> Flask:
    return create_app(coach, is_testing=True)


def come_in(client: FlaskClient, coach: PageCoach) -> None:
    link = coach.access.invitation(BASE)
    page = client.get(link.removeprefix(BASE), base_url=BASE, environ_overrides=FAR)
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token
    answer = client.post(
        "/come-in", base_url=BASE, environ_overrides=FAR, data={"token": token[1], "name": "Phone of Sam"}
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/welcome"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_strangers_get_words_and_nothing_else(client: FlaskClient) -> None:
    for path in ("/", "/live", "/api/v1/run", "/api/v1/live", "/phones", "/runs", "/api/v1/openapi.json"):
        answer = client.get(path, base_url=BASE, environ_overrides=FAR)
        assert answer.status_code == 401, path
    assert client.post("/api/v1/run/start", json={}, base_url=BASE, environ_overrides=FAR).status_code == 401
    assert "let in" in client.get("/", base_url=BASE, environ_overrides=FAR).text


def test_this_machine_needs_no_invitation_unless_a_proxy_is_before_it(client: FlaskClient) -> None:
    assert client.get("/phones").status_code == 200
    assert client.get("/phones", headers={"X-Forwarded-For": "192.168.1.7"}).status_code == 401
    assert client.get("/phones", base_url=BASE).status_code == 401


def test_a_scanned_phone_comes_in_and_is_shown_out(client: FlaskClient, coach: PageCoach) -> None:
    come_in(client, coach)
    assert client.get("/phones", base_url=BASE, environ_overrides=FAR).status_code == 200
    [phone] = client.get("/api/v1/phones", base_url=BASE, environ_overrides=FAR).json
    assert phone["name"] == "Phone of Sam"
    assert client.delete(f"/api/v1/phones/{phone['phone_id']}").status_code == 204
    assert client.get("/phones", base_url=BASE, environ_overrides=FAR).status_code == 401


def test_a_program_may_take_an_invitation_too(client: FlaskClient, coach: PageCoach) -> None:
    token = coach.access.invitation(BASE).partition("token=")[2]
    answer = client.post(
        "/api/v1/phones", json={"token": token, "name": "script"}, base_url=BASE, environ_overrides=FAR
    )
    assert answer.json["name"] == "script"
    assert client.get("/api/v1/phones", base_url=BASE, environ_overrides=FAR).status_code == 200


def test_an_old_or_forged_code_is_refused_with_words(client: FlaskClient) -> None:
    answer = client.get("/come-in?token=forged", base_url=BASE, environ_overrides=FAR)
    assert answer.status_code == 400
    assert "no invitation" in answer.text


def test_the_code_is_a_picture_of_the_link(client: FlaskClient) -> None:
    answer = client.get("/phones/code.svg", base_url=BASE)
    assert answer.status_code == 401
    come = client.get("/phones/code.svg")
    assert come.status_code in (200, 404)  # 404: a machine without any network
    if come.status_code == 200:
        assert come.text.startswith("<?xml")
        assert come.headers["Cache-Control"] == "no-store"


def test_a_machine_that_is_not_trusted_needs_an_invitation_too(app: Flask, client: FlaskClient) -> None:
    assert client.get("/phones").status_code == 200
    app.config[TRUSTS_LOCAL] = False
    assert client.get("/phones").status_code == 401


def test_a_removed_phone_takes_its_invitations_with_it(client: FlaskClient, coach: PageCoach) -> None:
    link = coach.access.invitation(BASE)
    come_in(client, coach)
    [phone] = coach.access.phones()
    coach.access.revoke(phone.phone_id)
    answer = client.get(link.removeprefix(BASE), base_url=BASE, environ_overrides=FAR)
    assert answer.status_code == 400
    come_in(client, coach)  # a fresh code works


def test_a_removed_phone_hears_nothing_more(client: FlaskClient, coach: PageCoach) -> None:
    come_in(client, coach)
    [phone] = coach.access.phones()
    answer = client.get("/api/v1/live", base_url=BASE, environ_overrides=FAR)
    pieces = iter(answer.response)
    assert b"heartbeat" in next(pieces)
    coach.access.revoke(phone.phone_id)
    coach.feed.publish("metrics", {"cadence_spm": 170})
    assert b"170" not in b"".join(pieces)
    answer.close()


def test_one_phone_cannot_take_the_streams_of_others(client: FlaskClient, coach: PageCoach) -> None:
    come_in(client, coach)
    answers = [client.get("/api/v1/live", base_url=BASE, environ_overrides=FAR) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 8 + [503] * 4
    here = client.get("/api/v1/live")
    assert here.status_code == 200
    for answer in (*answers, here):
        answer.close()


def test_private_pages_stay_in_no_cache(client: FlaskClient) -> None:
    for path in ("/phones", "/welcome", "/you/pain", "/no/such/page", "/api/v1/phones"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path
    assert "no-store" not in client.get("/static/css/page.css", buffered=True).headers["Cache-Control"]


def typed(client: FlaskClient, code: str) -> int:
    return client.post(
        "/come-in", base_url=BASE, environ_overrides=FAR, data={"token": code}, headers={"Accept": "text/html"}
    ).status_code


def test_a_code_may_be_typed_where_nothing_can_be_scanned(client: FlaskClient, coach: PageCoach) -> None:
    page = client.get("/", base_url=BASE, environ_overrides=FAR, headers={"Accept": "text/html"}).text
    assert '<form class="card stack" method="post" action="/come-in">' in page
    assert 'name="token"' in page
    assert ">Go to the start page<" not in page  # which would lead back here
    assert typed(client, "ABCD-EFGH") == 400
    code = coach.access.code()
    assert re.fullmatch(r"[A-HJKMNP-Z2-9]{4}-[A-HJKMNP-Z2-9]{4}", code)
    assert typed(client, f" {code.lower().replace('-', ' ')} ") == 303
    assert client.get("/", base_url=BASE, environ_overrides=FAR).status_code == 200


def test_a_wrong_code_leads_to_another_try_and_who_guesses_is_heard_no_more(
    client: FlaskClient, coach: PageCoach
) -> None:
    code = coach.access.code()
    for guess in range(MOST_WRONG):
        answer = client.post(
            "/come-in",
            base_url=BASE,
            environ_overrides=FAR,
            data={"token": f"AAAA-{guess:04d}"},
            headers={"Accept": "text/html"},
        )
        assert answer.status_code == 400
        assert "wrong or too old" in answer.text
        assert 'name="token"' in answer.text
    assert typed(client, code) == 400
    assert typed(client, coach.access.code()) == 400  # nor a fresh one
    friend = client.post(
        "/come-in", base_url=BASE, environ_overrides={"REMOTE_ADDR": "192.168.1.78"}, data={"token": code}
    )
    assert friend.status_code == 303  # whose code nobody can void


def test_a_code_ends_with_a_phone_that_is_removed(coach: PageCoach, client: FlaskClient) -> None:
    code = coach.access.code()
    assert typed(client, code) == 303
    phone = coach.access.phones()[0]
    code = coach.access.code()
    coach.access.revoke(phone.phone_id)
    with pytest.raises(UserError):
        coach.access.let_in(code, "")


def test_the_page_of_phones_shows_the_code(client: FlaskClient) -> None:
    assert re.search(r'class="typed-code">[A-Z2-9]{4}-[A-Z2-9]{4}<', client.get("/phones").text)


def test_a_removed_phone_is_reminded_no_more_and_the_others_are(client: FlaskClient, coach: PageCoach) -> None:
    """Reminders name pain and training: they go to none that was removed."""
    made = subscription()[0]
    keys = {"p256dh": made.p256dh, "auth": made.auth}
    come_in(client, coach)
    asked = [
        (client, {"base_url": BASE, "environ_overrides": FAR}, "https://push.example/lost"),
        (client.application.test_client(), {}, "https://push.example/here"),
    ]
    for who, how, endpoint in asked:
        answer = who.post("/api/v1/reminders/push", json={"endpoint": endpoint, "name": "", **keys}, **how)
        assert answer.status_code == 204, answer.text
    [phone] = coach.access.phones()
    assert client.delete(f"/api/v1/phones/{phone.phone_id}").status_code == 204
    assert [one.endpoint for one in coach.strength.push.phones()] == ["https://push.example/here"]
