/** Loads a library when it is needed: the list does not wait for the map. */

const loading = new Map();

function put(element) {
  return new Promise((resolve, refuse) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => refuse(new Error("A file could not be loaded.")));
    // Before the style sheet of the app, which has the last word.
    document.head.prepend(element);
  });
}

function element(url) {
  if (!url.endsWith(".css")) return Object.assign(document.createElement("script"), { src: url });
  return Object.assign(document.createElement("link"), { rel: "stylesheet", href: url });
}

/**
 * Load scripts and style sheets, each once; what failed is tried again the next time.
 * @param {...string} urls
 * @returns {Promise<void[]>}
 */
export function load(...urls) {
  return Promise.all(
    urls.map((url) => {
      if (!loading.has(url)) loading.set(url, put(element(url)).catch((error) => (loading.delete(url), Promise.reject(error))));
      return loading.get(url);
    }),
  );
}
