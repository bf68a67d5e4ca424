/** The strip on top of every staff page: how many alerts wait for an answer, kept true while the page stays open. */

const EVERY_MS = 10_000;
const strip = document.querySelector("[data-alert-strip]");

async function ask() {
  if (document.hidden) return;
  try {
    const response = await fetch("/officer/standing", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (!response.ok) return;
    const { count, words } = await response.json();
    if (count === null || count === Number(strip.dataset.count)) return;
    const text = `${count} unanswered ${count === 1 ? "alert" : "alerts"}`;
    const isMore = count > Number(strip.dataset.count);
    strip.dataset.count = count;
    strip.hidden = count === 0;
    strip.querySelector("[data-strip-count]").textContent = text;
    strip.querySelector("[data-strip-words]").textContent = words;
    if (isMore) document.querySelector("[data-strip-spoken]").textContent = `${text}. ${words}`;
  } catch {
    // Without a signal the strip stays as it was; the live page says how old it is.
  }
}

if (strip) {
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}
