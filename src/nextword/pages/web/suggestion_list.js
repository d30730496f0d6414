// A list of suggestions with the bars of their probabilities: click one, or press its number.
import { make, percent } from "./elements.js";

/** Shows items {label, probability, accepted}; calls `onAccept` with `accepted` of one of them. */
export class SuggestionList {
  constructor(list, {onAccept, hasKeys = true}) {
    this.list = list;
    this.onAccept = onAccept;
    this.hasKeys = hasKeys;
    this.items = [];
    if (hasKeys) document.addEventListener("keydown", event => this.#onKey(event));
  }

  /** Show items, or a message if there are none. An item whose `accepted` is null is disabled. */
  show(items, message = "") {
    this.items = items;
    const highest = items[0]?.probability || 1;
    this.list.replaceChildren(...items.map((each, i) => this.#item(each, i, highest)));
    if (!items.length && message) {
      this.list.append(make("li", {className: "empty", textContent: message}));
    }
  }

  #item({label, probability, accepted}, i, highest) {
    const button = make(
      "button",
      {type: "button", disabled: accepted === null},
      ...(this.hasKeys ? [make("kbd", {textContent: i + 1})] : []),
      make("span", {className: "token", textContent: label}),
      make("span", {className: "share", textContent: percent(probability)}),
    );
    button.setAttribute("aria-label", `${i + 1}: ${label}, ${percent(probability)}`);
    button.style.setProperty("--p", `${(100 * probability) / highest}%`);
    button.addEventListener("click", () => this.#accept(i));
    return make("li", {}, button);
  }

  #accept(i) {
    const accepted = this.items[i]?.accepted ?? null;
    if (accepted !== null) this.onAccept(accepted);
  }

  /** Alt and a digit anywhere; a digit alone where nothing is typed. */
  #onKey(event) {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    const isTyping = event.target.matches("input, textarea, select");
    const hasOther = event.ctrlKey || event.metaKey;
    const isHidden = this.list.offsetParent === null;
    if (!digit || hasOther || isHidden || (isTyping && !event.altKey)) return;
    event.preventDefault();
    this.#accept(Number(digit) - 1);
  }
}
