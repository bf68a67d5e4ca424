/** Makes elements. Text goes in as text only, so nothing that came over the wire can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} tag
 * @param {Object<string, any>} [attributes] `on` holds listeners; false and null leave an attribute out
 * @param {...(Node|string|null|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(3).filter((child) => child || child === 0));
  return element;
}

/** Replace what is inside, leaving out what is empty. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child || child === 0));
}

/** Set a text only when it differs, so that a live region does not speak twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const SHAPES = {
  breach: ["M9.4 2h9.2L26 9.4v9.2L18.6 26H9.4L2 18.6V9.4z", "M14 8v8", "M14 20v.4"],
  near: ["M14 3 27 25H1z", "M14 11v6", "M14 21v.4"],
  cannot: ["M14 1 27 14 14 27 1 14z", "M10.8 11.4c0-4 6.4-4 6.4 0 0 2.4-3.2 2.4-3.2 5", "M14 20v.4"],
  notice: ["M4 3h20v22H4z", "M14 13v7", "M14 8.5v.4"],
  tag: ["M14 2a12 12 0 1 0 0 24 12 12 0 0 0 0-24z", "M9 9l10 10", "M19 9 9 19"],
  help: ["M2 4h24v17H15l-6 6v-6H2z", "M14 8v6", "M14 17.5v.4"],
  quiet: ["M14 2a12 12 0 1 0 0 24 12 12 0 0 0 0-24z", "m8.5 14.5 4 4 7.5-8"],
};

/**
 * The shape that stands for a level beside its word and colour: octagon, triangle, diamond, square, crossed circle, speech.
 * @param {"breach"|"near"|"cannot"|"notice"|"tag"|"help"|"quiet"} name
 */
export function shape(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 28 28");
  svg.setAttribute("class", `shape shape--${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  SHAPES[name].forEach((d, index) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", index ? "shape__sign" : "shape__body");
    svg.append(path);
  });
  return svg;
}

/** Draws each part by itself: one that fails is logged, and keeps no other from the screen. */
export function apart(...draws) {
  for (const draw of draws) {
    try {
      draw();
    } catch (error) {
      console.error(error);
    }
  }
}
