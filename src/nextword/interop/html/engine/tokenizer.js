// Text to token ids and back: words, characters, bytes and byte pairs.

const UNKNOWN_ID = 1, LINE_END_ID = 3, NUM_SPECIAL_TOKENS = 4;
const SPECIAL_START = /<(?=pad>|unk>|s>|\/s>)/;
// The white space of Unicode, which is not exactly that of \s in JavaScript.
const BLANK = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WORD_OF_GPT2 = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${BLANK}\\p{L}\\p{N}]+` +
    `|[${BLANK}]+(?![^${BLANK}])|[${BLANK}]+`,
  "gu",
);

const LETTER = "\\p{L}\\p{M}\\p{N}\\p{Pc}";
const LETTER_FIRST = new RegExp(`^[${LETTER}]`, "u");
/** A word, with apostrophes between letters and points between digits, or a run of one sign. */
const WORD_OR_SIGNS =
  `[${LETTER}]+(?:['\u2019][${LETTER}]+|(?<=\\p{N})[.,](?=\\p{N})[${LETTER}]+)*` +
  `|([^${LETTER}${BLANK}\\0])\\1*`;
/** No blank is written before the first, nor after the second. */
const JOINED_BEFORE = new Set(",.;:!?)]}%-\u2019\u201d\u2026");
const JOINED_AFTER = new Set("([{-\u2018\u201c");

/** The pattern of words, punctuation and line ends; a special token is one word. */
function splitPattern(lowercase) {
  const special = lowercase
    ? "<(?:[pP][aA][dD]|[uU][nN][kK]|/?[sS])>"
    : "<unk>";
  const alone = `(?<![^\\0\\t\\n\\r ])${special}(?![^\\0\\t\\n\\r ])`;
  return new RegExp(`\\n|${alone}|${WORD_OR_SIGNS}`, "gu");
}

/** Build the tokenizer of a model from its description in the page. */
export function makeTokenizer(config) {
  const kinds = {word: WordTokenizer, character: CharacterTokenizer, byte: BytePairTokenizer};
  return new (kinds[config.kind] ?? BytePairTokenizer)(config);
}

/** What all kinds share. `encode` returns {id, start, end, unknown} for each token of a text. */
class BaseTokenizer {
  constructor({kind, tokens, boundary_id, banned_ids}) {
    this.kind = kind;
    this.tokens = tokens;
    this.boundaryId = boundary_id;
    this.bannedIds = banned_ids;
  }

  /** The text of a token for display. */
  tokenText(id) {
    return this.tokens[id];
  }

  /** A text with a token after it; null if the token is no text by itself. */
  withToken(text, id) {
    return text + this.tokens[id];
  }
}

/** Words between separators, or, without separators, words split from punctuation. */
class WordTokenizer extends BaseTokenizer {
  constructor(config) {
    super(config);
    this.ids = new Map(config.tokens.map((token, id) => [token, id]).slice(NUM_SPECIAL_TOKENS));
    if (config.closed) this.ids.set(config.tokens[UNKNOWN_ID], UNKNOWN_ID);
    this.removed = config.removed.map(pattern => new RegExp(pattern, "gu"));
    this.lowercase = config.lowercase;
    this.isSplit = config.separators === undefined;
    this.separator = new RegExp(`[${config.separators ?? `${BLANK}\\0`}]`, "u");
    this.pattern = this.isSplit
      ? splitPattern(this.lowercase)
      : new RegExp(`\\n|[^${config.separators}]+`, "gu");
  }

  encode(text) {
    // A removed symbol is replaced by blanks, so that the places of the words stay the same.
    for (const pattern of this.removed) {
      text = text.replace(pattern, symbol => symbol.replace(/[^\n]/gu, " "));
    }
    return Array.from(text.matchAll(this.pattern), ({0: word, index: start}) => {
      const id = word === "\n" ? LINE_END_ID : this.ids.get(this.#form(word));
      const end = start + word.length;
      return {id: id ?? UNKNOWN_ID, start, end, unknown: id === undefined};
    });
  }

  /** The word at the end of a text that may still grow; empty after a separator. */
  partialWord(text) {
    const last = this.encode(text).at(-1);
    if (last?.end !== text.length || last.id === LINE_END_ID) return "";
    const word = text.slice(last.start);
    return this.isSplit && !LETTER_FIRST.test(word) ? "" : this.#form(word);
  }

  /** A text with a word after it, and a blank for the next one. */
  withToken(text, id) {
    if (id === LINE_END_ID) return `${text.replace(/ $/, "")}\n`;
    const word = this.tokens[id];
    const hasBlank = text === "" || this.separator.test(text.at(-1));
    const base = hasBlank ? text : `${text} `;
    const before = text.trimEnd().at(-1);
    const isJoined = before && !text.endsWith("\n") && this.#isJoined(before, word);
    return `${isJoined ? base.slice(0, -1) : base}${word} `;
  }

  /** A text whose last word is completed, and a blank for the next one. */
  withCompletion(text, id) {
    return `${text}${this.tokens[id].slice(this.partialWord(text).length)} `;
  }

  /** A function from each next id to its text, after a text. */
  decoder(text) {
    let before = text === "" || this.separator.test(text.at(-1)) ? "" : text.at(-1);
    return id => {
      const word = id === LINE_END_ID ? "\n" : this.tokens[id];
      const isGlued = !before || id === LINE_END_ID || this.#isJoined(before, word);
      before = id === LINE_END_ID ? "" : word.at(-1);
      return isGlued ? word : ` ${word}`;
    };
  }

  /** Whether no blank is written between the last character of a word and the next word. */
  #isJoined(before, word) {
    return this.isSplit && (JOINED_BEFORE.has(word[0]) || JOINED_AFTER.has(before));
  }

  /** The form in which the vocabulary has a word; each letter is lowered by itself. */
  #form(word) {
    return this.lowercase ? Array.from(word, letter => letter.toLowerCase()).join("") : word;
  }
}

class CharacterTokenizer extends BaseTokenizer {
  constructor(config) {
    super(config);
    this.ids = new Map(config.tokens.map((token, id) => [token, id]).slice(NUM_SPECIAL_TOKENS));
  }

  encode(text) {
    let end = 0;
    return Array.from(text, character => {
      const id = this.ids.get(character);
      const start = end;
      end += character.length;
      return {id: id ?? UNKNOWN_ID, start, end, unknown: id === undefined};
    });
  }

  decoder() {
    return id => (id < NUM_SPECIAL_TOKENS && id !== UNKNOWN_ID ? "" : this.tokens[id]);
  }
}

/** Bytes, and byte pairs: bytes whose most frequent neighbours were merged, again and again. */
class BytePairTokenizer extends BaseTokenizer {
  constructor(config) {
    super(config);
    const bytesOf = new Map(byteAlphabet().map((sign, byte) => [sign, byte]));
    this.values = config.tokens.map((token, id) =>
      id < NUM_SPECIAL_TOKENS
        ? new TextEncoder().encode(id === UNKNOWN_ID ? token : "")
        : Uint8Array.from(token, sign => bytesOf.get(sign)),
    );
    const byteIds = new Map(this.values.map((value, id) => [value, id]).slice(NUM_SPECIAL_TOKENS)
      .filter(([value]) => value.length === 1).map(([value, id]) => [value[0], id]));
    this.byteIds = Array.from({length: 256}, (_, byte) => byteIds.get(byte));
    this.merges = new Map(config.merges.map(([first, second, id], rank) =>
      [first * config.tokens.length + second, {rank, id}]));
    this.linePart = config.line_part && new RegExp(`[^\\n]{1,${config.line_part}}\\n?|\\n`, "gu");
    this.longestPart = config.longest_part ?? Infinity;
    this.cache = new Map();
  }

  encode(text) {
    const parts = this.kind === "byte" ? [text] : this.#parts(text);
    return parts.flatMap(part => this.#encodePart(part)).map(placer(text, this.values));
  }

  tokenText(id) {
    if (id < NUM_SPECIAL_TOKENS) return this.tokens[id];
    return decoded(this.values[id]) ??
      Array.from(this.values[id], byte => `<0x${hex(byte)}>`).join("");
  }

  withToken(text, id) {
    const added = decoded(this.values[id]);
    return added === null ? null : text + added;
  }

  decoder() {
    const utf8 = new TextDecoder();
    return id => utf8.decode(this.values[id], {stream: true});
  }

  /** Split into lines, at the "<" of a literal special token, and into words with their blank. */
  #parts(text) {
    const lines = this.linePart ? text.match(this.linePart) ?? [] : text.split(/(?<=\n)/u);
    return lines
      .flatMap(line => line.split(new RegExp(`(${SPECIAL_START.source})`, "u")))
      .flatMap(part => part.match(WORD_OF_GPT2) ?? []);
  }

  #encodePart(part) {
    if (this.cache.has(part)) return this.cache.get(part);
    const bytes = new TextEncoder().encode(part);
    const ids = [];
    for (let start = 0; start < bytes.length; start += this.longestPart) {
      const stop = Math.min(bytes.length, start + this.longestPart);
      for (const id of this.#merged(bytes.subarray(start, stop))) ids.push(id);
    }
    if (part.length < 64) this.cache.set(part, ids);
    return ids;
  }

  /** Merge the pair that was learned first, the leftmost one, until no pair is known. */
  #merged(bytes) {
    const ids = Array.from(bytes, byte => this.byteIds[byte]);
    while (this.merges.size && ids.length > 1) {
      let best = null, place = -1;
      for (let i = 0; i + 1 < ids.length; i++) {
        const merge = this.merges.get(ids[i] * this.tokens.length + ids[i + 1]);
        if (merge && (!best || merge.rank < best.rank)) [best, place] = [merge, i];
      }
      if (!best) break;
      ids.splice(place, 2, best.id);
    }
    return ids;
  }
}

/** A function from each id of a text to the token with its place; it belongs to the character
 *  that its first byte is part of. */
function placer(text, values) {
  const starts = [];
  let place = 0;
  for (const character of text) {
    for (let i = new TextEncoder().encode(character).length; i > 0; i--) starts.push(place);
    place += character.length;
  }
  starts.push(text.length);
  let byte = 0;
  return id => {
    const start = starts[byte];
    byte += values[id].length;
    return {id, start, end: starts[byte], unknown: false};
  };
}

/** The text of bytes, or null if they are not whole characters. */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    return null;
  }
}

const hex = byte => byte.toString(16).toUpperCase().padStart(2, "0");

/** GPT-2's printable character for each byte. */
function byteAlphabet() {
  let other = 0x100;
  const isPrintable = byte =>
    (byte >= 0x21 && byte < 0x7f) || (byte >= 0xa1 && byte < 0x100 && byte !== 0xad);
  return Array.from({length: 256}, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : other++));
}
