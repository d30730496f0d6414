// What is inside the model: the gates and the state of one unit over the text.
import { byId, labelOf, make, makeSvg } from "./elements.js";
import { drawPlot } from "./plot.js";
import { unitValues } from "../engine/engine.js";

/** Color, dashes and first visibility of each series; Okabe and Ito's colors, made darker. */
const STYLES = {
  hidden_state: {color: "var(--ink)", dash: "none", shown: true},
  cell_state: {color: "var(--red)", dash: "7 3", shown: true},
  input_gate: {color: "var(--blue)", dash: "none", shown: true},
  forget_gate: {color: "var(--orange)", dash: "none", shown: true},
  output_gate: {color: "var(--green)", dash: "2 3", shown: true},
  cell_candidate: {color: "var(--purple)", dash: "7 3 2 3", shown: false},
  reset_gate: {color: "var(--blue)", dash: "none", shown: true},
  update_gate: {color: "var(--orange)", dash: "7 3", shown: true},
  new_gate: {color: "var(--purple)", dash: "2 3", shown: false},
  preactivation: {color: "var(--purple)", dash: "7 3", shown: false},
  context_length: {color: "var(--blue)", dash: "none", shown: true},
};
/** The plot shows the last tokens of a long text. */
const MOST_TOKENS = 400;

/** Draws one unit of a network, or the length of the context that an n-gram model finds. */
export class Units {
  constructor(reader, {onUnit, onToken}) {
    this.reader = reader;
    this.onToken = onToken;
    this.box = byId("plot");
    this.hidden = new Set();
    const {layers} = reader.model;
    byId("pick").hidden = !layers;
    if (!layers) byId("units-title").textContent = "Length of the context that is found";
    else this.#offer(layers, onUnit);
    new ResizeObserver(() => this.draw(this.chosen)).observe(this.box);
  }

  /** Layer and unit that are chosen, counted from 0. */
  get place() {
    return {layer: byId("layer").selectedIndex, unit: Number(byId("unit").value) - 1};
  }

  /** The hidden state of the chosen unit after a step of the reader. */
  valueOf({state}) {
    const {layer, unit} = this.place;
    return state[layer].state.hidden_state[unit];
  }

  draw(chosen = -1) {
    this.chosen = chosen;
    const {reader} = this;
    const first = Math.max(0, reader.steps.length - 1 - MOST_TOKENS);
    const steps = reader.steps.slice(1 + first);
    const rows = steps.map(({state}) => this.#values(state));
    const names = Object.keys(this.#values(this.#anyState()));
    this.#showSeries(names);
    const series = names.filter(name => !this.hidden.has(name)).map(name =>
      ({name, ...STYLES[name], values: rows.map(row => row[name])}));
    drawPlot(this.box, {
      labels: steps.map(({id}) => labelOf(reader.tokenizer, id)),
      series,
      range: this.#range(series),
      chosen: chosen - first,
      onToken: token => this.onToken(token + first),
    });
    this.box.setAttribute("aria-label", this.#label(rows));
  }

  #values(state) {
    if (!this.reader.model.layers) return {context_length: this.reader.model.contextLength(state)};
    const {layer, unit} = this.place;
    return unitValues(state, layer, unit);
  }

  #anyState() {
    return this.reader.steps[0].state;
  }

  #range(series) {
    if (!this.reader.model.layers) return [0, this.reader.model.order - 1];
    const values = series.flatMap(each => each.values);
    const farthest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const isSigned = values.some(value => value < 0);
    return [isSigned ? -farthest : 0, farthest];
  }

  #offer(layers, onUnit) {
    const sizes = layers.map(({initial}) => initial.hidden_state.length);
    byId("layer").append(...sizes.map((_, i) => make("option", {textContent: i + 1})));
    byId("layer").selectedIndex = sizes.length - 1;
    const limit = () => {
      const size = sizes[this.place.layer];
      byId("unit").max = size;
      byId("unit").value = Math.max(1, Math.min(size, Math.round(Number(byId("unit").value)) || 1));
    };
    const change = () => {
      limit();
      onUnit();
    };
    limit();
    byId("layer").addEventListener("change", change);
    byId("unit").addEventListener("change", change);
    byId("liveliest").addEventListener("click", () => {
      byId("unit").value = 1 + this.#liveliest();
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

  /** A box to tick for each series, which is the legend too. */
  #showSeries(names) {
    const box = byId("series");
    if (box.dataset.names === names.join()) return;
    box.dataset.names = names.join();
    this.hidden = new Set(names.filter(name => !STYLES[name].shown));
    box.replaceChildren(...names.map(name => {
      const tick = make("input", {type: "checkbox", checked: !this.hidden.has(name)});
      tick.addEventListener("change", () => {
        this.hidden[tick.checked ? "delete" : "add"](name);
        this.draw(this.chosen);
      });
      const line = makeSvg("svg", {viewBox: "0 0 26 10", "aria-hidden": "true"}, makeSvg("line",
        {x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 3, stroke: "currentColor",
          "stroke-dasharray": STYLES[name].dash}));
      const label = make("label", {}, tick, line, name.replaceAll("_", " "));
      label.style.setProperty("--color", STYLES[name].color);
      return label;
    }));
  }

  #label(rows) {
    if (!rows.length) return "Nothing has been read.";
    const last = Object.entries(rows.at(-1))
      .map(([name, value]) => `${name.replaceAll("_", " ")} ${value.toFixed(2)}`);
    return `Plot over ${rows.length} tokens. After the last one: ${last.join(", ")}.`;
  }
}
