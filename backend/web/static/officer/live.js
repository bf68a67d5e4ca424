/**
 * Keeps the store true: a hint over Socket.IO, or a timer where sockets are blocked, only says when to ask over HTTP.
 *
 * States: connecting, live, reconnecting (nothing answers), polling (HTTP answers, no socket), offline.
 */

import { accessToken, call, firstList, speakOf } from "./api.js";
import { now } from "./clock.js";
import { config } from "./config.js";
import { load } from "./library.js";
import { store } from "./store.js";

export const POLL_EVERY_MS = 5000;
const SAFETY_EVERY_MS = 30_000;
const MOST_CHANGES = 500;
/** How many alerts a page of the list has. */
export const PAGE = 50;

class Live extends EventTarget {
  #socket = null;
  #socketFailed = false;
  #asking = false;
  #askAgain = false;
  #isFullDue = true;
  #fullAt = 0;
  #askedAt = 0;
  #failed = false;
  #isFirstDue = true;
  #shown = PAGE;

  /** @type {number|null} when the truth was last fetched, in ms */
  checkedAt = null;

  /** @returns {"connecting"|"live"|"reconnecting"|"polling"|"offline"} */
  get state() {
    if (!navigator.onLine) return "offline";
    if (this.#failed) return "reconnecting";
    if (this.checkedAt === null) return "connecting";
    if (this.#socket?.connected) return "live";
    if (!this.#socket && !this.#socketFailed) return "connecting";
    return this.#socketFailed ? "polling" : "reconnecting";
  }

  start() {
    // The socket and the second fetch need it; the first list does not wait for it.
    accessToken().catch(() => "");
    this.refresh();
    this.#openSocket();
    setInterval(() => this.#onTick(), 1000);
    window.addEventListener("online", () => this.#wake());
    window.addEventListener("offline", () => this.#tell());
    window.addEventListener("pageshow", (event) => event.persisted && this.#wake());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#wake());
  }

  /** Fetch one page more of the list. */
  showMore() {
    this.#shown = Math.min(this.#shown + PAGE, 1000);
    this.#isFullDue = true;
    return this.refresh();
  }

  /** Fetch the truth now, or once more right after the fetch that is under way. */
  async refresh() {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    do {
      this.#askAgain = false;
      await this.#ask();
    } while (this.#askAgain && !this.#failed);
    this.#asking = false;
  }

  async #ask() {
    this.#askedAt = Date.now();
    const isFull = this.#isFullDue || store.cursor === null || Date.now() - this.#fullAt >= SAFETY_EVERY_MS;
    const query = isFull ? `status=live&limit=${this.#shown}` : `status=all&limit=${MOST_CHANGES}&after=${store.cursor}&epoch=${store.epoch}`;
    try {
      const { alerts, counts, cursor, epoch, is_reset: isReset } = await this.#fetch(query);
      speakOf(epoch);
      store.counts = counts;
      if (isReset) {
        store.forget();
        this.#isFullDue = this.#askAgain = true;
      } else if (isFull) {
        this.#isFullDue = false;
        this.#fullAt = this.#askedAt;
        store.replace(alerts, cursor, epoch);
      } else if (alerts.length < MOST_CHANGES) {
        store.merge(alerts, cursor);
      } else {
        // So much was missed that the changes were cut off: the cursor stays and all is asked for.
        this.#isFullDue = this.#askAgain = true;
      }
      this.#failed = false;
      this.checkedAt = now();
    } catch {
      this.#failed = true;
    }
    this.#tell();
  }

  /** Fetch the list: the first one by the cookie, while the token is on its way. */
  async #fetch(query) {
    const isFirst = this.#isFirstDue;
    this.#isFirstDue = false;
    return (isFirst && (await firstList().catch(() => null))) || call("GET", `/v1/alerts?${query}`);
  }

  #onTick() {
    const every = this.state === "live" ? SAFETY_EVERY_MS : POLL_EVERY_MS;
    if (Date.now() - this.#askedAt >= every) this.refresh();
    this.#tell();
  }

  #wake() {
    this.#isFullDue = true;
    this.refresh();
    if (this.#socket && !this.#socket.active) this.#socket.connect();
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("state"));
  }

  async #openSocket() {
    try {
      await load(config.libraries.socket);
    } catch {
      this.#socketFailed = true;
      return;
    }
    this.#socket = window.io({
      auth: (give) =>
        accessToken().then(
          (token) => give({ token, after: store.cursor, epoch: store.epoch }),
          () => give({ token: "" }),
        ),
      // Without a websocket this page polls by itself.
      transports: ["websocket"],
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      timeout: 8000,
    });
    this.#socket.on("connect", () => {
      this.#socketFailed = false;
      this.refresh();
      this.#tell();
    });
    this.#socket.on("alert", (hint, acknowledge) => {
      // The server takes this for proof that the hint reached the phone.
      // No one looks at a hidden page: its socket must not hold back the text message.
      if (!document.hidden) acknowledge?.();
      if (!(hint?.cursor <= store.cursor)) this.refresh();
    });
    // The database was restored from a backup: nothing that is held here counts.
    this.#socket.on("reset", () => this.#wake());
    this.#socket.on("disconnect", (reason) => {
      this.refresh();
      this.#tell();
      // The server closed it: Socket.IO would not try again by itself. A session that ended shows in the fetch.
      if (reason === "io server disconnect") setTimeout(() => this.#socket.connect(), 1000);
    });
    this.#socket.on("connect_error", () => {
      this.#socketFailed = true;
      this.#tell();
      if (!this.#socket.active) this.#retryRefused();
    });
  }

  async #retryRefused() {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await accessToken(true).catch(() => "");
    this.#socket.connect();
  }
}

export const live = new Live();
