// The live page: the list of series on the left, one series and its changes on the right.

import { Chart, median, number, signed } from "./chart.js";
import { Unauthorized, get, listen, setToken } from "./feed.js";

const SHOWN_POINTS = 1_000;
const LISTED = 500;
const ROWS = 200;
const RECENT_MS = 60_000;

const byId = (id) => document.getElementById(id);
const series = new Map(); // id -> summary as the service tells it
const latest = new Map(); // id -> the last change heard of
const chart = new Chart(byId("chart"));
let selected = null; // { id, points, changes, stop }
let painting = false;

function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Everything that is drawn is drawn here, once per frame however much has arrived.
function repaint() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    paintList();
    paintDetail();
  });
}

function paintList() {
  const wanted = byId("filter").value.trim().toLowerCase();
  const ids = [...series.keys()].filter((id) => id.toLowerCase().includes(wanted)).sort();
  const items = ids.slice(0, LISTED).map(listItem);
  const list = byId("list");
  // Only when the order is another: taking an item out would take the focus from it.
  if (items.length !== list.children.length || items.some((item, i) => item !== list.children[i])) {
    list.replaceChildren(...items);
  }
  const hidden = ids.length - Math.min(ids.length, LISTED);
  byId("count").textContent = hidden ? `and ${hidden.toLocaleString("en")} more: narrow the search` : "";
  byId("empty").hidden = series.size > 0;
}

const listItems = new Map(); // id -> its <li>, the same one for as long as the page lives

function listItem(id) {
  const summary = series.get(id);
  const change = latest.get(id);
  if (!listItems.has(id)) listItems.set(id, make("li", {}, make("a", { href: `#/${encodeURIComponent(id)}` })));
  const link = listItems.get(id).firstChild;
  if (selected?.id === id) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
  link.replaceChildren(make("span", { class: "id" }, id));
  if (change && Date.now() - change.at * 1_000 < RECENT_MS) {
    link.append(make("span", { class: `badge ${change.direction}` }, signed(change.offset)));
  }
  const count = summary.counts.changes;
  const text = `${number(summary.last_value)} · ${count} change${count === 1 ? "" : "s"}`;
  link.append(make("span", { class: "quiet" }, text));
  return listItems.get(id);
}

function paintDetail() {
  byId("detail").hidden = selected === null;
  if (selected === null) return;
  const { id, points, changes, isRead } = selected;
  byId("name").textContent = id;
  document.title = `${id} · Pixelshift`;
  const summary = series.get(id);
  const since = changes.at(-1)?.index ?? 0;
  const level = median(points.filter((point) => point[0] >= since).map((point) => point[2]));
  byId("facts").replaceChildren(
    ...fact("Level now", number(level)),
    ...fact("Last value", number(summary?.last_value ?? null)),
    ...fact("Observations", (summary?.position ?? 0).toLocaleString("en")),
    ...fact("Changes", (summary?.counts.changes ?? 0).toLocaleString("en")),
    ...fact("Late or repeated", lateOrRepeated(summary).toLocaleString("en")),
  );
  chart.show(points, changes, isRead ? "no values yet" : "reading the series …");
  byId("changes").replaceChildren(...changes.slice(-ROWS).reverse().map(changeRow));
  byId("none").hidden = changes.length > 0;
  byId("none").textContent = isRead ? "None so far." : "Reading …";
}

function lateOrRepeated(summary) {
  const counts = summary?.counts;
  return counts ? counts.late + counts.duplicates + counts.conflicts : 0;
}

function fact(name, value) {
  return [make("div", {}, make("dt", {}, name), make("dd", {}, value))];
}

function changeRow(change) {
  const cells = [
    change.time ?? (change.seq === null ? `position ${change.index}` : `#${change.seq.toLocaleString("en")}`),
    make("span", { class: `size ${change.direction}` }, signed(change.offset)),
    `${number(change.offset_low, 3)} … ${number(change.offset_high, 3)}`,
    `${number(change.before)} → ${number(change.after)}`,
    number(change.p_value, 2),
    `${(change.detected_at - change.index + 1).toLocaleString("en")} points`,
  ];
  return make("tr", {}, ...cells.map((cell) => make("td", {}, cell)));
}

function heard(change) {
  latest.set(change.series, change);
  const size = number(Math.abs(change.offset), 3);
  byId("news").textContent = `${change.series}: level ${change.direction} of ${size}, now ${number(change.after)}`;
  setTimeout(repaint, RECENT_MS + 100); // the badge goes
}

async function select(id) {
  selected?.stop.abort();
  selected = null;
  if (id === null) return repaint();
  const stop = new AbortController();
  const mine = { id, points: [], changes: [], isRead: false, stop };
  selected = mine;
  const path = `/series/${encodeURIComponent(id)}`;
  // Listening begins behind the last change that was read: none falls between reading and listening.
  await loadChanges(mine, path);
  await loadPoints(mine, path);
  const lastId = mine.changes.at(-1)?.event ?? 0;
  const onEvent = (kind, data) => {
    if (kind === "points") return data.dropped ? loadPoints(mine, path) : append(mine, data.points);
    if (kind === "change" && !mine.changes.some((known) => known.event === data.event)) mine.changes.push(data);
    return repaint();
  };
  const onState = (state) => {
    if (state === "live") loadPoints(mine, path).catch(report); // whatever came while the line was down
  };
  return listen(`${path}/events`, { signal: stop.signal, lastId, onEvent, onState });
}

async function loadChanges(mine, path) {
  let after = 0;
  do {
    const page = await get(`${path}/changes?after=${after}&limit=1000`, mine.stop.signal);
    mine.changes.push(...page.changes);
    after = page.next;
  } while (after);
}

async function loadPoints(mine, path) {
  const { points } = await get(`${path}/points?limit=${SHOWN_POINTS}`, mine.stop.signal);
  mine.points = [];
  mine.isRead = true;
  append(mine, points);
}

function append(mine, points) {
  const last = mine.points.at(-1)?.[0] ?? -1;
  mine.points = [...mine.points, ...points.filter((point) => point[0] > last)].slice(-SHOWN_POINTS);
  repaint();
}

function report(error) {
  if (error instanceof Unauthorized) byId("login").open || byId("login").showModal();
  else if (error.name !== "AbortError") showState("broken");
}

function showState(state) {
  byId("state").dataset.state = state;
  byId("state").textContent = { live: "live", broken: "line broken, trying again", connecting: "connecting" }[state];
}

function chosen() {
  return location.hash.startsWith("#/") ? decodeURIComponent(location.hash.slice(2)) : null;
}

function follow() {
  select(chosen()).catch(report);
}

async function loadList() {
  let after = "";
  do {
    const page = await get(`/series?limit=1000&after=${encodeURIComponent(after)}`);
    for (const summary of page.series) series.set(summary.id, summary);
    after = page.next;
  } while (after);
  repaint();
}

async function start() {
  await loadList();
  if (chosen() === null && series.size) location.replace(`#/${encodeURIComponent([...series.keys()].sort()[0])}`);
  else follow();
  const onEvent = (kind, data) => {
    if (kind === "change") heard(data);
    if (kind === "moves") for (const summary of data.series) series.set(summary.id, summary);
    if (chosen() === null && series.size) location.replace(`#/${encodeURIComponent([...series.keys()].sort()[0])}`);
    repaint();
  };
  const onState = (state) => {
    showState(state);
    if (state === "live") loadList().catch(report);
  };
  await listen("/events", { signal: new AbortController().signal, onEvent, onState });
}

const THEMES = ["system", "light", "dark"];

function setTheme(theme) {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  localStorage.setItem("pixelshift-theme", theme);
  byId("theme").setAttribute("aria-label", `Colours: ${theme === "system" ? "as the system" : theme}`);
  byId("theme").title = byId("theme").getAttribute("aria-label");
}

const stored = localStorage.getItem("pixelshift-theme");
let theme = THEMES.includes(stored) ? stored : "system";
setTheme(theme);
byId("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  setTheme(theme);
});
byId("filter").addEventListener("input", repaint);
byId("example").textContent =
  `curl ${location.origin}/series/demo/points \\\n  -H 'Content-Type: application/json' -d '{"value": 1.5}'`;
byId("login").addEventListener("close", () => {
  setToken(byId("token").value);
  start().catch(report);
});
window.addEventListener("hashchange", follow);
start().catch(report);
