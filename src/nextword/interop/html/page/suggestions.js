// The list of most probable next tokens: click, or a number key, to accept one.
import { byId, labelOf, make, percent } from "./elements.js";
import { ranked } from "../engine/sampling.js";

const COUNT = 8;

/** Shows suggestions after the text of a reader; calls `onAccept` with the new text. */
export class Suggestions {
  constructor(reader, {onAccept}) {
    this.reader = reader;
    this.list = byId("suggestions");
    this.onAccept = onAccept;
    this.shown = [];
    document.addEventListener("keydown", event => this.#onKey(event));
  }

  /** Show the suggestions after a text that has been read. */
  show(text) {
    const {tokenizer} = this.reader;
    const partial = tokenizer.partialWord?.(text) ?? "";
    this.shown = partial ? this.#completions(text, partial) : this.#nextTokens(text);
    byId("next-title").textContent = partial ? `Words with “${partial}…”` : "Next";
    const highest = this.shown[0]?.probability ?? 1;
    this.list.replaceChildren(...this.shown.map((each, i) => this.#item(each, i, highest)));
    if (!this.shown.length) {
      this.list.append(make("li", {textContent: "No word of the vocabulary starts with this."}));
    }
  }

  #nextTokens(text) {
    const {tokenizer, logProbs} = this.reader;
    return ranked(logProbs, tokenizer.bannedIds).slice(0, COUNT).map(({id, probability}) => ({
      label: labelOf(tokenizer, id),
      probability,
      accepted: tokenizer.withToken(text, id),
    }));
  }

  /** Words that start with the letters typed so far, by their probability after the words before. */
  #completions(text, partial) {
    const {tokenizer, model, steps} = this.reader;
    const logProbs = model.logProbs(steps.at(-2).state);
    return ranked(logProbs, tokenizer.bannedIds)
      .filter(({id}) => tokenizer.tokenText(id).startsWith(partial))
      .slice(0, COUNT)
      .map(({id, probability}) => ({
        label: tokenizer.tokenText(id),
        probability,
        accepted: tokenizer.withCompletion(text, id),
      }));
  }

  #item({label, probability, accepted}, i, highest) {
    const button = make(
      "button",
      {type: "button", disabled: accepted === null},
      make("kbd", {textContent: i + 1}),
      make("span", {className: "token", textContent: label}),
      make("span", {className: "share", textContent: percent(probability)}),
    );
    button.setAttribute("aria-label", `${i + 1}: ${label}, ${percent(probability)}`);
    button.style.setProperty("--p", `${(100 * probability) / highest}%`);
    button.addEventListener("click", () => this.#accept(i));
    return make("li", {}, button);
  }

  #accept(i) {
    const accepted = this.shown[i]?.accepted ?? null;
    if (accepted !== null) this.onAccept(accepted);
  }

  /** Alt and a digit anywhere; a digit alone where nothing is typed. */
  #onKey(event) {
    const digit = /^(?:Digit|Numpad)([1-8])$/.exec(event.code)?.[1];
    const isTyping = event.target.matches("input, textarea, select");
    const hasOther = event.ctrlKey || event.metaKey;
    if (!digit || hasOther || (isTyping && !event.altKey)) return;
    event.preventDefault();
    this.#accept(Number(digit) - 1);
  }
}
