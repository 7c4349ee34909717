// Over HTTPS on loopback: the agent's certificate must be trusted, and browsers ask a permission first.

import { CpxError } from "./errors.js";
import type { Call } from "./roads.js";

export interface DirectOptions {
  /** Ports to look at, 27900 to 27909 by default. */
  ports?: readonly number[];
  /** Tells the person that the browser is about to ask, and why; called once, before it asks. */
  explainLoopback?: () => void | Promise<void>;
}

const PORTS = Array.from({ length: 10 }, (_, offset) => 27900 + offset);
/** A port where nobody listens says so at once; a permission that nobody gives says nothing. */
const PATIENCE = 120_000;

export class DirectRoad {
  #url: string | undefined;
  readonly #options: DirectOptions;

  constructor(options: DirectOptions) {
    this.#options = options;
  }

  async ask(call: Call): Promise<Response> {
    const url = (this.#url ??= await this.#find(call));
    try {
      return await send(url, call);
    } catch (error) {
      if (call.signal?.aborted) {
        throw new CpxError("aborted");
      }
      // A page that was not let in may read no answer but the one to its request to be let in.
      if (await isThere(url)) {
        throw new CpxError("origin-not-granted");
      }
      this.#url = undefined;
      throw new CpxError("unreachable");
    }
  }

  async #find(call: Call): Promise<string> {
    await this.#permission();
    for (const port of this.#options.ports ?? PORTS) {
      const url = `https://127.0.0.1:${port}`;
      if (await isThere(url)) {
        return url;
      }
      if (call.signal?.aborted) {
        throw new CpxError("aborted");
      }
      if ((await loopbackState()) === "denied") {
        throw new CpxError("loopback-denied");
      }
    }
    throw new CpxError("unreachable");
  }

  async #permission() {
    const state = await loopbackState();
    if (state === "denied") {
      throw new CpxError("loopback-denied");
    }
    if (state === "prompt") {
      await this.#options.explainLoopback?.();
    }
  }
}

/** A request to be let in with no right in it: the agent refuses it and asks nobody, and any page may read that. */
async function isThere(url: string): Promise<boolean> {
  try {
    const body = JSON.stringify({ rights: [] });
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await send(url, { method: "POST", path: "/v1/grants/requests", body, signal });
    return answer.status !== 421;
  } catch {
    return false;
  }
}

function send(url: string, { method, path, body, language, lastEventId, signal }: Call): Promise<Response> {
  const headers: Record<string, string> = {};
  if (method !== "GET") {
    headers["content-type"] = "application/json";
    headers["x-cpxd-client"] = "cpxd-sdk/0.1.0";
  }
  if (language) {
    headers["accept-language"] = language;
  }
  if (lastEventId) {
    headers["last-event-id"] = lastEventId;
  }
  const init: RequestInit = { method, headers, credentials: "omit", cache: "no-store" };
  return fetch(url + path, { ...init, body: body ?? null, signal: signal ?? null });
}

/** `unknown` where a browser does not know the permission, or knows it by another name. */
async function loopbackState(): Promise<PermissionState | "unknown"> {
  try {
    const name = "loopback-network" as PermissionName;
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return "unknown";
  }
}
