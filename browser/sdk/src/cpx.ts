// What a page does with its person's card.

import type { components } from "./api.js";
import { CpxError, refusal } from "./errors.js";
import { eventsOf } from "./event-stream.js";
import { Roads } from "./roads.js";
import type { Call, RoadName, RoadOptions } from "./roads.js";

type Schemas = components["schemas"];
export type AuthenticationToken = Schemas["AuthenticationTokenBody"];
export type Card = Schemas["CardBody"];
export type Signatures = Schemas["SignaturesBody"];
export type AgentStatus = Schemas["AgentStatus"];
export type Right = "identify" | "authenticate" | "sign";

export interface CpxOptions extends RoadOptions {
  /** The language of the sentences of errors, such as `fr`; the page's own by default. */
  language?: string;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, and takes its question from the person's screen. */
  signal?: AbortSignal;
}

export interface Status {
  road: RoadName;
  /** Whether the person let this site in. Without it nothing more is known. */
  granted: boolean;
  agent?: AgentStatus;
  cards?: Card[];
}

export interface AuthenticateRequest extends CallOptions {
  /** The server's own for this log-in, used once: base64 of 256 bits or more. */
  nonce: string;
  /** Which card; needed where several are in. */
  card?: string;
}

export interface SignRequest extends CallOptions {
  hash: Schemas["SignBody"]["hash"];
  /** What is signed, with words by which the person knows it. */
  digests: Schemas["SignBody"]["digests"];
  algorithm?: Schemas["SignBody"]["algorithm"];
  card?: string;
}

export interface CardEvent {
  id: string;
  name: "reader-added" | "reader-removed" | "card-inserted" | "card-removed" | "card-state" | (string & {});
  data: Schemas["EventBody"];
}

export class Cpx {
  readonly #roads: Roads;
  readonly #language: string | undefined;

  constructor(options: CpxOptions = {}) {
    this.#roads = new Roads(options);
    this.#language = options.language;
  }

  /** Whether the agent is there, and what this site may know of it. Asks the person nothing. */
  async status(options: CallOptions = {}): Promise<Status> {
    const road = this.#roads.name();
    try {
      const agent = await this.#read<AgentStatus>("/v1/status", options);
      const { cards } = await this.#read<{ cards: Card[] }>("/v1/cards", options);
      return { road, granted: true, agent, cards };
    } catch (error) {
      if (isMissingGrant(error)) {
        return { road, granted: false };
      }
      throw error;
    }
  }

  /** Asks the person to let this site in, for 90 days. The calls below do it where it is needed. */
  async requestAccess(rights: readonly Right[], options: CallOptions = {}): Promise<void> {
    await this.#post("/v1/grants/requests", { rights }, options);
  }

  /** Logs the holder in: a Web eID authentication token for this site's origin and its server's nonce. */
  async authenticate({ nonce, card, ...options }: AuthenticateRequest): Promise<AuthenticationToken> {
    return this.#letIn(["identify", "authenticate"], options, async () => {
      const id = card ?? (await this.#onlyCard(options));
      return this.#post<AuthenticationToken>(`/v1/cards/${id}/authenticate`, { nonce }, options);
    });
  }

  /** Has the holder confirm and sign these digests, all of them or none. */
  async sign({ card, signal, ...body }: SignRequest): Promise<Signatures> {
    const options = signal ? { signal } : {};
    return this.#letIn(["identify", "sign"], options, async () => {
      const id = card ?? (await this.#onlyCard(options));
      return this.#post<Signatures>(`/v1/cards/${id}/sign`, body, options);
    });
  }

  /**
   * Calls `listener` when readers and cards come and go, until the returned function is called. It goes on
   * where it was after an interruption; `onError` hears what it cannot go on after.
   */
  onCardEvent(listener: (event: CardEvent) => void, onError: (error: CpxError) => void = () => {}): () => void {
    const end = new AbortController();
    void this.#listen(listener, end.signal).catch((error: unknown) => {
      if (!end.signal.aborted) {
        onError(error instanceof CpxError ? error : new CpxError("interrupted"));
      }
    });
    return () => end.abort();
  }

  async #listen(listener: (event: CardEvent) => void, signal: AbortSignal) {
    let lastEventId: string | undefined;
    for (let pause = 500; ; pause = Math.min(pause * 2, 30_000)) {
      try {
        const answer = await this.#ask({ method: "GET", path: "/v1/events", lastEventId, signal });
        for await (const { id, name, data } of eventsOf(answer)) {
          lastEventId = id || lastEventId;
          pause = 500;
          if (data) {
            listener({ id, name, data: JSON.parse(data) });
          }
        }
      } catch (error) {
        if (!(error instanceof CpxError) || error.code !== "interrupted") {
          throw error;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Does it, and once more after the person let this site in for it. */
  async #letIn<T>(rights: readonly Right[], options: CallOptions, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!isMissingGrant(error)) {
        throw error;
      }
    }
    await this.requestAccess(rights, options);
    return act();
  }

  async #onlyCard(options: CallOptions): Promise<string> {
    const { cards } = await this.#read<{ cards: Card[] }>("/v1/cards", options);
    const card = cards[0];
    if (card) {
      return card.id;
    }
    const { readers } = await this.#read<{ readers: unknown[] }>("/v1/readers", options);
    throw new CpxError(readers.length ? "no-card" : "no-reader");
  }

  async #read<T>(path: string, options: CallOptions): Promise<T> {
    return (await this.#ask({ method: "GET", path, ...options })).json();
  }

  async #post<T = unknown>(path: string, body: unknown, options: CallOptions): Promise<T> {
    return (await this.#ask({ method: "POST", path, body: JSON.stringify(body), ...options })).json();
  }

  async #ask(call: Call): Promise<Response> {
    const language = this.#language ?? (document.documentElement.lang || navigator.language);
    const answer = await this.#roads.ask({ ...call, language });
    return answer.ok ? answer : refusal(answer);
  }
}

function isMissingGrant(error: unknown): boolean {
  return error instanceof CpxError && ["origin-not-granted", "right-missing"].includes(error.code);
}
