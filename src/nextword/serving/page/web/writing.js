// The text, its colors and its suggestions, by one or two models side by side.
import { byId, make } from "./elements.js";
import { errorIn } from "./api.js";
import { Generation } from "./generation.js";
import { Inside } from "./inside.js";
import { isOfWords } from "./models.js";
import { partialWord, shownBits, Side } from "./side.js";

const checked = name => document.querySelector(`input[name="${name}"]:checked`).value;

/** The page of language models. */
export class Writing {
  constructor(models) {
    this.models = models;
    this.hasChosenEntries = false;
    const shared = {
      onText: () => this.#read(),
      onAccept: text => this.setText(text),
      onRead: () => this.#paint(),
      onReadError: errorIn("write-error"),
      onNextError: errorIn("next-error"),
    };
    this.first = new Side({text: "editor", list: "suggestions", detail: "detail"},
      {...shared, hasKeys: true, onToken: token => this.inside.choose(token)});
    this.second = new Side({text: "other-text", list: "other-suggestions", detail: "other-detail"},
      {...shared, hasKeys: false, onToken: () => {}});
    this.inside = new Inside({
      onValues: () => this.#paint(),
      onToken: ({start}) => this.#chooseAt(start),
    });
    new Generation(models, {text: () => this.text, onUse: text => this.setText(text)});
    for (const radio of document.querySelectorAll('input[name="color"]')) {
      radio.addEventListener("change", () => this.#paint());
    }
    for (const radio of document.querySelectorAll('input[name="entries"]')) {
      radio.addEventListener("change", () => {
        this.hasChosenEntries = true;
        this.#predict();
      });
    }
    new MutationObserver(() => this.#announce())
      .observe(byId("suggestions"), {childList: true});
  }

  get text() {
    return this.first.text.field.value;
  }

  get sides() {
    return this.second.model ? [this.first, this.second] : [this.first];
  }

  /** Use the models that are chosen. */
  show() {
    const {first, second} = this;
    first.model = this.models.first();
    second.clear();
    second.model = this.models.second ?? null;
    const hasTwo = Boolean(second.model);
    for (const id of ["other", "second-list"]) byId(id).hidden = !hasTwo;
    for (const [id, side] of [["first-name", first], ["first-list-name", first],
      ["second-name", second], ["second-list-name", second]]) {
      byId(id).hidden = !hasTwo;
      byId(id).textContent = side.model?.id ?? "";
    }
    const hasUnits = first.model.units_per_layer.length > 0;
    byId("color").hidden = byId("inside").hidden = !hasUnits;
    byId("write").classList.toggle("without-units", !hasUnits);
    if (!hasUnits) document.querySelector('input[name="color"]').checked = true;
    // Characters are shown as such until words are asked for; the search for words takes longer.
    if (!this.hasChosenEntries) {
      const entries = isOfWords(first.model) ? "words" : "tokens";
      document.querySelector(`input[name="entries"][value="${entries}"]`).checked = true;
    }
    byId("write").dataset.kind = isOfWords(first.model) ? "word" : "other";
    this.inside.use(hasUnits ? first.model : null);
    this.#read();
  }

  /** Set the text, as if it had been typed. */
  setText(text) {
    const {field} = this.first.text;
    field.value = text;
    if (matchMedia("(pointer: fine)").matches) field.focus({preventScroll: true});
    field.setSelectionRange(text.length, text.length);
    this.#read();
  }

  #read() {
    for (const side of this.sides) side.read(this.text);
    this.inside.read(this.text);
    this.#predict();
    this.#paint();
  }

  #predict() {
    const partial = checked("entries") === "words" ? partialWord(this.text) : "";
    const title = partial ? `Words with “${partial.slice(0, 16)}…”` : "Next";
    byId("next-title").textContent = title;
    for (const side of this.sides) side.predict(this.text, checked("entries"));
  }

  #paint() {
    const {text} = this;
    const mostBits = Math.max(...this.sides.map(side => side.mostBits));
    const bySurprise = checked("color") === "surprise";
    const surprise = token =>
      ({...token, value: token.isPartial ? 0 : token.bits / token.count / mostBits});
    for (const side of this.sides) {
      const own = side === this.first && !bySurprise ? this.inside.values : null;
      side.text.paint(text, fitting(own ?? side.tokens.map(surprise), text));
      if (side.text.chosen < 0) side.text.choose(side.text.tokens.length - 1);
    }
    byId("low").textContent = bySurprise ? "0 bits: expected" : "−1";
    byId("high").textContent = bySurprise ? `${mostBits.toFixed(1)} bits: a blind guess` : "+1";
    byId("scale").classList.toggle("signed", !bySurprise);
    byId("figures").replaceChildren(...this.sides.flatMap(side => this.#figures(side)));
  }

  /** The bits of a whole text, which two models can be compared by. */
  #figures({model, tokens}) {
    const read = tokens.filter(token => !token.isPartial);
    if (!read.length) return [];
    const sum = read.reduce((total, token) => total + token.bits, 0);
    const numUnknown = read.filter(token => token.unknown).length;
    const name = this.second.model ? [make("b", {textContent: model.id}), " "] : [];
    const count = read.reduce((total, token) => total + token.count, 0);
    const perplexity = 2 ** (sum / count);
    return [make("p", {}, ...name, `${shownBits(sum)} bits in ${count} `,
      `${count === 1 ? "token" : "tokens"}, perplexity `,
      Number.isFinite(perplexity) ? perplexity.toLocaleString("en", {maximumSignificantDigits: 4})
        : "infinite",
      numUnknown ? `, ${numUnknown} unknown` : "")];
  }

  #chooseAt(start) {
    const index = this.first.text.tokens.findIndex(token => token.start === start);
    if (index >= 0) this.first.text.choose(index);
  }

  /** Tell screen readers the best suggestions. */
  #announce() {
    const best = this.first.list.items.slice(0, 3).map(({label}) => label);
    byId("heard").textContent = best.length ? `Next: ${best.join(", ")}` : "";
  }
}

/** Tokens that are still at their places while the answer for a new text is awaited. */
function fitting(tokens, text) {
  return tokens.filter(token => text.slice(token.start, token.end) === token.text);
}
