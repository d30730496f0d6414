// The page: which models the server has, and a tab for each thing to do with them.
import { get, ServerError } from "./api.js";
import { byId, make } from "./elements.js";
import { Models } from "./models.js";
import { Ranking } from "./ranking.js";
import { classifierTask, readerTask, taggerTask, transducerTask } from "./tasks.js";
import { Writing } from "./writing.js";

const TABS = [
  {id: "write", name: "Write", task: "language", build: models => new Writing(models)},
  {id: "rank", name: "Rank", task: "language", build: models => new Ranking(models)},
  {id: "tag", name: "Tag", task: "tagging", build: taggerTask},
  {id: "classify", name: "Classify", task: "classification", build: classifierTask},
  {id: "transduce", name: "Transduce", task: "transduction", build: transducerTask},
  {id: "read", name: "Read", task: "reading", build: readerTask},
];

/** The tabs of the models that are served; each view is built when it is first opened. */
class Tabs {
  constructor(models) {
    this.models = models;
    this.tabs = TABS.filter(({task}) => models.of(task).length);
    this.views = {};
    this.buttons = this.tabs.map(({id, name}) => {
      const button = make("button", {type: "button", id: `${id}-tab`, textContent: name});
      button.setAttribute("role", "tab");
      button.setAttribute("aria-controls", id);
      button.addEventListener("click", () => this.open(id));
      byId(id).setAttribute("role", "tabpanel");
      byId(id).setAttribute("aria-labelledby", `${id}-tab`);
      return button;
    });
    byId("tabs").append(...this.buttons);
    byId("tabs").hidden = this.tabs.length < 2;
    byId("tabs").addEventListener("keydown", event => this.#onKey(event));
    addEventListener("hashchange", () => this.open(location.hash.slice(1)));
    this.open(location.hash.slice(1));
  }

  /** Open a tab; the first one if there is none of this name. */
  open(name) {
    const tab = this.tabs.find(({id}) => id === name) ?? this.tabs[0];
    for (const {id} of TABS) byId(id).hidden = id !== tab.id;
    this.buttons.forEach((button, i) => {
      const isOpen = this.tabs[i] === tab;
      button.setAttribute("aria-selected", isOpen);
      button.tabIndex = isOpen ? 0 : -1;
    });
    if (name !== tab.id || location.hash) history.replaceState(null, "", `#${tab.id}`);
    this.current = tab;
    this.models.showFor(tab.task);
    this.views[tab.id] ??= tab.build(this.models);
    this.show();
  }

  /** Use the models that are chosen now. */
  show() {
    this.views[this.current.id].show();
  }

  #onKey(event) {
    const last = this.buttons.length - 1, place = this.buttons.indexOf(document.activeElement);
    const next = {ArrowRight: place < last ? place + 1 : 0, ArrowLeft: place ? place - 1 : last,
      Home: 0, End: last}[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.open(this.tabs[next].id);
    this.buttons[next].focus();
  }
}

try {
  const {data} = await get("v1/models");
  const models = new Models(data, {onChange: () => tabs.show()});
  byId("app").hidden = false;
  const tabs = new Tabs(models);
  byId("status").hidden = true;
} catch (error) {
  byId("status").hidden = false;
  byId("status").textContent = error.message;
  byId("status").classList.add("error");
  if (!(error instanceof ServerError)) throw error;
}
