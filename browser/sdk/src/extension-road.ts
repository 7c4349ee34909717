// Through the extension and the native host: no port, no certificate, no permission.

import { CpxError } from "./errors.js";
import type { Call } from "./roads.js";

/** Whether the extension is in this page. It answers in the same turn, so nobody waits where it is not. */
export function hasExtension(): boolean {
  return !document.dispatchEvent(new Event("cpxd-hello", { cancelable: true }));
}

/** Makes a call; the answer's body goes on while the agent has something to say. */
export function askExtension(call: Call): Promise<Response> {
  if (!hasExtension()) {
    return Promise.reject(new CpxError("extension-missing"));
  }
  return new Promise((resolve, reject) => {
    // A frame of an http page has no randomUUID, and is told by the extension that it is refused.
    const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const { signal, ...request } = call;
    const encoder = new TextEncoder();
    let body: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (body = controller),
      cancel: () => leave(),
    });

    const settle = () => {
      removeEventListener("message", hear);
      signal?.removeEventListener("abort", abort);
    };
    const fail = (code: string) => {
      settle();
      const error = new CpxError(code);
      reject(error);
      body.error(error);
    };
    const leave = () => {
      settle();
      say({ cpxd: "cancel", id });
    };
    const abort = () => {
      leave();
      fail("aborted");
    };
    const hear = ({ source, data }: MessageEvent) => {
      if (source !== window || data?.cpxd !== "answer" || data.id !== id) {
        return;
      }
      if (data.type === "head") {
        const headers = new Headers({ "content-type": data.mediaType ?? "" });
        if (data.retryAfter) {
          headers.set("retry-after", data.retryAfter);
        }
        resolve(new Response(data.status === 204 ? null : stream, { status: data.status, headers }));
      } else if (data.type === "chunk") {
        body.enqueue(encoder.encode(data.text));
      } else if (data.type === "end") {
        settle();
        body.close();
      } else if (data.type === "error") {
        fail(data.code);
      }
    };

    if (signal?.aborted) {
      return fail("aborted");
    }
    addEventListener("message", hear);
    signal?.addEventListener("abort", abort);
    say({ cpxd: "request", id, request });
  });
}

function say(message: unknown) {
  postMessage(message, location.origin);
}
