// Talks to the service: JSON requests, and server-sent events read with fetch, so that a token can go along and a
// broken line is taken up again behind the last event.

const TOKEN = "pixelshift-token";
const LONGEST_PAUSE_MS = 30_000;

export class Unauthorized extends Error {}

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

function headers(extra = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...extra, Authorization: `Bearer ${token}` } : extra;
}

export async function get(path, signal) {
  const response = await fetch(path, { headers: headers(), signal, cache: "no-store" });
  if (response.status === 401) throw new Unauthorized();
  if (!response.ok) throw new Error((await response.json()).message ?? response.statusText);
  return response.json();
}

// Calls onEvent(kind, data) for every event of path until signal aborts; onState("live" | "broken") as the line goes
// up and down. Events since lastId are asked for first, where that is given.
export async function listen(path, { signal, lastId, onEvent, onState }) {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const extra = lastId === undefined ? {} : { "Last-Event-ID": String(lastId) };
      const response = await fetch(path, { headers: headers(extra), signal, cache: "no-store" });
      if (response.status === 401) throw new Unauthorized();
      if (!response.ok) throw new Error(response.statusText);
      failures = 0;
      onState("live");
      for await (const event of parse(response.body)) {
        if (event.id) lastId = event.id;
        onEvent(event.kind, JSON.parse(event.data));
      }
    } catch (error) {
      if (error instanceof Unauthorized || signal.aborted) throw error;
    }
    onState("broken");
    failures += 1;
    const pause = Math.random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures);
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

async function* parse(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    held += value;
    const blocks = held.split("\n\n");
    held = blocks.pop();
    for (const block of blocks) {
      const event = { kind: "message", data: "", id: "" };
      for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        const text = line.slice(colon + 1).replace(/^ /, "");
        if (line.startsWith("event:")) event.kind = text;
        else if (line.startsWith("data:")) event.data += text;
        else if (line.startsWith("id:")) event.id = text;
      }
      if (event.data) yield event;
    }
  }
}
