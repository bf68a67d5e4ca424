/** Makes what is new impossible to miss: spoken, sounded, felt, and counted in the title. */

import { config } from "./config.js";
import { sound } from "./sound.js";
import { store } from "./store.js";
import { danger, summary } from "./words.js";

const region = document.getElementById("news");
const GRAVE = 3;
const SPOKEN_FOR_MS = 10_000;

function isNews({ before, after }) {
  // A notice is news; what was withdrawn before this phone knew of it is not.
  if (after.handling !== "open" || after.certainty === "withdrawn") return false;
  return !before || danger(after) > danger(before) || before.handling !== "open" || after.episode > before.episode;
}

function headline({ before, after }) {
  if (!before) return after.needs_answer ? "New alert" : "To read";
  if (before.handling !== "open") return "Needs an answer again";
  return danger(after) > danger(before) ? "Danger rose" : "Rings again";
}

function countInTitle() {
  const count = store.unansweredCount();
  document.title = `${count ? `(${count}) ` : ""}Live alerts – Cordon`;
}

// A region speaks when its text changes: emptied, it can say the same again.
let emptying = 0;

function speak(text) {
  clearTimeout(emptying);
  region.textContent = text;
  emptying = setTimeout(() => region.replaceChildren(), SPOKEN_FOR_MS);
}

function onChange({ detail: { changes, isFirst } }) {
  countInTitle();
  const news = changes.filter(isNews);
  if (!news.length) return;
  if (isFirst) {
    const count = store.unansweredCount();
    if (count) speak(count === 1 ? "1 alert is unanswered." : `${count} alerts are unanswered.`);
    return;
  }
  speak(news.map((one) => `${headline(one)}. ${summary(one.after).replace(/\.$/, "")}.`).join(" "));
  const isGrave = news.some(({ after }) => danger(after) >= GRAVE && config.kinds[after.kind]?.sound !== "news");
  sound(isGrave);
  // Browsers refuse, and complain in the log, before the page was touched.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(isGrave ? [400, 150, 400, 150, 400] : [300]);
}

export function startNews() {
  store.addEventListener("change", onChange);
}
