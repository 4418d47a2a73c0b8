"""Screenshots of the runner's and the coach's pages: `python -m tests.web.show_coaching_pages FOLDER`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.browser import DESKTOP, PHONE, chromium_arguments, served
from tests.web.coaching_scene import CoachingScene
from web.app import create_app

PAGES = {
    "you": "/you",
    "profile": "/you/profile",
    "red_flags": "/you/red-flags",
    "pain": "/you/pain?saved=1",
    "block": "/you/block",
    "rules": "/you/rules",
    "cues": "/runs/run7/cues",
}


def main() -> None:
    """One picture per page, size and theme."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        scene = CoachingScene(Path(folder)).live_some_weeks()
        browser = play.chromium.launch(**chromium_arguments())
        with served(create_app(scene, is_testing=True)) as url:
            for size, viewport in (("phone", PHONE), ("desktop", DESKTOP)):
                for theme in ("day", "night"):
                    context = browser.new_context(viewport=viewport)
                    context.add_cookies([{"name": "theme", "value": theme, "url": url}])
                    page = context.new_page()
                    for name, path in PAGES.items():
                        page.goto(url + path)
                        if name == "cues":
                            page.locator("details").first.evaluate("d => d.open = true")
                        page.screenshot(path=str(out / f"{name}_{size}_{theme}.png"), full_page=True)
                    context.close()
        browser.close()
        scene.close()


if __name__ == "__main__":
    main()
