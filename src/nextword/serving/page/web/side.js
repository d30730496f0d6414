// One language model that reads the text: the surprise at each token, and its suggestions.
import { post, Latest } from "./api.js";
import { ColoredText } from "./colored_text.js";
import { bits, byId, make, percent, visible } from "./elements.js";
import { isOfWords } from "./models.js";
import { SuggestionList } from "./suggestion_list.js";

const NUM_SUGGESTIONS = 9, NUM_EXPECTED = 3;
const READ_PAUSE_MS = 60, NEXT_PAUSE_MS = 40;
/** What separates words, and which signs follow a word without a blank. */
const PARTIAL_WORD = /[^ \t\n\r\0]*$/;
const JOINED = /^[,.;:!?)\]}%\u2019\u201d\u2026]/;
/** A byte that is no character, or a reserved symbol. */
const NO_TEXT = /^<(?:0x[0-9A-F]{2}|pad|unk|s|\/s)>|\ufffd/;

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
        this.token = this.tokens.find(token => token.start === start);
        byId(ids.detail).replaceChildren(...detailsOf(this.token));
        onToken(this.token);
      },
    });
    this.list = new SuggestionList(byId(ids.list), {onAccept, hasKeys});
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
      this.tokens = [];
      this.onRead();
      return;
    }
    const fields = {model: this.model.id, text, top: NUM_EXPECTED};
    this.reading.run(async signal => {
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
    this.predicting.run(async signal => {
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
}

/** Tokens with places in UTF-16 units; the server counts characters. */
function placed(text, result, areWords) {
  const places = [0];
  for (const character of text) places.push(places.at(-1) + character.length);
  let end = 0;
  // The end of the last line is scored too, but it is not in the text.
  const tokens = result.tokens.filter(token => token.text).map(token => {
    // Reserved symbols are not read; then the places in the text are later ones.
    const start = result.text === text ? places[token.start] : text.indexOf(token.text, end);
    end = result.text === text ? places[token.end] : start + token.text.length;
    return {...token, start, end, unknown: token.is_unknown,
      bits: token.log_prob === null ? Infinity : bits(-token.log_prob)};
  });
  // A word at the end can still grow.
  const last = tokens.at(-1);
  if (areWords && last && PARTIAL_WORD.exec(text)[0] && last.end === text.length) {
    last.isPartial = true;
    last.unknown = false;
  }
  return tokens;
}

function detailsOf(token) {
  if (!token) return [];
  const name = text => make("b", {textContent: text === "</s>" ? "⏎" : visible(text)});
  if (token.isPartial) return [name(token.text), " is read when a blank follows it."];
  const parts = [name(token.text), ` ${shownBits(token.bits)} bits, probability `,
    `${percent(2 ** -token.bits)}, rank ${token.rank.toLocaleString("en")}`,
    token.unknown ? ", as an unknown word. Expected: " : ". Expected: "];
  token.top.forEach(({token: other, log_prob: logProb}, i) => {
    parts.push(i ? ", " : "", name(other), ` ${percent(Math.exp(logProb))}`);
  });
  return parts;
}

/** A number of bits, as text. */
export const shownBits = number => (Number.isFinite(number) ? number.toFixed(2) : "infinitely many");

/** A text whose last, partial word is replaced by a word, and a blank for the next one. */
function withWord(text, word, {tokenizer}) {
  const before = text.replace(PARTIAL_WORD, "");
  const isJoined = /punctuation split/.test(tokenizer) && JOINED.test(word);
  return `${isJoined ? before.replace(/ $/, "") : before}${word} `;
}

/** A text with an entry of the vocabulary after it; null if that is no text by itself. */
function withToken(text, token, model) {
  if (!isOfWords(model)) return NO_TEXT.test(token) ? null : text + token;
  if (token === "</s>") return `${text.replace(/ $/, "")}\n`;
  return withWord(PARTIAL_WORD.exec(text)[0] ? `${text} ` : text, token, model);
}
