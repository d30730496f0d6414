// The model of the page, as other programs can use it: `nextword` in the browser's console.
import { readArrays, unpack } from "./weights.js";
import { RecurrentModel } from "./network.js";
import { NgramModel } from "./ngrams.js";
import { makeTokenizer } from "./tokenizer.js";
import { drawId, ranked, seededRandom } from "./sampling.js";
import { TextReader } from "./reader.js";

const MODELS = {recurrent: RecurrentModel, ngram: NgramModel};

/** Unpack a model: `config` says what it is, `base64` holds its arrays. */
export async function loadEngine(config, base64) {
  const arrays = readArrays(config.arrays, await unpack(base64));
  const model = new MODELS[config.model.family](config.model, arrays);
  return new Engine(model, makeTokenizer(config.tokenizer));
}

export class Engine {
  constructor(model, tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /** The token ids of a text. */
  encode(text) {
    return this.tokenizer.encode(text).map(({id}) => id);
  }

  /** The log-probability of every token after a text, in nats. */
  logProbs(text) {
    return this.#read(text).logProbs;
  }

  /** The k most probable next tokens after a text. */
  next(text, k = 5) {
    return ranked(this.logProbs(text), this.tokenizer.bannedIds).slice(0, k)
      .map(({id, probability}) => ({token: this.tokenizer.tokenText(id), probability}));
  }

  /** The negative log-likelihood of each token of a text, in nats. */
  score(text) {
    return this.#read(text).steps.slice(1)
      .map(({id, nats}) => ({token: this.tokenizer.tokenText(id), nats}));
  }

  /** Values of one unit after each token of a text, by name: its gates and its state. */
  trace(text, layer, unit) {
    return this.#read(text).steps.slice(1).map(({state}) => unitValues(state, layer, unit));
  }

  /** Generate tokens after a text; yields the text of each. */
  *generate(text, options = {}) {
    const {steps, logProbs} = this.#read(text);
    yield* this.continueFrom({text, state: steps.at(-1).state, logProbs}, options);
  }

  /** The same after a text that was read before: its last state and the distribution there. */
  *continueFrom(place, {maxTokens = 100, temperature = 1, topP = 1, seed = 0} = {}) {
    const random = seededRandom(seed);
    const decode = this.tokenizer.decoder(place.text);
    const {bannedIds} = this.tokenizer;
    let {state, logProbs} = place;
    for (let count = 0; count < maxTokens; count++) {
      const id = drawId(logProbs, {temperature, topP, bannedIds, random});
      yield decode(id);
      state = this.model.read(id, state);
      logProbs = this.model.logProbs(state);
    }
  }

  #read(text) {
    const reader = new TextReader(this.model, this.tokenizer);
    reader.setText(text);
    reader.readOn();
    return reader;
  }
}

/** Gates and state of one unit, by name. */
export function unitValues(state, layer, unit) {
  const {gates, state: parts} = state[layer];
  const values = Object.entries({...gates, ...parts});
  return Object.fromEntries(values.map(([name, vector]) => [name, vector[unit]]));
}
