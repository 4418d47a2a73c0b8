// Small helpers on the document: find, listen, set text only where it changed.

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Listen to `type` on an element or selector; nothing happens where the element is not on this page. */
export function on(target, type, handler, options) {
  const element = typeof target === "string" ? find(target) : target;
  element?.addEventListener(type, handler, options);
  return element;
}

/**
 * Replace text only where it differs: an unchanged number costs no layout. Where there is text already, its node stays and
 * takes the new letters: no element lost a child, so no rule of style is asked again.
 */
export function setText(element, text) {
  const only = element?.firstChild;
  if (only?.nodeType === Node.TEXT_NODE && !only.nextSibling && text !== "") {
    if (only.data !== text) only.data = text;
  } else if (element && element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element && element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** JSON that the server wrote into a script element; `otherwise` where there is none, as in a worker. */
export function readData(id, otherwise = null) {
  const element = globalThis.document?.getElementById(id);
  return element ? JSON.parse(element.textContent) : otherwise;
}

/** An element with attributes, properties (className, textContent, hidden, onclick) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * A button that acts after being held for `hold_ms`; a keyboard or a screen reader holds by pressing twice.
 * ask(is_tap): what to do is said, after a tap that was too short (true) or a first press of a key (false).
 * @param {HTMLElement} button
 * @param {() => unknown} act
 * @param {{ hold_ms?: number, ask?: (is_tap: boolean) => void }} [options]
 */
export function onHold(button, act, { hold_ms = 900, ask } = {}) {
  if (!button) return;
  let timer = 0;
  let armed_at = -Infinity;
  let has_acted = false;
  const cancel = () => {
    clearTimeout(timer);
    timer = 0;
    button.classList.remove("is-held");
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture?.(event.pointerId);
    button.classList.add("is-held");
    has_acted = false;
    timer = setTimeout(() => { cancel(); has_acted = true; act(); }, hold_ms);
  });
  for (const type of ["pointerup", "pointercancel"]) button.addEventListener(type, cancel);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", (event) => {
    if (event.detail !== 0) { // a finger or mouse: only the hold counts
      if (!has_acted) ask?.(true);
    } else if (performance.now() - armed_at < 4000) act();
    else { armed_at = performance.now(); ask?.(false); }
  });
}
