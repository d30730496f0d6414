// Small helpers for the elements of a page.

export const byId = id => document.getElementById(id);

/** Make an element with properties and children. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Make an SVG element with attributes. */
export function makeSvg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"};

/** The text of a token with visible blanks. */
export const visible = text => text.replace(/[ \n\t\r]/g, blank => SIGNS[blank]);

/** A probability as a percentage. */
export function percent(probability) {
  const share = 100 * probability;
  return share >= 0.1 ? `${share.toFixed(share < 10 ? 1 : 0)} %` : "< 0.1 %";
}

/** Nats as bits. */
export const bits = nats => nats / Math.LN2;
