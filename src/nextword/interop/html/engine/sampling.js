// Drawing the next token: temperature, top-p, and a generator of random numbers with a seed.

/** Random numbers in [0, 1) that depend only on the seed (mulberry32). */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The ids from the most probable to the least, ties by id, with their probabilities. */
export function ranked(logProbs, leftOut = []) {
  const never = new Set(leftOut);
  const ids = Uint32Array.from(logProbs, (_, id) => id)
    .filter(id => logProbs[id] > -Infinity && !never.has(id))
    .sort((one, other) => logProbs[other] - logProbs[one] || one - other);
  return Array.from(ids, id => ({id, probability: Math.exp(logProbs[id])}));
}

/**
 * Draw an id: probabilities to the power 1 / temperature (0 takes the most probable id), then the
 * fewest most probable ids whose probabilities sum to at least topP.
 */
export function drawId(logProbs, {temperature, topP, bannedIds, random}) {
  const uniform = random();
  const scores = Float64Array.from(logProbs);
  for (const id of bannedIds) scores[id] = -Infinity;
  const highest = scores.reduce((most, score) => Math.max(most, score));
  if (temperature === 0) return scores.indexOf(highest);
  const weights = scores.map(score => Math.exp((score - highest) / temperature));
  const ids = topP < 1 ? nucleus(weights, topP) : weights.keys();
  return pick([...ids], weights, uniform);
}

/** The fewest ids, from the largest weight on, whose weights sum to at least a share of all. */
function nucleus(weights, share) {
  const wanted = share * weights.reduce((sum, weight) => sum + weight, 0);
  // Sorting all ids takes longer than computing their weights; few are enough.
  let limit = 1, ids = [], sum = 0;
  while (sum < wanted && limit > 0) {
    limit /= 16;
    ids = [];
    sum = 0;
    weights.forEach((weight, id) => {
      if (weight >= limit && weight > 0) {
        ids.push(id);
        sum += weight;
      }
    });
  }
  ids.sort((one, other) => weights[other] - weights[one] || one - other);
  let count = 0, kept = 0;
  while (count < ids.length && (count === 0 || kept < wanted)) kept += weights[ids[count++]];
  return ids.slice(0, count);
}

/** The id at a share of the summed weights; ids with weight 0 are never picked. */
function pick(ids, weights, share) {
  let left = share * ids.reduce((sum, id) => sum + weights[id], 0);
  let last = ids[0];
  for (const id of ids) {
    if (weights[id] === 0) continue;
    last = id;
    left -= weights[id];
    if (left < 0) break;
  }
  return last;
}
