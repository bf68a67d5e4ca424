/** Tells the style sheet how high the top and the bar are, so that neither ever hides what it must not. */

const TAKEN_BY = { "--top-space": document.querySelector(".top"), "--bar-space": document.getElementById("bar") };

export function startSpace() {
  const observer = new ResizeObserver(() => {
    for (const [name, element] of Object.entries(TAKEN_BY)) {
      document.documentElement.style.setProperty(name, `${element.offsetHeight}px`);
    }
  });
  for (const element of Object.values(TAKEN_BY)) observer.observe(element);
}
