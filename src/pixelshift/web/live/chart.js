// Draws a series with its levels and changes as SVG: the look of the service's own plots, but alive.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 340;
const SPACE = { top: 46, right: 18, bottom: 34, left: 62 };

export function number(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(2).replace("-", "−");
  return value.toLocaleString("en", { maximumSignificantDigits: digits }).replace("-", "−");
}

export function signed(value) {
  if (value === null) return "–";
  return `${value >= 0 ? "▲ +" : "▼ −"}${number(Math.abs(value), 3)}`;
}

export function median(values) {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export function ticks(low, high, count) {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= span / count);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) found.push(i * step);
  return found;
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// points: [position, seq, value, time] in order; changes: as the service tells them.
export class Chart {
  constructor(place) {
    this.place = place;
    this.points = [];
    this.changes = [];
    this.note = "";
    this.readout = element("g", { class: "readout", visibility: "hidden" });
    new ResizeObserver(() => this.draw()).observe(place);
    place.addEventListener("pointermove", (event) => this.point(event));
    place.addEventListener("pointerleave", () => this.readout.setAttribute("visibility", "hidden"));
  }

  /** `note` stands where the line would, as long as there is none. */
  show(points, changes, note) {
    this.note = note;
    this.points = points;
    this.changes = changes;
    this.draw();
  }

  draw() {
    const width = Math.max(320, this.place.clientWidth);
    const known = this.points.filter((point) => point[2] !== null);
    const svg = element("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
    svg.append(element("title", {}, this.summary()));
    if (known.length) {
      this.scale(width, known);
      this.axes(svg, width);
      const shown = this.changes.filter((c) => c.index > this.first && c.index <= this.last);
      for (const change of shown) this.delay(svg, change);
      this.line(svg);
      this.levels(svg, shown);
      this.marks(svg, shown, width);
      this.readout.setAttribute("visibility", "hidden");
      svg.append(this.readout);
    } else {
      svg.append(element("text", { x: width / 2, y: HEIGHT / 2, class: "axis", "text-anchor": "middle" }, this.note));
    }
    this.place.replaceChildren(svg);
  }

  summary() {
    const count = this.changes.length;
    return `The last ${this.points.length} observations, ${count} change${count === 1 ? "" : "s"} of level`;
  }

  scale(width, known) {
    let low = Infinity;
    let high = -Infinity;
    for (const point of known) {
      low = Math.min(low, point[2]);
      high = Math.max(high, point[2]);
    }
    const pad = 0.06 * (high - low) || 0.05 * Math.abs(high) || 1;
    [this.low, this.high] = [low - pad, high + pad];
    this.first = this.points[0][0];
    this.last = this.points.at(-1)[0];
    const [left, right] = [SPACE.left, width - SPACE.right];
    const [top, bottom] = [SPACE.top, HEIGHT - SPACE.bottom];
    this.x = (position) => left + ((position - this.first) / Math.max(1, this.last - this.first)) * (right - left);
    this.y = (value) => bottom - ((value - this.low) / (this.high - this.low)) * (bottom - top);
    Object.assign(this, { left, right, top, bottom });
  }

  axes(svg, width) {
    for (const value of ticks(this.low, this.high, 5)) {
      const y = this.y(value).toFixed(1);
      svg.append(element("path", { d: `M${this.left} ${y}H${this.right}`, class: "grid" }));
      svg.append(element("text", { x: this.left - 10, y: Number(y) + 4, class: "axis", "text-anchor": "end" }, number(value)));
    }
    for (const position of ticks(this.first, this.last, width / 120).filter(Number.isInteger)) {
      const x = this.x(position).toFixed(1);
      const label = position.toLocaleString("en");
      svg.append(element("path", { d: `M${x} ${this.bottom}v5`, class: "base" }));
      svg.append(element("text", { x, y: this.bottom + 20, class: "axis", "text-anchor": "middle" }, label));
    }
    svg.append(element("path", { d: `M${this.left} ${this.bottom}H${this.right}`, class: "base" }));
  }

  line(svg) {
    let path = "";
    let pen = "M";
    for (const [position, , value] of this.points) {
      if (value === null) {
        pen = "M";
      } else {
        path += `${pen}${this.x(position).toFixed(1)} ${this.y(value).toFixed(1)}`;
        pen = "L";
      }
    }
    svg.append(element("path", { d: path, class: "series" }));
  }

  levels(svg, shown) {
    const bounds = [this.first, ...shown.map((c) => c.index), this.last + 1];
    for (let i = 0; i + 1 < bounds.length; i += 1) {
      const inside = this.points.filter((p) => p[0] >= bounds[i] && p[0] < bounds[i + 1]).map((p) => p[2]);
      const level = median(inside);
      if (level === null) continue;
      const y = this.y(level).toFixed(1);
      const from = this.x(Math.max(this.first, bounds[i] - 0.5)).toFixed(1);
      const to = this.x(Math.min(this.last, bounds[i + 1] - 0.5)).toFixed(1);
      svg.append(element("path", { d: `M${from} ${y}H${to}`, class: "level" }));
    }
  }

  delay(svg, change) {
    const x = this.x(change.index - 0.5);
    const end = this.x(Math.min(change.detected_at, this.last));
    const box = { x, y: this.top, width: Math.max(0.5, end - x), height: this.bottom - this.top };
    svg.append(element("rect", { ...box, class: `delay ${change.direction}` }));
  }

  marks(svg, shown, width) {
    const ends = [-Infinity, -Infinity];
    for (const change of shown) {
      const x = this.x(change.index - 0.5);
      const label = signed(change.offset);
      const half = 3.9 * label.length;
      const middle = Math.min(Math.max(x, SPACE.left + half), width - SPACE.right - half);
      svg.append(element("path", { d: `M${x} ${this.top - 4}V${this.bottom}`, class: `mark ${change.direction}` }));
      const row = ends.findIndex((end) => middle - half > end);
      if (row < 0) continue;
      ends[row] = middle + half + 4;
      const y = this.top - 10 - 15 * row;
      svg.append(element("text", { x: middle, y, class: `size ${change.direction}`, "text-anchor": "middle" }, label));
    }
  }

  point(event) {
    if (!this.points.length || !this.x) return;
    const at = event.clientX - this.place.getBoundingClientRect().left;
    const share = (at - this.left) / (this.right - this.left);
    const index = Math.round(share * (this.points.length - 1));
    const point = this.points[Math.min(Math.max(index, 0), this.points.length - 1)];
    if (point[2] === null) return;
    const [x, y] = [this.x(point[0]), this.y(point[2])];
    const text = `${point[3] ?? `#${point[1]}`}: ${number(point[2], 6)}`;
    const side = x > (this.left + this.right) / 2 ? "end" : "start";
    this.readout.replaceChildren(
      element("path", { d: `M${x} ${this.top}V${this.bottom}`, class: "hair" }),
      element("circle", { cx: x, cy: y, r: 4 }),
      element("text", { x: x + (side === "end" ? -8 : 8), y: this.bottom - 8, "text-anchor": side }, text),
    );
    this.readout.setAttribute("visibility", "visible");
  }
}
