"""Real browsers for tests: Chromium's flags, a real server, axe, and a look for text that runs off the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect

from tests.support.common import missing
from web.server import serve

AXE = Path(__file__).parents[1] / "data" / "axe" / "axe-4.14.1.min.js"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
THEMES = ("day", "night", "sun")


def chromium_arguments() -> dict[str, Any]:
    """Launch arguments for Debian's Chromium; says what is missing where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("no Chromium: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
    return {"executable_path": path, "args": flags}


@contextmanager
def served(app: Flask, threads: int = 24) -> Iterator[str]:
    """The app on a real server at a free port; gives its address."""
    server = serve(app, "127.0.0.1", 0, threads)
    try:
        yield server.url
    finally:
        server.stop()


def choose_theme(page: Page, theme: str) -> None:
    """Show the page in `theme` as the picker would."""
    page.emulate_media(reduced_motion="reduce")  # colours change at once
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)


def axe_findings(page: Page, rules: dict[str, Any] | None = None) -> list[str]:
    """What axe complains about on the page as it is: rule, help and the elements."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    options = {"resultTypes": ["violations"], "rules": rules or {}}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{finding['id']}: {finding['help']}: " + "; ".join(node["html"][:160] for node in finding["nodes"])
        for finding in found["violations"]
    ]


def overflowing(page: Page, text_scale: float = 2.0) -> list[str]:
    """Elements that stick out sideways at `text_scale` times the text size, or text cut off within its box."""
    return page.evaluate(
        """scale => {
          document.documentElement.style.fontSize = `${scale * 100}%`;
          const width = document.documentElement.clientWidth;
          const hides = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX);
          const scrolls = (e) => { for (let p = e; p; p = p.parentElement) if (hides(p)) return true; return false; };
          const unseen = (e) => e.closest(".unseen, .skip, [hidden], dialog:not([open])");
          const out = [];
          for (const e of document.body.querySelectorAll("*")) {
            if (unseen(e) || scrolls(e)) continue;
            const box = e.getBoundingClientRect();
            const name = `${e.tagName}.${e.getAttribute("class") ?? ""} ${e.textContent.trim().slice(0, 30)}`;
            if (box.width && (box.right > width + 1 || box.left < -1)) out.push(`${name} ${box.left}-${box.right}`);
            else if (e.tagName !== "svg" && e.clientWidth && e.scrollWidth > e.clientWidth + 2
                     && getComputedStyle(e).overflowX !== "visible") out.push(`${name} is cut`);
          }
          const whole = document.documentElement.scrollWidth;
          if (whole > width + 1) out.push(`page ${whole}`);
          document.documentElement.style.fontSize = "";
          return out;
        }""",
        text_scale,
    )


def overlapping(page: Page, inside: str = "body") -> list[str]:
    """Pieces of text that lie upon each other within `inside`, where both can be seen."""
    return page.evaluate(
        """inside => {
          const unseen = (e) => e.closest(".unseen, .skip, [hidden], dialog:not([open]), .toast:empty, script");
          const words = document.createTreeWalker(document.querySelector(inside), NodeFilter.SHOW_TEXT);
          const pieces = [];
          while (words.nextNode()) {
            const node = words.currentNode;
            if (!node.data.trim() || unseen(node.parentElement)) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            for (const box of range.getClientRects()) {
              // A line box is higher than its letters: a quarter of it above and below is air.
              const air = box.height / 4;
              pieces.push({ node, left: box.left, right: box.right, top: box.top + air, bottom: box.bottom - air });
            }
          }
          const out = [];
          pieces.forEach((a, i) => {
            for (const b of pieces.slice(i + 1)) {
              if (a.node === b.node) continue;
              const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
              const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
              if (wide > 2 && high > 2) out.push(`${a.node.data.trim()} / ${b.node.data.trim()}`);
            }
          });
          return out;
        }""",
        inside,
    )


def hold(page: Page, selector: str, for_ms: float | None = None, at: tuple[float, float] = (0.5, 0.5)) -> None:
    """Keep a finger on a button until it acts, or for so long. at: where, in shares of its width and height."""
    box = page.locator(selector).bounding_box()
    assert box is not None, f"{selector} is not seen"
    page.mouse.move(box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1])
    page.mouse.down()
    if for_ms is None:
        expect(page.locator(f"{selector}.is-held")).to_have_count(0, timeout=10_000)
    else:
        page.wait_for_timeout(for_ms)
    page.mouse.up()


def wait_until(page: Page, expression: str, timeout_ms: float = 10_000, argument: Any = None) -> None:
    """Poll a function until it is true: `wait_for_function` would break the page's own content policy."""
    waited = 0.0
    while not page.evaluate(expression, argument):
        if waited >= timeout_ms:
            raise AssertionError(f"never became true: {expression}; the page says {page.inner_text('body')[:600]}")
        page.wait_for_timeout(50)
        waited += 50
