// The texts of tokens, for display.
import { visible } from "./elements.js";

/** The text of a token; the line end of a word tokenizer is a token. */
export function textOf(tokenizer, id) {
  return tokenizer.withToken("", id) === "\n" ? "\n" : tokenizer.tokenText(id);
}

/** The text of a token with visible blanks. */
export const labelOf = (tokenizer, id) => visible(textOf(tokenizer, id));
