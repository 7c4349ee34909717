// Readers and cards, as data for the page.
"use strict";

import { cut, element as e, foreign } from "./elements.js";
import { day, has, text } from "./texts.js";
import { testOf } from "./function-test.js";
import { WARNING_DAYS, nameOf, toneOf, wordsOfProblem } from "./verdict.js";

/** @param {any} state */
export function readersAndCards(state) {
  const { status, readers = [], cards = [] } = state;
  const of = (/** @type {any} */ reader) => cards.filter((/** @type {any} */ card) => card.reader === reader.id);
  const homeless = cards.filter((/** @type {any} */ card) => !readers.some((/** @type {any} */ reader) => reader.id === card.reader));
  const parts = [
    ...readers.flatMap((/** @type {any} */ reader) => (of(reader).length ? of(reader).map((/** @type {any} */ card) => cardPart(card, reader, state)) : [emptyReader(reader, readers)])),
    ...homeless.map((/** @type {any} */ card) => cardPart(card, undefined, state)),
  ];
  return e("section", { class: "part", "data-key": "cards", "aria-labelledby": "cards-title" }, [
    e("h2", { id: "cards-title" }, text("cards")),
    parts.length ? e("div", { class: "cards" }, parts) : e("p", { class: "quiet" }, text(status.state === "ready" ? "noReader" : "readersUnseen")),
  ]);
}

/**
 * A reader as a person calls it: without what the system adds to its name, and with a number where several are alike.
 *
 * @param {any} reader
 * @param {any[]} readers
 */
function readerName(reader, readers) {
  const name = (/** @type {any} */ { name }) => {
    const short = cut(name, 200).replace(/\[[^\]]*\]|\([0-9A-F]{8,}\)/gi, " ").replace(/(?: \d\d)+ *$/, "");
    return short.replace(/ +/g, " ").trim() || cut(name, 80);
  };
  const alike = readers.filter((other) => name(other) === name(reader));
  return alike.length > 1 ? `${name(reader)} (${alike.indexOf(reader) + 1})` : name(reader);
}

/**
 * @param {any} reader
 * @param {any[]} readers
 */
function emptyReader(reader, readers) {
  const trouble = troubleOf(reader);
  return e("article", { class: `card empty ${trouble ? "failed" : ""}`, "data-key": `reader-${reader.id}` }, [
    e("h3", {}, foreign(readerName(reader, readers), 80)),
    e("p", { class: "quiet" }, [traits(reader), !trouble && text("readerEmpty")].filter(Boolean).join(" · ")),
    trouble && e("p", { class: "strong" }, trouble.title),
    // Of the only reader it is said at the top.
    trouble && readers.length > 1 && e("p", {}, trouble.detail),
    reader.atr && e("p", { class: "quiet small" }, "ATR ", foreign(reader.atr, 80)),
  ]);
}

/** @param {any} reader */
function troubleOf(reader) {
  if (reader.problem) {
    return wordsOfProblem(reader.problem);
  }
  const name = { busy: "readerBusy", unreachable: "readerUnreachable" }[/** @type {string} */ (reader.state)];
  return name && { title: text(name), detail: text(`${name}Detail`) };
}

/** @param {any} reader */
const traits = (reader) =>
  [reader.keypad && text("readerKeypad"), reader.contactless && text("readerContactless")].filter(Boolean).join(" · ");

/**
 * @param {any} card
 * @param {any} reader
 * @param {any} state
 */
function cardPart(card, reader, state) {
  const kind = card.type ?? card.generation;
  const busy = state.busy.get(card.id);
  const possible = buttons(card, busy).filter(Boolean);
  const profession = card.holder?.profession;
  const structure = card.holder?.structure;
  return e("article", { class: `card toned-${toneOf(card) ?? "ok"}`, "data-key": `card-${card.id}`, "aria-labelledby": `card-${card.id}` }, [
    e("header", { class: "card-head" }, [
      e("h3", { id: `card-${card.id}` }, foreign(nameOf(card), 60)),
      e("p", { class: "tags" }, [
        e("span", { class: "tag" }, kind ? text("cardKind", cut(kind, 20)) : text("card")),
        card.environment === "test" && e("span", { class: "tag caution" }, text("testCard")),
      ]),
    ]),
    e("dl", { class: "facts" }, [
      profession && fact("profession", foreign(profession.label ?? profession.code, 100)),
      structure && fact("structure", foreign([structure.name, structure.locality].filter(Boolean).join(", ") || structure.id, 160)),
      fact("validity", validity(card)),
      fact("pin", pin(card.pin ?? {})),
      fact("unblockCode", unblockCode(card.unblockCode ?? {})),
      fact("number", foreign(card.number, 40)),
      card.holder?.nationalId && fact("identifier", foreign(card.holder.nationalId, 40)),
      reader && fact("reader", [foreign(readerName(reader, state.readers), 80), traits(reader) && `, ${traits(reader)}`]),
    ]),
    card.warnings?.length > 0 && e("p", { class: "note" }, `${text("warnings")}${text("title") === "Mon poste" ? "\u00a0" : ""}: `, card.warnings.map((/** @type {string} */ name) => (has(`warning-${name}`) ? text(`warning-${name}`) : cut(name, 60))).join(" ")),
    possible.length > 0 && e("div", { class: "buttons" }, possible),
    busy && e("p", { class: "note", role: "status" }, text("answerWindow")),
    state.problems.get(card.id) && problemPart(state.problems.get(card.id)),
    testOf(card, state.tests.get(card.id)),
    certificates(card, busy),
  ]);
}

/** @param {{ title: string, detail: string }} problem */
export function problemPart(problem) {
  return e("p", { class: "note failed", role: "alert" }, e("strong", {}, cut(problem.title, 200)), " ", cut(problem.detail, 600));
}

/**
 * @param {string} name
 * @param {any} value
 */
const fact = (name, value) => e("div", { class: name === "reader" ? "wide" : undefined }, e("dt", {}, text(name)), e("dd", {}, value));

/** @param {any} card */
function validity({ validity }) {
  if (!validity) {
    return text("validityUnknown");
  }
  const end = day(validity.notAfter);
  if (validity.daysLeft < 0) {
    return e("span", { class: "failed" }, text("expiredSince", end));
  }
  if (new Date(validity.notBefore).getTime() > Date.now()) {
    return e("span", { class: "failed" }, text("validFrom", day(validity.notBefore)));
  }
  return validity.daysLeft <= WARNING_DAYS
    ? e("span", { class: "warning" }, text("validUntilDays", end, validity.daysLeft))
    : text("validUntil", end);
}

/** @param {any} pin */
function pin({ state, triesLeft = null, triesMaximum = null }) {
  const words = state === "ready" ? text("pinReady", triesLeft, triesMaximum) : has(NAMES[state] ?? "") ? text(NAMES[state] ?? "") : text("pinUnknown");
  const tone = state === "blocked" || state === "definitivelyBlocked" ? "failed" : triesLeft === 1 && triesMaximum !== 1 ? "warning" : "";
  return e("span", { class: tone }, words);
}

/** @param {any} code */
function unblockCode({ state, triesLeft = null }) {
  const words = state === "ready" ? text("unblockReady", triesLeft) : text(NAMES[state] ?? "pinUnknown");
  return e("span", { class: state === "blocked" ? "failed" : "" }, words);
}

/** @type {Record<string, string>} */
const NAMES = { unknown: "pinUnknown", blocked: "pinBlocked", definitivelyBlocked: "pinDefinitivelyBlocked", absent: "pinAbsent" };

/**
 * @param {any} card
 * @param {string | undefined} busy
 */
function buttons(card, busy) {
  const state = card.pin?.state;
  const valid = (card.certificates ?? []).filter((/** @type {any} */ certificate) => certificate.status === "valid");
  const roles = valid.map((/** @type {any} */ certificate) => certificate.role);
  const usable = state === "ready" || state === "unknown";
  const named = (/** @type {string} */ name, /** @type {string} */ words, shown = true) =>
    shown &&
    e("button", { type: "button", "data-do": name, "data-card": card.id, "data-key": name, "aria-disabled": busy ? "true" : undefined, class: name === busy ? "busy" : "" }, text(words));
  return [
    named("unblock-code", "unblock", state === "blocked"),
    named("change-code", "changeCode", usable),
    named("test-authentication", "testAuthentication", usable && roles.includes("authentication")),
    named("test-signature", "testSignature", usable && roles.includes("signature")),
    named("unblock-code", "unblock", state === "unknown"),
  ];
}

/**
 * @param {any} card
 * @param {string | undefined} busy
 */
function certificates(card, busy) {
  const all = card.certificates ?? [];
  return (
    all.length > 0 &&
    e("details", { "data-key": "certificates" }, [
      e("summary", {}, `${text("certificates")} (${all.length})`),
      e("ul", { class: "rows", "aria-label": text("certificatesOf", nameOf(card)) }, all.map((/** @type {any} */ certificate) => certificateRow(card, certificate, busy))),
    ])
  );
}

/**
 * @param {any} card
 * @param {any} certificate
 * @param {string | undefined} busy
 */
function certificateRow(card, certificate, busy) {
  const purpose = has(certificate.role) ? text(certificate.role) : cut(certificate.role, 40);
  const status = { valid: "valid", expired: "certificateExpired", notYetValid: "certificateNotYetValid" }[/** @type {string} */ (certificate.status)];
  return e("li", { class: "row", "data-key": `certificate-${certificate.role}` }, [
    e("div", { class: "grow" }, [
      e("p", {}, e("strong", {}, `${text("purpose")} ${purpose}`)),
      e("p", { class: "quiet" }, `${text("issuer")} `, foreign(commonName(certificate.issuer), 100)),
      e("p", { class: "quiet" }, [
        `${text("until")} ${day(certificate.notAfter)} · `,
        e("span", { class: certificate.status === "valid" ? "" : "failed" }, status ? text(status) : cut(certificate.status, 40)),
        certificate.revocation === "notChecked" && ` · ${text("notChecked")}`,
      ]),
    ]),
    e("button", { type: "button", "data-do": "export", "data-card": card.id, "data-role": certificate.role, "aria-label": text("exportPemOf", purpose), "aria-disabled": busy ? "true" : undefined }, text("exportPem")),
  ]);
}

/** The last name of an issuer, which is the one that people know; all of it where there is none. */
function commonName(/** @type {string} */ issuer) {
  return /(?:^|,\s*)CN=((?:[^,\\]|\\.)+)/.exec(String(issuer ?? ""))?.[1] ?? issuer;
}
