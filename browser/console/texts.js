// The words, in the language of the person.
"use strict";

import english from "./texts-en.js";
import french from "./texts-fr.js";

/** @type {Record<string, Record<string, any>>} */
const LANGUAGES = { fr: french, en: english };

/** Where dates and numbers are written as here: days before months, and 24 hours. */
const LOCALES = { fr: "fr-FR", en: "en-GB" };

let tag = navigator.languages.map((name) => name.slice(0, 2)).find((name) => name in LANGUAGES) ?? "fr";

export const language = () => tag;

const locale = () => LOCALES[/** @type {keyof typeof LOCALES} */ (tag)];

/** @param {string} chosen */
export function choose(chosen) {
  tag = chosen in LANGUAGES ? chosen : tag;
}

/**
 * The words of this name. Some take values.
 *
 * @param {string} name
 * @param {...any} values
 * @returns {string}
 */
export function text(name, ...values) {
  const words = LANGUAGES[tag]?.[name];
  return typeof words === "function" ? words(...values) : (words ?? name);
}

/**
 * Whether there are words of this name.
 *
 * @param {string} name
 */
export const has = (name) => Object.hasOwn(LANGUAGES[tag] ?? {}, name);

/**
 * A day, in words.
 *
 * @param {string | undefined} time
 */
export function day(time) {
  return formatted(time, { dateStyle: "long" });
}

/**
 * A moment, in a column of moments.
 *
 * @param {string | undefined} time
 */
export function moment(time) {
  const hour = formatted(time, { timeStyle: "short" });
  const day = isToday(time) ? text("today") : formatted(time, { dateStyle: "medium" });
  return [...new Set([day, hour])].join(" ");
}

/**
 * A moment, in a sentence.
 *
 * @param {string | undefined} time
 */
export function atMoment(time) {
  const hour = formatted(time, { timeStyle: "short" });
  return isToday(time) ? text("atToday", hour) : text("atMoment", day(time), hour);
}

const isToday = (/** @type {string | undefined} */ time) => new Date(time ?? "").toDateString() === new Date().toDateString();

/**
 * Several things in a sentence.
 *
 * @param {string[]} words
 */
export function listed(words) {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(words);
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  const digits = seconds < 10 ? 2 : 0;
  const number = seconds.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return milliseconds < 100 ? `${Math.max(1, Math.round(milliseconds))}\u00a0ms` : `${number}\u00a0s`;
}

/**
 * @param {string | undefined} time
 * @param {Intl.DateTimeFormatOptions} options
 */
function formatted(time, options) {
  const date = new Date(time ?? "");
  if (Number.isNaN(date.getTime())) {
    return "–";
  }
  // The first of a month is an ordinal in French alone, and no line breaks within a day.
  const words = date.toLocaleString(locale(), options).replaceAll(" ", "\u00a0");
  return tag === "fr" ? words.replace(/^1(?=\u00a0\p{L})/u, "1er") : words;
}
