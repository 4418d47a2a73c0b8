"""A slow phone keeps up while three numbers change in every update; how busy that keeps it is printed, not judged."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import wait_until
from tests.web.held_run import HeldRun

SLOWER = 6
UPDATES = 20
EVERY_MS = 200


@pytest.mark.browser
def test_a_slow_phone_shows_the_last_of_many_updates(
    run: HeldRun, url: str, phone: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    phone.goto(f"{url}/live")
    wait_until(phone, "() => document.body.dataset.run === 'on'")
    tools = phone.context.new_cdp_session(phone)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})

    def measured() -> dict[str, float]:
        return {item["name"]: item["value"] for item in tools.send("Performance.getMetrics")["metrics"]}

    before = measured()
    for step in range(UPDATES):
        more = {"cadence_spm": 168.0 + step % 7, "vs_usual_pct": 3.0 + step % 7, "contact_time_ms": 240.0 + step % 9}
        run.numbers(**more)
        phone.wait_for_timeout(EVERY_MS)
    after = measured()
    seconds = after["Timestamp"] - before["Timestamp"]
    busy = {
        name: (after[name] - before[name]) / seconds for name in ("TaskDuration", "ScriptDuration", "LayoutDuration")
    }
    with capsys.disabled():
        print(
            f"\nlive page, {SLOWER}x slower CPU, {UPDATES / seconds:.1f} updates a second: main thread busy "
            f"{busy['TaskDuration']:.1%} (script {busy['ScriptDuration']:.1%}, layout {busy['LayoutDuration']:.1%})"
        )
    expect(phone.locator("#focus-value")).to_have_text(f"{more['cadence_spm']:.0f}", timeout=1000)
