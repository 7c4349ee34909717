import { Cpx } from "./cpx.js";

export { Cpx };
export type {
  AgentStatus,
  AuthenticateRequest,
  AuthenticationToken,
  CallOptions,
  Card,
  CardEvent,
  CpxOptions,
  Right,
  Signatures,
  SignRequest,
  Status,
} from "./cpx.js";
export { CpxError } from "./errors.js";
export type { CpxErrorCode, Problem } from "./errors.js";

/** The card of this page's person, by whatever road there is. */
export const cpx = new Cpx();

/** The calls of Web eID's own `web-eid.js` that have a counterpart here. */
export const webeid = {
  authenticate: (nonce: string) => cpx.authenticate({ nonce }),
};
