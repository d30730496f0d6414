// Generating text: settings, start and stop, and the text as it is drawn.
import { byId, make } from "./elements.js";

/** Milliseconds of work before the page is drawn again. */
const SLICE_MS = 16;

/** Generates after the text of the editor; calls `onUse` with the whole text. */
export class Generation {
  constructor(engine, {place, onUse}) {
    this.engine = engine;
    this.place = place;
    this.output = byId("generated");
    this.run = 0;
    for (const name of ["temperature", "top-p"]) {
      const show = () => (byId(`${name}-shown`).value = Number(byId(name).value).toFixed(2));
      byId(name).addEventListener("input", show);
      show();
    }
    byId("generation").addEventListener("submit", event => {
      event.preventDefault();
      this.#start();
    });
    byId("stop").addEventListener("click", () => this.#finish());
    byId("use").addEventListener("click", () => onUse(this.output.textContent));
  }

  #start() {
    this.#finish();
    const run = ++this.run;
    const place = this.place();
    const pieces = this.engine.continueFrom(place, {
      maxTokens: Number(byId("max-tokens").value),
      temperature: Number(byId("temperature").value),
      topP: Number(byId("top-p").value),
      seed: Number(byId("seed").value),
    });
    const added = document.createTextNode("");
    this.output.replaceChildren(make("span", {textContent: place.text}), added);
    this.#setRunning(true);
    const work = () => {
      if (run !== this.run) return;
      const stopAt = performance.now() + SLICE_MS;
      do {
        const {value, done} = pieces.next();
        if (done) return this.#finish();
        added.data += value;
      } while (performance.now() < stopAt);
      this.output.scrollTop = this.output.scrollHeight;
      setTimeout(work);
    };
    work();
  }

  #finish() {
    this.run++;
    this.#setRunning(false);
  }

  #setRunning(isRunning) {
    this.output.setAttribute("aria-busy", isRunning);
    byId("stop").disabled = !isRunning;
    byId("use").disabled = isRunning || !this.output.textContent;
  }
}
