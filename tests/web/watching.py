"""What a browser is asked while pages are measured: scripts for the page, and bytes and times by its CDP session."""

from typing import Final

from playwright.sync_api import CDPSession, Page, Route

# Notes when the first plots are on the screen, and how long the main thread was blocked in long tasks.
WATCH_PLOTS: Final = """
(() => {
  window.drawing = { drawn_ms: null, blocked_ms: 0 };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) drawing.blocked_ms += Math.max(0, task.duration - 50);
  }).observe({ type: "longtask", buffered: true });
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { drawing.drawn_ms ??= performance.now(); };
  new MutationObserver((_, watcher) => {
    if (!document.querySelector("#plots canvas, #trend-plot canvas")) return;
    watcher.disconnect();
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }).observe(document, { childList: true, subtree: true });
})();
"""

# In the worker that reads the stream: what it posts while it handles `metrics` shows when the notification arrived.
_WATCH_WORKER: Final = """
{
  let arrived_wall_s = 0;
  const add = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (type, listener, options) {
    if (type !== "metrics") return add.call(this, type, listener, options);
    return add.call(this, type, (event) => {
      ({ arrived_wall_s } = JSON.parse(event.data));
      listener.call(this, event);
      arrived_wall_s = 0;
    }, options);
  };
  const post = self.postMessage.bind(self);
  self.postMessage = (message) => post(arrived_wall_s && message.face ? { ...message, arrived_wall_s } : message);
}
"""

# In the page: numbers that came by such a message are painted by the next frame; then the age is noted.
_WATCH_PAGE: Final = """
(() => {
  const ages = (window.ages = []);
  const channel = new MessageChannel();
  channel.port1.onmessage = ({ data }) => ages.push(performance.timeOrigin + performance.now() - 1000 * data);
  window.Worker = class extends Worker {
    constructor(...rest) {
      super(...rest);
      this.addEventListener("message", ({ data }) => {
        if (data.arrived_wall_s) requestAnimationFrame(() => channel.port2.postMessage(data.arrived_wall_s));
      });
    }
  };
})();
"""


def watch_numbers(page: Page) -> None:
    """From now on `window.ages` holds, for each update that changed the page, notification to painted number [ms]."""

    def with_watch(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=_WATCH_WORKER + answer.text())

    page.context.route("**/live_worker.js", with_watch)
    page.add_init_script(_WATCH_PAGE)


class Wire:
    """What a page loads, by its CDP session: bytes on the wire with headers, of the page and of its data."""

    def __init__(self, cdp: CDPSession) -> None:
        self._urls: dict[str, str] = {}
        self._bytes: dict[str, float] = {}
        cdp.send("Network.enable")
        cdp.on(
            "Network.responseReceived", lambda event: self._urls.update({event["requestId"]: event["response"]["url"]})
        )
        cdp.on(
            "Network.loadingFinished",
            lambda event: self._bytes.update({event["requestId"]: event["encodedDataLength"]}),
        )

    def kilobytes(self, is_data: bool) -> float:
        found = (n for of, n in self._bytes.items() if ("/api/v1/" in self._urls.get(of, "")) is is_data)
        return sum(found) / 1000


def metrics_of(cdp: CDPSession) -> dict[str, float]:
    """Durations [s] of the main thread since the page began, and counts."""
    return {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
