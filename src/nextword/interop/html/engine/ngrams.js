// An n-gram model with back-off: the longest stored n-gram decides.
//
// The key of an n-gram is rank(context) * vocab_size + last word, where the rank is the place of
// the context among the sorted keys one order below. So an n-gram is found by binary search, and
// the words after a context are adjacent.

const NOT_FOUND = -1;

/** p(w | h) is that of hw if it is stored, else backoff(h) p(w | h without its first word). */
export class NgramModel {
  constructor(config, arrays) {
    this.vocabSize = config.vocab_size;
    this.neverIds = config.never_ids;
    this.boundaryId = config.boundary_id;
    this.startId = config.start_id;
    this.order = config.order;
    const orders = [...Array(config.order).keys()].map(i => i + 1);
    this.keys = [null, ...orders.slice(1).map(order => arrays[`keys.${order}`])];
    this.logProbsOf = orders.map(order => arrays[`log_probs.${order}`]);
    this.backoffs = orders.slice(0, -1).map(order => arrays[`backoffs.${order}`]);
  }

  /** The state before the first token: no last words. */
  initialState() {
    return {words: []};
  }

  /** Read a token: return the last words, from the last <s> on. */
  read(id, {words}) {
    const word = id === this.boundaryId ? this.startId : id;
    if (word === this.startId) return {words: [word].slice(0, this.order - 1)};
    return {words: this.order > 1 ? [...words, word].slice(1 - this.order) : []};
  }

  /** The log-probability of every next token after a state that `read` returned, in nats. */
  logProbs({words}) {
    const ranks = this.#contextRanks(words);
    const weights = this.#backoffSums(ranks);
    const logProbs = Float64Array.from(this.logProbsOf[0], logProb => logProb + weights[0]);
    for (let order = 2; order <= this.order; order++) {
      const rank = ranks[order - 2];
      if (rank === NOT_FOUND) continue;
      const keys = this.keys[order - 1];
      const weight = weights[order - 1] ?? 0;
      const end = lowerBound(keys, (rank + 1) * this.vocabSize);
      for (let i = lowerBound(keys, rank * this.vocabSize); i < end; i++) {
        logProbs[keys[i] - rank * this.vocabSize] = this.logProbsOf[order - 1][i] + weight;
      }
    }
    for (const id of this.neverIds) logProbs[id] = -Infinity;
    return logProbs;
  }

  /** The number of last words that are a stored context. */
  contextLength({words}) {
    return this.#contextRanks(words).findLastIndex(rank => rank !== NOT_FOUND) + 1;
  }

  /** The rank of the n-gram of the last 1, 2, ... words, or NOT_FOUND. */
  #contextRanks(words) {
    return [...Array(this.order - 1).keys()].map(i => {
      const last = words.slice(-1 - i);
      return last.length > i ? this.#rank(last) : NOT_FOUND;
    });
  }

  #rank(words) {
    let rank = words[0];
    for (let order = 2; order <= words.length && rank !== NOT_FOUND; order++) {
      const keys = this.keys[order - 1];
      const wanted = rank * this.vocabSize + words[order - 1];
      const place = lowerBound(keys, wanted);
      rank = keys[place] === wanted ? place : NOT_FOUND;
    }
    return rank;
  }

  /** For each order below the highest, the log-weight of backing off down to it. */
  #backoffSums(ranks) {
    const sums = [];
    let sum = 0;
    for (let i = ranks.length - 1; i >= 0; i--) {
      if (ranks[i] !== NOT_FOUND) sum += this.backoffs[i][ranks[i]];
      sums[i] = sum;
    }
    return sums.length ? sums : [0];
  }
}

/** The first place whose value is not below the wanted one. */
function lowerBound(values, wanted) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
