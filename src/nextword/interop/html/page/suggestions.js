// The most probable next tokens, or words that complete the letters typed so far.
import { byId } from "./elements.js";
import { labelOf } from "./labels.js";
import { ranked } from "../engine/sampling.js";
import { SuggestionList } from "./suggestion_list.js";

const COUNT = 8;

/** Shows suggestions after the text of a reader; calls `onAccept` with the new text. */
export class Suggestions {
  constructor(reader, {onAccept}) {
    this.reader = reader;
    this.list = new SuggestionList(byId("suggestions"), {onAccept});
  }

  /** Show the suggestions after a text that has been read. */
  show(text) {
    const partial = this.reader.tokenizer.partialWord?.(text) ?? "";
    byId("next-title").textContent = partial ? `Words with “${partial}…”` : "Next";
    const items = partial ? this.#completions(text, partial) : this.#nextTokens(text);
    this.list.show(items, "No word of the vocabulary starts with this.");
  }

  #nextTokens(text) {
    const {tokenizer, logProbs} = this.reader;
    return ranked(logProbs, tokenizer.bannedIds).slice(0, COUNT).map(({id, probability}) => ({
      label: labelOf(tokenizer, id),
      probability,
      accepted: tokenizer.withToken(text, id),
    }));
  }

  /** Show none. */
  clear() {
    this.list.show([]);
  }

  /** Words that start with the letters typed so far, by their probability after those before. */
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
}
