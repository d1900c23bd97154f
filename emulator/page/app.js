// The page: who is here, who is shown, and what the stream tells.

import { api, listen } from "./api.js";
import { Clock } from "./clock.js";
import { ask, attempt, element, notify, $ } from "./dom.js";
import { Faults } from "./faults.js";
import { Panel } from "./panel.js";
import { fullName, languageName, startPayload } from "./texts.js";

const REMEMBERED = "diwan.shown";
const CURRENT = "diwan.current";
const PANEL_WIDTH = 360;
const STATE_EVERY = 10_000;

const clock = new Clock();
const faults = new Faults();
const panels = new Map();
let people = [];
let bot = { first_name: "Bot", username: "" };
let shown = remembered();
let current = Number(localStorage.getItem(CURRENT)) || null;

function remembered() {
  try {
    const ids = JSON.parse(localStorage.getItem(REMEMBERED));
    return Array.isArray(ids) ? ids : null;
  } catch {
    return null;
  }
}

function remember() {
  localStorage.setItem(REMEMBERED, JSON.stringify(shown));
  if (current) localStorage.setItem(CURRENT, String(current));
}

// Who is shown to somebody who has not chosen yet: those who were added last, newcomers first.
function firstChoice() {
  const room = Math.max(1, Math.min(3, Math.floor(innerWidth / PANEL_WIDTH)));
  return people.slice(-room).map((person) => person.id);
}

async function refresh() {
  const state = await attempt(() => api.state());
  if (!state) return;
  people = state.people;
  bot = state.bot;
  clock.update(state.clock);
  showBot();
  faults.people(people);
  if (shown === null && people.length) shown = firstChoice();
  draw();
}

function showBot() {
  const status = $("#bot");
  status.dataset.connected = String(bot.connected);
  $("#bot-name").textContent = bot.first_name;
  $("#bot-status").textContent = bot.connected ? "is connected" : "is not connected";
  status.title = bot.username ? `@${bot.username}` : "";
}

// Put panels, chips and lists in agreement with who is here and who is shown.
function draw() {
  const here = new Map(people.map((person) => [person.id, person]));
  for (const [id, panel] of panels) {
    if (!here.has(id) || !shown.includes(id)) {
      panel.node.remove();
      panels.delete(id);
    }
  }
  for (const id of shown ?? []) {
    const person = here.get(id);
    if (!person) continue;
    const known = panels.get(id);
    if (known) {
      known.update(person, bot);
      continue;
    }
    const panel = new Panel(person, bot, { hide, focus: setCurrent });
    panels.set(id, panel);
    $("#panels").append(panel.node);
    panel.sync();
  }
  if (!panels.has(current)) current = panels.keys().next().value ?? null;
  drawChips();
  drawSwitcher();
  drawWelcome();
}

function drawChips() {
  const focused = document.activeElement?.dataset?.chip;
  $("#people").replaceChildren(
    ...people.map((person) =>
      element(
        "li",
        {},
        element(
          "button",
          {
            type: "button",
            class: "chip",
            "data-chip": person.id,
            "aria-pressed": String(panels.has(person.id)),
            title: languageName(person.language_code),
            onclick: () => (panels.has(person.id) ? hide(panels.get(person.id)) : reveal(person.id)),
          },
          element("bdi", {}, fullName(person)),
          person.language_code
            ? element("span", { class: "code" }, person.language_code)
            : null,
        ),
      ),
    ),
  );
  if (focused) $(`[data-chip="${focused}"]`)?.focus();
}

// On a narrow screen one panel is seen at a time.
function drawSwitcher() {
  const select = $("#switcher");
  select.replaceChildren(
    ...people.map((person) =>
      element(
        "option",
        { value: person.id },
        `${fullName(person)} · ${languageName(person.language_code)}`,
      ),
    ),
  );
  if (current) select.value = String(current);
  for (const [id, panel] of panels) panel.node.classList.toggle("current", id === current);
}

function drawWelcome() {
  $("#welcome").hidden = panels.size > 0;
  $("#welcome-words").textContent = people.length
    ? "Choose whom to see above."
    : "Add a person and write to the bot.";
}

function setCurrent(panel) {
  if (current === panel.person.id) return;
  current = panel.person.id;
  remember();
  drawSwitcher();
}

function reveal(id) {
  if (!shown?.includes(id)) shown = [...(shown ?? []), id];
  current = id;
  remember();
  draw();
  panels.get(id)?.node.scrollIntoView({ inline: "nearest", block: "nearest" });
}

function hide(panel) {
  shown = shown.filter((id) => id !== panel.person.id);
  draw();
  remember();
  $(`[data-chip="${panel.person.id}"]`)?.focus();
}

async function addPerson() {
  const dialog = $("#add");
  const given = await ask(dialog);
  if (!given) return;
  const person = await attempt(() =>
    api.addPerson({
      first_name: given.first_name.trim(),
      language_code: given.language_code.trim(),
    }),
  );
  if (!person) return;
  $("form", dialog).reset();
  await refresh();
  reveal(person.id);
  panels.get(person.id)?.field.focus();
}

async function openLink() {
  const select = $("#open select");
  select.replaceChildren(
    ...people.map((person) => element("option", { value: person.id }, fullName(person))),
  );
  if (current) select.value = String(current);
  const given = await ask($("#open"));
  if (!given?.person) return;
  const payload = startPayload(given.address.trim(), bot.username);
  if (payload === null) {
    notify(`This is not a link to @${bot.username}.`);
    return;
  }
  $("#open form").reset();
  reveal(Number(given.person));
  await panels.get(Number(given.person)).start(payload);
}

$("#add-person").addEventListener("click", addPerson);
$("#welcome-add").addEventListener("click", addPerson);
$("#open-link").addEventListener("click", openLink);
$("#switcher").addEventListener("change", (event) => reveal(Number(event.target.value)));

listen({
  onOpen: async () => {
    document.body.classList.remove("offline");
    $("#offline").hidden = true;
    await refresh();
    for (const panel of panels.values()) panel.sync();
    faults.refresh();
  },
  onLost: () => {
    document.body.classList.add("offline");
    $("#offline").hidden = false;
  },
  onEvent: (event) => {
    if (event.type === "clock") clock.update(event);
    else if (event.type === "people" || event.type === "bot") refresh();
    else panels.get(event.person)?.hear(event);
  },
});
setInterval(() => !$("#offline").hidden || refresh(), STATE_EVERY);
