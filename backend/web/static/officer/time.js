/** Times for people: how long ago, ticking, with the exact time in London beside it. */

import { now } from "./clock.js";
import { el } from "./dom.js";

const ZONE = "Europe/London";
const timeOfDay = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, timeStyle: "medium" });
const minuteOfDay = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, timeStyle: "short" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "numeric", month: "short", year: "numeric" });
const wholeDay = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, dateStyle: "short" });

/** @param {number} ms @returns {string} such as "12 s", "4 min", "3 h 10 min" */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "1 day" : `${days} days`;
}

/** @param {number} ms @returns {string} */
export function ago(ms) {
  return ms < 1500 ? "just now" : `${span(ms)} ago`;
}

/** @param {string|number} at @returns {string} "23:14:05", with the day when it is not today */
export function exact(at) {
  const date = new Date(at);
  const clock = timeOfDay.format(date);
  return wholeDay.format(date) === wholeDay.format(now()) ? clock : `${dayOfYear.format(date)}, ${clock}`;
}

/** @param {string} text a day as 1990-05-03 @returns {string} "3 May 1990" */
export function birthday(text) {
  return longDay.format(new Date(`${text}T12:00:00Z`));
}

/** @param {string|number} at @returns {string} "23:14:05" alone, where the day stands beside it */
export function clockTime(at) {
  return timeOfDay.format(new Date(at));
}

/** @param {string|number} at @returns {string} "05:57", with the day when it is not today */
export function shortly(at) {
  const date = new Date(at);
  const clock = minuteOfDay.format(date);
  return wholeDay.format(date) === wholeDay.format(now()) ? clock : `${dayOfYear.format(date)}, ${clock}`;
}

/** @param {string} at @returns {string} "3 Nov 2026" */
export function day(at) {
  return longDay.format(new Date(at));
}

/** @param {string} at @returns {HTMLElement} the exact time */
export function exactly(at) {
  return el("time", { datetime: at, class: "exact" }, exact(at));
}

/** @param {string} at @returns {HTMLElement} a time that ticks, to be kept going by `tick` */
export function ticking(at) {
  return el("time", { datetime: at, "data-ago": "" }, ago(now() - Date.parse(at)));
}

/** Bring every ticking time on the page up to now, and show what is due only from an instant on. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const text = ago(now() - Date.parse(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of document.querySelectorAll("[data-from][hidden]")) element.hidden = now() < Number(element.dataset.from);
}
