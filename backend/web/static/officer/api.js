/** Speaks to the API. The access token lives in this module's memory and nowhere else. */

import { csrfToken } from "./config.js";
import { learnFrom } from "./clock.js";

const TIMEOUT_MS = 8000;
const REFRESH_BEFORE_MS = 60_000;

let token = "";
let expiresAt = 0;
/** @type {Promise<string>|null} */
let refreshing = null;

/** The life of the database that is spoken of; what is done to an alert of another one is refused. */
let epoch = "";

/** @param {string} name */
export function speakOf(name) {
  epoch = name;
}

/** A refusal or a failure; `isFinal` says that sending the same again would not help. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 when no answer came @param {string} code */
  constructor(message, status = 0, code = "no_answer") {
    super(message);
    this.status = status;
    this.code = code;
  }

  get isFinal() {
    return this.status >= 400 && this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

async function send(path, options) {
  const sentAt = Date.now();
  let response;
  try {
    response = await fetch(path, { ...options, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiError("No answer from Cordon.");
  }
  learnFrom(response, sentAt);
  return response;
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return new ApiError(body.detail ?? body.title ?? `The answer was ${response.status}.`, response.status, body.code);
}

function toSignIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  // The page is going away: the one who waits for a token must not go on without one.
  return new Promise(() => {});
}

async function fetchToken() {
  const response = await send("/officer/token", { method: "POST", headers: { "X-CSRFToken": csrfToken } });
  // 400 is a form token that no longer fits the cookie: another person signed in in this browser.
  if (response.status === 401 || response.status === 400) return toSignIn();
  if (!response.ok) throw await problemOf(response);
  const body = await response.json();
  token = body.access_token;
  expiresAt = Date.now() + body.expires_in * 1000;
  return token;
}

/**
 * Return a token that is good for a while yet.
 * @param {boolean} [isRefused] the one at hand was refused
 * @returns {Promise<string>}
 */
export async function accessToken(isRefused = false) {
  if (!isRefused && token && Date.now() < expiresAt - REFRESH_BEFORE_MS) return token;
  refreshing ??= fetchToken().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/**
 * Fetch the first list by the cookie of this page, before there is a token; the page has asked for it already.
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export async function firstList() {
  // Not `no-store`: then the answer that the page asked for would not be taken. The server forbids to keep it.
  const sentAt = Date.now() - performance.now();
  let response;
  try {
    response = await fetch("/officer/list", { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiError("No answer from Cordon.");
  }
  learnFrom(response, Math.max(sentAt, Date.now() - TIMEOUT_MS));
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

/**
 * Ask the API.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} the answer's JSON, or null where there is none
 * @throws {ApiError}
 */
export async function call(method, path, body) {
  for (const isRefused of [false, true]) {
    const headers = { Authorization: `Bearer ${await accessToken(isRefused)}`, Accept: "application/json" };
    if (epoch) headers["Cordon-Epoch"] = epoch;
    if (body) headers["Content-Type"] = "application/json";
    const response = await send(path, { method, headers, body: body ? JSON.stringify(body) : undefined });
    if (response.status === 401 && !isRefused) continue;
    if (response.status === 401) return toSignIn();
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return null;
    try {
      return await response.json();
    } catch {
      throw new ApiError("The answer was cut short.");
    }
  }
}
