// What a person sees first: that everything works, or what does not and the one thing to do.
"use strict";

import { cut } from "./elements.js";
import { day, has, text } from "./texts.js";

/**
 * @typedef {object} Verdict
 * @property {"ok" | "warning" | "failed" | "waiting"} tone
 * @property {string} title
 * @property {string} [detail]
 * @property {string} [command] what a person types in a terminal
 * @property {{ name: string, card?: string }} [action] a button
 * @property {string[]} [also] what else is to be known
 * @property {boolean} [isApart] no check of the diagnosis says the same
 */

/** Checks of which this page says more: which reader, which holder. */
const SAID_HERE = new Set(["reader", "card", "card-answers", "card-known", "card-environment", "certificate-dates", "code"]);

/** Characters. */
const LONGEST_TITLE = 80;

/** From when on an end is spoken of, in days. */
export const WARNING_DAYS = 60;

/**
 * @param {any} state
 * @returns {Verdict}
 */
export function verdict(state) {
  if (state.link !== "linked") {
    return BY_LINK[state.link] ? BY_LINK[state.link]() : waiting();
  }
  if (!state.status) {
    return waiting();
  }
  const own = [...ofWorkstation(state), ...ofJournal(state)].sort((one, other) => WEIGHT[one.tone] - WEIGHT[other.tone]);
  const failed = (state.diagnostics?.checks ?? []).find((/** @type {any} */ check) => check?.state === "failed");
  const isSaidHere = own.length > 0 && SAID_HERE.has(failed?.id);
  const first = (isSaidHere ? undefined : ofDiagnosis(state, failed)) ?? own[0] ?? well(state);
  const others = own.filter((other) => other !== first && (other.isApart || own.includes(first)));
  return { ...first, also: others.map(({ title }) => title) };
}

/** @type {Record<string, () => Verdict>} */
const BY_LINK = {
  unlinked: () => ({ tone: "failed", title: text("unlinked"), detail: text("unlinkedDetail"), command: "cpxd console" }),
  gone: () => ({ tone: "failed", title: text("gone"), detail: text("goneDetail") }),
  left: () => ({ tone: "failed", title: text("gone"), detail: text("leftDetail"), action: { name: "retry" } }),
  broken: () => ({ tone: "failed", title: text("broken"), action: { name: "reload" } }),
};

/** @returns {Verdict} */
const waiting = () => ({ tone: "waiting", title: text("connecting") });

/**
 * @param {any} state
 * @param {any} check
 * @returns {Verdict | undefined}
 */
function ofDiagnosis(state, check) {
  if (!check) {
    return undefined;
  }
  // What is wrong says more than what was looked at, where its beginning is short enough to be read at once.
  const cause = cut(check.cause, 600);
  const [beginning = ""] = cause.split(/\s?:\s|\.(?:\s|$)/u);
  const isShort = beginning !== "" && beginning.length <= LONGEST_TITLE;
  const title = check.id === "reader-held" ? text("readerBusy") : isShort ? beginning : check.title;
  const details = cause === `${title}.` ? [check.remedy] : [cause, check.remedy];
  const detail = details.filter(Boolean).map((words) => cut(words, 600)).join(" ");
  const { command, action } = actionOf(check.action, state);
  return { tone: check.state, title: cut(title, 120), detail, command, action };
}

/**
 * A command that the remedy does not name already.
 *
 * @param {string | undefined} command
 * @param {any} check
 */
export const unsaid = (command, check) => (command && !String(check.remedy ?? "").includes(command) ? command : undefined);

/**
 * What can be done about a check. An action that this page does not know is none.
 *
 * @param {string} name
 * @param {any} state
 * @returns {{ command?: string, action?: { name: string, card?: string } }}
 */
export function actionOf(name, state) {
  // A code typed for another card than the one that is meant would cost that card's tries.
  const blocked = (/** @type {any} */ card) => name !== "unblock-code" || card.pin?.state === "blocked";
  const [card, ...others] = (state.cards ?? []).filter(blocked);
  switch (name) {
    case "install-trust":
      return { command: "cpxd install --trust" };
    case "install-native-messaging":
      return { command: "cpxd install --native-messaging" };
    case "change-code":
    case "unblock-code":
    case "function-test":
      return card && others.length === 0 ? { action: { name: name === "function-test" ? "test-authentication" : name, card: card.id } } : {};
    case "reload":
      return { action: { name: "reload" } };
    default:
      return {};
  }
}

/**
 * What is wrong with services, readers and cards, the worst first.
 *
 * @param {any} state
 * @returns {Verdict[]}
 */
function ofWorkstation({ status, readers, cards }) {
  /** @type {Verdict[]} */
  const found = [];
  const fail = (/** @type {string} */ name, more = {}) =>
    found.push({ tone: "failed", title: text(name), detail: text(`${name}Detail`), ...more });
  if (status.state === "pcscUnavailable" || status.state === "moduleFailed") {
    fail(status.state, { action: { name: "reload" } });
    return found;
  }
  if (readers.length === 0) {
    fail("noReader", { action: { name: "reload" } });
    return found;
  }
  const ofCards = cards.flatMap(ofCard);
  if (cards.length === 0) {
    for (const reader of readers) {
      const verdict = ofReader(reader);
      verdict && found.push(verdict);
    }
    found.length || found.push({ tone: "warning", title: text("noCard"), detail: text("noCardDetail") });
  }
  // A card that works says more than one that does not, where there are several.
  const works = cards.some((/** @type {any} */ card) => !ofCard(card).some(({ tone }) => tone === "failed"));
  const softened = ofCards.map((/** @type {Verdict} */ verdict) => (works && verdict.tone === "failed" ? { ...verdict, tone: "warning" } : verdict));
  return [...found, ...softened.map((/** @type {Verdict} */ verdict) => ({ ...verdict, isApart: true }))];
}

/**
 * @param {any} state
 * @returns {Verdict[]}
 */
const ofJournal = ({ journal }) => (journal?.sound === false ? [{ tone: "warning", title: text("journalUnsound"), detail: text("journalBroken"), isApart: true }] : []);

/** @type {Record<string, number>} */
const WEIGHT = { failed: 0, warning: 1, waiting: 2, ok: 3 };

/**
 * @param {any} reader
 * @returns {Verdict | undefined}
 */
function ofReader(reader) {
  if (reader.problem) {
    return { tone: "failed", ...wordsOfProblem(reader.problem) };
  }
  const name = { busy: "readerBusy", unreachable: "readerUnreachable" }[/** @type {string} */ (reader.state)];
  return name ? { tone: "failed", title: text(name), detail: text(`${name}Detail`) } : undefined;
}

/** @param {string} code */
export function wordsOfProblem(code) {
  if (code === "environment-mismatch") {
    return { title: text("environmentMismatch"), detail: text("environmentMismatchDetail") };
  }
  const name = has(`problem-${code}`) ? `problem-${code}` : "problem-other";
  return { title: text(name), detail: text(`${name}-detail`) };
}

/**
 * @param {any} card
 * @returns {Verdict[]}
 */
function ofCard(card) {
  const holder = `${nameOf(card)}`;
  const days = card.validity?.daysLeft;
  /** @type {Verdict[]} */
  const found = [];
  if (typeof days === "number" && days < 0) {
    found.push({ tone: "failed", title: text("expired", holder), detail: text("expiredDetail", day(card.validity.notAfter)) });
  } else if (card.validity && new Date(card.validity.notBefore).getTime() > Date.now()) {
    const detail = text("notYetValidDetail", day(card.validity.notBefore));
    found.push({ tone: "failed", title: text("notYetValid", holder), detail });
  }
  if (card.pin?.state === "definitivelyBlocked") {
    found.unshift({ tone: "failed", title: text("lost", holder), detail: text("lostDetail") });
  } else if (card.pin?.state === "blocked") {
    const action = { name: "unblock-code", card: card.id };
    found.push({ tone: "failed", title: text("blocked", holder), detail: text("blockedDetail"), action });
  } else if (card.pin?.triesLeft === 1 && card.pin?.triesMaximum !== 1) {
    found.push({ tone: "warning", title: text("fewTries", holder), detail: text("fewTriesDetail") });
  }
  if (typeof days === "number" && days >= 0 && days <= WARNING_DAYS) {
    const detail = text("expiringDetail", day(card.validity.notAfter));
    found.push({ tone: "warning", title: text("expiring", holder, days), detail });
  }
  return found;
}

/**
 * The worst that is said of a card.
 *
 * @param {any} card
 */
export function toneOf(card) {
  const tones = ofCard(card).map(({ tone }) => tone);
  return tones.find((tone) => tone === "failed") ?? tones[0];
}

/** @param {any} card */
export function nameOf(card) {
  const { givenName, familyName, pseudonym } = card.holder ?? {};
  return cut([givenName, familyName].filter(Boolean).join(" ") || pseudonym || card.number || text("nobody"), 60);
}

/**
 * Everything works where nothing is to be watched either; where something is, the card is ready and no more is said.
 *
 * @param {any} state
 * @returns {Verdict}
 */
function well({ cards, diagnostics }) {
  const [card] = cards;
  const isOne = cards.length === 1;
  const watched = (diagnostics?.checks ?? []).filter((/** @type {any} */ check) => check?.state === "warning").length;
  const wanting = [watched && text("watched", watched), diagnostics?.proSanteConnect?.state === "notReady" && text("pscWanting")].filter(Boolean);
  const action = { name: "see-diagnosis" };
  return wanting.length
    ? { tone: "ok", title: isOne ? text("cardReady", nameOf(card)) : text("cardsReady", cards.length), detail: wanting.join(" "), action }
    : { tone: "ok", title: text("allWell"), detail: isOne ? text("allWellDetail", nameOf(card)) : text("allWellCards", cards.length) };
}
