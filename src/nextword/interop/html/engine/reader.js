// A text as a model reads it: the state after each token, and the surprise at it.

/** Reads a text that changes; only the tokens after the first changed one are read again. */
export class TextReader {
  constructor(model, tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.tokens = [];
    this.steps = [this.#step(tokenizer.boundaryId, model.initialState())];
    this.logProbs = model.logProbs(this.steps[0].state);
  }

  /** Set the text; `readOn` reads it. */
  setText(text) {
    this.tokens = this.tokenizer.encode(text);
    let same = 0;
    const last = Math.min(this.tokens.length, this.steps.length - 1);
    while (same < last && this.steps[same + 1].id === this.tokens[same].id) same++;
    if (same + 1 < this.steps.length) {
      this.steps.length = same + 1;
      this.logProbs = this.model.logProbs(this.steps[same].state);
    }
  }

  get isDone() {
    return this.steps.length === this.tokens.length + 1;
  }

  /** Read until the end or for some milliseconds; return whether the end is reached. */
  readOn(milliseconds = Infinity) {
    const stopAt = performance.now() + milliseconds;
    while (!this.isDone) {
      const {id} = this.tokens[this.steps.length - 1];
      const surprise = surpriseOf(id, this.logProbs);
      this.steps.push({...this.#step(id, this.steps.at(-1).state), ...surprise});
      this.logProbs = this.model.logProbs(this.steps.at(-1).state);
      if (performance.now() > stopAt) break;
    }
    return this.isDone;
  }

  #step(id, before) {
    return {id, state: this.model.read(id, before)};
  }
}

/** How surprising an id is: nats, its rank, and what was most probable instead. */
function surpriseOf(id, logProbs) {
  const own = logProbs[id];
  let rank = 1;
  const best = [];
  for (let other = 0; other < logProbs.length; other++) {
    const logProb = logProbs[other];
    if (logProb > own) rank++;
    if (best.length === 3 && logProb <= logProbs[best[2]]) continue;
    best.push(other);
    best.sort((a, b) => logProbs[b] - logProbs[a]);
    best.length = Math.min(3, best.length);
  }
  const expected = best.map(other => ({id: other, probability: Math.exp(logProbs[other])}));
  return {nats: -own, rank, expected};
}
