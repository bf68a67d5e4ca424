/** One alert: what it is, where, how sure, who acts, and the one button that is due. */

import { Actions } from "./actions.js";
import { answers } from "./answer.js";
import { call } from "./api.js";
import { casePanel } from "./case.js";
import { ColleaguesPanel } from "./colleagues.js";
import { ContactsPanel } from "./contacts.js";
import { config, hasLevel, outcomeText } from "./config.js";
import { apart, el, fill, say } from "./dom.js";
import { AlertMap } from "./map.js";
import { outcomeForm } from "./outcome.js";
import { lastFix, level, lookClass, marks, nearness, place, whoActs, whoName } from "./parts.js";
import { PolicePanel } from "./police.js";
import { opened, unwatch, watch } from "./receipts.js";
import { store } from "./store.js";
import { exact, exactly, ticking } from "./time.js";
import { toldPanel } from "./told.js";
import { whereaboutsPanel } from "./whereabouts.js";
import { certaintySentence, hasEndedUnanswered, levelWord, stepWord, passedOnAt, summary, whyOpenAgain } from "./words.js";

function outcomeDueBy(alert) {
  return exact(Date.parse(alert.acknowledgement.at) + config.outcome_due_after_s * 1000);
}

function whyNote(alert) {
  if (alert.standing) return `Still ${alert.standing.words}: write why you close it.`;
  return config.kinds[alert.kind]?.is_latched ? "Write what you found: only a note clears this." : "";
}

/** Shows alert `id` in `root`, its actions in `bar`, until `leave` is called. */
export class AlertView {
  #id;
  #alert = null;
  /** Zone, track and history, which only the alert's own answer has. */
  #detail = null;
  #problem = "";
  #loading = false;
  #loadAgain = false;
  #isOutcomeShown = false;
  #wasMine = false;
  #abort = new AbortController();

  constructor(root, bar, id) {
    this.#id = id;
    this.bar = bar;
    this.heading = el("h1", { class: "visually-hidden", tabindex: "-1" }, "Alert");
    this.others = el("div", { class: "others" });
    this.situation = el("div", {});
    this.notice = el("div", { class: "notices", role: "status" });
    this.status = el("section", { class: "status", "aria-label": "Situation" }, this.situation, this.notice);
    this.why = el("section", { class: "panel", hidden: true });
    this.facts = el("section", { class: "panel", hidden: true });
    this.where = el("section", { class: "panel", hidden: true, "data-panel": "where" });
    this.theirPlace = el("section", { class: "panel", hidden: true, "data-panel": "their-place" });
    this.told = el("section", { class: "panel", hidden: true, "data-panel": "told" });
    this.case = el("section", { class: "panel", hidden: true, "data-panel": "case", "aria-label": "The case" });
    this.contacts = new ContactsPanel(id, () => this.#load());
    this.police = new PolicePanel(id, () => this.#load());
    this.colleagues = new ColleaguesPanel(id, () => this.#load());
    this.history = el("section", { class: "panel", hidden: true });
    this.map = new AlertMap();
    this.map.element.hidden = true;
    this.form = outcomeForm((code, note) => this.#record(code, note));
    this.actions = new Actions(bar, () => this.#showOutcome());
    fill(
      root,
      this.heading,
      this.others,
      el(
        "div",
        { class: "alert" },
        el("div", { class: "alert__situation" }, this.status, this.theirPlace, this.contacts.element, this.police.element, this.where, this.case),
        el("div", { class: "alert__map" }, this.map.element),
        el("div", { class: "alert__rest" }, this.form, this.colleagues.element, this.why, this.facts, this.told, this.history),
      ),
    );
    const { signal } = this.#abort;
    store.addEventListener("change", () => this.#onStore(), { signal });
    answers.addEventListener("change", () => this.#render(), { signal });
    document.addEventListener("visibilitychange", () => this.#onStore(), { signal });
    this.#alert = store.get(id) ?? null;
    this.#render();
    this.#load();
  }

  leave() {
    this.#abort.abort();
    this.map.leave();
    this.contacts.leave();
    unwatch(this.status);
    answers.forget(this.#id);
    fill(this.bar);
    this.bar.hidden = true;
  }

  async #load() {
    if (this.#loading) {
      this.#loadAgain = true;
      return;
    }
    this.#loading = true;
    do {
      this.#loadAgain = false;
      try {
        this.#detail = await call("GET", `/v1/alerts/${this.#id}`);
        this.#problem = "";
        if (!this.#alert || this.#detail.cursor >= this.#alert.cursor) this.#alert = this.#detail;
        opened(this.#alert);
      } catch (error) {
        this.#problem = error.isFinal ? error.message : "The map and the history could not be fetched. Trying again.";
        if (!error.isFinal) setTimeout(() => this.#abort.signal.aborted || this.#load(), 4000);
      }
    } while (this.#loadAgain && !this.#abort.signal.aborted);
    this.#loading = false;
    if (!this.#abort.signal.aborted) this.#render();
  }

  #onStore() {
    const known = store.get(this.#id);
    if (known) this.#alert = known;
    this.#render();
    // Zone, track and history are fetched only for eyes: each look at a location is recorded.
    const isStale = this.#detail && known && (this.#detail.cursor !== known.cursor || this.#detail.handling !== known.handling);
    // Gone from the list of the living: someone closed it.
    const isGone = !known && store.cursor !== null && this.#alert && this.#alert.handling !== "closed";
    if ((isStale || isGone) && document.visibilityState === "visible") this.#load();
  }

  #record(code, note) {
    if (this.#alert.standing) this.actions.askToClose(this.#alert, code, note);
    else answers.recordOutcome(this.#id, code, note);
  }

  #showOutcome() {
    this.#isOutcomeShown = true;
    this.#render();
    this.form.scrollIntoView({ block: "center" });
    this.form.querySelector("input").focus({ preventScroll: true });
  }

  #render() {
    apart(() => this.#renderOthers());
    const alert = this.#alert;
    if (!alert) {
      fill(this.situation, el("p", { class: "status__loading" }, this.#problem || "Fetching the alert …"));
      return;
    }
    const isMine = alert.handling === "acknowledged" && alert.acknowledgement.by.id === config.me.id;
    if (isMine !== this.#wasMine) this.#isOutcomeShown = isMine;
    if (alert.handling !== "acknowledged") this.#isOutcomeShown = false;
    this.#wasMine = isMine;
    this.form.hidden = !this.#isOutcomeShown;
    apart(
      () => say(this.heading, summary(alert)),
      () => this.#renderStatus(alert),
      () => this.#renderNotice(alert),
      () => this.form.fit(alert.kind, whyNote(alert)),
      () => this.actions.render(alert, this.#isOutcomeShown, this.#passedOn(alert)),
      () => this.#renderWhy(alert),
    );
    if (this.#detail) {
      this.map.element.hidden = !this.#detail.zone && this.#detail.track.length === 0;
      apart(
        () => this.map.update(this.#detail),
        () => this.contacts.update(this.#detail.contacts),
        () => this.police.update(this.#detail),
        () => this.colleagues.update(alert),
        () => this.#renderPanels(alert),
        () => this.#renderFacts(alert),
        () => this.#renderHistory(this.#detail),
      );
    }
    watch(this.status, alert);
  }

  /** When this person said that they cannot act, unless something has asked them again since. */
  #passedOn(alert) {
    if (!alert.needs_answer) return null;
    return (this.#detail && passedOnAt(this.#detail.history, config.me.id)) ?? answers.passedOn(alert);
  }

  #renderPanels(alert) {
    const { whereabouts, protected_person_place: theirs, told } = this.#detail;
    this.theirPlace.hidden = !theirs;
    fill(this.theirPlace, theirs && whereaboutsPanel(theirs, "Where the protected person’s phone was"));
    this.where.hidden = !whereabouts;
    fill(this.where, whereabouts && whereaboutsPanel(whereabouts, theirs ? "Where the person on probation was" : undefined));
    this.case.hidden = false;
    fill(this.case, casePanel(this.#detail));
    const isAnswered = alert.handling !== "open" || this.#detail.history.some((step) => step.action === "acknowledged");
    this.told.hidden = told.length === 0;
    fill(this.told, toldPanel(told, isAnswered));
  }

  #renderOthers() {
    const others = store.unanswered().filter((alert) => alert.id !== this.#id);
    if (!others.length) return fill(this.others);
    const isThisOpen = store.get(this.#id)?.needs_answer;
    const number = Math.max(others.length, store.unansweredCount() - (isThisOpen ? 1 : 0));
    const count = number === 1 ? "1 other unanswered" : `${number} others unanswered`;
    fill(
      this.others,
      el(
        "a",
        { "data-others": number, class: `others__link ${lookClass(others[0])}`, href: `/officer/alerts/${others[0].id}` },
        el("b", {}, count),
        el("span", { class: "others__what" }, `${levelWord(others[0])}: ${others[0].wearer.name}`),
      ),
    );
  }

  #renderStatus(alert) {
    const newest = this.#detail?.track.at(-1);
    const accuracy = newest && newest.fix_time === alert.last_fix_time ? newest.accuracy_m : null;
    this.status.className = `status ${lookClass(alert)}`;
    this.status.dataset.level = alert.level;
    this.status.dataset.handling = alert.handling;
    fill(
      this.situation,
      level(alert),
      el(
        "div",
        { class: "status__body" },
        el("p", { class: "status__who" }, whoName(alert)),
        place(alert) && el("p", { class: "status__place" }, place(alert)),
        el("p", { class: "near near--big" }, nearness({ ...alert, zone: this.#detail?.zone })),
        el("p", { class: "status__fix" }, lastFix(alert, accuracy)),
        marks(alert).length > 0 && el("p", { class: "marks" }, marks(alert)),
      ),
    );
  }

  #renderNotice(alert) {
    const who = whoActs(alert);
    const again = alert.handling === "open" && this.#detail ? whyOpenAgain(this.#detail.history) : null;
    const outcome = alert.outcome;
    const passedOn = this.#passedOn(alert);
    const key = JSON.stringify([who, passedOn, again, outcome, alert.is_over, this.#problem]);
    // The region speaks when something changes in it, and only then.
    if (this.notice.dataset.key === key) return;
    this.notice.dataset.key = key;
    fill(
      this.notice,
      this.#problem && el("p", { class: "notice notice--problem" }, this.#problem),
      passedOn && el("p", { class: "notice notice--me", "data-passed-on": "" }, `You said at ${exact(passedOn)} that you cannot act. The next responders are notified now.`),
      el(
        "p",
        { class: `notice notice--${again ? "again" : who.kind}`, "data-who": who.kind },
        again ? [again.text, " ", exactly(again.at)] : who.text,
        who.kind === "me" && el("span", { class: "notice__more" }, `Record what came of it by ${outcomeDueBy(alert)}, or it is open again.`),
        hasEndedUnanswered(alert) && !again && ". It is over, but it still needs to be checked.",
        outcome && el("span", { class: "notice__outcome" }, outcomeText(outcome.code), outcome.note && `: ${outcome.note}`),
      ),
    );
  }

  #renderWhy(alert) {
    this.why.hidden = false;
    fill(
      this.why,
      el("h2", { class: "panel__title" }, "Why"),
      el("ul", { class: "reasons" }, alert.reasons.map((reason) => el("li", {}, reason))),
      el("p", { class: "panel__more" }, certaintySentence(alert)),
    );
  }

  #renderFacts(alert) {
    const row = (name, ...value) => el("div", { class: "facts__row" }, el("dt", {}, name), el("dd", {}, value));
    const instant = (at) => [exactly(at), " ", el("span", { class: "soft" }, ticking(at))];
    const isJudged = hasLevel(alert) || ["cannot_judge", "repeated_passes"].includes(alert.kind);
    const lastPlace = this.#detail.track.at(-1);
    this.facts.hidden = false;
    fill(
      this.facts,
      el("h2", { class: "panel__title" }, "Facts"),
      el(
        "dl",
        { class: "facts" },
        row("Person on probation", alert.wearer.name),
        alert.place && row("Protected place", alert.place.name),
        alert.tag && row("Tag", alert.tag),
        alert.protected_person && row("From", alert.protected_person.name),
        row("Alert", el("span", { class: "code" }, alert.code)),
        row(isJudged ? "First fix" : config.kinds[alert.kind]?.began ?? "Began", instant(alert.fix_time)),
        isJudged && row("Received", instant(alert.received_at)),
        isJudged && row("Decided", instant(alert.decided_at)),
        !isJudged && alert.kind !== "notice" && row("Received", instant(alert.received_at)),
        isJudged && row("Newest fix", instant(alert.last_fix_time)),
        !alert.place && row("Last known place", lastPlace ? instant(lastPlace.fix_time) : "None: the tag has sent no place"),
      ),
      alert.handling !== "closed" &&
        el("p", { class: "panel__more" }, el("a", { href: `/cases/${alert.wearer.id}/alerts/${alert.id}/recall` }, "Recall to prison, in the case")),
      el("p", { class: "panel__more" }, `Looking at this location is recorded under your name. Reason: ${this.#detail.looked_because}.`),
    );
  }

  #renderHistory(alert) {
    this.history.hidden = false;
    fill(
      this.history,
      el("h2", { class: "panel__title" }, "What happened"),
      el(
        "ol",
        { class: "timeline", role: "list" },
        alert.history.map((step) =>
          el("li", { class: `timeline__step timeline__step--${step.action}`, "data-action": step.action }, exactly(step.at), el("span", {}, stepWord(step, alert))),
        ),
      ),
    );
  }
}
