// The page: what happens when the text, the unit or the color changes.
import { byId, bits, make, percent } from "./elements.js";
import { labelOf } from "./labels.js";
import { loadEngine } from "../engine/engine.js";
import { TextReader } from "../engine/reader.js";
import { ColoredText } from "./colored_text.js";
import { Suggestions } from "./suggestions.js";
import { Units } from "./units.js";
import { Generation } from "./generation.js";

/** Milliseconds of reading before the page is drawn again. */
const READING_MS = 50;

/** Build the page around a model. */
function startPage(engine, prompt) {
  const reader = new TextReader(engine.model, engine.tokenizer);
  // A blind guess among all tokens costs this many bits.
  const mostBits = Math.log2(engine.model.vocabSize);
  let timer = 0;
  const editor = new ColoredText(byId("editor"), {onText: read, onToken: describe});
  const suggestions = new Suggestions(reader, {onAccept: setText});
  const units = new Units(reader, {onUnit: paint, onToken: index => editor.choose(index)});
  new Generation(engine, {
    place: () => {
      reader.readOn();
      const {state} = reader.steps.at(-1);
      return {text: editor.field.value, state, logProbs: reader.logProbs};
    },
    onUse: setText,
  });

  function setText(text) {
    editor.field.value = text;
    read(text);
    if (matchMedia("(pointer: fine)").matches) editor.field.focus({preventScroll: true});
    editor.field.setSelectionRange(text.length, text.length);
  }

  function read(text) {
    clearTimeout(timer);
    reader.setText(text);
    continueReading();
  }

  function continueReading() {
    const isDone = reader.readOn(READING_MS);
    paint();
    if (isDone) {
      suggestions.show(editor.field.value);
      editor.choose(reader.tokens.length - 1);
    } else {
      // Those for the text before it would undo the change.
      suggestions.clear();
      timer = setTimeout(continueReading);
    }
  }

  function paint() {
    const bySurprise = !engine.model.layers || colorChoice().value === "surprise";
    const valueOf = bySurprise ? ({nats}) => bits(nats) / mostBits : step => units.valueOf(step);
    editor.paint(editor.field.value, reader.tokens.map((token, i) => {
      const step = reader.steps[i + 1];
      return {...token, value: step ? valueOf(step) : 0};
    }));
    byId("low").textContent = bySurprise ? "0 bits: expected" : "−1";
    byId("high").textContent = bySurprise ? `${mostBits.toFixed(1)} bits: a blind guess` : "+1";
    byId("scale").classList.toggle("signed", !bySurprise);
    units.draw(editor.chosen);
  }

  /** Say what the model expected in the place of a token, and mark it in the plot. */
  function describe(index) {
    byId("detail").replaceChildren(...detailsOf(reader, reader.steps[index + 1]));
    units.choose(index);
  }

  const colorChoice = () => document.querySelector('input[name="color"]:checked');
  for (const radio of document.querySelectorAll('input[name="color"]')) {
    radio.addEventListener("change", paint);
  }
  document.querySelector(".choice").hidden = !engine.model.layers;
  document.body.dataset.kind = engine.tokenizer.kind;
  byId("status").hidden = true;
  byId("app").hidden = false;
  setText(prompt);
}

function detailsOf({tokenizer}, step) {
  if (!step?.expected) return [];
  const name = id => make("b", {textContent: labelOf(tokenizer, id)});
  const parts = [name(step.id), ` ${bits(step.nats).toFixed(2)} bits, `,
    `probability ${percent(Math.exp(-step.nats))}, rank ${step.rank}. Expected: `];
  step.expected.forEach(({id, probability}, i) => {
    parts.push(i ? ", " : "", name(id), ` ${percent(probability)}`);
  });
  return parts;
}

try {
  const config = JSON.parse(byId("model").textContent);
  const engine = await loadEngine(config, byId("arrays").textContent);
  startPage(engine, config.page.prompt);
  globalThis.nextword = engine;
} catch (error) {
  byId("status").textContent = `The page cannot start: ${error.message} It needs a browser of ` +
    "2023 or later.";
  byId("status").classList.add("failed");
  throw error;
}
