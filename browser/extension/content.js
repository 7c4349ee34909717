// In every frame of every https page: says nothing and touches nothing until the page's own script
// asks for the agent (browser/sdk). Then it hands on its requests and the answers, each through a
// port of its own, which ends with the page.
// @ts-check
"use strict";

(() => {
  const api = globalThis.browser ?? globalThis.chrome;

  // A sandboxed page has an origin of its own kind, "null", whatever its address says.
  if (location.protocol !== "https:" || self.origin !== location.origin) {
    return;
  }

  /** Longest body of a request, in characters; the agent takes 64 KiB. */
  const LONGEST_BODY = 128 * 1024;
  const MOST_OPEN = 16;

  /** @type {Map<string, chrome.runtime.Port>} */
  const open = new Map();
  let isAwake = false;

  // A cancelled event is an answer in the same turn: the page waits for nobody to learn that nobody is there.
  document.addEventListener("cpxd-hello", (event) => {
    event.preventDefault();
    if (!isAwake) {
      isAwake = true;
      window.addEventListener("message", hear);
      window.addEventListener("pagehide", leave);
    }
  });

  /** @param {MessageEvent} event */
  function hear(event) {
    if (event.source !== window || event.origin !== location.origin) {
      return;
    }
    const { cpxd, id, request } = event.data ?? {};
    if (typeof id !== "string" || id.length > 64) {
      return;
    }
    if (cpxd === "cancel") {
      open.get(id)?.disconnect();
      open.delete(id);
    } else if (cpxd === "request") {
      begin(id, request);
    }
  }

  /**
   * @param {string} id
   * @param {any} request
   */
  function begin(id, request) {
    if (open.has(id) || open.size >= MOST_OPEN) {
      return fail(id, "busy");
    }
    if (typeof request?.body === "string" && request.body.length > LONGEST_BODY) {
      return fail(id, "message-too-long");
    }
    let port;
    try {
      port = api.runtime.connect();
      open.set(id, port);
      port.onMessage.addListener((message) => answer(id, message));
      port.onDisconnect.addListener(() => {
        if (open.delete(id)) {
          fail(id, "interrupted");
        }
      });
      port.postMessage(request);
    } catch {
      // The extension was removed or renewed under this page; or the request is nothing that can be sent.
      open.delete(id);
      fail(id, port ? "bad-message" : "extension-missing");
    }
  }

  /**
   * @param {string} id
   * @param {any} message
   */
  function answer(id, message) {
    if (message.type === "end" || message.type === "error") {
      open.get(id)?.disconnect();
      open.delete(id);
    }
    window.postMessage({ ...message, cpxd: "answer", id }, location.origin);
  }

  /**
   * @param {string} id
   * @param {string} code
   */
  function fail(id, code) {
    window.postMessage({ type: "error", code, cpxd: "answer", id }, location.origin);
  }

  // A page that a browser keeps for its back button waits for nothing.
  function leave() {
    for (const port of open.values()) {
      port.disconnect();
    }
    open.clear();
  }
})();
