// Who may use the card, what was done with it, and the diagnosis, as data for the page.
"use strict";

import { cut, element as e, foreign, withCommand } from "./elements.js";
import { atMoment, day, has, listed, moment, text } from "./texts.js";
import { actionOf, nameOf, unsaid } from "./verdict.js";

/** @param {any} state */
export function access(state) {
  const { sessions = [], grants = [] } = state;
  return e("section", { class: "part", "data-key": "access", "aria-labelledby": "access-title" }, [
    e("h2", { id: "access-title" }, text("access")),
    state.problems.get("access") && e("p", { class: "note failed", role: "alert" }, cut(state.problems.get("access").title, 200), " ", cut(state.problems.get("access").detail, 600)),
    e("h3", {}, text("sessions")),
    sessions.length
      ? e("ul", { class: "rows" }, sessions.map((/** @type {any} */ session) => sessionRow(session, state)))
      : e("p", { class: "quiet" }, text("noSession")),
    e("h3", {}, text("grants")),
    grants.length
      ? e("ul", { class: "rows" }, grants.map((/** @type {any} */ grant, /** @type {number} */ index) => grantRow(grant, index, state)))
      : e("p", { class: "quiet" }, text("noGrant")),
  ]);
}

/**
 * @param {any} session
 * @param {any} state
 */
function sessionRow(session, { cards = [], busy }) {
  const who = cut(session.name ?? session.origin ?? text("demoToken"), 80);
  const card = cards.find((/** @type {any} */ card) => card.id === session.card);
  return e("li", { class: "row", "data-key": `session-${session.id}` }, [
    e("div", { class: "grow" }, [
      e("p", {}, e("strong", {}, foreign(who)), session.topOrigin && [" ", text("grantInside", cut(session.topOrigin, 80))]),
      e("p", { class: "quiet" }, [card && [foreign(nameOf(card)), " · "], text("sessionSince", atMoment(session.opened), atMoment(session.end))]),
    ]),
    e("button", { type: "button", "data-do": "end-session", "data-id": session.id, "aria-label": text("endSessionOf", who), "aria-disabled": busy.has(session.id) ? "true" : undefined }, text("endSession")),
  ]);
}

/**
 * @param {any} grant
 * @param {number} index
 * @param {any} state
 */
function grantRow(grant, index, { confirming, busy }) {
  const who = cut(grant.name ?? grant.origin ?? "", 80);
  const rights = (grant.rights ?? []).map((/** @type {string} */ right) => (has(right) ? text(right) : cut(right, 30)));
  const details = [
    grant.name !== undefined ? text("grantProgram") : text("grantSite"),
    grant.topOrigin && text("grantInside", cut(grant.topOrigin, 80)),
    grant.origins?.length && grant.origins.map((/** @type {string} */ origin) => cut(origin, 80)).join(", "),
    grant.lastUse && text("grantLastUse", day(grant.lastUse)),
    grant.end ? text("grantUntil", day(grant.end)) : grant.tier === "policy" && text("grantPolicy"),
  ];
  const asks = confirming === grant.id && grant.id !== undefined;
  return e("li", { class: "row", "data-key": `grant-${grant.id ?? index}` }, [
    e("div", { class: "grow" }, [
      e("p", {}, e("strong", {}, foreign(who))),
      e("p", {}, text("may", listed(rights))),
      e("p", { class: "quiet" }, details.filter(Boolean).join(" · ")),
    ]),
    grant.id !== undefined && !asks &&
      e("button", { type: "button", "data-key": "revoke", "data-do": "revoke", "data-id": grant.id, "aria-label": text("revokeOf", who), "aria-disabled": busy.has(grant.id) ? "true" : undefined }, text("revoke")),
    asks &&
      e("div", { class: "question", role: "group", "data-key": "question", "aria-labelledby": `question-${grant.id}` }, [
        e("p", { id: `question-${grant.id}` }, text("revokeQuestion")),
        e("div", { class: "buttons" }, [
          e("button", { type: "button", class: "grave", "data-do": "revoke-yes", "data-id": grant.id }, text("revokeYes")),
          e("button", { type: "button", "data-do": "revoke-no", "data-id": grant.id }, text("no")),
        ]),
      ]),
  ]);
}

/** @param {any} state */
export function journal({ journal, journalProblem }) {
  const entries = journal?.entries ?? [];
  const rows = linesOf(entries).map(({ key, time, title, who, result, tone }) =>
    e("li", { class: "row journal", "data-key": `line-${key}` }, [
      e("time", { class: "quiet", datetime: time }, moment(time)),
      e("div", { class: "grow" }, e("span", {}, title), who && [" ", e("span", { class: "quiet" }, who)]),
      result && e("span", { class: tone }, result),
    ]),
  );
  return e("section", { class: "part", "data-key": "journal", "aria-labelledby": "journal-title" }, [
    e("h2", { id: "journal-title" }, text("journal")),
    journalProblem && e("p", { class: "note failed" }, text("journalUnreadable")),
    journal && journal.sound === false && e("p", { class: "note warning" }, e("strong", {}, `${text("journalUnsound")}.`), " ", text("journalBroken")),
    rows.length ? e("ul", { class: "rows" }, rows) : !journalProblem && e("p", { class: "quiet" }, text("journalEmpty")),
  ]);
}

/**
 * The newest lines; an intent and its outcome are one.
 *
 * @param {any[]} entries
 */
function linesOf(entries) {
  const outcomes = new Map(entries.filter(({ kind }) => kind === "outcome").map((entry) => [entry.of, entry]));
  const callers = new Map(entries.filter(({ kind }) => kind === "session-opened").map(({ session, who }) => [session, who]));
  // That a session was asked for and that it was opened is one thing to its holder.
  const isSaid = (/** @type {any} */ { kind, operation, seq }) => kind === "intent" && operation === "open-session" && outcomes.get(seq)?.result === "ok";
  const told = entries.filter((entry) => entry.kind !== "outcome" && !isSaid(entry)).slice(0, LINES);
  return told.map((entry) => line(entry.kind === "session-closed" ? { who: callers.get(entry.session), ...entry } : entry, outcomes.get(entry.seq)));
}

/**
 * @param {any} entry
 * @param {any} outcome
 */
function line(entry, outcome) {
  const base = { key: String(entry.seq), time: String(entry.time ?? ""), title: "", who: "", result: "", tone: "" };
  if (entry.kind === "intent") {
    const name = `operation-${entry.operation}`;
    const result = outcome?.result;
    const words = result === undefined ? "resultOpen" : result === "ok" ? "resultOk" : has(`result-${result}`) ? `result-${result}` : "resultOther";
    const who = whoOf(entry.who);
    return { ...base, title: has(name) ? text(name) : cut(entry.operation, 40), who, result: text(words), tone: result === "ok" ? "ok" : "warning" };
  }
  const step = entry.decision ?? entry.step;
  const name = `kind-${entry.kind}${step ? `-${step}` : ""}`;
  const who = entry.name ? text("whoProgram", cut(entry.name, 60)) : entry.who ? whoOf(entry.who) : "";
  const result = entry.times > 1 ? text("times", entry.times) : has(`end-${entry.reason}`) ? text(`end-${entry.reason}`) : "";
  return { ...base, title: text(has(name) ? name : "kind-unknown"), who, result };
}

/** @param {any} who */
function whoOf(who) {
  switch (who?.caller) {
    case "program":
      return text("whoProgram", cut(who.name, 60));
    case "page":
      return text("whoPage", cut(who.origin, 80));
    case "console":
      return text("whoConsole");
    case "socket":
      return who.executable ? text("whoSocket", cut(String(who.executable).split(/[\\/]/).pop(), 60)) : text("whoUnknown");
    default:
      return text("whoUnknown");
  }
}

const LINES = 12;

/**
 * What was not looked at is not said to be in order.
 * @param {any[]} fine
 * @param {number} wanting
 */
function fineWords(fine, wanting) {
  const good = fine.filter((check) => check.state === "ok").length;
  const rest = fine.length - good;
  if (!good) return text("checksOnlyRest", rest);
  return text(wanting ? "checksFine" : "checksAllFine", good) + (rest ? text("checksRest", rest) : "");
}

/** @param {any} state */
export function diagnosis(state) {
  const { diagnostics, diagnosticsAbsent, isReloading } = state;
  const checks = Array.isArray(diagnostics?.checks) ? diagnostics.checks : [];
  // What nobody could find out is nothing that a person could mend.
  const isFine = (/** @type {any} */ check) => ["ok", "notApplicable", "unknown"].includes(check?.state);
  const [fine, wanting] = [checks.filter(isFine), checks.filter((/** @type {any} */ check) => !isFine(check))];
  const rowsOf = (/** @type {any[]} */ some) => e("ul", { class: "rows checks" }, some.map((check) => checkRow(check, state)));
  return e("section", { class: "part", "data-key": "diagnosis", "aria-labelledby": "diagnosis-title" }, [
    e("h2", { id: "diagnosis-title", tabindex: "-1" }, text("diagnosis")),
    !diagnostics && e("p", { class: "quiet" }, diagnosticsAbsent ? text("diagnosisAbsent") : text(diagnosticsAbsent === false ? "diagnosisFailed" : "connecting")),
    wanting.length > 0 && rowsOf(wanting),
    fine.length > 0 && e("details", { "data-key": "fine" }, [e("summary", {}, fineWords(fine, wanting.length)), rowsOf(fine)]),
    diagnostics?.proSanteConnect && proSanteConnect(diagnostics.proSanteConnect),
    e("div", { class: "buttons" }, [
      e("button", { type: "button", "data-do": "reload", "data-key": "reload", "aria-disabled": isReloading ? "true" : undefined }, text(isReloading ? "reloading" : "reload")),
      Date.parse(diagnostics?.made) > 0 && e("span", { class: "quiet" }, text("diagnosisMade", atMoment(diagnostics.made))),
    ]),
  ]);
}

/**
 * @param {any} check
 * @param {any} state
 */
function checkRow(check, state) {
  const tone = CHECKS[check.state] ? check.state : "unknown";
  const { command, action } = check.state === "ok" ? { command: undefined, action: undefined } : actionOf(check.action, state);
  const words = { "change-code": "changeCode", "unblock-code": "unblock", "test-authentication": "testAuthentication", reload: "reload" };
  return e("li", { class: `row check ${tone}`, "data-key": `check-${cut(check.id, 60)}` }, [
    e("span", { class: `state ${tone}` }, text(CHECKS[tone] ?? "checkUnknown")),
    e("div", { class: "grow" }, [
      e("p", {}, e("strong", {}, foreign(check.title, 120))),
      check.cause && e("p", {}, foreign(check.cause, 600)),
      check.remedy && e("p", {}, e("bdi", { class: "foreign" }, withCommand(check.remedy, 600, command))),
      unsaid(command, check) && e("p", {}, text("runCommand"), " ", e("code", {}, command)),
      command && copyButton(command, state),
      check.details?.length > 0 && e("details", { "data-key": "details" }, [
        e("summary", {}, text("details")),
        e("dl", { class: "facts" }, check.details.map((/** @type {any} */ { name, value }) => e("div", {}, e("dt", {}, foreign(name, 80)), e("dd", {}, foreign(value, 400))))),
      ]),
    ]),
    // All are checked anew by the button below them.
    action && action.name !== "reload" && e("button", { type: "button", "data-do": action.name, "data-card": action.card, "aria-disabled": state.busy.has(action.card) ? "true" : undefined }, text(words[/** @type {keyof typeof words} */ (action.name)])),
  ]);
}

/**
 * A button that copies a command, and what to do instead where the browser forbids it.
 *
 * @param {string} command
 * @param {any} state
 */
export const copyButton = (command, { uncopied }) => [
  e("button", { type: "button", class: "small", "data-do": "copy", "data-id": command }, text("copy")),
  uncopied === command && e("p", { class: "note warning", "data-key": "uncopied" }, text("copyByHand")),
];

/** @param {any} psc */
function proSanteConnect({ state, reason, otherWay }) {
  const [name, tone] = state === "ready" ? ["psc", "ok"] : state === "notReady" ? ["pscNotReady", "warning"] : ["pscUnknown", ""];
  return e("div", { class: `note ${tone}`, "data-key": "psc" }, [
    e("p", {}, e("strong", {}, text(name))),
    reason && e("p", {}, foreign(reason, 600)),
    state !== "ready" && otherWay && e("p", {}, foreign(otherWay, 600)),
  ]);
}

/** @type {Record<string, string>} */
const CHECKS = { ok: "checkOk", warning: "checkWarning", failed: "checkFailed", unknown: "checkUnknown", notApplicable: "checkNotApplicable" };
