// Elements are made of nothing but text: what the tree holds is never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element with attributes and children (elements or text). */
export function build(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Put these in place of all children. */
export function replace(element, ...children) {
  element.replaceChildren(...children);
}

// Controls, marks that turn the direction of text around, what has no width, halves of pairs.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc]|\p{Surrogate}/gu;

/** Return a name as it can be shown, with what would hide or turn parts of it around spelled out. */
export function shown(text) {
  return text.replace(HIDDEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** Return a number with separators, a dash for none. */
export function number(value) {
  return value === null || value === undefined ? "\u2013" : value.toLocaleString("en");
}
