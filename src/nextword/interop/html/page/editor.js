// The text field with colored tokens, and the line about one token.
import { byId, bits, labelOf, make, percent } from "./elements.js";

/** Shows what a reader has read; calls `onText` for a new text and `onToken` for another token. */
export class Editor {
  constructor(reader, {onText, onToken}) {
    this.reader = reader;
    this.field = byId("text");
    this.marks = byId("marks");
    this.onToken = onToken;
    this.chosen = -1;
    this.field.addEventListener("input", () => onText(this.field.value));
    for (const event of ["keyup", "click", "focus"]) {
      this.field.addEventListener(event, () => this.#chooseAtCaret());
    }
    this.field.addEventListener("pointermove", event => this.#chooseUnder(event));
  }

  get text() {
    return this.field.value;
  }

  set text(text) {
    this.field.value = text;
  }

  /** Color the tokens: `valueOf` returns a value from -1 to 1 for a step of the reader. */
  paint(valueOf) {
    const {text, reader} = this;
    const marks = [];
    let end = 0;
    reader.tokens.forEach((token, i) => {
      const step = reader.steps[i + 1];
      const value = step ? valueOf(step) : 0;
      if (token.start > end) marks.push(text.slice(end, token.start));
      const shown = text.slice(Math.max(end, token.start), token.end);
      end = Math.max(end, token.end);
      const mark = make("i", {textContent: shown});
      mark.dataset.token = i;
      mark.style.setProperty("--v", Math.min(1, Math.abs(value)).toFixed(3));
      mark.classList.toggle("low", value < 0);
      mark.classList.toggle("unknown", token.unknown);
      mark.classList.toggle("chosen", i === this.chosen);
      marks.push(mark);
    });
    // A last line that is empty takes no space without a character in it.
    marks.push(`${text.slice(end)}\u200b`);
    this.marks.replaceChildren(...marks);
  }

  /** Choose a token and say what the model expected in its place. */
  choose(index) {
    this.marks.querySelector(".chosen")?.classList.remove("chosen");
    this.chosen = index;
    this.marks.querySelector(`[data-token="${index}"]`)?.classList.add("chosen");
    byId("detail").replaceChildren(...this.#describe(index));
    this.onToken(index);
  }

  /** The token that ends at the caret or contains it. */
  #chooseAtCaret() {
    const caret = this.field.selectionStart;
    const index = this.reader.tokens.findIndex(({start, end}) => start < caret && caret <= end);
    if (index >= 0) this.choose(index);
  }

  #chooseUnder({clientX, clientY}) {
    const mark = document.elementsFromPoint(clientX, clientY).find(each => each.dataset.token);
    if (mark && Number(mark.dataset.token) !== this.chosen) this.choose(Number(mark.dataset.token));
  }

  #describe(index) {
    const {tokenizer, steps} = this.reader;
    const step = steps[index + 1];
    if (!step || index < 0) return [];
    const name = id => make("b", {textContent: labelOf(tokenizer, id)});
    const parts = [name(step.id), ` ${bits(step.nats).toFixed(2)} bits, `,
      `probability ${percent(Math.exp(-step.nats))}, rank ${step.rank}. Expected: `];
    step.expected.forEach(({id, probability}, i) => {
      parts.push(i ? ", " : "", name(id), ` ${percent(probability)}`);
    });
    return parts;
  }
}
