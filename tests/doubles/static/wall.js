// Draws the phones from /wall, redraws when /events says that something changed, and posts what people do.

const phonesAt = document.getElementById("phones");
const quietAt = document.getElementById("quiet");
const jump = document.getElementById("jump");
const live = document.getElementById("live");
const liveWords = document.getElementById("live-words");
const cards = new Map();
const WORDS = {
  queued: "Queued", sent: "Sent", delivered: "Delivered", undelivered: "Never arrived", failed: "Never sent",
  ringing: "Ringing", "in-progress": "On the phone", completed: "Call ended", busy: "Declined or engaged",
  "no-answer": "Missed call", initiated: "Calling", canceled: "Cancelled",
};
// Phones whose switch is being set: a state fetched before the server knew must not set it back.
const switching = new Map();
let isFirstDraw = true;

const part = (parent, selector) => parent.querySelector(selector);
const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const setText = (element, words) => { if (element.textContent !== words) element.textContent = words; };

// Links in a text can be tapped, as on a phone.
function setLinkedText(element, words) {
  if (element.textContent === words) return;
  const parts = words.split(/(https?:\/\/[^\s]+)/).map((piece, index) => {
    if (index % 2 === 0) return document.createTextNode(piece);
    const link = document.createElement("a");
    link.href = piece;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = piece;
    return link;
  });
  element.replaceChildren(...parts);
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  return { ok: answer.ok, body: await answer.json().catch(() => ({})) };
}

async function setMode(id, mode) {
  switching.set(id, (switching.get(id) || 0) + 1);
  try {
    await post("/phones", { id, mode });
  } finally {
    const left = switching.get(id) - 1;
    if (left) switching.set(id, left); else switching.delete(id);
    refresh();
  }
}

function age(iso) {
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function makeCard(phone) {
  const card = copyOf("phone");
  card.id = `phone-${phone.id}`;
  for (const input of card.querySelectorAll(".mode input")) {
    input.name = `mode-${phone.id}`;
    input.addEventListener("change", () => setMode(phone.id, input.value));
  }
  part(card, ".reply").addEventListener("submit", async (event) => {
    event.preventDefault();
    const box = event.target.elements.body;
    const words = box.value.trim();
    if (!words) return;
    box.value = "";
    const answer = await post("/reply", { id: phone.id, body: words });
    const refusal = part(card, ".refusal");
    refusal.hidden = answer.ok;
    refusal.textContent = answer.ok ? "" : answer.body.error || "Not sent";
  });
  return card;
}

function drawCard(card, phone, isSwitching) {
  const owner = phone.label || phone.number || "Unknown phone";
  const address = phone.number || (phone.push_tokens.length ? `push only, …${phone.push_tokens[0].slice(-8)}` : "");
  card.dataset.mode = phone.mode;
  card.classList.toggle("quiet", isQuiet(phone));
  setText(part(card, ".label"), owner);
  setText(part(card, ".address"), owner === address ? "owner unknown" : address);
  setText(part(card, ".mode legend"), `What the phone of ${owner} does`);
  const role = part(card, ".role");
  role.hidden = !phone.role;
  role.dataset.role = phone.role;
  setText(role, phone.role);
  if (!isSwitching) {
    for (const input of card.querySelectorAll(".mode input")) input.checked = input.value === phone.mode;
  }
  const isOff = phone.mode === "off";
  part(card, ".screen").hidden = isOff;
  part(card, ".dark").hidden = !isOff;
  setText(part(card, ".dark-words"), phone.waiting ? `${phone.waiting} waiting until it is on` : "Nothing is waiting");
  const reply = part(card, ".reply");
  reply.hidden = !phone.number;
  const box = reply.elements.body;
  box.disabled = part(reply, "button").disabled = !phone.reply_to;
  box.placeholder = phone.reply_to ? `Text ${phone.reply_to}` : "Nobody to answer yet";
  box.setAttribute("aria-label", `Reply as ${owner}`);
  drawFeed(part(card, ".feed"), phone);
  part(card, ".feed").setAttribute("aria-label", `On the phone of ${owner}`);
}

function drawFeed(feed, phone) {
  const old = new Map([...feed.children].map((item) => [item.dataset.id, item]));
  const wanted = phone.items.map((item) => {
    const element = old.get(item.id) || makeItem(item);
    drawItem(element, item, phone);
    return element;
  });
  const isSame = wanted.length === feed.children.length && wanted.every((item, i) => item === feed.children[i]);
  if (!isSame) feed.replaceChildren(...wanted);
}

function makeItem(item) {
  const element = copyOf(item.kind === "reply" ? "bubble" : "note");
  element.dataset.id = item.id;
  element.dataset.kind = item.kind;
  if (!isFirstDraw) element.classList.add("new");
  return element;
}

function drawItem(element, item, phone) {
  const foot = part(element, ".foot");
  if (item.kind === "reply") {
    setText(part(element, ".body"), item.body);
    setText(foot, item.state === "sending" ? "Sending" : item.is_ok ? "Received by Cordon" : `Cordon: ${item.state}`);
    foot.classList.toggle("bad", item.state !== "sending" && !item.is_ok);
    return;
  }
  const icon = { sms: "i-chat", push: "i-bell", call: "i-call" }[item.kind];
  part(element, "use").setAttribute("href", `#${icon}`);
  const time = part(element, "time");
  time.dateTime = item.at;
  setText(time, age(item.at));
  if (item.kind === "push") {
    element.classList.toggle("urgent", item.urgent);
    setText(part(element, ".source"), "Cordon");
    const title = item.title || (item.body ? "" : "Message without words");
    setText(part(element, ".title"), title === "Cordon" ? "" : title);
    setText(part(element, ".body"), item.body);
    setText(foot, item.foot);
    const data = part(element, ".data");
    data.hidden = !Object.keys(item.data).length;
    setText(part(data, "p"), Object.entries(item.data).map(([key, value]) => `${key}: ${value}`).join("\n"));
  } else if (item.kind === "sms") {
    setText(part(element, ".source"), item.with);
    setLinkedText(part(element, ".body"), item.body);
    const size = item.segments > 1 ? `, ${item.segments} parts` : "";
    setText(foot, `${WORDS[item.state] || item.state}${item.error_code ? ` (${item.error_code})` : ""}${size}`);
    const isLost = ["undelivered", "failed"].includes(item.state);
    foot.classList.toggle("bad", isLost);
    element.classList.toggle("lost", isLost);
  } else {
    drawCall(element, item, phone);
  }
}

function drawCall(element, item, phone) {
  const isLive = phone.ringing === item.id;
  element.classList.toggle("ringing", isLive);
  setText(part(element, ".source"), item.with);
  setText(part(element, ".title"), item.state === "ringing" ? "Incoming call" : WORDS[item.state] || item.state);
  setText(part(element, ".body"), item.said.length ? `“${item.said.join(" ")}”` : "");
  setText(part(element, ".foot"), item.digits ? `Pressed ${item.digits}` : "");
  const actions = part(element, ".call-actions");
  const stage = !isLive ? "" : item.state;
  actions.hidden = !["ringing", "in-progress"].includes(stage);
  if (actions.dataset.stage === stage) return;
  actions.dataset.stage = stage;
  const act = (words, style, body) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.className = style;
    button.addEventListener("click", () => post("/phones/call", { id: phone.id, ...body }));
    return button;
  };
  if (stage === "ringing") {
    actions.replaceChildren(act("Answer", "yes", { do: "answer" }), act("Decline", "no", { do: "decline" }));
  } else if (stage === "in-progress") {
    const keys = ["1", "2", "3"].map((key) => act(key, "key", { do: "press", key }));
    actions.replaceChildren(...keys, act("Hang up", "no", { do: "hangup" }));
  } else {
    actions.replaceChildren();
  }
}

const isQuiet = (phone) => !phone.items.length && !phone.waiting;

function draw(state, unsettled) {
  const seen = new Set();
  const loud = [];
  const quiet = [];
  for (const phone of state.phones) {
    seen.add(phone.id);
    if (!cards.has(phone.id)) cards.set(phone.id, makeCard(phone));
    const card = cards.get(phone.id);
    drawCard(card, phone, unsettled.has(phone.id) || switching.has(phone.id));
    (isQuiet(phone) ? quiet : loud).push(card);
  }
  for (const [id, card] of cards) {
    if (!seen.has(id)) { card.remove(); cards.delete(id); }
  }
  place(phonesAt, loud);
  place(quietAt, quiet);
  document.getElementById("quiet-section").hidden = !quiet.length;
  document.getElementById("empty").hidden = loud.length > 0;
  drawJump(state.phones.filter((phone) => !isQuiet(phone)));
  isFirstDraw = false;
}

// Moves only what is out of place, so that nobody loses the box they are typing in.
function place(parent, wanted) {
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((card, index) => {
    if (parent.children[index] !== card) parent.insertBefore(card, parent.children[index] || null);
  });
}

function drawJump(phones) {
  const links = phones.map((phone) => {
    const link = jump.querySelector(`a[href="#phone-${phone.id}"]`) || document.createElement("a");
    const count = phone.items.filter((item) => item.kind !== "reply").length + phone.waiting;
    link.href = `#phone-${phone.id}`;
    const words = `${phone.label || phone.number || "Unknown"} ${count}`;
    if (link.dataset.words !== words) {
      link.dataset.words = words;
      const badge = document.createElement("b");
      badge.textContent = String(count);
      link.replaceChildren(document.createTextNode(phone.label || phone.number || "Unknown"), badge);
    }
    return link;
  });
  place(jump, links);
}

function tick() {
  const now = new Date();
  const time = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const date = now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
  for (const card of cards.values()) {
    setText(part(card, ".status-time"), time);
    setText(part(card, ".lock-time"), time);
    setText(part(card, ".lock-date"), date);
  }
  for (const element of document.querySelectorAll("time")) setText(element, age(element.dateTime));
}

function say(state, words) {
  live.dataset.state = state;
  setText(liveWords, words);
}

let isDrawing = false;
let isStale = false;

// One request at a time, however many changes arrive: a storm must not bury the page.
async function refresh() {
  isStale = true;
  if (isDrawing) return;
  isDrawing = true;
  while (isStale) {
    isStale = false;
    try {
      const unsettled = new Set(switching.keys());
      draw(await (await fetch("/wall")).json(), unsettled);
      tick();
      say("live", "Live");
    } catch {
      say("lost", "Not connected");
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  isDrawing = false;
}

const events = new EventSource("/events");
events.addEventListener("open", () => say("live", "Live"));
events.addEventListener("message", refresh);
events.addEventListener("error", () => say("lost", "Reconnecting"));
setInterval(tick, 1000);
refresh();
