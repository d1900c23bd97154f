// The page: who is here, who is shown, and what the stream tells.

import { api, listen } from "./api.js";
import { Clock } from "./clock.js";
import { ask, attempt, element, leave, notify, $ } from "./dom.js";
import { Faults } from "./faults.js";
import { GroupPanel } from "./group.js";
import { Panel } from "./panel.js";
import { fullName, languageName, languageOf, startPayload } from "./texts.js";

const REMEMBERED = "diwan.shown";
const CURRENT = "diwan.current";
const PANEL_WIDTH = 360;
const STATE_EVERY = 10_000;

const clock = new Clock();
const faults = new Faults();
const panels = new Map();
let people = [];
let groups = [];
let soon = 0;
let drawn = "";
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

// Who is shown to somebody who has not chosen yet: whoever came last, first.
function firstChoice() {
  const room = Math.max(1, Math.min(3, Math.floor(innerWidth / PANEL_WIDTH)));
  return people.slice(-room).reverse().map((person) => person.id);
}

async function refresh() {
  const state = await attempt(() => api.state());
  if (!state) return;
  people = state.people;
  groups = state.groups.map((group) => ({ ...group, first_name: group.title, note: group.kind }));
  bot = state.bot;
  clock.update(state.clock);
  clock.plan(bot.next_due);
  showBot();
  if (shown === null && people.length) shown = firstChoice();
  draw();
}

// Several events in a row need one look only.
function refreshSoon() {
  clearTimeout(soon);
  soon = setTimeout(refresh, 100);
}

function showBot() {
  const status = $("#bot");
  status.dataset.connected = String(bot.connected);
  const words = bot.connected ? "Bot connected" : "Bot not connected";
  if ($("#bot-status").textContent === words) return;
  $("#bot-name").textContent = `· @${bot.username}`;
  $("#bot-status").textContent = words;
}

// Put panels, chips and lists in agreement with who is here and who is shown.
function draw() {
  const chosen = shown ?? [];
  const here = new Map([...people, ...groups].map((chat) => [chat.id, chat]));
  const going = [...panels].filter(([id]) => !here.has(id) || !chosen.includes(id));
  for (const [id] of going) panels.delete(id);
  for (const id of chosen) {
    const person = here.get(id);
    if (!person) continue;
    const known = panels.get(id);
    if (known) {
      known.update(person, bot, people);
      continue;
    }
    const panel = id < 0
      ? new GroupPanel(person, bot, { hide, focus: setCurrent, open: openFor })
      : new Panel(person, bot, { hide, focus: setCurrent });
    panel.update(person, bot, people);
    panels.set(id, panel);
    $("#panels").append(panel.node);
    panel.sync();
  }
  if (!panels.has(current)) current = panels.keys().next().value ?? null;
  // Lists are left alone while nothing in them changes: somebody may be choosing from them.
  const now = JSON.stringify([people, groups, [...panels.keys()]]);
  if (now !== drawn) {
    drawChips();
    drawSwitcher();
    faults.people(people);
  }
  drawn = now;
  markCurrent();
  drawWelcome();
  for (const [, { node }] of going) {
    leave(node, panels.get(current)?.log, $("#welcome-add"), $("#add-person"));
    node.remove();
  }
}

function drawChips() {
  const focused = document.activeElement?.dataset?.chip;
  $("#people").replaceChildren(
    ...[...people, ...groups].map((person) =>
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
            title: person.id < 0 ? person.note : languageName(person.language_code),
            onclick: () => (panels.has(person.id) ? hide(panels.get(person.id)) : reveal(person.id)),
          },
          element(
            "bdi",
            { lang: languageOf(fullName(person), person.language_code) },
            fullName(person),
          ),
          person.note ? element("span", { class: "note" }, person.note) : null,
          person.language_code
            ? element("span", { class: "code" }, person.language_code)
            : null,
        ),
      ),
    ),
  );
  if (focused) ($(`[data-chip="${focused}"]`) ?? $("#add-person")).focus();
}

// On a narrow screen one panel is seen at a time.
function drawSwitcher() {
  const select = $("#switcher");
  select.replaceChildren(
    ...[...people, ...groups].map((person) =>
      element(
        "option",
        { value: person.id },
        [fullName(person), person.note, person.id > 0 && languageName(person.language_code)]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
  );
}

function markCurrent() {
  if (current) $("#switcher").value = String(current);
  for (const [id, panel] of panels) panel.node.classList.toggle("current", id === current);
}

function drawWelcome() {
  if (panels.size) leave($("#welcome"), panels.get(current)?.field);
  $("#welcome").hidden = panels.size > 0;
  $("#welcome-words").textContent = people.length
    ? "Choose whom to see above."
    : "Add a person and write to the bot.";
}

function setCurrent(panel) {
  if (current === panel.person.id) return;
  current = panel.person.id;
  remember();
  markCurrent();
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

async function addGroup() {
  const select = $("#add-group-owner");
  select.replaceChildren(
    ...people.map((person) => element("option", { value: person.id }, fullName(person))),
  );
  const given = await ask($("#add-group"));
  if (!given?.owner) return;
  const { title, kind, owner } = given;
  const group = await attempt(() =>
    api.addGroup({ title: title.trim(), kind, owner: Number(owner) }),
  );
  if (!group) return;
  $("#add-group form").reset();
  await refresh();
  reveal(group.id);
}

// A link that somebody follows from a group; says whether it was one to the bot.
function openFor(id, address) {
  const payload = startPayload(address, bot.username);
  if (payload === null || !people.some((person) => person.id === id)) return false;
  reveal(id);
  panels.get(id).start(payload);
  return true;
}

async function openLink() {
  const select = $("#open select");
  select.replaceChildren(
    ...people.map((person) => element("option", { value: person.id }, fullName(person))),
  );
  if (current > 0) select.value = String(current);
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
$("#new-group").addEventListener("click", addGroup);
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
    else if (event.type === "people" || event.type === "bot") refreshSoon();
    else panels.get(event.person)?.hear(event);
  },
});
setInterval(() => !$("#offline").hidden || refresh(), STATE_EVERY);
