// Which model is used: one of those that the server has for a task, and a second one beside it.
import { byId, make } from "./elements.js";

const count = number => number.toLocaleString("en");

/** The models of a server; calls `onChange` when another one is chosen. */
export class Models {
  constructor(all, {onChange}) {
    this.all = all;
    this.chosen = {};
    this.secondName = "";
    this.task = "language";
    byId("model").addEventListener("change", event => {
      this.chosen[this.task] = event.target.value;
      if (this.secondName === event.target.value) this.secondName = "";
      this.showFor(this.task);
      onChange();
    });
    byId("second").addEventListener("change", event => {
      this.secondName = event.target.value;
      onChange();
    });
  }

  of(task) {
    return this.all.filter(each => each.task === task);
  }

  /** The model that is used for a task. */
  first(task = "language") {
    const models = this.of(task);
    return models.find(({id}) => id === this.chosen[task]) ?? models[0];
  }

  /** The language model beside the first one, or undefined. */
  get second() {
    return this.of("language").find(({id}) => id === this.secondName);
  }

  /** Offer the models of a task. */
  showFor(task) {
    this.task = task;
    const models = this.of(task), first = this.first(task);
    const option = ({id}) => make("option", {value: id, textContent: id});
    byId("model").replaceChildren(...models.map(option));
    byId("model").value = first.id;
    const others = task === "language" ? models.filter(({id}) => id !== first.id) : [];
    byId("beside").hidden = !others.length;
    byId("second").replaceChildren(make("option", {value: "", textContent: "none"}),
      ...others.map(option));
    byId("second").value = this.secondName;
    byId("facts").replaceChildren(...factsOf(first).map(fact => make("li", {textContent: fact})));
    byId("models").hidden = false;
  }
}

function factsOf({family, units_per_layer: units, num_parameters: size, tokenizer, task}) {
  const layers = units.length ? `${family}, ${units.length} × ${units.at(-1)} units` : family;
  return [layers ?? task, `${count(size)} parameters`, tokenizer].filter(Boolean);
}

/** Whether the tokens of a model are words. */
export const isOfWords = model => /^word\b/.test(model.tokenizer ?? "");
