// A recurrent language model: embedding, stack of layers, softmax over the vocabulary.
import { STEPS } from "./cells.js";

/** Scores to log-probabilities, in place: a - log(sum of exp(a)). */
export function logSoftmax(scores) {
  let highest = -Infinity, sum = 0;
  for (const score of scores) highest = Math.max(highest, score);
  for (const score of scores) sum += Math.exp(score - highest);
  const normalizer = highest + Math.log(sum);
  for (let i = 0; i < scores.length; i++) scores[i] -= normalizer;
  return scores;
}

/** e[t] = E x[t], h[t] from the stack, ŷ[t] = softmax(W_y h[t] + b_y). */
export class RecurrentModel {
  constructor(config, arrays) {
    this.vocabSize = config.vocab_size;
    this.neverIds = config.never_ids;
    this.residual = config.residual;
    this.zoneout = config.zoneout;
    this.layers = config.layers.map(({cell, nonlinearity, weights, initial}) => ({
      step: STEPS[cell],
      weights: {nonlinearity, ...named(weights, arrays)},
      initial: named(initial, arrays),
    }));
    this.input = config.input?.map(cluster => named(cluster, arrays));
    this.output = config.output.map(cluster => named(cluster, arrays));
    this.bias = Float64Array.from(arrays[config.bias]);
    for (const id of this.neverIds) this.bias[id] = -Infinity;
    this.tails = config.tails && named(config.tails, arrays);
  }

  /** The state before the first token: one entry per layer. */
  initialState() {
    return this.layers.map(layer => ({state: layer.initial, gates: {}}));
  }

  /** Read a token: return state and gates of every layer, lowest first. */
  read(id, before) {
    const after = [];
    let inputs = this.input ? embed(this.input, id) : null;
    this.layers.forEach(({step, weights}, depth) => {
      const {weight_ih} = weights;
      const fromInput = inputs ? weight_ih.times(inputs) : weight_ih.column(id);
      const layer = step(weights, fromInput, before[depth].state);
      this.#hold(layer.state, before[depth].state);
      after.push(layer);
      const outputs = layer.state.hidden_state;
      inputs = this.residual && depth > 0 ? outputs.map((h, j) => h + inputs[j]) : outputs;
    });
    after.outputs = inputs;
    return after;
  }

  /** Zoneout: the expected share of the old state that is kept [krueger2017]. */
  #hold(state, before) {
    for (const [name, part] of Object.entries(state)) {
      const kept = this.zoneout[name];
      if (kept) part.forEach((value, j) => (part[j] = kept * before[name][j] + (1 - kept) * value));
    }
  }

  /** The log-probability of every next token after a state that `read` returned, in nats. */
  logProbs(state) {
    const hidden = state.outputs;
    if (!this.tails) return logSoftmax(this.#scores(this.output[0], hidden, 0));
    return this.#adaptiveLogProbs(hidden);
  }

  /** The adaptive softmax: frequent words and one entry per cluster, then words in each cluster. */
  #adaptiveLogProbs(hidden) {
    const logProbs = new Float64Array(this.vocabSize);
    const words = this.#scores(this.output[0], hidden, 0);
    const tails = this.tails.weight.times(hidden).map((a, i) => a + this.tails.bias[i]);
    const head = logSoftmax(Float64Array.of(...words, ...tails));
    logProbs.set(head.subarray(0, words.length));
    let start = words.length;
    this.output.slice(1).forEach((cluster, i) => {
      const inside = logSoftmax(this.#scores(cluster, hidden, start));
      logProbs.set(inside.map(a => a + head[words.length + i]), start);
      start += inside.length;
    });
    return logProbs;
  }

  #scores({table, projection}, hidden, start) {
    const narrow = projection ? projection.transposedTimes(hidden) : hidden;
    return table.times(narrow).map((a, i) => a + this.bias[start + i]);
  }
}

/** The vector of a token: its row, projected to the full width if its cluster is narrower. */
function embed(clusters, id) {
  let row = id;
  for (const {table, projection} of clusters) {
    if (row < table.rows) return projection ? projection.times(table.row(row)) : table.row(row);
    row -= table.rows;
  }
  throw new RangeError(`there is no token ${id}`);
}

/** Replace the name of each array by the array. */
function named(names, arrays) {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, arrays[name]]));
}
