/** Acknowledging, handing back, recording an outcome: each says at once how it stands, and tries again by itself. */

import { ApiError, call } from "./api.js";
import { now } from "./clock.js";
import { live } from "./live.js";
import { store } from "./store.js";

const WAITS_MS = [1000, 2000, 4000];
// A promise to act that arrives long after the tap would be a lie: then the person is asked to tap again.
const GIVE_UP_AFTER_MS = 90_000;
const RISEN = "Danger had risen before your answer arrived. It is not acknowledged. Look again, and answer.";

/**
 * @typedef {Object} Doing
 * @property {"acknowledge"|"cannot"|"hand_back"|"outcome"} what
 * @property {"sending"|"retrying"|"failed"} state
 * @property {string} message
 */

class Answers extends EventTarget {
  /** @type {Map<number, Doing>} */
  #doing = new Map();

  /** @type {Map<number, {at: number, episode: number, danger: number}>} what this person said that they cannot act on */
  #passedOn = new Map();

  /** @returns {number|null} when this person passed the alert on, unless it has risen or repeated since */
  passedOn({ id, episode, danger }) {
    const known = this.#passedOn.get(id);
    return known && known.episode === episode && known.danger >= danger ? known.at : null;
  }

  /** @returns {Doing|undefined} what is under way, or failed, for this alert */
  of(id) {
    return this.#doing.get(id);
  }

  forget(id) {
    if (this.of(id)?.state === "failed") this.#set(id, null);
  }

  /** @param {{id: number, danger: number}} alert as it is shown: a greater danger is not answered by it */
  acknowledge({ id, danger }) {
    return this.#do(id, "acknowledge", () => call("POST", `/v1/alerts/${id}/acknowledgement?danger=${danger}`));
  }

  cannot(id) {
    return this.#do(id, "cannot", () => call("POST", `/v1/alerts/${id}/cannot`));
  }

  handBack(id) {
    return this.#do(id, "hand_back", () => call("DELETE", `/v1/alerts/${id}/acknowledgement`));
  }

  /** @param {number} [confirmed] the danger that was shown to the person who closes the alert although it stands */
  recordOutcome(id, code, note, confirmed) {
    const anyway = confirmed === undefined ? {} : { is_confirmed: true, danger: confirmed };
    return this.#do(id, "outcome", () => call("POST", `/v1/alerts/${id}/outcome`, { code, note, ...anyway }));
  }

  async #do(id, what, request) {
    const before = this.of(id);
    if (before && before.state !== "failed") return null;
    const beganAt = Date.now();
    this.#set(id, { what, state: "sending", message: "" });
    for (let attempt = 1; ; attempt += 1) {
      try {
        const alert = await request();
        this.#doing.delete(id);
        if (what === "cannot") this.#passedOn.set(id, { at: now(), episode: alert.episode, danger: alert.danger });
        else this.#passedOn.delete(id);
        store.put(alert);
        const isTooLate = what === "acknowledge" && alert.handling === "open";
        this.#set(id, isTooLate ? { what, state: "failed", message: RISEN } : null);
        live.refresh();
        return isTooLate ? null : alert;
      } catch (error) {
        const isFinal = error instanceof ApiError && error.isFinal;
        if (isFinal || Date.now() - beganAt > GIVE_UP_AFTER_MS) {
          const message = isFinal ? error.message : "Cordon could not be reached. Nothing was recorded. Try again.";
          this.#set(id, { what, state: "failed", message });
          live.refresh();
          return null;
        }
        const message = `${error.message} Not recorded yet. Trying again (${attempt + 1}) …`;
        this.#set(id, { what, state: "retrying", message });
        await pause(WAITS_MS[attempt - 1] ?? WAITS_MS.at(-1));
      }
    }
  }

  #set(id, doing) {
    if (doing) this.#doing.set(id, doing);
    else this.#doing.delete(id);
    this.dispatchEvent(new CustomEvent("change", { detail: { id } }));
  }
}

/** Wait, but no longer than until the phone is online again. */
function pause(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    window.addEventListener("online", done);
  });
}

export const answers = new Answers();
