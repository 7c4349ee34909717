// The ways from a page to the agent of its person's computer.

import { DirectRoad } from "./direct-road.js";
import type { DirectOptions } from "./direct-road.js";
import { askExtension, hasExtension } from "./extension-road.js";

/** A call of the API. */
export interface Call {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** JSON. */
  body?: string | undefined;
  language?: string | undefined;
  lastEventId?: string | undefined;
  signal?: AbortSignal | undefined;
}

export type RoadName = "extension" | "direct";

export interface RoadOptions extends DirectOptions {
  /** The only road that is taken; by default the extension where it is there, else direct HTTPS. */
  road?: RoadName;
}

export class Roads {
  readonly #only: RoadName | undefined;
  readonly #direct: DirectRoad;

  constructor(options: RoadOptions) {
    this.#only = options.road;
    this.#direct = new DirectRoad(options);
  }

  /** The road that is taken now. */
  name(): RoadName {
    return this.#only ?? (hasExtension() ? "extension" : "direct");
  }

  ask(call: Call): Promise<Response> {
    return this.name() === "extension" ? askExtension(call) : this.#direct.ask(call);
  }
}
