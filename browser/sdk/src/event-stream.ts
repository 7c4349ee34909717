// Server-sent events, as far as the agent uses them: `id`, `event`, `data`, one line each.

/** An event as it came. */
export interface StreamedEvent {
  id: string;
  name: string;
  data: string;
}

/** The events of an answer, to its end. */
export async function* eventsOf(answer: Response): AsyncGenerator<StreamedEvent> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      yield* blocks.map(read);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function read(block: string): StreamedEvent {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1] ?? "";
  return { id: field("id"), name: field("event"), data: field("data") };
}
