// The function test: the card proves who its holder is and signs a text, and this page verifies both with the
// public key of the card's certificate.
"use strict";

import { Refusal, call, read } from "./connection.js";
import { element as e } from "./elements.js";
import { duration, text } from "./texts.js";

/** The site of the test, which is nobody's; the agent lets this page authenticate for no other. */
const ORIGIN = "https://mon-poste.cpxd.invalid";
/** What is signed; the agent lets this page sign nothing else. */
const TEXT = "cpxd : signature d’essai de la page « Mon poste ». Elle n’engage à rien.";

/** @typedef {{ name: string, state: "running" | "done" | "failed" | "waiting", time?: number }} Step */

/**
 * Makes the test, and tells each step as it goes.
 *
 * @param {any} card
 * @param {"test-authentication" | "test-signature"} which
 * @param {(steps: Step[]) => void} tell
 */
export async function runTest(card, which, tell) {
  const [role, ask, names] =
    which === "test-signature"
      ? ["signature", signature, ["stepCertificate", "stepSign", "stepSame", "stepVerify"]]
      : ["authentication", token, ["stepCertificate", "stepAsk", "stepSame", "stepVerify"]];
  /** @type {Step[]} */
  const steps = /** @type {string[]} */ (names).map((name) => ({ name, state: "waiting" }));
  const path = `/v1/cards/${encodeURIComponent(card.id)}`;
  /** @type {any[]} */
  const results = [];
  const works = [
    () => read(`${path}/certificates/${role}`),
    () => ask(path, results[0]),
    async () => sure(results[1].certificate === results[0].certificate),
    async () => sure(await verify(results[0].publicKey, results[1])),
  ];
  for (const [index, work] of works.entries()) {
    const step = steps[index];
    if (!step) {
      return;
    }
    step.state = "running";
    tell(steps);
    const begin = performance.now();
    try {
      results.push(await work());
      step.state = "done";
    } catch (error) {
      step.state = "failed";
      throw error;
    } finally {
      step.time = performance.now() - begin;
      tell(steps);
    }
  }
}

/** @param {boolean} isRight */
function sure(isRight) {
  if (!isRight) {
    throw new Refusal({ title: text("testFailed"), detail: text("signatureWrong") });
  }
}

/**
 * @param {string} path
 * @param {any} certificate
 */
async function token(path, certificate) {
  const nonce = base64(crypto.getRandomValues(new Uint8Array(32)));
  const algorithm = algorithmOf(certificate);
  const body = { origin: ORIGIN, nonce, algorithm };
  const answer = await call("POST", `${path}/authenticate`, body);
  const hashes = [await digest(bytes(ORIGIN)), await digest(bytes(nonce))];
  const signed = new Uint8Array(hashes.flatMap((hash) => [...hash]));
  return { certificate: answer.unverifiedCertificate, signature: answer.signature, algorithm, signed };
}

/**
 * @param {string} path
 * @param {any} certificate
 */
async function signature(path, certificate) {
  const signed = bytes(TEXT);
  const algorithm = algorithmOf(certificate);
  const digests = [{ value: base64(await digest(signed)), description: text("testDescription") }];
  const answer = await call("POST", `${path}/sign`, { hash: "SHA-256", algorithm, digests });
  return { certificate: answer.certificate, signature: answer.signatures[0], algorithm, signed };
}

/** @param {any} certificate */
function algorithmOf(certificate) {
  const known = certificate.signatureAlgorithms;
  return known && !known.includes("RS256") && known.includes("PS256") ? "PS256" : "RS256";
}

/**
 * Whether a signature is that of the key.
 *
 * @param {string} publicKey
 * @param {{ signature: string, algorithm: string, signed: Uint8Array<ArrayBuffer> }} result
 */
async function verify(publicKey, { signature, algorithm, signed }) {
  const name = algorithm === "PS256" ? "RSA-PSS" : "RSASSA-PKCS1-v1_5";
  const key = await crypto.subtle.importKey("spki", fromBase64(publicKey), { name, hash: "SHA-256" }, false, ["verify"]);
  return crypto.subtle.verify({ name, saltLength: 32 }, key, fromBase64(signature), signed);
}

const bytes = (/** @type {string} */ words) => new TextEncoder().encode(words);
const digest = async (/** @type {Uint8Array<ArrayBuffer>} */ data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
const base64 = (/** @type {Uint8Array} */ data) => btoa(String.fromCharCode(...data));
const fromBase64 = (/** @type {string} */ words) => Uint8Array.from(atob(words), (letter) => letter.charCodeAt(0));

/**
 * The steps of a card's test.
 *
 * @param {any} card
 * @param {Step[] | undefined} steps
 */
export function testOf(card, steps) {
  if (!steps) {
    return undefined;
  }
  const rows = steps.map(({ name, state, time }) => {
    const words = { running: "stepRunning", done: "stepDone", failed: "stepFailed", waiting: "stepSkipped" }[state];
    return e("li", { class: `step ${state}` }, [
      e("span", { class: "grow" }, text(name)),
      e("span", { class: "quiet" }, time === undefined ? "" : duration(time)),
      e("span", { class: "outcome" }, text(words)),
    ]);
  });
  const isDone = steps.every(({ state }) => state === "done");
  return e("div", { class: "test", "data-key": "test" }, [
    e("h4", { id: `test-${card.id}` }, text("functionTest")),
    e("ol", { class: "steps", "aria-labelledby": `test-${card.id}` }, rows),
    isDone && e("p", { class: "ok strong" }, text("testPassed")),
  ]);
}
