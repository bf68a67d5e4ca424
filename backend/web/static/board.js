/**
 * Keeps the board on a wall true: its rows are fetched every few seconds, and its clocks run in between. On a wall no
 * one scrolls: there the board turns its pages by itself, until someone presses Esc.
 */

const EVERY_MS = 5000;
const OLD_AFTER_MS = 20_000;
const board = document.querySelector("[data-board]");
const state = document.querySelector("[data-board-state]");
const wall = document.querySelector("[data-board-wall]");
const TURN_MS = 10_000;
let fetchedAt = Date.now();
let turning = 0;
let awake = null;

function words(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function tick() {
  const passed = Math.floor((Date.now() - fetchedAt) / 1000);
  for (const clock of board.querySelectorAll("[data-since-s]")) clock.textContent = words(Number(clock.dataset.sinceS) + passed);
  if (Date.now() - fetchedAt > OLD_AFTER_MS) state.textContent = `No answer from Cordon for ${words(passed)}. What you see may be over, and there may be more.`;
}

async function refresh() {
  try {
    const response = await fetch("/board/rows", { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(4000) });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    board.replaceChildren(...page.body.childNodes);
    if (Date.now() - fetchedAt > OLD_AFTER_MS) state.textContent = "Cordon answers again.";
    fetchedAt = Date.now();
  } catch {
    // The state says how old the rows are.
  }
}

/** Show what is below, and after the last of it the gravest again. */
function turn() {
  const isAtEnd = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 4;
  window.scrollTo({ top: isAtEnd ? 0 : window.scrollY + window.innerHeight * 0.9, behavior: "instant" });
}

async function startWall() {
  document.body.classList.add("board-wall");
  clearInterval(turning);
  turning = setInterval(turn, TURN_MS);
  try {
    await document.documentElement.requestFullscreen?.();
    awake = await navigator.wakeLock?.request("screen");
  } catch {
    // The board turns its pages without them.
  }
}

function endWall() {
  document.body.classList.remove("board-wall");
  clearInterval(turning);
  awake?.release();
  awake = null;
}

document.querySelector("[data-board-start]").hidden = false;
wall.addEventListener("click", startWall);
document.addEventListener("fullscreenchange", () => document.fullscreenElement || endWall());
document.addEventListener("keydown", (event) => event.key === "Escape" && endWall());
setInterval(refresh, EVERY_MS);
setInterval(tick, 1000);
