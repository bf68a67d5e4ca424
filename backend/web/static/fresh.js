/** Brings the parts of a page marked `data-fresh-part` up to now every few seconds, without taking the reader's place. */

const body = document.querySelector("[data-fresh-s]");

async function refresh() {
  try {
    const response = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(8000) });
    // What may not be seen any more is not left on the screen.
    if (!response.ok || new URL(response.url).pathname !== location.pathname) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-fresh-part]")) {
      const newer = page.querySelector(`[data-fresh-part="${part.dataset.freshPart}"]`);
      // Who has come to a link in it by keyboard keeps it until they leave; the time in the part says how old it is.
      if (part.contains(document.activeElement)) continue;
      if (newer && newer.innerHTML !== part.innerHTML) part.innerHTML = newer.innerHTML;
    }
  } catch {
    // The time in the page says how old it is.
  }
}

if (body) setInterval(refresh, Number(body.dataset.freshS) * 1000);
