// The phone's own battery during a run: said once when it is low, and again only after it was charged.

const LOW_PCT = 15;

/**
 * Whether to say the level now; keeps what was said.
 * @param {(percent: number) => void} say
 */
export function batteryWatch(say) {
  let hasSaid = false;
  /** @param {{ level: number, charging: boolean }} battery @param {boolean} isOn whether a run is on */
  return (battery, isOn) => {
    const percent = Math.round(battery.level * 100);
    if (battery.charging || percent > LOW_PCT) hasSaid = false;
    else if (isOn && !hasSaid) {
      hasSaid = true;
      say(percent);
    }
  };
}
