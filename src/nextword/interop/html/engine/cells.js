// One step of each recurrent cell, in the letters of the papers: e is the input, h and c the state.

const sigmoid = a => 1 / (1 + Math.exp(-a));
const NONLINEARITIES = {tanh: Math.tanh, sigmoid, relu: a => Math.max(0, a)};

/** h = σ(W_e e + W_h h⁻ + b) [elman1990]. */
function elmanStep({weight_hh, bias, nonlinearity}, fromInput, state) {
  const sigma = NONLINEARITIES[nonlinearity];
  const fromHidden = weight_hh.times(state.hidden_state);
  const preactivation = fromInput.map((a, j) => a + fromHidden[j] + bias[j]);
  return {state: {hidden_state: preactivation.map(sigma)}, gates: {preactivation}};
}

/** r, z = σ(U e + W h⁻ + b), n = tanh(U e + b + r (W h⁻ + d)), h = (1 - z) n + z h⁻ [cho2014]. */
function gruStep({weight_hh, bias, recurrent_bias}, fromInput, {hidden_state: before}) {
  const size = before.length;
  const fromHidden = weight_hh.times(before);
  const [r, z, n, h] = [0, 1, 2, 3].map(() => new Float64Array(size));
  for (let j = 0; j < size; j++) {
    const [k, l] = [size + j, 2 * size + j];
    r[j] = sigmoid(fromInput[j] + fromHidden[j] + bias[j]);
    z[j] = sigmoid(fromInput[k] + fromHidden[k] + bias[k]);
    n[j] = Math.tanh(fromInput[l] + bias[l] + r[j] * (fromHidden[l] + recurrent_bias[j]));
    h[j] = (1 - z[j]) * n[j] + z[j] * before[j];
  }
  return {state: {hidden_state: h}, gates: {reset_gate: r, update_gate: z, new_gate: n}};
}

/** i, f, o = σ(U e + W h⁻ + b), g = tanh(…), c = f c⁻ + i g, h = o tanh(c) [hochreiter1997]. */
function lstmStep({weight_hh, bias}, fromInput, state) {
  const size = state.hidden_state.length;
  const fromHidden = weight_hh.times(state.hidden_state);
  const sum = (gate, j) => {
    const k = gate * size + j;
    return fromInput[k] + fromHidden[k] + bias[k];
  };
  const [i, f, g, o, c, h] = [0, 1, 2, 3, 4, 5].map(() => new Float64Array(size));
  for (let j = 0; j < size; j++) {
    i[j] = sigmoid(sum(0, j));
    f[j] = sigmoid(sum(1, j));
    g[j] = Math.tanh(sum(2, j));
    o[j] = sigmoid(sum(3, j));
    c[j] = f[j] * state.cell_state[j] + i[j] * g[j];
    h[j] = o[j] * Math.tanh(c[j]);
  }
  return {
    state: {hidden_state: h, cell_state: c},
    gates: {input_gate: i, forget_gate: f, cell_candidate: g, output_gate: o},
  };
}

/** The step of each cell: (weights, product with the input, state) to the new state and gates. */
export const STEPS = {elman: elmanStep, gru: gruStep, lstm: lstmStep};
