"""A phone whose disk is full loses nothing that it received; one with an older core updates between runs only."""

import io
import time
import zipfile

import pytest

import web.phone_app
import web.phone_bundle
from coach.model.runs import RunState, Shoe
from coach.recording.reader import read_recording
from tests.coach.phone.scenes import MOVESENSE, RUNNING_SPEED
from tests.support.browser import wait_until
from tests.web.away_phone import CADENCE, LEAVE, READY, START_WITHIN_MS, Away, Home, play
from web.phone_bundle import Bundle, make_bundle, page_files

pytestmark = [pytest.mark.browser, pytest.mark.reference]
LEFT_BYTES = 60_000  # a file can be made, but no write succeeds: Chromium hands out a megabyte at least


def test_a_full_disk_loses_nothing_and_a_pause_shows_all_numbers(home: Home, away: Away) -> None:
    home.coach.history.save_shoe(Shoe("Blue pair"))
    away.take_along()
    page = away.page
    for sensor in away.radio.sensors:
        away.link(sensor)
    assert "Blue pair" in page.locator("#shoe-names option").evaluate_all("(all) => all.map((one) => one.value)")
    page.locator("#field-shoes").fill("Blue pair")
    session = away.context.new_cdp_session(page)
    used = page.evaluate("async () => (await navigator.storage.estimate()).usage")
    session.send("Storage.overrideQuotaForOrigin", {"origin": home.url, "quotaSize": used + LEFT_BYTES})
    away.start()
    wait_until(page, "() => /cannot be written/.test(document.querySelector('#toast').textContent)")
    n_sent = play(away, 12.0)
    wait_until(page, CADENCE)
    page.locator("#pause").click()
    page.locator("#numbers").click()
    shown = page.inner_text("[data-detail='cadence_spm']")
    assert any(digit in shown for digit in "123456789")
    assert "±" in shown or page.inner_text("[data-detail='speed_mps']").count(":"), shown
    page.locator("#numbers-dialog [data-close]").click()
    page.locator("#pause").click()
    n_sent += play(away, 3.0, 12.0)
    away.stop()
    assert "wait for space" in page.inner_text("#finished-words")
    page.locator("#start").click()
    wait_until(page, "() => /not wholly written yet/.test(document.querySelector('#start-words').textContent)")
    assert "could not be started" not in page.inner_text("#start-words")
    [name] = away.waiting()
    assert "Waits for space" in page.inner_text("#home-list")
    session.send("Storage.overrideQuotaForOrigin", {"origin": home.url})
    wait_until(page, "() => document.querySelector('#home-list a') !== null", 60_000)
    assert away.waiting() == []
    home.coach.phone.runs.wait()
    run = home.coach.store.runs.get(name.removesuffix(".mcap"))
    assert run.state is RunState.FINISHED
    assert run.shoes == "Blue pair"
    recording = read_recording(home.coach.settings.recordings / name)
    assert recording.is_complete
    sent = (MOVESENSE, RUNNING_SPEED)
    received = [n for n in recording.notifications() if n.characteristic in sent and n.t_s > 0]
    assert len(received) >= n_sent, "a notification that was sent is not in the log"


def test_a_phone_with_an_older_core_says_so_and_updates_between_runs(
    home: Home, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = web.phone_app.the_bundle()
    away.take_along()
    away.kill()
    new = newer_bundle(monkeypatch)
    assert (new.version, new.core_version) != (old.version, old.core_version)
    away.open()
    page = away.page
    wait_until(page, READY, START_WITHIN_MS)
    wait_until(page, "() => /newer coach is at home/.test(document.querySelector('#take-words').textContent)", 60_000)
    assert old.version in page.inner_text("#take-more")
    assert page.evaluate("document.body.dataset.version") == old.version
    away.link(away.radio.sensors[0])
    away.start()
    assert page.locator("#renew").is_hidden(), "nothing is updated during a run"
    play(away, 2.0)
    away.stop()
    wait_until(page, "() => document.querySelector('#home-list a') !== null", 60_000)
    home.coach.phone.runs.wait()
    [entry] = home.coach.store.runs.list()
    header = read_recording(home.coach.settings.recordings / f"{entry.run.run_id}.mcap").header
    assert header.settings["core_version"] == old.core_version
    page.locator("#renew").click()
    wait_until(page, READY, START_WITHIN_MS)
    wait_until(page, LEAVE)
    assert page.evaluate("document.body.dataset.version") == new.version
    kept = page.evaluate("caches.keys()")
    assert sorted(kept) == sorted(["phone-book", f"phone-{new.version}"]), "the old one is deleted"


def newer_bundle(monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """What home gives from now on: another core and another version."""
    old = web.phone_bundle.core_zip()

    def core_zip() -> bytes:
        out = io.BytesIO(old)
        with zipfile.ZipFile(out, "a") as file:
            file.writestr("coach/phone/newer.py", f'"""Of {time.time()}."""\n')
        return out.getvalue()

    core = core_zip()
    monkeypatch.setattr(web.phone_bundle, "core_zip", lambda: core)
    new = make_bundle(page_files())
    monkeypatch.setattr(web.phone_app, "the_bundle", lambda: new)
    return new
