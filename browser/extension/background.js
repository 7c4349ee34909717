// Between the pages and the native host: hands requests, answers and events on, and keeps nothing.
// Whose request it is comes from the browser alone (`sender`), never from a message.
// @ts-check
"use strict";

const api = globalThis.browser ?? globalThis.chrome;

const HOST = "cpxd.native_host";
/** The version of the host's messages (crates/native-host/src/message.rs). */
const PROTOCOL = 1;
const MOST_OPEN = 64;
const MOST_OPEN_OF_A_TAB = 16;

/** @typedef {{ origin: string, topOrigin: string }} Page */
/** @typedef {{ port: chrome.runtime.Port, tab: number | undefined }} Waiting */

/** Requests that nobody has answered yet, by the numbers that the host knows them by. @type {Map<number, Waiting>} */
const waiting = new Map();
/** @type {chrome.runtime.Port | null} */
let host = null;
let lastNumber = 0;

api.runtime.onConnect.addListener((port) => {
  const sender = port.sender ?? {};
  const isOwn = isOwnPage(sender);
  const page = isOwn ? undefined : pageOf(sender);
  if (!isOwn && !page) {
    return refuse(port, "page-refused");
  }
  let number = 0;
  port.onMessage.addListener((request) => {
    if (number !== 0) {
      return refuse(port, "bad-message");
    }
    if (isFull(sender.tab?.id)) {
      return refuse(port, "busy");
    }
    number = ++lastNumber;
    waiting.set(number, { port, tab: sender.tab?.id });
    send({ ...wanted(request), type: "request", protocol: PROTOCOL, id: number, page });
  });
  port.onDisconnect.addListener(() => {
    if (waiting.delete(number)) {
      send({ type: "cancel", protocol: PROTOCOL, id: number });
      rest();
    }
  });
});

/**
 * What a page may say itself; nothing else of its message goes on.
 * @param {any} request
 */
function wanted(request) {
  const { method, path, body, language, lastEventId } = request ?? {};
  return { method, path, body, language, lastEventId };
}

/** @param {chrome.runtime.MessageSender} sender */
function isOwnPage(sender) {
  return sender.id === api.runtime.id && sender.url?.startsWith(api.runtime.getURL("")) === true;
}

/**
 * The page as the browser states it; none where it is not https, or sandboxed, or not known whole.
 * @param {chrome.runtime.MessageSender} sender
 * @returns {Page | undefined}
 */
function pageOf(sender) {
  if (sender.id !== api.runtime.id) {
    return undefined;
  }
  const origin = httpsOrigin(sender.origin);
  const topOrigin = sender.frameId === 0 ? origin : httpsOrigin(sender.tab?.url);
  return origin && topOrigin && sender.origin === origin ? { origin, topOrigin } : undefined;
}

/** @param {string | undefined} url */
function httpsOrigin(url) {
  try {
    const parsed = new URL(url ?? "");
    return parsed.protocol === "https:" ? parsed.origin : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number | undefined} tab */
function isFull(tab) {
  let ofTheTab = 0;
  for (const other of waiting.values()) {
    ofTheTab += other.tab === tab ? 1 : 0;
  }
  return waiting.size >= MOST_OPEN || ofTheTab >= MOST_OPEN_OF_A_TAB;
}

/** @param {any} message */
function send(message) {
  host ??= connect();
  host.postMessage(message);
}

/** The host's process lives as long as somebody waits. */
function rest() {
  if (waiting.size === 0 && host) {
    host.disconnect();
    host = null;
  }
}

function connect() {
  const connected = api.runtime.connectNative(HOST);
  let hasSpoken = false;
  connected.onMessage.addListener((message) => {
    hasSpoken = true;
    hear(message);
  });
  connected.onDisconnect.addListener(() => {
    // Read, or Chromium reports it as an error that nobody handled.
    void api.runtime.lastError;
    if (host === connected) {
      host = null;
      failAll(hasSpoken ? "interrupted" : "host-missing");
    }
  });
  return connected;
}

/** @param {any} message */
function hear(message) {
  const { id, ...answer } = message;
  const asked = waiting.get(id);
  if (!asked) {
    return;
  }
  asked.port.postMessage(answer);
  if (message.type === "end" || message.type === "error") {
    waiting.delete(id);
    rest();
  }
}

/** @param {string} code */
function failAll(code) {
  for (const { port } of waiting.values()) {
    refuse(port, code);
  }
  waiting.clear();
}

/**
 * @param {chrome.runtime.Port} port
 * @param {string} code
 */
function refuse(port, code) {
  port.postMessage({ type: "error", code });
}
