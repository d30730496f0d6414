// The weights of a model: int8 matrices with one scale per row, and plain arrays.

/** A matrix whose row r is scales[r] * codes[r]; products are summed in float64. */
export class Matrix {
  constructor(codes, scales) {
    this.codes = codes;
    this.scales = scales;
    this.rows = scales.length;
    this.columns = codes.length / scales.length;
  }

  /** Row r as a vector: the embedding of token r. */
  row(r) {
    const vector = new Float64Array(this.columns);
    const start = r * this.columns, scale = this.scales[r];
    for (let c = 0; c < this.columns; c++) vector[c] = scale * this.codes[start + c];
    return vector;
  }

  /** Column c as a vector: the product with a one-hot vector. */
  column(c) {
    const vector = new Float64Array(this.rows);
    for (let r = 0; r < this.rows; r++) {
      vector[r] = this.scales[r] * this.codes[r * this.columns + c];
    }
    return vector;
  }

  /** W x, one entry per row. */
  times(x) {
    const {codes, scales, rows, columns} = this;
    const product = new Float64Array(rows);
    const vector = Float64Array.from(x);
    for (let r = 0, place = 0; r < rows; r++) {
      // Two sums at once: each addition waits for the one before it.
      let even = 0, odd = 0, c = 0;
      for (; c + 1 < columns; c += 2, place += 2) {
        even += codes[place] * vector[c];
        odd += codes[place + 1] * vector[c + 1];
      }
      if (c < columns) even += codes[place++] * vector[c];
      product[r] = scales[r] * (even + odd);
    }
    return product;
  }

  /** The transpose of W times x, one entry per column. */
  transposedTimes(x) {
    const {codes, scales, rows, columns} = this;
    const product = new Float64Array(columns);
    for (let r = 0, place = 0; r < rows; r++) {
      const factor = scales[r] * x[r];
      for (let c = 0; c < columns; c++, place++) product[c] += factor * codes[place];
    }
    return product;
  }
}

const READERS = {
  int8: (buffer, entry) =>
    new Matrix(
      new Int8Array(buffer, entry.codes, entry.rows * entry.columns),
      new Float32Array(buffer, entry.scales, entry.rows),
    ),
  float32: (buffer, entry) => new Float32Array(buffer, entry.start, entry.size),
  steps16: readSteps,
  ascending: readAscending,
};

/** Return the arrays of a model by name; entries say where each one is in the buffer. */
export function readArrays(entries, buffer) {
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, READERS[entry.kind](buffer, entry)]),
  );
}

/** Values with 16-bit codes: -inf for code 0, else low + (code - 1) * step, in float32. */
function readSteps(buffer, {start, size, low, step}) {
  const codes = new Uint16Array(buffer, start, size);
  return Float32Array.from(codes, code => (code ? low + (code - 1) * step : -Infinity));
}

/** Ascending integers, stored as differences in groups of 7 bits, lowest group first. */
function readAscending(buffer, {start, size}) {
  const bytes = new Uint8Array(buffer, start);
  const values = new Float64Array(size);
  let place = 0, value = 0;
  for (let i = 0; i < size; i++) {
    let factor = 1, byte;
    do {
      byte = bytes[place++];
      value += (byte & 127) * factor;
      factor *= 128;
    } while (byte > 127);
    values[i] = value;
  }
  return values;
}

/** Decode base64 and decompress it. */
export async function unpack(base64) {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
