// What is inside the model: the gates and the state of one unit over the text.
import { byId, make } from "./elements.js";
import { textOf } from "./labels.js";
import { UnitPlot } from "./unit_plot.js";
import { unitValues } from "../engine/engine.js";

/** The plot shows the last tokens of a long text. */
const MOST_TOKENS = 400;

/** Draws one unit of a network, or the length of the context that an n-gram model finds. */
export class Units {
  constructor(reader, {onUnit, onToken}) {
    this.reader = reader;
    this.first = 0;
    this.plot = new UnitPlot({
      box: byId("plot"),
      legend: byId("series"),
      onToken: token => onToken(token + this.first),
    });
    const {layers} = reader.model;
    byId("pick").hidden = !layers;
    if (!layers) byId("units-title").textContent = "Length of the context that is found";
    else this.#offer(layers, onUnit);
  }

  /** Layer and unit that are chosen, counted from 0. */
  get place() {
    return {layer: byId("layer").selectedIndex, unit: Number(byId("unit").value)};
  }

  /** The hidden state of the chosen unit after a step of the reader. */
  valueOf({state}) {
    const {layer, unit} = this.place;
    return state[layer].state.hidden_state[unit];
  }

  /** Draw the values after each token. */
  draw(chosen = -1) {
    const {reader} = this;
    this.first = Math.max(0, reader.steps.length - 1 - MOST_TOKENS);
    const steps = reader.steps.slice(1 + this.first);
    const rows = steps.map(({state}) => this.#values(state));
    const names = Object.keys(this.#values(reader.steps[0].state));
    this.plot.draw({
      texts: steps.map(({id}) => textOf(reader.tokenizer, id)),
      values: Object.fromEntries(names.map(name => [name, rows.map(row => row[name])])),
      range: reader.model.layers ? undefined : [0, reader.model.order - 1],
      chosen: chosen - this.first,
    });
  }

  /** Mark another token. */
  choose(index) {
    this.plot.choose(index - this.first);
  }

  #values(state) {
    if (!this.reader.model.layers) return {context_length: this.reader.model.contextLength(state)};
    const {layer, unit} = this.place;
    return unitValues(state, layer, unit);
  }

  #offer(layers, onUnit) {
    const sizes = layers.map(({initial}) => initial.hidden_state.length);
    byId("layer").append(...sizes.map((_, i) => make("option", {textContent: i + 1})));
    byId("layer").selectedIndex = sizes.length - 1;
    const limit = () => {
      const last = sizes[this.place.layer] - 1;
      byId("unit").max = last;
      byId("unit").value = Math.max(0, Math.min(last, Math.round(Number(byId("unit").value)) || 0));
    };
    const change = () => {
      limit();
      onUnit();
    };
    limit();
    byId("layer").addEventListener("change", change);
    byId("unit").addEventListener("change", change);
    byId("liveliest").addEventListener("click", () => {
      byId("unit").value = this.#liveliest();
      change();
    });
  }

  /** The unit of the layer whose hidden state varies most over the text. */
  #liveliest() {
    const {layer} = this.place;
    const states = this.reader.steps.slice(1).map(({state}) => state[layer].state.hidden_state);
    let best = 0, most = -1;
    for (let unit = 0; states.length && unit < states[0].length; unit++) {
      const values = states.map(state => state[unit]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      if (spread > most) [best, most] = [unit, spread];
    }
    return best;
  }
}
