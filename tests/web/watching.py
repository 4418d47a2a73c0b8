"""What a browser is asked while pages are measured: scripts for the page, and bytes and times by its CDP session."""

from typing import Any, Final

# Notes when the first plots stand on the screen, and how long the main thread was blocked in long tasks.
WATCH_PLOTS: Final = """
(() => {
  window.told = { drawn_ms: null, blocked_ms: 0 };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) told.blocked_ms += Math.max(0, task.duration - 50);
  }).observe({ type: "longtask", buffered: true });
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { told.drawn_ms ??= performance.now(); };
  new MutationObserver((_, watcher) => {
    if (!document.querySelector("#plots canvas, #trend-plot canvas")) return;
    watcher.disconnect();
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }).observe(document, { childList: true, subtree: true });
})();
"""

# After the page's own listener has asked for a frame, the next frame paints its numbers; then the age is noted.
WATCH_NUMBERS: Final = """
(() => {
  const ages = (window.ages = []);
  const channel = new MessageChannel();
  channel.port1.onmessage = ({ data }) => ages.push(performance.timeOrigin + performance.now() - 1000 * data);
  const add = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (type, listener, options) {
    if (type !== "metrics") return add.call(this, type, listener, options);
    return add.call(this, type, (event) => {
      listener.call(this, event);
      const { arrived_wall_s } = JSON.parse(event.data);
      requestAnimationFrame(() => channel.port2.postMessage(arrived_wall_s));
    }, options);
  };
})();
"""


class Wire:
    """What a page loads, by its CDP session: bytes on the wire with headers, of the page and of its data."""

    def __init__(self, cdp: Any) -> None:
        self._urls: dict[str, str] = {}
        self._bytes: dict[str, float] = {}
        cdp.send("Network.enable")
        cdp.on("Network.responseReceived", lambda told: self._urls.update({told["requestId"]: told["response"]["url"]}))
        cdp.on(
            "Network.loadingFinished", lambda told: self._bytes.update({told["requestId"]: told["encodedDataLength"]})
        )

    def kilobytes(self, is_data: bool) -> float:
        found = (n for of, n in self._bytes.items() if ("/api/v1/" in self._urls.get(of, "")) is is_data)
        return sum(found) / 1000


def metrics_of(cdp: Any) -> dict[str, float]:
    """Durations [s] of the main thread since the page began, and counts."""
    return {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
