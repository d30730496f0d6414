// Requests to the server: its errors in words, its key, and only the newest of several requests.
import { byId } from "./elements.js";

const KEY_NAME = "nextword-key";

/** An answer of the server with a status of 400 or above, or none. */
export class ServerError extends Error {}

/** Return the JSON of a path. */
export const get = path => request(path, {}).then(response => response.json());

/** Send JSON to a path and return the answer. */
export const post = (path, fields, signal) =>
  request(path, sending(fields, signal)).then(response => response.json());

/** Send JSON to a path and yield the data of each event of the answer. */
export async function* events(path, fields, signal) {
  const {body} = await request(path, sending(fields, signal));
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new ServerError(sentence(event.error.message));
      yield event;
    }
  }
}

/** Runs the newest work after a short pause; work that is not needed any more is aborted. */
export class Latest {
  constructor(pauseMs, {onError}) {
    this.pauseMs = pauseMs;
    this.onError = onError;
    this.timer = 0;
    this.abort = new AbortController();
  }

  /** Call `work` with a signal; a later call aborts it. */
  run(work) {
    this.stop();
    const {signal} = (this.abort = new AbortController());
    this.timer = setTimeout(async () => {
      try {
        await work(signal);
        if (!signal.aborted) this.onError(null);
      } catch (error) {
        if (!signal.aborted) this.onError(error);
      }
    }, this.pauseMs);
  }

  stop() {
    clearTimeout(this.timer);
    this.abort.abort();
  }
}

/** A function that shows an error in an element, or hides it for null. */
export function errorIn(id) {
  return error => {
    byId(id).hidden = !error;
    byId(id).textContent = error?.message ?? "";
    if (error && !(error instanceof ServerError)) throw error;
  };
}

function sending(fields, signal) {
  return {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(fields),
    signal,
  };
}

async function request(path, options) {
  for (;;) {
    const sent = storedKey();
    const headers = {...options.headers, ...(sent && {Authorization: `Bearer ${sent}`})};
    const response = await fetch(path, {...options, headers}).catch(error => {
      if (options.signal?.aborted) throw error;
      throw new ServerError("The server does not answer. Is it still running?");
    });
    if (response.ok) return response;
    const answer = await response.json().catch(() => null);
    const message = answer?.error?.message ?? `the server answered with status ${response.status}.`;
    if (response.status !== 401) throw new ServerError(sentence(message));
    // Another request may have asked for the key in the meantime.
    if (storedKey() === sent) await askForKey(sent ? "The key is wrong." : "");
    options.signal?.throwIfAborted();
  }
}

const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);

let key = null;
let asking = null;

/** The key, which is kept in the memory of the tab. */
function storedKey() {
  try {
    key ??= sessionStorage.getItem(KEY_NAME);
  } catch {
    // Storage is forbidden; the key lasts until the page is loaded again.
  }
  return key;
}

/** Ask for the key once, however many requests need it. */
function askForKey(message) {
  asking ??= new Promise(resolve => {
    const dialog = byId("key-dialog");
    byId("key-message").textContent = message;
    byId("key").value = "";
    dialog.oncancel = event => event.preventDefault();
    dialog.onclose = () => {
      key = byId("key").value.trim();
      try {
        sessionStorage.setItem(KEY_NAME, key);
      } catch {
        // As above.
      }
      asking = null;
      resolve();
    };
    dialog.showModal();
  });
  return asking;
}
