// The extension's own page: whether the agent is there, which card, which sites. It only looks.
// @ts-check
"use strict";

const api = globalThis.browser ?? globalThis.chrome;

/** @type {(name: string, values?: string[]) => string} */
const text = (name, values) => api.i18n.getMessage(name, values);

document.documentElement.lang = api.i18n.getUILanguage();
for (const element of document.querySelectorAll("[data-text]")) {
  element.textContent = text(/** @type {HTMLElement} */ (element).dataset["text"] ?? "");
}
show();

async function show() {
  try {
    const status = await ask("/v1/status");
    say(status.state === "ready" ? text("agentReady") : text(status.state));
    const [{ cards }, { grants }] = await Promise.all([ask("/v1/cards"), ask("/v1/grants")]);
    fill("cards", cards.map(lineOfCard), text(status.readers === 0 ? "noReader" : "noCard"));
    const sites = grants.filter((/** @type {any} */ grant) => grant.origin);
    fill("sites", sites.map(lineOfSite), text("noSite"));
    /** @type {HTMLElement} */ (document.getElementById("known")).hidden = false;
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

/** @param {string} words */
function say(words) {
  /** @type {HTMLElement} */ (document.getElementById("agent")).textContent = words;
}

/**
 * @param {string} id
 * @param {string[]} lines
 * @param {string} none
 */
function fill(id, lines, none) {
  const items = (lines.length ? lines : [none]).map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  });
  document.getElementById(id)?.replaceChildren(...items);
}

/** @param {any} card */
function lineOfCard(card) {
  const holder = card.holder ?? {};
  const names = [holder.givenName, holder.familyName, holder.profession?.label];
  return [card.type ?? card.generation, ...names].filter(Boolean).join(" ");
}

/** @param {any} grant */
function lineOfSite(grant) {
  const rights = grant.rights.map((/** @type {string} */ right) => text(right));
  const site = grant.topOrigin ? text("siteIn", [grant.origin, grant.topOrigin]) : grant.origin;
  const end = grant.end ? [text("until", [new Date(grant.end).toLocaleDateString(api.i18n.getUILanguage())])] : [];
  return [site, ...rights, ...end].join(", ");
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
    port.postMessage({ method: "GET", path, language: api.i18n.getUILanguage() });
  });
}
