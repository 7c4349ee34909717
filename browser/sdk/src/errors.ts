// Why a call gave no result.

import type { components } from "./api.js";

/** RFC 9457, as the agent answers it. */
export type Problem = components["schemas"]["Problem"];

/**
 * What stands between a page and the card, told by this library:
 *
 * - `extension-missing`: the browser has no cpxd extension, and the page wants that road alone
 * - `host-missing`: the extension is there, cpxd is not installed for this browser
 * - `host-too-old`, `agent-too-old`: cpxd is older than the extension or this library
 * - `agent-stopped`: no agent runs, and none could be started
 * - `agent-refused`: what listens is not this user's agent
 * - `loopback-denied`: the person, or a policy, forbids this site the direct road
 * - `unreachable`: on the direct road, the agent does not run or the browser does not trust it
 * - `page-refused`: only https pages of a known origin are served
 * - `aborted`: the page's own signal
 * - `interrupted`: agent, host or extension ended in mid-call
 * - `message-too-long`, `bad-message`: nothing the agent takes
 *
 * All other codes are the agent's (`problem` has the rest): `origin-not-granted`, `no-reader`, `no-card`,
 * `pin-wrong`, `cancelled` …
 */
export type CpxErrorCode = OwnCode | (string & {});

type OwnCode =
  | "extension-missing"
  | "host-missing"
  | "host-too-old"
  | "agent-too-old"
  | "agent-stopped"
  | "agent-refused"
  | "loopback-denied"
  | "unreachable"
  | "page-refused"
  | "aborted"
  | "interrupted"
  | "message-too-long"
  | "bad-message"
  | "busy"
  | "no-reader"
  | "no-card"
  | "origin-not-granted";

/** A call gave no result; `code` says why and stays the same over versions. */
export class CpxError extends Error {
  override readonly name = "CpxError";
  readonly code: CpxErrorCode;
  /** What the agent said, where it was the agent: a sentence for people in `detail`, and fields such as `triesLeft`. */
  readonly problem: Problem | undefined;
  /** After how many seconds the same call may succeed. */
  readonly retryAfter: number | undefined;

  constructor(code: CpxErrorCode, problem?: Problem, retryAfter?: number) {
    super(problem?.detail ?? code);
    this.code = code;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** Throws what a refused answer says. */
export async function refusal(answer: Response): Promise<never> {
  const after = Number(answer.headers.get("retry-after")) || undefined;
  const problem = await answer.json().catch(() => undefined);
  // What answers without a code is not an agent of this version.
  throw new CpxError(problem?.code ?? "agent-too-old", problem, after);
}
