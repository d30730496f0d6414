// Generating text: settings, start and stop, and the text as the server sends it.
import { byId, make } from "./elements.js";
import { errorIn, events } from "./api.js";

/** Generates after the text of `text()`; calls `onUse` with the whole text. */
export class Generation {
  constructor(models, {text, onUse}) {
    this.models = models;
    this.text = text;
    this.output = byId("generated");
    this.showError = errorIn("generate-error");
    this.abort = null;
    for (const name of ["temperature", "top-p"]) {
      const show = () => (byId(`${name}-shown`).value = Number(byId(name).value).toFixed(2));
      byId(name).addEventListener("input", show);
      show();
    }
    byId("generation").addEventListener("submit", event => {
      event.preventDefault();
      this.#start();
    });
    byId("stop").addEventListener("click", () => this.abort?.abort());
    byId("use").addEventListener("click", () => onUse(this.output.textContent));
  }

  async #start() {
    this.abort?.abort();
    const {signal} = (this.abort = new AbortController());
    const prompt = this.text(), added = document.createTextNode("");
    this.output.replaceChildren(make("span", {textContent: prompt}), added);
    this.#setRunning(true);
    this.showError(null);
    let reason = "";
    try {
      const chunks = events("v1/completions", this.#fields(prompt), signal);
      for await (const {choices: [choice]} of chunks) {
        const isAtEnd = this.#isAtEnd();
        added.data += choice.text;
        if (isAtEnd) this.output.scrollTop = this.output.scrollHeight;
        reason = choice.finish_reason ?? reason;
      }
      if (!signal.aborted) this.#finish(reason ? "Done." : "Stopped.");
    } catch (error) {
      if (this.abort.signal !== signal) return;
      this.#finish(signal.aborted ? "Stopped." : "");
      if (!signal.aborted) this.showError(error);
    }
  }

  #fields(prompt) {
    const seed = byId("seed").value, topK = byId("top-k").value;
    return {
      model: this.models.first().id,
      prompt,
      max_tokens: Number(byId("max-tokens").value),
      temperature: Number(byId("temperature").value),
      top_p: Number(byId("top-p").value),
      ...(topK && {top_k: Number(topK)}),
      ...(seed && {seed: Number(seed)}),
      stream: true,
    };
  }

  #isAtEnd() {
    const {scrollTop, scrollHeight, clientHeight} = this.output;
    return scrollTop + clientHeight > scrollHeight - 40;
  }

  #finish(status) {
    this.#setRunning(false);
    byId("generation-status").textContent = status;
  }

  #setRunning(isRunning) {
    this.output.setAttribute("aria-busy", isRunning);
    byId("generation-status").textContent = isRunning ? "Generating…" : "";
    byId("stop").disabled = !isRunning;
    byId("use").disabled = isRunning || !this.output.textContent;
  }
}
