// What is inside a recurrent model: the gates and the state of one unit over the text.
import { byId, make } from "./elements.js";
import { errorIn, Latest, post } from "./api.js";
import { UnitPlot } from "./unit_plot.js";

const PAUSE_MS = 150;

/** Draws one unit of a model; calls `onValues` when there are new ones to color the text by. */
export class Inside {
  constructor({onValues, onToken}) {
    this.model = null;
    this.text = "";
    this.trace = null;
    this.tokens = [];
    this.isChosen = false;
    this.onValues = onValues;
    const showError = errorIn("units-error");
    this.latest = new Latest(PAUSE_MS, {onError: error => {
      byId("plot").ariaBusy = false;
      showError(error);
    }});
    this.plot = new UnitPlot({
      box: byId("plot"),
      legend: byId("series"),
      onToken: index => onToken(this.tokens[index]),
    });
    // The units of two layers with the same number have nothing in common.
    byId("layer").addEventListener("change", () => {
      this.#limit();
      this.#ask({unit: null});
    });
    byId("unit").addEventListener("change", () => {
      this.#limit();
      this.isChosen = true;
      this.#ask();
    });
    byId("liveliest").addEventListener("click", () => this.#ask({unit: null}));
  }

  /** Watch the units of a model; null for none. */
  use(model) {
    if (this.model?.id === model?.id) return;
    this.model = model;
    this.trace = null;
    this.tokens = [];
    this.latest.stop();
    const layers = model?.units_per_layer ?? [];
    byId("layer").replaceChildren(...layers.map((_, i) => make("option", {textContent: i + 1})));
    byId("layer").selectedIndex = layers.length - 1;
    this.isChosen = false;
    this.#limit();
  }

  /** Read a text. */
  read(text) {
    this.text = text;
    this.#ask();
  }

  /** The tokens with the state of the unit, or null if they are not known yet. */
  get values() {
    if (!this.trace) return null;
    const {hidden_state: hidden, ...others} = this.trace.values;
    const states = hidden ?? Object.values(others).at(-1);
    return this.tokens.map((token, i) => ({...token, value: states[i]}));
  }

  /** Mark a token of the text. */
  choose(token) {
    this.plot.choose(this.tokens.findIndex(({start}) => start === token?.start));
  }

  #limit() {
    const last = (this.model?.units_per_layer[byId("layer").selectedIndex] ?? 1) - 1;
    byId("unit").max = last;
    byId("unit").value = Math.max(0, Math.min(last, Math.round(Number(byId("unit").value)) || 0));
  }

  /** Ask for the values; for a new model, those of the unit that varies most. */
  #ask({unit = this.isChosen ? Number(byId("unit").value) : null} = {}) {
    const {model, text} = this;
    byId("units-empty").hidden = Boolean(text);
    byId("plot").hidden = byId("series").hidden = !text;
    byId("plot").ariaBusy = Boolean(model && text);
    if (!model || !text) {
      this.latest.stop();
      this.trace = null;
      this.tokens = [];
      return;
    }
    const layer = byId("layer").selectedIndex + 1;
    this.latest.run(async signal => {
      const trace = await post("v1/trace", {model: model.id, text, layer, unit}, signal);
      const places = [0];
      for (const character of text) places.push(places.at(-1) + character.length);
      this.trace = trace;
      this.tokens = trace.tokens.map(token =>
        ({...token, start: places[token.start], end: places[token.end]}));
      // The first letters of a text say little about the units.
      this.isChosen ||= unit !== null || trace.tokens.length > 2;
      // Not while another number is typed.
      if (document.activeElement !== byId("unit")) byId("unit").value = trace.unit;
      this.plot.draw({
        texts: trace.tokens.map(token => token.text),
        values: trace.values,
        chosen: this.tokens.length - 1,
      });
      this.onValues();
    });
  }
}
