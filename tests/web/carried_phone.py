"""A phone that is carried: its browser is given the motion of a recorded runner's pelvis."""

import numpy as np
from playwright.sync_api import Page

from tests.support.recordings import read


def carry(page: Page, seconds: float, waits: bool = True) -> None:
    """Move the phone as a recorded runner's pelvis moved: `devicemotion` 60 times a second, rounded as Chromium does.

    waits: until it is over. The page itself plays the recording, since the protocol's emulated sensor is fed late on a
    busy machine.
    """
    chunk = read("rbds001_run_3p5_pelvis_device").at_rate(60.0).chunk
    n = round(60 * seconds)
    assert chunk.gyr_radps is not None
    readings = np.hstack([chunk.acc_mps2[:n], np.degrees(chunk.gyr_radps[:n])]).round(1)
    page.evaluate(
        """(readings) => { const began = performance.now(); let next = 0;
        const timer = setInterval(() => {
          for (; next < readings.length && began + 1000 * next / 60 <= performance.now(); next++) {
            const [x, y, z, alpha, beta, gamma] = readings[next];
            const event = new DeviceMotionEvent("devicemotion", { accelerationIncludingGravity: { x, y, z },
              rotationRate: { alpha, beta, gamma }, interval: 16 });
            Object.defineProperty(event, "timeStamp", { value: began + 1000 * next / 60 });
            window.dispatchEvent(event);
          }
          if (next === readings.length) clearInterval(timer);
        }, 10); }""",
        readings.tolist(),
    )
    if waits:
        page.wait_for_timeout(1000 * seconds)
