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
  const best = ranked(logProbs, bannedIds);
  const uniform = random();
  if (temperature === 0) return best[0].id;
  const highest = Math.log(best[0].probability);
  const weights = best.map(({id}) => Math.exp((logProbs[id] - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let count = 0, kept = 0;
  while (count < weights.length && (count === 0 || topP >= 1 || kept < topP * total)) {
    kept += weights[count++];
  }
  let left = uniform * kept;
  for (let i = 0; i < count; i++) {
    left -= weights[i];
    if (left < 0) return best[i].id;
  }
  return best[count - 1].id;
}
