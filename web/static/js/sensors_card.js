// One card of the sensors page: what a remembered sensor is, how it does, and what can be set.
import { call, put, remove } from "./api.js";
import { find, make, on, setText } from "./dom.js";
import { DASH, numberText } from "./units.js";
import { w } from "./words.js";

export const siteWords = (site) => w(`live.site.${site ?? "other"}`);

/** What the sensor of this advertised name gives and what not; undefined: not one known by name. The longest prefix wins. */
function namedSensor(name, named) {
  const fits = named.flatMap((one) => one.name_prefixes.filter((prefix) => name.toLowerCase().startsWith(prefix.toLowerCase())).map((prefix) => ({ one, n: prefix.length })));
  return fits.sort((a, b) => b.n - a.n)[0]?.one;
}

/** Say in a card or row what its sensor gives, where it is known by name. */
export function paintGives(place, name, named) {
  const found = namedSensor(name ?? "", named);
  const said = find("[data-gives]", place);
  said.hidden = !found;
  setText(said, found ? w("sensors.find.gives", { title: found.title, gives: found.gives.join("; "), lacks: found.lacks.join("; ") }) : "");
}

/** The polyline of a signal in a box of 300 by 60; flat signals stay in the middle. Pure. */
function pointsOf(signal) {
  if (signal.length < 2) return "";
  const low = Math.min(...signal);
  const span = Math.max(Math.max(...signal) - low, 0.2);
  const middle = low + (Math.max(...signal) - low) / 2;
  return signal.map((value, i) => `${((300 * i) / (signal.length - 1)).toFixed(1)},${(30 - (52 * (value - middle)) / span).toFixed(1)}`).join(" ");
}

let counter = 0;

/** A card with its controls bound. refresh: look again; busy: hold the looking while a sensor is being talked to. */
export function cardOf(state, { refresh, busy }) {
  const card = find("#sensor-card").content.firstElementChild.cloneNode(true);
  const path = `/sensors/${encodeURIComponent(state.use.sensor_id)}`;
  for (const select of card.querySelectorAll("select")) {
    select.id = `choice-${++counter}`;
    select.previousElementSibling.htmlFor = select.id;
  }
  const error = (fault) => find("[data-settings]", card).replaceChildren(make("p", { className: "errors", textContent: fault.message }));
  on(find("[data-site]", card), "change", (event) => put(`${path}/place`, { wear_site: event.target.value || null }).then(refresh, error));
  on(find("[data-cadence-unit]", card), "change", (event) => put(`${path}/cadence_unit`, { cadence_unit: event.target.value || null }).then(refresh, error));
  on(find("[data-forget]", card), "click", () => { if (confirm(w("sensors.mine.forget_sure"))) remove(path).then(refresh, error); });
  const talk = (method) => async () => {
    setText(find("[data-settings]", card), w("sensors.mine.working"));
    busy(true);
    try {
      paintSettings(find("[data-settings]", card), await call(method, `${path}/settings`, undefined, { timeout_ms: 90000 }));
    } catch (fault) {
      error(fault);
    } finally {
      busy(false);
    }
  };
  on(find("[data-read]", card), "click", talk("GET"));
  on(find("[data-set-up]", card), "click", talk("POST"));
  return card;
}

function paintSettings(place, { before, after, warnings }) {
  const now = new Map(after);
  const was = new Map(before);
  const names = [...new Set([...was.keys(), ...now.keys()])];
  const head = make("tr", {}, ...["", "sensors.mine.set_before", "sensors.mine.set_now"].map((key) => (key ? make("th", { scope: "col", textContent: w(key) }) : make("td"))));
  const lines = names.map((name) => make("tr", {}, make("th", { scope: "row", textContent: name }), make("td", { textContent: was.get(name) ?? DASH }), make("td", { textContent: now.get(name) ?? DASH })));
  place.replaceChildren(
    ...(names.length ? [make("table", { className: "settings-table" }, head, ...lines)] : []),
    ...warnings.map((warning) => make("p", { className: "notice notice-warn", textContent: warning })),
  );
}

/** Paint the sensor's present state into its card. is_asked_elsewhere: a card before it asks for a report of its kind. */
export function paintCard(card, state, profile, is_asked_elsewhere = false) {
  const { use } = state;
  setText(find("[data-name]", card), use.wear_site ? `${siteWords(use.wear_site)}` : use.name);
  const chip = find("[data-status]", card);
  setText(chip, state.is_ready ? w("sensors.mine.ready") : state.status ? w(`live.link.${state.status}`) : w("sensors.mine.waiting"));
  chip.classList.toggle("chip-glow", state.is_ready);
  const words = find("[data-words]", card);
  setText(words, state.words);
  words.hidden = state.words === chip.textContent;
  find("polyline", card).setAttribute("points", pointsOf(state.signal));
  const last = state.signal.at(-1);
  for (const part of card.querySelectorAll(".signal, .signal-words")) part.toggleAttribute("hidden", state.is_in_run);
  setText(find("[data-signal-words]", card), last === undefined ? w("sensors.mine.signal_flat") : `${numberText(last, 1)} ${state.signal_unit}`);
  setText(find("[data-kind]", card), `${profile?.title ?? state.profile_title} (${use.name})`);
  setText(find("[data-battery]", card), state.battery_pct === null ? DASH : `${Math.round(state.battery_pct)} %`);
  const firmware = find("[data-firmware]", card);
  firmware.closest("div").hidden = use.firmware === null;
  setText(firmware, use.firmware ?? "");
  const rate = state.rate_hz === null ? DASH : numberText(state.rate_hz, state.rate_hz < 10 ? 1 : 0);
  find("[data-rate]", card).closest("div").hidden = state.is_in_run && state.rate_hz === null;
  setText(find("[data-rate]", card), state.expected_rate_hz ? w("sensors.mine.rate_of", { rate, expected: Math.round(state.expected_rate_hz) }) : rate);
  find("[data-untried]", card).hidden = state.is_tried_on_hardware || is_asked_elsewhere || profile?.is_built_in === true;
  for (const part of card.querySelectorAll("[data-read], [data-set-up]")) part.toggleAttribute("hidden", profile?.is_bluetooth === false);
  setText(find("[data-report]", card), `coach sensors report ${use.sensor_id}`);
  const tried = profile?.tried ?? [];
  find("[data-tried]", card).hidden = tried.length === 0;
  setText(find("[data-tried]", card), tried.length ? w("sensors.mine.tried", { models: tried.join(", ") }) : "");
  const site = find("[data-site]", card);
  if (document.activeElement !== site) site.value = use.wear_site ?? "";
  site.closest(".field").hidden = profile !== undefined && profile.wear_sites.length === 0;
  if (profile) for (const option of [...site.options]) if (option.value && !profile.wear_sites.includes(option.value)) option.remove();
  const counts = find("[data-cadence-unit]", card);
  find("[data-counts]", card).hidden = profile?.kind !== "running_speed" || !profile.is_bluetooth; // ANT+ defines it
  if (document.activeElement !== counts) counts.value = use.cadence_unit ?? "";
  const { counts: unit, reason } = state.cadence ?? {};
  setText(find("[data-counts-words]", card), reason ? w(`sensors.mine.counts_as_${unit ?? "unknown"}`, { reason }) : "");
  paintQuirks(find("[data-quirks]", card), profile?.quirks ?? []);
}

function paintQuirks(place, quirks) {
  if (!quirks.length || !place.hidden) return;
  place.hidden = false;
  find("ul", place).replaceChildren(...quirks.map((quirk) => make("li", { textContent: quirk })));
}
