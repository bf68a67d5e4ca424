/** Which view an address means; the browser's own back button works. */

const ALERT = /^\/officer\/alerts\/(\d+)$/;
const LIST = /^\/officer\/?$/;

/** @param {string} path @returns {number|null|undefined} an alert's id, null for the list, undefined for another page */
export function routeOf(path) {
  const found = ALERT.exec(path);
  if (found) return Number(found[1]);
  return LIST.test(path) ? null : undefined;
}

/**
 * Call `show` with the alert's id or null, now and whenever the address changes.
 * @returns {(path: string) => void} goes to one of these addresses without loading the page anew
 */
export function startRouter(show) {
  let scrollOfList = 0;
  let shown;

  function go(isBack) {
    const id = routeOf(location.pathname) ?? null;
    if (id === shown) return;
    if (shown === null) scrollOfList = scrollY;
    const isFirst = shown === undefined;
    shown = id;
    show(id, isFirst);
    scrollTo(0, id === null && isBack ? scrollOfList : 0);
  }

  function open(path, isBack = false) {
    if (path === location.pathname || routeOf(path) === undefined) return;
    history.pushState({ isFromList: shown === null }, "", path);
    go(isBack);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.origin !== location.origin || routeOf(link.pathname) === undefined) return;
    event.preventDefault();
    if (link.dataset.back !== undefined && history.state?.isFromList) {
      history.back();
      return;
    }
    open(link.pathname, link.dataset.back !== undefined);
  });
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => go(true));
  go(false);
  return open;
}
