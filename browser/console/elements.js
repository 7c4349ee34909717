// Elements as data, and a page that is brought up to date in place: what has the focus keeps it, what is open stays
// open, and no text of others is ever markup.
"use strict";

/**
 * One element. `undefined`, `null` and `false` among the children are left out; a string is text.
 *
 * @param {string} tag
 * @param {Record<string, string | boolean | undefined>} attributes
 * @param {...any} children
 */
export function element(tag, attributes = {}, ...children) {
  return { tag, attributes, children: children.flat(Infinity).filter((child) => child || child === 0) };
}

/**
 * Words of others: cut, and without what could move a cursor.
 *
 * @param {unknown} words
 * @param {number} longest in characters
 */
export function cut(words, longest) {
  const shown = Array.from(String(words ?? "").slice(0, 8 * longest).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\uFFFD"));
  return shown.length > longest ? `${shown.slice(0, longest - 1).join("")}…` : shown.join("");
}

/**
 * The same as an element, whose direction of reading is nobody else's.
 *
 * @param {unknown} words
 * @param {number} longest
 */
export function foreign(words, longest = 120) {
  return element("bdi", { class: "foreign" }, cut(words, longest));
}

/**
 * Words of others in which a command is told from the rest.
 *
 * @param {unknown} words
 * @param {number} longest
 * @param {string | undefined} command
 */
export function withCommand(words, longest, command) {
  const parts = command ? cut(words, longest).split(command) : [cut(words, longest)];
  return parts.flatMap((part, index) => [index > 0 && element("code", {}, command), part]);
}

/**
 * Makes the children of `parent` these, with as few changes as it takes. A child with the attribute `data-key` is
 * known again by it, any other by its place.
 *
 * @param {Element} parent
 * @param {any[]} wanted
 */
export function bring(parent, wanted) {
  const keyed = new Map();
  for (const child of parent.children) {
    const key = child.getAttribute("data-key");
    key && keyed.set(key, child);
  }
  let place = parent.firstChild;
  for (const child of wanted) {
    const node = fitting(place, keyed, child);
    if (node === place) {
      place = node.nextSibling;
    } else {
      parent.insertBefore(node, place);
    }
    typeof child === "object" ? update(/** @type {Element} */ (node), child) : say(/** @type {Text} */ (node), String(child));
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/**
 * @param {Node | null} place
 * @param {Map<string, Element>} keyed
 * @param {any} child
 * @returns {Node}
 */
function fitting(place, keyed, child) {
  if (typeof child !== "object") {
    return place instanceof Text ? place : document.createTextNode("");
  }
  const key = child.attributes["data-key"];
  const known = key ? keyed.get(key) : place;
  const isElement = known instanceof Element && known.localName === child.tag;
  const fits = isElement && (known.getAttribute("data-key") ?? undefined) === key;
  return fits ? known : create(child.tag);
}

/** @param {string} tag */
function create(tag) {
  return tag === "svg" || tag === "path" || tag === "circle"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
}

/**
 * @param {Element} node
 * @param {{ attributes: Record<string, string | boolean | undefined>, children: any[] }} wanted
 */
function update(node, { attributes, children }) {
  for (const { name } of [...node.attributes]) {
    // Whether it is open is the person's choice.
    if (!(name in attributes) && name !== "open") {
      node.removeAttribute(name);
    }
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) {
      node.removeAttribute(name);
    } else if (node.getAttribute(name) !== String(value === true ? "" : value)) {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  bring(node, children);
}

/**
 * @param {Text} node
 * @param {string} words
 */
function say(node, words) {
  if (node.data !== words) {
    node.data = words;
  }
}
