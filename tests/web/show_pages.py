"""`python -m tests.web.show_pages ADDRESS FOLDER [LANGUAGE ...]`: every page of a coach that is served, as pictures.

Each page at a phone's and a desk's size, light and dark, in every language or those named; names what axe finds and
what sticks out sideways at 320 px. Changes the runner's language on the way: use it on a folder of its own, as of
`coach demo`.
"""

import json
import sys
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from coach.language.locales import LOCALES
from tests.support.browser import DESKTOP, PHONE, axe_findings, chromium_arguments, overflowing

PATHS = (
    *("/", "/welcome", "/live", "/runs", "/runs/trends", "/runs/report", "/progress", "/workouts", "/workouts/build"),
    *("/strength", "/strength/setup", "/strength/exercises", "/strength/daily", "/strength/reminders"),
    *("/strength/morning", "/you", "/you/profile", "/you/pain", "/you/red-flags", "/you/block", "/you/rules"),
    *("/you/lessons", "/you/lessons/load", "/you/flare-up", "/you/handover", "/you/clinic", "/you/delete"),
    *("/sensors", "/phones", "/install", "/phone/", "/no/such/page"),
)
SMALL = {"width": 320, "height": 700}


def speak(address: str, language: str) -> None:
    """Choose the runner's language."""
    body = json.dumps({"language": language}).encode()
    kind = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{address}/api/v1/runner", body, kind, method="PATCH"))


def newest(page: Page, address: str) -> list[str]:
    """The newest run, its cues, and the next strength session, where there are any."""
    page.goto(f"{address}/runs", wait_until="domcontentloaded")
    runs = page.eval_on_selector_all("a[href^='/runs/2']", "e => e.map(x => x.getAttribute('href'))")[:1]
    page.goto(f"{address}/strength", wait_until="domcontentloaded")
    sessions = page.eval_on_selector_all("a[href^='/strength/session/']", "e => e.map(x => x.getAttribute('href'))")[:1]
    return [*runs, *(f"{run}/cues" for run in runs), *sessions]


def show(page: Page, address: str, path: str, start: str) -> list[str]:
    """Take the pictures of one page; returns what is wrong with it."""
    page.goto(address + path, wait_until="domcontentloaded")
    page.wait_for_timeout(400)
    for name, size in (("phone", PHONE), ("desk", DESKTOP)):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{start}_{name}_{scheme}.png", animations="disabled")  # no colour half-way
    page.set_viewport_size(SMALL)
    return [str(fault)[:200] for fault in (*axe_findings(page), *overflowing(page, 1.0))]


def main(address: str, folder: Path, languages: list[str]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    n_faults = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_arguments())
        for language in languages or list(LOCALES):
            speak(address, language)
            context = browser.new_context(locale=language, service_workers="block")
            page = context.new_page()
            for path in (*PATHS, *newest(page, address)):
                name = path.strip("/").replace("/", "-") or "today"
                for fault in show(page, address, path, str(folder / f"{language}_{name}")):
                    n_faults += 1
                    print(f"{language} {path}: {fault}")
            context.close()
    return min(n_faults, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), Path(sys.argv[2]), sys.argv[3:]))
