/** The second tap of a double tap belongs to the first: in the bar it never presses what came under the thumb meanwhile. */

// Android and iOS take two taps within 300 ms for a double tap, Windows two clicks within 500 ms.
const WITHIN_MS = 500;
const SAME_PLACE_PX = 32;
const PRESSED_BY_KEY = ["Enter", " "];

/** @type {{at: number, x: number, y: number, on: Element|null}|null} the click before */
let before = null;

/** @param {HTMLElement} bar whose buttons promise, pass on and close */
export function startDoubleTap(bar) {
  document.addEventListener("click", (event) => heed(event, bar), { capture: true });
  // Two clicks by keys are at no place: with another key between them they were meant for two things.
  document.addEventListener("keydown", ({ key }) => PRESSED_BY_KEY.includes(key) || (before = null), { capture: true });
}

function heed(event, bar) {
  if (!event.isTrusted) return;
  const on = event.target.closest("button, a[href]");
  const { timeStamp: at, clientX: x, clientY: y } = event;
  const isSecond = before !== null && at - before.at < WITHIN_MS && Math.hypot(x - before.x, y - before.y) < SAME_PLACE_PX;
  if (isSecond && bar.contains(on) && before.on && on !== before.on) {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  before = { at, x, y, on };
}
