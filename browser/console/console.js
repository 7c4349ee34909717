// "Mon poste": the agent's own page. It asks the agent for everything again when something happened, several events
// as one, and draws at most once a frame.
"use strict";

import { access, copyButton, diagnosis, journal } from "./access.js";
import { problemPart, readersAndCards } from "./cards.js";
import { Refusal, call, enter, follow, read, readPem, speak } from "./connection.js";
import { bring, element as e, withCommand } from "./elements.js";
import { runTest } from "./function-test.js";
import { choose, language, text } from "./texts.js";
import { verdict } from "./verdict.js";

const state = {
  /** @type {"connecting" | "linked" | "unlinked" | "gone" | "left" | "broken"} */
  link: "connecting",
  /** @type {any} */ status: undefined,
  /** @type {any[]} */ readers: [],
  /** @type {any[]} */ cards: [],
  /** @type {any[]} */ sessions: [],
  /** @type {any[]} */ grants: [],
  /** @type {any} */ journal: undefined,
  journalProblem: false,
  /** @type {any} */ diagnostics: undefined,
  /** Whether this agent has no diagnosis; undefined until it was asked. @type {boolean | undefined} */
  diagnosticsAbsent: undefined,
  isAsking: false,
  /** Whether a person asked for another look, which is under way. */
  isReloading: false,
  /** What is under way, by card, session or grant. @type {Map<string, string>} */
  busy: new Map(),
  /** What went wrong last, by the same. @type {Map<string, { title: string, detail: string }>} */
  problems: new Map(),
  /** @type {Map<string, import("./function-test.js").Step[]>} */
  tests: new Map(),
  /** The grant of which it is asked whether it is to be taken back. @type {string | undefined} */
  confirming: undefined,
  /** The command that the browser would not copy. @type {string | undefined} */
  uncopied: undefined,
};

/* What is drawn. */

let isDrawn = true;

function draw() {
  if (isDrawn) {
    isDrawn = false;
    requestAnimationFrame(() => {
      isDrawn = true;
      drawNow();
    });
  }
}

function drawNow() {
  const found = verdict(state);
  document.documentElement.lang = language();
  document.title = `${found.tone === "ok" ? "✓" : found.tone === "waiting" ? "…" : "!"} ${text("title")} – cpxd`;
  bring(part("top"), head());
  const isLinked = state.link === "linked" && state.status;
  bring(part("main"), [
    verdictPart(found),
    state.problems.get("page") && problemPart(state.problems.get("page") ?? { title: "", detail: "" }),
    ...(isLinked ? [readersAndCards(state), diagnosis(state), access(state), journal(state)] : []),
  ].filter(Boolean));
  bring(part("bottom"), foot());
  announce(found);
}

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

function head() {
  const languages = Object.entries({ fr: "Français", en: "English" }).map(([tag, name]) =>
    e("button", { type: "button", lang: tag, "data-do": "speak", "data-id": tag, "aria-pressed": String(tag === language()) },
      // Where there is no room, the eye gets the beginning alone.
      e("span", {}, name.slice(0, 2)), e("span", { class: "rest" }, name.slice(2))),
  );
  return [
    e("a", { class: "skip", href: "#main", "data-do": "skip" }, text("skip")),
    e("h1", {}, e("img", { src: "/icon.svg", alt: "", width: "32", height: "32" }), text("title")),
    state.status?.environment === "test" && e("p", { class: "tag caution" }, text("testEnvironment")),
    e("div", { class: "languages", role: "group", "aria-label": text("language") }, languages),
  ].filter(Boolean);
}

/** @param {import("./verdict.js").Verdict} found */
function verdictPart({ tone, title, detail, command, action, also = [] }) {
  const words = { "unblock-code": "unblock", "change-code": "changeCode", "test-authentication": "testAuthentication", reload: "reload", "see-diagnosis": "seeDiagnosis", retry: "retry" };
  return e("section", { class: `verdict ${tone}`, "data-key": "verdict", "aria-labelledby": "verdict-title" }, [
    sign(tone),
    e("div", { class: "grow" }, [
      e("h2", { id: "verdict-title" }, title),
      detail && e("p", {}, withCommand(detail, 1300, command)),
      state.isAsking && e("p", { class: "strong" }, text("answerWindow")),
      command && !detail?.includes(command) && e("p", {}, state.link === "linked" && [text("runCommand"), " "], e("code", {}, command)),
      command && copyButton(command, state),
      action && e("button", { type: "button", class: action.name === "see-diagnosis" ? "" : "main", "data-do": action.name, "data-card": action.card, "data-key": "act", "aria-disabled": isUnderWay(action) ? "true" : undefined }, text(action.name === "reload" && state.isReloading ? "reloading" : words[/** @type {keyof typeof words} */ (action.name)])),
      also.length > 0 && e("div", {}, e("p", { class: "strong" }, text("also")), e("ul", { class: "also" }, also.map((title) => e("li", {}, title)))),
    ]),
  ]);
}

/** @param {{ name: string, card?: string }} action */
const isUnderWay = ({ name, card }) => (name === "reload" ? state.isReloading : card !== undefined && state.busy.has(card));

/** @param {string} tone */
function sign(tone) {
  const paths = { ok: "m7 12.500 3.500 3.500 7-8", warning: "M12 6.500v7M12 17v.5", failed: "m8 8 8 8m0-8-8 8", waiting: "M7 12h.5M12 12h.5M17 12h.5", unknown: "M12 6.500v7M12 17v.5" };
  return e("svg", { class: "sign", viewBox: "0 0 24 24", "aria-hidden": "true" }, [
    e("circle", { cx: "12", cy: "12", r: "11" }),
    e("path", { d: paths[/** @type {keyof typeof paths} */ (tone)] ?? paths.unknown }),
  ]);
}

function foot() {
  const { version, newerVersion } = state.status ?? {};
  return [
    newerVersion && !state.diagnostics && e("p", { class: "note" }, text("update", String(newerVersion).slice(0, 40))),
    e("p", { class: "quiet" }, [version && `${text("version", String(version).slice(0, 40))} · `, text("private")]),
  ].filter(Boolean);
}

let announced = "";

/** Tells a screen reader what became of the whole; what was said is not said again. */
function announce(/** @type {import("./verdict.js").Verdict} */ { title, detail }) {
  const words = `${title}. ${detail ?? ""}`;
  if (words !== announced) {
    announced = words;
    part("news").textContent = words;
  }
}

/** @param {string} words */
function say(words) {
  part("news").textContent = words;
}

/* What is asked of the agent. */

let isStale = false;
let isReading = false;

/** Reads everything again: now, or once more when what is under way is done. */
function refresh(isAsked = false) {
  isStale = true;
  examine(isAsked);
  if (!isReading) {
    isReading = true;
    readAll().finally(() => {
      isReading = false;
    });
  }
}

async function readAll() {
  while (isStale && state.link === "linked") {
    isStale = false;
    try {
      await readOnce();
    } catch (error) {
      lost(error);
    }
    draw();
    await pause(BETWEEN_READS);
  }
}

async function readOnce() {
  const [status, { readers }, { cards }] = await Promise.all([read("/v1/status"), read("/v1/readers"), read("/v1/cards")]);
  Object.assign(state, { status, readers, cards });
  draw();
  const [{ sessions }, { grants }] = await Promise.all([read("/v1/sessions"), read("/v1/grants")]);
  Object.assign(state, { sessions, grants });
  const ids = new Set(cards.map((/** @type {any} */ card) => card.id));
  for (const kept of [state.tests, state.problems]) {
    for (const id of kept.keys()) {
      ids.has(id) || ["page", "access"].includes(id) || kept.delete(id);
    }
  }
  await readJournal();
}

async function readJournal() {
  try {
    state.journal = await read("/v1/journal?last=40");
    state.journalProblem = false;
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 401) {
      throw error;
    }
    state.journalProblem = true;
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let examination;
let examined = -Infinity;
let isExamining = false;
let mustExamineAgain = false;

/** Has the workstation examined: at once for a person who asks, every now and then for what happens. */
function examine(isAsked = false) {
  clearTimeout(examination);
  const wait = isAsked ? 0 : examined + BETWEEN_EXAMINATIONS - performance.now();
  examination = setTimeout(examineNow, Math.max(0, wait));
}

async function examineNow() {
  if (state.link === "left") {
    return;
  }
  if (isExamining) {
    mustExamineAgain = true;
    return;
  }
  isExamining = true;
  try {
    await readDiagnostics();
  } catch (error) {
    lost(error);
  }
  isExamining = false;
  examined = performance.now();
  if (state.isReloading && !mustExamineAgain) {
    state.isReloading = false;
    say(text("reloaded"));
  }
  draw();
  if (mustExamineAgain) {
    mustExamineAgain = false;
    examine(true);
  }
}

async function readDiagnostics() {
  try {
    state.diagnostics = await read("/v1/diagnostics");
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 401) {
      throw error;
    }
    state.diagnostics = undefined;
    state.diagnosticsAbsent = error.status === 404;
  }
}

/** @param {unknown} error */
function lost(error) {
  if (error instanceof Refusal) {
    if (error.status === 401) {
      state.link = "unlinked";
    } else {
      state.problems.set("page", wordsOf(error));
    }
  } else {
    state.link = "gone";
  }
}

/** Follows the events as long as the page is there, and asks again, ever more seldom, for an agent that went away. */
async function live() {
  let waited = 0;
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      await read("/v1/status");
      wait = FIRST_WAIT;
      waited = 0;
      state.link = "linked";
      state.problems.delete("page");
      refresh();
      // Firefox tells of the stream with its first event: what happened before that is looked for by itself.
      setTimeout(() => refresh(), STREAM_TIME);
      await follow(happened, () => refresh());
      // It ended without an error, as when the agent stops.
    } catch (error) {
      lost(error);
    }
    // Whoever has its port by then is not asked for ever.
    if (state.link === "gone" && waited >= LONGEST_ABSENCE) {
      state.link = "left";
    }
    state.isAsking = false;
    draw();
    if (state.link === "unlinked" || state.link === "left") {
      return;
    }
    await pause(wait);
    waited += wait;
  }
}

/** @param {Set<string>} names */
function happened(names) {
  if (names.has("prompt-closed")) {
    state.isAsking = false;
  } else if (names.has("prompt-opened")) {
    state.isAsking = true;
  }
  draw();
  refresh();
}

/* What a person does. */

/** @type {Record<string, (data: DOMStringMap) => unknown>} */
const DEEDS = {
  speak({ id }) {
    choose(id ?? "");
    speak(language());
    refresh(true);
  },
  skip() {
    part("main").focus();
  },
  "see-diagnosis"() {
    part("diagnosis-title").scrollIntoView();
    part("diagnosis-title").focus({ preventScroll: true });
  },
  reload() {
    state.isReloading = true;
    draw();
    refresh(true);
  },
  async copy({ id = "" }) {
    try {
      await navigator.clipboard.writeText(id);
      state.uncopied = undefined;
      say(text("copied"));
    } catch {
      state.uncopied = id;
      say(text("copyByHand"));
    }
    draw();
  },
  retry() {
    state.link = "connecting";
    draw();
    stayLive();
  },
  "change-code": ({ card = "" }) => setCode(card, "change-code", "change", "codeChanged"),
  "unblock-code": ({ card = "" }) => setCode(card, "unblock-code", "unblock", "codeUnblocked"),
  "test-authentication": ({ card = "" }) => test(card, "test-authentication"),
  "test-signature": ({ card = "" }) => test(card, "test-signature"),
  export: ({ card = "", role = "" }) => under(card, "export", () => exportPem(card, role)),
  "end-session": ({ id = "" }) =>
    under(id, "end", async () => {
      await call("DELETE", `/v1/sessions/${encodeURIComponent(id)}`);
      say(text("sessionEnded"));
    }, "access"),
  revoke({ id }) {
    state.confirming = id;
    drawNow();
    focusOn("[data-do=revoke-no]");
  },
  "revoke-no"({ id }) {
    state.confirming = undefined;
    drawNow();
    focusOn(`[data-do=revoke][data-id="${CSS.escape(id ?? "")}"]`);
  },
  async "revoke-yes"({ id = "" }) {
    state.confirming = undefined;
    drawNow();
    part("main").focus();
    await under(id, "revoke", async () => {
      await call("DELETE", `/v1/grants/${encodeURIComponent(id)}`);
      say(text("revoked"));
    }, "access");
  },
};

/** @param {string} selector */
function focusOn(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus();
}

/**
 * @param {string} card
 * @param {string} deed
 * @param {string} path
 * @param {string} done
 */
function setCode(card, deed, path, done) {
  return under(card, deed, async () => {
    await call("POST", `/v1/cards/${encodeURIComponent(card)}/pin/${path}`, {});
    say(text(done));
  });
}

/**
 * @param {string} id
 * @param {"test-authentication" | "test-signature"} which
 */
function test(id, which) {
  const card = state.cards.find((card) => card.id === id);
  return card && under(id, which, async () => {
    await runTest(card, which, (steps) => {
      state.tests.set(id, steps);
      draw();
    });
    say(text("testPassed"));
  });
}

/**
 * @param {string} card
 * @param {string} role
 */
async function exportPem(card, role) {
  const pem = await readPem(`/v1/cards/${encodeURIComponent(card)}/certificates/${encodeURIComponent(role)}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([pem], { type: "application/x-pem-file" }));
  link.download = `${role}.pem`;
  link.click();
  URL.revokeObjectURL(link.href);
  say(text("exported"));
}

/**
 * Does something for a card, a session or a grant, once at a time, and keeps what went wrong.
 *
 * @param {string} id
 * @param {string} deed
 * @param {() => Promise<void>} work
 * @param {string} [place] where what went wrong is shown
 */
async function under(id, deed, work, place = id) {
  if (state.busy.has(id)) {
    return;
  }
  state.busy.set(id, deed);
  state.problems.delete(place);
  // The same words said again are news only after silence.
  say("");
  draw();
  try {
    await work();
  } catch (error) {
    const words = wordsOf(error);
    state.problems.set(place, words);
    say(`${words.title}. ${words.detail}`);
  } finally {
    state.busy.delete(id);
    draw();
    refresh();
  }
}

/** @param {unknown} error */
function wordsOf(error) {
  return error instanceof Refusal && error.title
    ? { title: error.title, detail: error.detail }
    : { title: text("noAnswer"), detail: "" };
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target).closest?.("[data-do]");
  if (target instanceof HTMLElement && target.getAttribute("aria-disabled") !== "true") {
    event.preventDefault();
    DEEDS[target.dataset["do"] ?? ""]?.(target.dataset);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.confirming !== undefined) {
    DEEDS["revoke-no"]?.({ id: state.confirming });
  }
});

const pause = (/** @type {number} */ time) => new Promise((resume) => setTimeout(resume, time));

/** Milliseconds: cards are asked for their counters each time. */
const BETWEEN_READS = 400;
/** It looks at files and programs. */
const BETWEEN_EXAMINATIONS = 5000;
const FIRST_WAIT = 500;
const STREAM_TIME = 1500;
const LONGEST_WAIT = 10_000;
const LONGEST_ABSENCE = 300_000;

let isLive = false;

/** Comes in by the code of the address; a page that is in stays so, whatever comes of another code. */
async function begin() {
  speak(language());
  drawNow();
  /** @type {typeof state.link} */
  let link = "gone";
  try {
    link = (await enter()) ? "linked" : "unlinked";
  } catch {
    // Nobody answered.
  }
  if (!isLive) {
    state.link = link;
    drawNow();
    if (link === "linked") {
      await stayLive();
    }
  }
}

/** One at a time, whatever comes first: a code of the address or a person who tries again. */
async function stayLive() {
  if (!isLive) {
    isLive = true;
    await live();
    isLive = false;
  }
}

// A browser that is given the address of a page that it shows already loads nothing.
addEventListener("hashchange", () => {
  location.hash.length > 1 && begin();
});

begin();
