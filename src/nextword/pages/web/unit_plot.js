// A plot of the gates and the state of one unit, with a box to tick for each of them.
import { make, makeSvg, visible } from "./elements.js";
import { drawPlot } from "./plot.js";

/** Color, dashes and first visibility of each series; Okabe and Ito's colors, made darker. */
const STYLES = {
  hidden_state: {color: "var(--ink)", dash: "none", shown: true},
  cell_state: {color: "var(--red)", dash: "7 3", shown: true},
  input_gate: {color: "var(--blue)", dash: "none", shown: true},
  forget_gate: {color: "var(--orange)", dash: "none", shown: true},
  output_gate: {color: "var(--green)", dash: "2 3", shown: true},
  cell_candidate: {color: "var(--purple)", dash: "7 3 2 3", shown: false},
  candidate: {color: "var(--purple)", dash: "7 3 2 3", shown: false},
  reset_gate: {color: "var(--blue)", dash: "none", shown: true},
  update_gate: {color: "var(--orange)", dash: "7 3", shown: true},
  new_gate: {color: "var(--purple)", dash: "2 3", shown: false},
  recurrence_gate: {color: "var(--orange)", dash: "7 3", shown: true},
  preactivation: {color: "var(--purple)", dash: "7 3", shown: false},
  context_length: {color: "var(--blue)", dash: "none", shown: true},
};
const OTHER_STYLE = {color: "var(--soft)", dash: "2 3", shown: false};
const styleOf = name => STYLES[name] ?? OTHER_STYLE;
const spelled = name => name.replaceAll("_", " ");

/**
 * Draws into `box`; the boxes to tick are in `legend`. `onToken` is called with a token that is
 * clicked, or reached by the arrow keys.
 */
export class UnitPlot {
  constructor({box, legend, onToken}) {
    this.box = box;
    this.legend = legend;
    this.onToken = onToken;
    this.hidden = new Set();
    this.names = "";
    this.shown = null;
    new ResizeObserver(() => this.#redraw()).observe(box);
    box.addEventListener("keydown", event => this.#onKey(event));
  }

  /**
   * Draw values {name: [value, ...]} over the texts of tokens. `range` is the lowest and the
   * highest value; that of gates and states when absent. `chosen` is the token that is marked.
   */
  draw({texts, values, range, chosen = -1}) {
    this.shown = {texts, values, range, chosen};
    this.#showLegend(Object.keys(values));
    this.#redraw();
    this.box.setAttribute("aria-label", this.#label(texts.length, values));
  }

  /** Mark another token. */
  choose(index) {
    if (!this.shown || this.shown.chosen === index) return;
    this.shown.chosen = index;
    this.#redraw();
  }

  #onKey(event) {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    const token = (this.shown?.chosen ?? 0) + step;
    if (!(token >= 0 && token < this.shown?.texts.length)) return;
    event.preventDefault();
    this.onToken(token);
  }

  #redraw() {
    if (!this.shown || !this.box.clientWidth) return;
    const {texts, values, range, chosen} = this.shown;
    const series = Object.entries(values)
      .filter(([name]) => !this.hidden.has(name))
      .map(([name, each]) => ({...styleOf(name), values: each}));
    drawPlot(this.box, {
      labels: texts.map(visible),
      series,
      range: range ?? rangeOf(series),
      chosen,
      onToken: this.onToken,
    });
  }

  /** A box to tick for each series, which is the legend too. */
  #showLegend(names) {
    if (this.names === names.join()) return;
    this.names = names.join();
    this.hidden = new Set(names.filter(name => !styleOf(name).shown));
    this.legend.replaceChildren(...names.map(name => {
      const tick = make("input", {type: "checkbox", checked: !this.hidden.has(name)});
      tick.addEventListener("change", () => {
        this.hidden[tick.checked ? "delete" : "add"](name);
        this.#redraw();
      });
      const line = makeSvg("svg", {viewBox: "0 0 26 10", "aria-hidden": "true"}, makeSvg("line",
        {x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 3, stroke: "currentColor",
          "stroke-dasharray": styleOf(name).dash}));
      const label = make("label", {}, tick, line, spelled(name));
      label.style.setProperty("--color", styleOf(name).color);
      return label;
    }));
  }

  #label(numTokens, values) {
    if (!numTokens) return "Nothing has been read.";
    const last = Object.entries(values)
      .map(([name, each]) => `${spelled(name)} ${each.at(-1).toFixed(2)}`);
    return `Plot over ${numTokens} tokens. After the last one: ${last.join(", ")}.`;
  }
}

function rangeOf(series) {
  const values = series.flatMap(each => each.values);
  const farthest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return [values.some(value => value < 0) ? -farthest : 0, farthest];
}
