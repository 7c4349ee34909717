// The extension's own page: whether the agent is there, which card, which sites. It only looks.
// @ts-check
"use strict";

const api = globalThis.browser ?? globalThis.chrome;

/** @type {(name: string, values?: string[]) => string} */
const text = (name, values) => api.i18n.getMessage(name, values);

/** That of the words, which is not always the browser's. */
const language = text("language");

document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-text]")) {
  element.textContent = text(/** @type {HTMLElement} */ (element).dataset["text"] ?? "");
}
show();

async function show() {
  try {
    const status = await ask("/v1/status");
    say(status.state === "ready" ? text("agentReady") : text(status.state));
    const [{ cards }, { grants }] = await Promise.all([ask("/v1/cards"), ask("/v1/grants")]);
    fill("cards", cards.map(linesOfCard), text(status.readers === 0 ? "noReader" : "noCard"));
    const sites = grants.filter((/** @type {any} */ grant) => grant.origin);
    fill("sites", sites.map(linesOfSite), text("noSite"));
    reveal("known", true);
    reveal("revoke", sites.length > 0);
  } catch (code) {
    say(WORDS[String(code)] ? text(WORDS[String(code)] ?? "") : text("agentOther", [String(code)]));
  }
}

/** @type {Record<string, string>} */
const WORDS = {
  "host-missing": "hostMissing",
  "agent-stopped": "agentStopped",
  "agent-too-old": "agentTooOld",
  "host-too-old": "agentTooOld",
};

/**
 * @param {string} id
 * @param {boolean} isShown
 */
function reveal(id, isShown) {
  /** @type {HTMLElement} */ (document.getElementById(id)).hidden = !isShown;
}

/** @param {string} words */
function say(words) {
  /** @type {HTMLElement} */ (document.getElementById("agent")).textContent = words;
}

/**
 * @param {string} id
 * @param {string[][]} entries each with its name first
 * @param {string} none
 */
function fill(id, entries, none) {
  const items = (entries.length ? entries : [[none]]).map(([name = "", ...details]) => {
    const item = document.createElement("li");
    item.append(line(details.length ? "strong" : "span", name), ...details.map((detail) => line("span", detail)));
    return item;
  });
  document.getElementById(id)?.replaceChildren(...items);
}

/**
 * @param {string} tag
 * @param {string} words
 */
function line(tag, words) {
  const element = document.createElement(tag);
  element.textContent = words;
  return element;
}

/** @param {any} card */
function linesOfCard(card) {
  const holder = card.holder ?? {};
  const name = [holder.givenName, holder.familyName].filter(Boolean).join(" ");
  const kind = [card.type ?? card.generation ?? text("anyCard"), holder.profession?.label].filter(Boolean).join(", ");
  return name ? [name, kind] : [kind];
}

/** @param {any} grant */
function linesOfSite(grant) {
  const rights = grant.rights.map((/** @type {string} */ right) => text(right));
  const site = grant.topOrigin ? text("siteIn", [grant.origin, grant.topOrigin]) : grant.origin;
  const end = grant.end ? [text("until", [new Date(grant.end).toLocaleDateString(language, { dateStyle: "long" })])] : [];
  return [site, text("may", [[...rights, ...end].join(", ")])];
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
function ask(path) {
  return new Promise((resolve, reject) => {
    const port = api.runtime.connect();
    let body = "";
    let status = 0;
    port.onMessage.addListener((message) => {
      if (message.type === "head") {
        status = message.status;
      } else if (message.type === "chunk") {
        body += message.text;
      } else if (message.type === "error") {
        reject(message.code);
      } else if (message.type === "end") {
        const answer = JSON.parse(body);
        status === 200 ? resolve(answer) : reject(answer.code);
        port.disconnect();
      }
    });
    port.onDisconnect.addListener(() => reject("interrupted"));
    port.postMessage({ method: "GET", path, language });
  });
}
