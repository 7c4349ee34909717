// The agent: a code of the page's address becomes a token in memory, and nothing of either is anywhere else.
"use strict";

/** Why the agent did not do it: its own words, and its stable code. */
export class Refusal extends Error {
  /** @param {{ code?: string, title?: string, detail?: string, status?: number }} problem */
  constructor(problem) {
    super(problem.title ?? problem.code ?? "");
    this.code = problem.code ?? "";
    this.title = problem.title ?? "";
    this.detail = problem.detail ?? "";
    this.status = problem.status ?? 0;
  }
}

let token = "";
let language = "fr";

/** @param {string} tag */
export function speak(tag) {
  language = tag;
}

/**
 * Exchanges the code of the page's address for a token; the address has no code from then on.
 *
 * @returns {Promise<boolean>} whether the page may ask the agent
 */
export async function enter() {
  const code = location.hash.slice(1);
  history.replaceState(null, "", "/");
  if (!code) {
    return false;
  }
  try {
    token = (await call("POST", "/v1/console/tokens", { code })).token;
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.status < 500) {
      return false;
    }
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export const read = (path) => call("GET", path);

/**
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: headers(method === "GET" ? {} : { "X-Cpxd-Client": "cpxd-console/1" }, body),
    ...(body && { body: JSON.stringify(body) }),
    ...RULES,
  });
  if (!answer.ok) {
    throw new Refusal({ ...(await problem(answer)), status: answer.status });
  }
  return answer.status === 204 ? undefined : answer.json();
}

/**
 * The certificate as PEM.
 *
 * @param {string} path
 */
export async function readPem(path) {
  const answer = await fetch(path, { headers: headers({ Accept: "application/x-pem-file" }), ...RULES });
  if (!answer.ok) {
    throw new Refusal({ ...(await problem(answer)), status: answer.status });
  }
  return answer.text();
}

/**
 * Follows what happens until the agent ends it: tells the names of the events that came together, never one by one.
 *
 * @param {(names: Set<string>) => void} tell
 * @param {() => void} begun the stream is there
 */
export async function follow(tell, begun) {
  /** @type {Record<string, string>} */
  const resume = last ? { "Last-Event-ID": last } : {};
  const answer = await fetch("/v1/events", { headers: headers({ Accept: "text/event-stream", ...resume }), ...RULES });
  if (!answer.ok || !answer.body) {
    throw new Refusal({ ...(await problem(answer)), status: answer.status });
  }
  begun();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const lines = (rest + value).split("\n");
    // A line that does not end is no event of ours.
    rest = (lines.pop() ?? "").slice(-LONGEST_LINE);
    const names = new Set();
    for (const line of lines) {
      if (line.startsWith("event:")) {
        names.add(line.slice(6).trim());
      } else if (line.startsWith("id:")) {
        last = line.slice(3).trim();
      }
    }
    names.size && tell(names);
  }
}

let last = "";

const RULES = /** @type {const} */ ({
  credentials: "omit",
  cache: "no-store",
  redirect: "error",
});

const LONGEST_LINE = 4096;

/**
 * @param {Record<string, string>} more
 * @param {object} [body]
 */
function headers(more, body) {
  return {
    "Accept-Language": language,
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body && { "Content-Type": "application/json" }),
    ...more,
  };
}

/** @param {Response} answer */
async function problem(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}
