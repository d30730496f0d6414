// Sentences, ranked by how probable one or two models find them.
import { bits, byId, make } from "./elements.js";
import { errorIn, Latest, post } from "./api.js";

const PAUSE_MS = 300;
const FORMAT = {minimumFractionDigits: 1, maximumFractionDigits: 1};
const number = value => (Number.isFinite(value) ? value.toLocaleString("en", FORMAT) : "∞");

/** The list of sentences and their ranking. */
export class Ranking {
  constructor(models) {
    this.models = models;
    this.latest = new Latest(PAUSE_MS, {onError: errorIn("rank-error")});
    this.scores = [];
    byId("lines").addEventListener("input", () => this.show());
    for (const radio of document.querySelectorAll('input[name="order"]')) {
      radio.addEventListener("change", () => this.#draw());
    }
  }

  /** Score the sentences with the models that are chosen. */
  show() {
    const lines = byId("lines").value.split("\n").map(line => line.trim()).filter(Boolean);
    const models = [this.models.first(), this.models.second].filter(Boolean);
    if (!lines.length) {
      this.latest.stop();
      errorIn("rank-error")(null);
      byId("ranking").replaceChildren();
      return;
    }
    byId("ranking").setAttribute("aria-busy", true);
    this.latest.run(async signal => {
      const answers = await Promise.all(
        models.map(({id}) => post("v1/score", {model: id, lines}, signal)));
      this.names = models.map(({id}) => id);
      this.rows = lines.map((line, i) => ({
        line,
        scores: answers.map(({results}) => scoreOf(results[i])),
      }));
      this.#draw();
      byId("ranking").setAttribute("aria-busy", false);
    });
  }

  #draw() {
    if (!this.rows) return;
    const order = document.querySelector('input[name="order"]:checked').value;
    const rows = this.rows.toSorted((one, other) =>
      one.scores[0][order] - other.scores[0][order]);
    const most = Math.max(...rows.flatMap(row => row.scores.map(score => score[order]))
      .filter(Number.isFinite), 0);
    const names = this.names.length > 1 ? this.names : [""];
    const head = make("tr", {},
      make("th", {scope: "col", textContent: "rank"}),
      make("th", {scope: "col", className: "text", textContent: "sentence"}),
      ...names.flatMap(name => [
        heading(`${name} perplexity`.trim(), order === "perplexity"),
        heading(`${name} bits`.trim(), order === "bits")]));
    const body = rows.map(({line, scores}, i) => make("tr", {},
      make("td", {textContent: i + 1}),
      make("td", {className: "text"}, line, ...scores.flatMap((score, at) =>
        this.#unknown(score.unknown, names[at]))),
      ...scores.flatMap(score => this.#cells(score, order, most))));
    byId("ranking").replaceChildren(make("table", {},
      make("thead", {}, head), make("tbody", {}, ...body)));
  }

  #cells(score, order, most) {
    const cells = {
      perplexity: make("td", {textContent: number(score.perplexity)}),
      bits: make("td", {textContent: number(score.bits)}),
    };
    for (const name of Object.keys(cells)) cells[name].className = name === order ? "bar" : "aside";
    cells[order].style.setProperty("--p", `${100 * Math.min(1, score[order] / most)}%`);
    return [cells.perplexity, cells.bits];
  }

  /** Words that are scored as the unknown word, which is more probable than each of them. */
  #unknown(words, name) {
    if (!words.length) return [];
    const who = name ? `unknown to ${name}` : "unknown";
    const text = `${who}: ${words.join(", ")}. The sentence is less probable than shown.`;
    return [make("small", {textContent: text})];
  }
}

/** Bits of a sentence, and its perplexity; both are less for a more probable one. */
function scoreOf({log_prob: logProb, num_tokens: numTokens, tokens}) {
  const nats = logProb === null ? Infinity : -logProb;
  const unknown = tokens.filter(token => token.is_unknown).map(({text}) => text);
  return {bits: bits(nats), perplexity: Math.exp(nats / numTokens), unknown};
}

const heading = (textContent, isOrder) =>
  make("th", {scope: "col", textContent, className: isOrder ? "" : "aside"});
