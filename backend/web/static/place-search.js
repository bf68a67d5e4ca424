/** Finds a place by postcode or name for the map on which a zone is drawn; without names that were loaded it says so. */

const box = document.querySelector("[data-place-search]");

/** @param {(lat: number, lon: number) => void} to goes to a place that was chosen */
export function startPlaceSearch(to) {
  if (!box) return;
  const [field, find, found, said] = ["#place-search", "[data-place-find]", "[data-place-found]", "[data-place-said]"].map((name) =>
    box.querySelector(name),
  );
  const token = document.querySelector("input[name=csrf_token]")?.value ?? "";

  function choose(place) {
    to(place.lat, place.lon);
    found.replaceChildren();
    said.textContent = `The middle is at ${place.name}. A postcode stands for several houses: look whether the middle is right.`;
  }

  async function search() {
    found.replaceChildren();
    said.textContent = "Searching …";
    try {
      const response = await fetch("/places/search", { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams({ text: field.value }), signal: AbortSignal.timeout(8000) });
      if (!response.ok) throw new Error(String(response.status));
      const { places, note } = await response.json();
      for (const place of places) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "place-search__one";
        button.textContent = [place.name, place.kind, place.around].filter(Boolean).join(", ");
        button.addEventListener("click", () => choose(place));
        const row = document.createElement("li");
        row.append(button);
        found.append(row);
      }
      const count = places.length
        ? `${places.length} found. Choose one.`
        : field.value.trim().length < 3
          ? "Nothing found. Enter at least three letters or figures, or tap the middle on the map."
          : "Cordon knows no postcode or place of this name. Check it, or tap the middle on the map.";
      said.textContent = [note, count].filter(Boolean).join(" ");
    } catch {
      said.textContent = "Cordon did not answer. Try again, or tap the middle on the map.";
    }
  }

  find.addEventListener("click", search);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // The form around it is for the zone.
    event.preventDefault();
    search();
  });
  box.hidden = false;
}
