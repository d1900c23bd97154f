// A group or a channel: what stands there, and what somebody does in it.

import { api } from "./api.js";
import { attempt, element, iconButton } from "./dom.js";
import { messageNode } from "./message.js";
import { fullName, languageOf } from "./texts.js";

const KINDS = { group: "Group", supergroup: "Supergroup", channel: "Channel" };
const BOT = {
  administrator: "the bot is an administrator",
  member: "the bot is a member",
  restricted: "the bot may not write",
  left: "the bot is not here",
  kicked: "the bot was removed",
};
// What can be done, in the order of the list; who does it is chosen above.
const ACTS = {
  ask: "Ask to join",
  join: "Join",
  leave: "Leave",
  add_bot: "Add the bot",
  promote_bot: "Make the bot an administrator",
  remove_bot: "Remove the bot",
  migrate: "Make it a supergroup",
};

export class GroupPanel {
  // `on` has: hide(panel), focus(panel), open(person, address) -> was it a link to the bot?
  constructor(group, bot, on) {
    this.person = group;
    this.bot = bot;
    this.on = on;
    this.items = new Map();
    this.#build();
    this.update(group, bot);
  }

  #build() {
    this.log = element("div", { class: "log", role: "log", tabindex: "0" });
    this.name = element("h2", { dir: "auto" });
    this.about = element("p", { class: "small", dir: "ltr" });
    this.who = element("select", { "aria-label": "Who does it" });
    this.act = element(
      "select",
      { "aria-label": "What to do" },
      ...Object.entries(ACTS).map(([value, words]) => element("option", { value }, words)),
    );
    this.field = element("textarea", { rows: "1", dir: "auto", placeholder: "Message" });
    const deed = element(
      "form",
      { class: "composer deed" },
      this.who,
      this.act,
      element("button", { class: "button" }, "Do it"),
    );
    const words = element(
      "form",
      { class: "composer" },
      this.field,
      element("button", { class: "button primary" }, "Send"),
    );
    deed.addEventListener("submit", (event) => this.#do(event));
    words.addEventListener("submit", (event) => this.#say(event));
    this.node = element(
      "section",
      { class: "panel group", "data-person": this.person.id },
      element(
        "header",
        {},
        element("span", { class: "avatar", "aria-hidden": "true" }, "#"),
        element("div", { class: "who" }, this.name, this.about),
        iconButton("close", "Hide", { class: "icon-button hide", onclick: () => this.on.hide(this) }),
      ),
      element("div", { class: "chat" }, this.log),
      deed,
      words,
    );
    this.node.addEventListener("focusin", () => this.on.focus(this));
  }

  update(group, bot, people = []) {
    this.person = group;
    this.bot = bot;
    this.people = people;
    const inside = new Set(group.members);
    const asking = new Set(group.requests);
    this.name.textContent = group.title;
    this.about.textContent = `${KINDS[group.kind]}, ${BOT[group.bot]}`;
    this.node.setAttribute("aria-label", `${KINDS[group.kind]} ${group.title}`);
    this.log.setAttribute("aria-label", `Messages in ${group.title}`);
    this.field.setAttribute("aria-label", `Message in ${group.title}`);
    const chosen = this.who.value;
    const options = people.map(({ id, ...rest }) => {
      const state = inside.has(id) ? "in it" : asking.has(id) ? "has asked" : "not in it";
      return element("option", { value: id }, `${fullName(rest)}, ${state}`);
    });
    const said = options.map((option) => option.textContent).join();
    if (this.said === said) return;
    this.said = said;
    this.who.replaceChildren(...options);
    if (people.some(({ id }) => String(id) === chosen)) this.who.value = chosen;
  }

  async sync() {
    const messages = await attempt(() => api.groupMessages(this.person.id));
    for (const message of messages ?? []) this.#put(message);
  }

  hear(event) {
    if (event.type === "message" || event.type === "edit") this.#put(event.message);
    if (event.type === "delete") this.#drop(event.message_id);
  }

  #put(message) {
    const { message_id: id } = message;
    if (message.deleted) return this.#drop(id);
    const node = message.service ? this.#service(message) : this.#message(message);
    const known = this.items.get(id);
    if (known) known.replaceWith(node);
    else this.log.append(node);
    this.items.set(id, node);
    this.log.scrollTop = this.log.scrollHeight;
    return undefined;
  }

  #service({ author, service, message_id: id }) {
    return element(
      "article",
      { class: "message service", "data-id": id, tabindex: "-1" },
      element("p", { class: "day" }, element("bdi", {}, author), ` ${service}`),
    );
  }

  #message(message) {
    const reader = languageOf(message.text, "en");
    const who = Number(this.who.value);
    return messageNode({ ...message, from: "bot" }, message.author, reader, {
      link: (address) => this.on.open(Number(this.who.value), address),
      command: (text) => attempt(() => api.inGroup(this.person.id, "say", who, { text })),
      press: ({ message_id }, { data }) =>
        attempt(() => api.inGroup(this.person.id, "press", who, { message_id, data })),
      edit: () => {},
      copy: (text) => navigator.clipboard.writeText(text).catch(() => {}),
    });
  }

  #drop(id) {
    this.items.get(id)?.remove();
    this.items.delete(id);
  }

  #do(event) {
    event.preventDefault();
    return attempt(() => api.inGroup(this.person.id, this.act.value, Number(this.who.value)));
  }

  async #say(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text) return;
    const said = await attempt(() =>
      api.inGroup(this.person.id, "say", Number(this.who.value), { text }),
    );
    if (said) this.field.value = "";
  }
}
