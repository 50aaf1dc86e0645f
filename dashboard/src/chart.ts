// A line over time, as SVG, with the same figures as a table for those who can't see it.

import { element, shape } from "./dom";

export interface Point {
  label: string;
  value: number;
  shown: string;
}

const [HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [220, 44, 24, 10, 24];
/** Room for a label below the line. */
const LABEL = 85;

export function lineChart(title: string, timeTitle: string, points: Point[]): HTMLElement {
  // Texts shrink with the picture: on a phone it is drawn narrower instead.
  const width = window.innerWidth < 600 ? 360 : 720;
  const highest = nice(Math.max(1, ...points.map((point) => point.value)));
  const x = (index: number) => LEFT + ((width - LEFT - RIGHT) * (points.length < 2 ? 0.5 : index / (points.length - 1)));
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / highest);
  const chart = shape("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title, class: "afsa-chart",
    preserveAspectRatio: "xMidYMid meet",
  });
  for (const step of [0, 0.5, 1]) {
    const height = round(y(highest * step));
    chart.appendChild(shape("line", { x1: `${LEFT}`, x2: `${width - RIGHT}`, y1: height, y2: height, class: "afsa-grid" }));
    const label = { x: `${LEFT - 6}`, y: height, class: "afsa-axis", "text-anchor": "end", "dominant-baseline": "middle" };
    chart.appendChild(shape("text", label, tick(highest * step)));
  }
  const every = Math.max(1, Math.ceil(points.length / Math.floor(width / LABEL)));
  points.forEach((point, index) => {
    if (index % every !== 0) return;
    const label = { x: round(x(index)), y: `${HEIGHT - 6}`, class: "afsa-axis", "text-anchor": "middle" };
    chart.appendChild(shape("text", label, point.label));
  });
  const corners = points.map((point, index) => `${round(x(index))},${round(y(point.value))}`);
  if (points.length > 1) {
    const floor = round(y(0));
    const area = [`${round(x(0))},${floor}`, ...corners, `${round(x(points.length - 1))},${floor}`];
    chart.appendChild(shape("polygon", { points: area.join(" "), class: "afsa-area" }));
    chart.appendChild(shape("polyline", { points: corners.join(" "), class: "afsa-line" }));
  }
  points.forEach((point, index) => {
    const place = { cx: round(x(index)), cy: round(y(point.value)), r: "3", class: "afsa-dot" };
    chart.appendChild(shape("circle", place, shape("title", {}, `${point.label}: ${point.shown}`)));
  });
  return element("div", { class: "afsa-figure" }, chart, table(title, timeTitle, points));
}

function table(title: string, timeTitle: string, points: Point[]): HTMLElement {
  const rows = points.map((point) =>
    element("tr", {}, element("th", { scope: "row" }, point.label), element("td", {}, point.shown)));
  const head = element("tr", {}, element("th", { scope: "col" }, timeTitle), element("th", { scope: "col" }, title));
  // A table takes the room that it needs, whatever it is told; what stands around it does not.
  return element("div", { class: "afsa-unseen" }, element("table", {},
    element("caption", {}, title), element("thead", {}, head), element("tbody", {}, ...rows)));
}

/** The next number upwards that halves well. */
function nice(value: number): number {
  const power = Math.pow(10, Math.floor(Math.log10(value)));
  const step = [1, 2, 4, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return Math.max(2, step * power);
}

function tick(value: number): string {
  if (value >= 1e6) return `${Math.round(value / 1e5) / 10}M`;
  return value >= 1e4 ? `${Math.round(value / 100) / 10}k` : String(value);
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
