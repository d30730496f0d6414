// One language model that reads the text: the surprise at each token, and its suggestions.
import { post, Latest } from "./api.js";
import { ColoredText } from "./colored_text.js";
import { bits, byId, make, percent, visible } from "./elements.js";
import { isOfWords } from "./models.js";
import { SuggestionList } from "./suggestion_list.js";

const NUM_SUGGESTIONS = 9, NUM_EXPECTED = 3;
const READ_PAUSE_MS = 60, NEXT_PAUSE_MS = 40;
/** Signs that follow a word without a blank. */
const JOINED = /^[,.;:!?)\]}%\u2019\u201d\u2026]/;
/** A byte that is no character, or a reserved symbol. */
const NO_TEXT = /^<(?:0x[0-9A-F]{2}|pad|unk|s|\/s)>|\ufffd/;

/** The letters at the end of a text that can still grow. */
export const partialWord = text => /[^ \t\n\r\0]*$/.exec(text)[0];

/** What one model says of the text; `ids` are those of its elements. */
export class Side {
  constructor(ids, {hasKeys, onText, onToken, onAccept, onRead, onReadError, onNextError}) {
    this.onRead = onRead;
    this.model = null;
    this.tokens = [];
    this.text = new ColoredText(byId(ids.text), {
      onText,
      onToken: index => {
        const start = this.text.tokens[index]?.start;
        const chosen = this.tokens.find(token => token.start === start);
        byId(ids.detail).replaceChildren(...detailsOf(chosen));
        onToken(chosen);
      },
    });
    this.list = new SuggestionList(byId(ids.list), {
      // The suggestions for a text that was changed would undo the change.
      onAccept: accepted => this.list.list.ariaBusy === "true" || onAccept(accepted),
      hasKeys,
    });
    this.reading = new Latest(READ_PAUSE_MS, {onError: onReadError});
    this.predicting = new Latest(NEXT_PAUSE_MS, {onError: onNextError});
  }

  /** The most bits that a token costs if all tokens are equally probable. */
  get mostBits() {
    return this.model ? Math.log2(this.model.vocab_size) : 0;
  }

  /** Stop asking, and show nothing. */
  clear() {
    this.reading.stop();
    this.predicting.stop();
    this.tokens = [];
  }

  /** Read a text; `onRead` is called when its tokens are known. */
  read(text) {
    this.text.chosen = -1;
    if (!text) {
      this.reading.stop();
      this.text.marks.ariaBusy = false;
      this.tokens = [];
      this.onRead();
      return;
    }
    const fields = {model: this.model.id, text, top: NUM_EXPECTED};
    this.#run(this.reading, this.text.marks, async signal => {
      const {results: [result]} = await post("v1/score", fields, signal);
      this.tokens = placed(text, result, isOfWords(this.model));
      this.text.chosen = -1;
      this.onRead();
    });
  }

  /** Suggest words, or entries of the vocabulary, after a text. */
  predict(text, entries) {
    const fields = {model: this.model.id, text, k: NUM_SUGGESTIONS};
    const areTokens = entries === "tokens";
    this.#run(this.predicting, this.list.list, async signal => {
      const {next} = areTokens
        ? await post("v1/next", {...fields, tokens: true}, signal)
        : await post("v1/complete", fields, signal);
      const accept = areTokens ? withToken : withWord;
      this.list.show(
        next.map(({token, probability}) => ({
          label: token === "</s>" ? "⏎" : visible(token),
          probability,
          accepted: accept(text, token, this.model),
        })),
        "No word that the model knows starts with these letters.",
      );
    });
  }

  /** Run work for an element that is busy until its newest work ends. */
  #run(latest, element, work) {
    element.ariaBusy = true;
    latest.run(async signal => {
      try {
        await work(signal);
      } finally {
        if (!signal.aborted) element.ariaBusy = false;
      }
    });
  }
}

/** Tokens with places in UTF-16 units; the server counts characters. */
function placed(text, result, areWords) {
  const places = [0];
  for (const character of text) places.push(places.at(-1) + character.length);
  const tokens = [];
  // The end of the last line is scored too, but it is not in the text.
  for (const token of result.tokens.filter(each => each.text)) {
    const cost = token.log_prob === null ? Infinity : bits(-token.log_prob);
    const last = tokens.at(-1), before = last?.end ?? 0;
    // Reserved symbols are not read; then the places in the text are later ones.
    const isSame = result.text === text;
    const start = isSame ? places[token.start] : text.indexOf(token.text, before);
    const end = isSame ? places[token.end] : start + token.text.length;
    if (end <= before) {
      // Another part of the same character.
      last.bits += cost;
      last.count++;
    } else {
      tokens.push({...token, start, end, bits: cost, count: 1, unknown: token.is_unknown});
    }
  }
  // A word at the end can still grow.
  const last = tokens.at(-1);
  if (areWords && last && partialWord(text) && last.end === text.length) {
    last.isPartial = true;
    last.unknown = false;
  }
  return tokens;
}

function detailsOf(token) {
  if (!token) return [];
  const name = text => make("b", {textContent: text === "</s>" ? "⏎" : visible(text)});
  if (token.isPartial) return [name(token.text), " is read when a blank follows it."];
  if (token.count > 1) {
    return [name(token.text), ` ${shownBits(token.bits)} bits in ${token.count} tokens.`];
  }
  const parts = [name(token.text), ` ${shownBits(token.bits)} bits, probability `,
    `${percent(2 ** -token.bits)}, rank ${token.rank.toLocaleString("en")}`,
    token.unknown ? ", as an unknown word. Expected: " : ". Expected: "];
  token.top.forEach(({token: other, log_prob: logProb}, i) => {
    parts.push(i ? ", " : "", name(other), ` ${percent(Math.exp(logProb))}`);
  });
  return parts;
}

/** A number of bits, as text. */
export const shownBits = number =>
  Number.isFinite(number) ? number.toFixed(2) : "infinitely many";

/** A text whose last, partial word is replaced by a word, and a blank for the next one. */
function withWord(text, word, {tokenizer}) {
  const before = text.slice(0, text.length - partialWord(text).length);
  const isJoined = /punctuation split/.test(tokenizer) && JOINED.test(word);
  return `${isJoined ? before.replace(/ $/, "") : before}${word} `;
}

/** A text with an entry of the vocabulary after it; null if that is no text by itself. */
function withToken(text, token, model) {
  if (!isOfWords(model)) return NO_TEXT.test(token) ? null : text + token;
  if (token === "</s>") return `${text.replace(/ $/, "")}\n`;
  return withWord(partialWord(text) ? `${text} ` : text, token, model);
}
