/** Now, as the server's clock has it: a phone that is minutes wrong must not make a fix look fresh. */

const TOLERATED_MS = 2000;
let offsetMs = 0;

/**
 * Learn from an answer's Date header, which has whole seconds, how far this phone's clock is off.
 * @param {Response} response
 * @param {number} sentAt when the request left, by this phone
 */
export function learnFrom(response, sentAt) {
  const header = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(header)) return;
  const measured = header + 500 - (sentAt + Date.now()) / 2;
  offsetMs = Math.abs(measured) > TOLERATED_MS ? measured : 0;
}

/** @returns {number} milliseconds since 1970 */
export function now() {
  return Date.now() + offsetMs;
}
