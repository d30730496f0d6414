// A text whose tokens have colored backgrounds, typed in a field or only shown.
import { make } from "./elements.js";

/**
 * Shows tokens {start, end, value, unknown}; values are from -1 to 1, places count UTF-16 units.
 *
 * `box` contains an element of the class `marks` and, if the text can be typed, a textarea above
 * it. `onText` is called with a new text, `onToken` with the index of the token that is chosen.
 * Without a textarea, arrow keys choose a token.
 */
export class ColoredText {
  constructor(box, {onText = () => {}, onToken = () => {}} = {}) {
    this.marks = box.querySelector(".marks");
    this.field = box.querySelector("textarea");
    this.onToken = onToken;
    this.tokens = [];
    this.chosen = -1;
    this.field?.addEventListener("input", () => onText(this.field.value));
    for (const event of ["keyup", "click", "focus"]) {
      this.field?.addEventListener(event, () => this.#chooseAtCaret());
    }
    if (!this.field) box.addEventListener("keydown", event => this.#onKey(event));
    for (const event of ["pointermove", "click"]) {
      (this.field ?? this.marks).addEventListener(event, place => this.#chooseUnder(place));
    }
  }

  /** Color the tokens of a text. */
  paint(text, tokens) {
    const marks = [];
    let end = 0;
    tokens.forEach((token, i) => {
      if (token.start > end) marks.push(text.slice(end, token.start));
      const shown = text.slice(Math.max(end, token.start), token.end);
      end = Math.max(end, token.end);
      const mark = make("i", {textContent: shown});
      mark.dataset.token = i;
      mark.style.setProperty("--v", Math.min(1, Math.abs(token.value)).toFixed(3));
      mark.classList.toggle("low", token.value < 0);
      mark.classList.toggle("unknown", Boolean(token.unknown));
      mark.classList.toggle("chosen", i === this.chosen);
      marks.push(mark);
    });
    // A last line that is empty takes no space without a character in it.
    marks.push(`${text.slice(end)}\u200b`);
    this.tokens = tokens;
    this.marks.replaceChildren(...marks);
  }

  /** Choose a token. */
  choose(index) {
    this.marks.querySelector(".chosen")?.classList.remove("chosen");
    this.chosen = index;
    this.marks.querySelector(`[data-token="${index}"]`)?.classList.add("chosen");
    this.onToken(index);
  }

  /** The token that ends at the caret or contains it. */
  #chooseAtCaret() {
    const caret = this.field.selectionStart;
    const index = this.tokens.findIndex(({start, end}) => start < caret && caret <= end);
    if (index >= 0 && index !== this.chosen) this.choose(index);
  }

  #onKey(event) {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step) return;
    event.preventDefault();
    this.choose(Math.max(0, Math.min(this.tokens.length - 1, this.chosen + step)));
  }

  #chooseUnder({clientX, clientY}) {
    const mark = document.elementsFromPoint(clientX, clientY)
      .find(each => each.dataset.token && this.marks.contains(each));
    if (mark && Number(mark.dataset.token) !== this.chosen) this.choose(Number(mark.dataset.token));
  }
}
