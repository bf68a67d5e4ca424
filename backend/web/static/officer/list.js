/** The live list: unanswered first, gravest first, as the server orders it. */

import { answers } from "./answer.js";
import { el, fill, say } from "./dom.js";
import { live, PAGE } from "./live.js";
import { lastFix, level, lookClass, marks, nearness, place, whoActs, whoName } from "./parts.js";
import { unwatch, watch } from "./receipts.js";
import { groupOf, GROUPS, store } from "./store.js";
import { ago } from "./time.js";
import { now } from "./clock.js";

const NEW_FOR_MS = 20_000;
// More than a phone shows at once: the rest is drawn once these can be read and tapped.
const DRAWN_FIRST = 8;
const AFTER_FRAME_MS = 50;
const TITLES = {
  unanswered: "Unanswered",
  acknowledged: "Someone is acting",
  no_answer_needed: "To read: needs no answer",
  closed: "Closed, and not over",
};

/** Shows the list in `root` until `leave` is called. */
export class ListView {
  #cards = new Map();
  #isShown = false;
  // A list that was here before this view is drawn whole, so that the page can scroll to where it was.
  #most = store.live().length ? Infinity : DRAWN_FIRST;
  #abort = new AbortController();

  constructor(root) {
    this.heading = el("h1", { class: "visually-hidden", tabindex: "-1" }, "Live alerts");
    this.empty = el("p", { class: "empty__words" });
    this.emptyChecked = el("p", { class: "empty__checked" });
    this.emptyBox = el("div", { class: "empty", hidden: true, "data-empty": true }, this.empty, this.emptyChecked);
    this.groups = GROUPS.map((name) => this.#group(name, TITLES[name]));
    this.moreWords = el("p", {});
    this.more = el(
      "div",
      { class: "more", hidden: true, "data-more": true },
      this.moreWords,
      el("button", { type: "button", class: "action action--plain", on: { click: () => live.showMore() } }, `Show ${PAGE} more`),
    );
    fill(root, this.heading, this.emptyBox, this.groups.map((group) => group.section), this.more);
    const { signal } = this.#abort;
    store.addEventListener("change", () => this.#render(), { signal });
    answers.addEventListener("change", () => this.#render(), { signal });
    live.addEventListener("state", () => this.#renderEmpty(), { signal });
    this.#render();
  }

  leave() {
    this.#abort.abort();
    for (const card of this.#cards.values()) unwatch(card);
  }

  #group(name, title) {
    const count = el("span", { class: "group__count" });
    const list = el("ol", { class: "cards", role: "list" });
    const section = el(
      "section",
      { class: `group group--${name}`, "aria-labelledby": `group-${name}`, "data-group": name, hidden: true },
      el("h2", { class: "group__title", id: `group-${name}` }, title, " ", count),
      list,
    );
    return { section, count, list, name };
  }

  #render() {
    this.#renderCards();
    this.#renderEmpty();
    this.#isShown = true;
  }

  #renderMore(shown) {
    const all = GROUPS.reduce((sum, name) => sum + (store.counts?.[name] ?? 0), 0);
    this.more.hidden = all <= shown;
    say(this.moreWords, `The ${shown} gravest of ${all} are shown, and all that you act on.`);
  }

  #renderRest() {
    if (this.#most === Infinity || this.#abort.signal.aborted) return;
    this.#most = Infinity;
    // None of these is new: they came with the first ones.
    this.#isShown = false;
    this.#render();
  }

  #renderCards() {
    const all = store.live();
    const alerts = all.slice(0, this.#most);
    this.#renderMore(all.length);
    // After the frame that shows the first ones; a page in the background has no frames.
    if (alerts.length < all.length) setTimeout(() => this.#renderRest(), AFTER_FRAME_MS);
    const ids = new Set(alerts.map((alert) => alert.id));
    for (const [id, card] of this.#cards) {
      if (ids.has(id)) continue;
      unwatch(card);
      card.remove();
      this.#cards.delete(id);
    }
    for (const group of this.groups) {
      const members = alerts.filter((alert) => groupOf(alert) === group.name);
      group.section.hidden = members.length === 0;
      say(group.count, String(Math.max(members.length, store.counts?.[group.name] ?? 0)));
      members.forEach((alert, index) => {
        const card = this.#card(alert);
        // Moving a card that stands right would take the focus from it.
        if (group.list.children[index] !== card) group.list.insertBefore(card, group.list.children[index] ?? null);
      });
    }
  }

  #card(alert) {
    let card = this.#cards.get(alert.id);
    if (!card) {
      card = el("li", { class: "cards__item" }, el("a", { class: "card", href: `/officer/alerts/${alert.id}` }));
      // What was there before this view is not news to the eye.
      if (this.#isShown && now() - Date.parse(alert.raised_at) < NEW_FOR_MS) card.classList.add("cards__item--new");
      this.#cards.set(alert.id, card);
    }
    const doing = answers.of(alert.id);
    const version = `${alert.cursor}/${alert.handling}/${doing?.state ?? ""}`;
    if (card.dataset.version !== version) {
      card.dataset.alertId = alert.id;
      card.dataset.level = alert.level;
      card.dataset.kind = alert.kind;
      card.dataset.handling = alert.handling;
      const link = card.firstChild;
      try {
        this.#fillCard(link, alert, doing);
        card.dataset.version = version;
      } catch (error) {
        // One alert that cannot be drawn hides no other: it is still counted, stands in its place and can be opened.
        console.error(error);
        link.className = "card look look--cannot";
        fill(link, el("h3", { class: "level" }, "Alert"), el("p", { class: "card__who" }, "This alert cannot be shown here. Open it."));
      }
    }
    watch(card, alert);
    return card;
  }

  #fillCard(link, alert, doing) {
    link.className = `card ${lookClass(alert)}`;
    const who = whoActs(alert);
    fill(
      link,
      level(alert, "h3"),
      el(
        "div",
        { class: "card__body" },
        el("p", { class: "card__who" }, whoName(alert)),
        place(alert) && el("p", { class: "card__place" }, place(alert)),
        el("p", { class: "near" }, nearness(alert)),
        el("p", { class: "card__fix" }, lastFix(alert)),
        marks(alert).length > 0 && el("p", { class: "marks" }, marks(alert)),
        el("p", { class: `acts acts--${who.kind}` }, doing ? this.#doingText(doing) : who.text),
      ),
    );
  }

  #doingText(doing) {
    if (doing.state === "failed") return "Not recorded: open to try again";
    return { acknowledge: "Acknowledging …", cannot: "Passing it on …", hand_back: "Handing back …", outcome: "Recording the outcome …" }[doing.what];
  }

  #renderEmpty() {
    const isKnown = live.checkedAt !== null;
    this.emptyBox.hidden = store.live().length > 0;
    if (this.emptyBox.hidden) return;
    say(this.empty, isKnown ? "No open alerts." : live.state === "connecting" ? "Looking for alerts …" : "Not known: Cordon does not answer.");
    const isFresh = ["live", "polling", "connecting"].includes(live.state);
    say(
      this.emptyChecked,
      !isKnown
        ? ""
        : isFresh
          ? `Checked ${ago(now() - live.checkedAt)}. New alerts appear here by themselves.`
          : `That was ${ago(now() - live.checkedAt)}. There may be alerts that this phone does not know of.`,
    );
  }
}
