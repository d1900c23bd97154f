// The fault panel: what goes wrong on request.

import { api } from "./api.js";
import { attempt, element, leave, $ } from "./dom.js";

const KINDS = {
  429: "Too many requests, with a time to wait",
  "429bare": "Too many requests, no time given",
  500: "Internal server error",
  html502: "Bad gateway, as a web page",
  truncated200: "The answer is cut short",
  drop_before: "Connection cut before it is done",
  drop_after: "Connection cut after it is done",
  hang: "No answer at all",
  delay: "A slow answer",
  error: "An error of your own",
};

export class Faults {
  constructor() {
    this.box = $("#faults");
    this.list = $("#fault-list");
    const form = $("#fault-form");
    form.elements.kind.append(
      ...Object.entries(KINDS).map(([value, words]) => element("option", { value }, words)),
    );
    form.elements.kind.addEventListener("change", () => this.#fields(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add(form);
    });
    $("#fault-clear").addEventListener("click", async () => {
      await attempt(() => api.removeFaults());
      this.refresh();
    });
    this.box.addEventListener("toggle", () => this.box.open && this.refresh());
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.box.open = false;
      $("summary", this.box).focus();
    });
    // It lies over other controls: it must not stay open when the focus goes on to them.
    this.box.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.box.contains(event.relatedTarget)) this.box.open = false;
    });
    document.addEventListener("pointerdown", (event) => {
      if (!this.box.contains(event.target)) this.box.open = false;
    });
    this.#fields(form);
  }

  // Fields that mean nothing for the chosen kind are not shown.
  #fields(form) {
    for (const field of form.querySelectorAll("[data-for]")) {
      field.hidden = !field.dataset.for.split(" ").includes(form.elements.kind.value);
    }
  }

  async #add(form) {
    const given = Object.fromEntries(new FormData(form));
    const fault = {
      kind: given.kind,
      method: given.method.trim() || "*",
      times: given.times === "" ? null : Number(given.times),
      every: Number(given.every) || 1,
      skip: Number(given.skip) || 0,
    };
    if (given.chat_id) fault.chat_id = Number(given.chat_id);
    if (given.kind.startsWith("429")) fault.retry_after = Number(given.retry_after);
    if (["hang", "delay"].includes(given.kind)) fault.seconds = Number(given.seconds);
    if (given.kind === "error") {
      fault.code = Number(given.code);
      fault.description = given.description;
    }
    await attempt(() => api.addFault(fault));
    this.refresh();
  }

  // Whom a rule can be about.
  people(people) {
    const select = $("#fault-form").elements.chat_id;
    const chosen = select.value;
    select.replaceChildren(
      element("option", { value: "" }, "Everybody"),
      ...people.map((person) => element("option", { value: person.id }, person.first_name)),
    );
    select.value = people.some((person) => String(person.id) === chosen) ? chosen : "";
    this.names = new Map(people.map((person) => [person.id, person.first_name]));
  }

  async refresh() {
    const rules = await attempt(() => api.faults());
    if (!rules) return;
    $("#fault-count").textContent = rules.length ? String(rules.length) : "";
    leave(this.list, $("summary", this.box));
    if (!rules.length) leave($("#fault-clear"), $("summary", this.box));
    $("#fault-clear").hidden = rules.length === 0;
    this.list.replaceChildren(...rules.map((rule) => this.#rule(rule)));
  }

  #rule(rule) {
    const parts = [
      rule.method === "*" ? "every method" : rule.method,
      rule.chat_id ? `to ${this.names?.get(rule.chat_id) ?? rule.chat_id}` : "",
      rule.skip ? `after ${rule.skip} calls` : "",
      rule.every > 1 ? `every ${rule.every} calls` : "",
      rule.times === null ? "for ever" : `${rule.times} more`,
    ];
    const words = `${KINDS[rule.kind] ?? rule.kind}: ${parts.filter(Boolean).join(", ")}`;
    return element(
      "li",
      {},
      element("span", {}, words),
      element(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": `Remove: ${words}`,
          onclick: async () => {
            await attempt(() => api.removeFault(rule.id));
            this.refresh();
          },
        },
        "Remove",
      ),
    );
  }
}
