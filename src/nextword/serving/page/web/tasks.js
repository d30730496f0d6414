// Taggers, classifiers, transducers and readers: a form, a request, and its answer.
import { errorIn, Latest, post } from "./api.js";
import { byId, make, percent } from "./elements.js";

const PAUSE_MS = 300, MOST_LABELS = 6;
const COLORS = ["blue", "orange", "green", "purple", "red"];
const linesOf = id => byId(id).value.split("\n").filter(line => line.trim());

/** Asks while a field is typed in, and shows the answer; nothing for an empty field. */
class LiveTask {
  constructor({field, result, error, ask}) {
    this.latest = new Latest(PAUSE_MS, {onError: errorIn(error)});
    this.show = () => {
      const lines = linesOf(field);
      this.latest.run(async signal =>
        byId(result).replaceChildren(...(lines.length ? await ask(lines, signal) : [])));
    };
    byId(field).addEventListener("input", this.show);
  }
}

/** Asks when a form is sent. */
class FormTask {
  constructor({form, result, error, ask}) {
    const latest = new Latest(0, {onError: errorIn(error)});
    byId(form).addEventListener("submit", event => {
      event.preventDefault();
      const button = byId(form).querySelector("button");
      latest.run(async signal => {
        button.disabled = true;
        try {
          byId(result).replaceChildren(...await ask(signal));
        } finally {
          button.disabled = false;
        }
      });
    });
    this.show = () => byId(result).replaceChildren();
  }
}

/** The words of sentences with their labels. */
export function taggerTask(models) {
  const colors = new Map();
  const colorOf = label => {
    const kind = label.replace(/^[BIES]-/, "");
    if (!colors.has(kind)) colors.set(kind, COLORS[colors.size % COLORS.length]);
    return colors.get(kind);
  };
  const shown = ({text, label, probability}) => {
    const word = make("span", {className: label === "O" ? "word outside" : "word"},
      make("span", {textContent: text}), make("small", {textContent: label}));
    word.title = `${label}, ${percent(probability)}`;
    if (label !== "O") word.style.setProperty("--color", `var(--${colorOf(label)})`);
    return word;
  };
  return new LiveTask({
    field: "sentences",
    result: "tagged",
    error: "tag-error",
    ask: async (sentences, signal) => {
      const fields = {model: models.first("tagging").id, sentences, probabilities: true};
      const answer = await post("v1/tag", fields, signal);
      return answer.sentences.map(words =>
        make("p", {className: "sentence"}, ...words.flatMap(word => [shown(word), " "])));
    },
  });
}

/** The labels of texts with the bars of their probabilities. */
export function classifierTask(models) {
  const bar = ([label, probability], best) => {
    const item = make("li", {className: best.includes(label) ? "best" : ""},
      make("span", {textContent: label}), make("span", {textContent: percent(probability)}));
    item.style.setProperty("--p", `${100 * probability}%`);
    return item;
  };
  return new LiveTask({
    field: "texts",
    result: "classified",
    error: "classify-error",
    ask: async (texts, signal) => {
      const fields = {model: models.first("classification").id, texts};
      const {results} = await post("v1/classify", fields, signal);
      return results.map(({labels, probabilities}, i) => {
        const ordered = Object.entries(probabilities).sort((one, other) => other[1] - one[1]);
        return make("div", {className: "answer"}, make("p", {textContent: texts[i]}),
          make("ol", {className: "bars"},
            ...ordered.slice(0, MOST_LABELS).map(each => bar(each, labels))));
      });
    },
  });
}

/** The most probable targets of sources. */
export function transducerTask(models) {
  return new FormTask({
    form: "transduction",
    result: "targets",
    error: "transduce-error",
    ask: async signal => {
      const sources = linesOf("sources"), beam = Number(byId("beam").value);
      if (!sources.length) return [];
      const fields = {model: models.first("transduction").id, sources, beam, n_best: beam};
      const {results} = await post("v1/transduce", fields, signal);
      return results.map((targets, i) => make("div", {className: "answer"},
        make("p", {textContent: sources[i]}),
        make("ol", {className: "targets"}, ...targets.map(({target, log_prob: logProb}) =>
          make("li", {}, make("b", {textContent: target}),
            make("span", {textContent: percent(Math.exp(logProb))}))))));
    },
  });
}

/** The answer to a question, marked in its passage. */
export function readerTask(models) {
  return new FormTask({
    form: "reading",
    result: "answer",
    error: "read-error",
    ask: async signal => {
      const passage = byId("passage").value, question = byId("question").value;
      const candidates = byId("candidates").value.split(",").map(each => each.trim());
      const asked = {passage, question, candidates: candidates.filter(Boolean)};
      const fields = {model: models.first("reading").id, questions: [asked]};
      const {results: [found]} = await post("v1/read", fields, signal);
      const parts = [make("p", {className: "found"}, make("b", {textContent: found.answer}),
        make("span", {textContent: percent(Math.exp(found.log_prob))}))];
      if (found.span) {
        const characters = Array.from(passage), [start, end] = found.span;
        const part = (from, to) => characters.slice(from, to).join("");
        parts.push(make("p", {className: "passage"}, part(0, start),
          make("mark", {textContent: part(start, end)}), part(end)));
      }
      return parts;
    },
  });
}
