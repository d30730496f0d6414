// A line plot of values over the tokens of a text, as SVG.
import { makeSvg } from "./elements.js";

const LEAST_HEIGHT = 208, TOP = 10, BOTTOM = 64, LEFT = 34, RIGHT = 14, PITCH = 24;
const LABEL_CHARACTERS = 9;

/**
 * Draw series over tokens.
 *
 * `series` is a list of {name, color, dash, values}; `range` the lowest and highest value;
 * `chosen` the token that is marked; `onToken` is called with the token that is clicked.
 */
export function drawPlot(box, {labels, series, range, chosen, onToken}) {
  const [low, high] = range;
  const room = box.clientWidth - LEFT - RIGHT;
  const pitch = Math.max(PITCH, Math.min(60, room / Math.max(1, labels.length)));
  const width = Math.max(box.clientWidth, LEFT + RIGHT + pitch * labels.length);
  const height = Math.max(LEAST_HEIGHT, box.clientHeight);
  const x = i => LEFT + pitch * (i + 0.5);
  const y = value => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
  const svg = makeSvg("svg", {width, height, viewBox: `0 0 ${width} ${height}`});
  for (const value of ticks(low, high)) {
    svg.append(
      makeSvg("line", {class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value)}),
      makeSvg("text", {x: LEFT - 6, y: y(value) + 4, "text-anchor": "end"}, `${value}`),
    );
  }
  if (chosen >= 0) {
    const bottom = height - BOTTOM - TOP;
    svg.append(makeSvg("rect",
      {class: "at", x: x(chosen) - pitch / 2, y: TOP, width: pitch, height: bottom}));
  }
  for (const {color, dash, values} of series) {
    const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
    svg.append(makeSvg("polyline",
      {class: "line", points: points.join(" "), stroke: color, "stroke-dasharray": dash}));
    if (values.length === 1) {
      svg.append(makeSvg("circle", {class: "dot", cx: x(0), cy: y(values[0]), r: 3, fill: color}));
    }
  }
  labels.forEach((label, i) => {
    const place = `translate(${x(i) + 4} ${height - BOTTOM + 10}) rotate(-60)`;
    svg.append(makeSvg("text", {transform: place, "text-anchor": "end"}, shortened(label)));
  });
  svg.addEventListener("click", ({offsetX}) => {
    const token = Math.floor((offsetX - LEFT) / pitch);
    if (token >= 0 && token < labels.length) onToken(token);
  });
  box.replaceChildren(svg);
}

/** Round values between two bounds, three to seven of them. */
function ticks(low, high) {
  const step = [0.5, 1, 2, 5, 10, 20, 50].find(each => (high - low) / each <= 6) ?? high - low;
  const values = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) values.push(value);
  return values;
}

function shortened(label) {
  const signs = Array.from(label);
  if (signs.length <= LABEL_CHARACTERS) return signs.join("");
  return `${signs.slice(0, LABEL_CHARACTERS - 1).join("")}…`;
}
