// The clock bar: the emulator's time, and playing it forward.

import { api } from "./api.js";
import { attempt, disclose, $ } from "./dom.js";
import { day, hour, moment, shortDay } from "./texts.js";

export class Clock {
  constructor() {
    this.ahead = 0;
    this.playing = false;
    this.ended = 0;
    this.time = $("#time");
    this.said = $("#clock-said");
    this.buttons = [...document.querySelectorAll("#clock-moves button")];
    const ways = { next: { next: true }, tomorrow: { days: 1 }, month: { months: 1 } };
    for (const [name, how] of Object.entries(ways)) {
      $(`#clock-${name}`).addEventListener("click", () => this.#play(how));
    }
    this.closeGoTo = disclose($("#clock-goto"), $("#goto-box"), { onOpen: () => this.#suggest() });
    $("#goto-box").addEventListener("submit", (event) => {
      event.preventDefault();
      const until = new Date($("#goto-until").value);
      this.closeGoTo(false);
      $("#clock-goto").focus();
      if (Number.isNaN(until.getTime())) return;
      if (until <= this.now()) this.said.textContent = "The clock only goes forward.";
      else this.#play({ until: until.toISOString() });
    });
    setInterval(() => this.#tick(), 1000);
  }

  now() {
    return new Date(Date.now() + this.ahead);
  }

  // What the emulator says: {now, playing, revision}.
  update({ now, playing, revision }) {
    // A move of a play can be told after its end: two connections keep no common order.
    if (playing && revision <= this.ended) return;
    if (!playing) this.ended = revision;
    this.ahead = new Date(now) - Date.now();
    this.playing = playing;
    $("#clock").setAttribute("aria-busy", String(playing));
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(playing));
    if (playing) this.said.textContent = "Playing forward…";
    else if (this.said.textContent === "Playing forward…") this.said.textContent = "";
    this.#tick();
  }

  // What the bot will do next, and when.
  plan(due) {
    write($("#clock-due"), due ? `Next thing: ${moment(new Date(due))}` : "");
  }

  #tick() {
    const now = this.now();
    write($("b", this.time), hour(now));
    write($(".long", this.time), day(now));
    write($(".short", this.time), shortDay(now));
    this.time.dateTime = now.toISOString().slice(0, 16) + "Z";
  }

  #suggest() {
    const field = $("#goto-until");
    const local = (date) =>
      new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    field.value = local(new Date(this.now().getTime() + 3_600_000));
    field.focus();
  }

  async #play(how) {
    if (this.playing) return;
    const before = this.now();
    this.playing = true;
    this.said.textContent = "Playing forward…";
    const answer = await attempt(() => api.play(how));
    this.playing = false;
    if (!answer) {
      this.said.textContent = "The clock did not get there.";
      return;
    }
    this.update(answer);
    this.said.textContent = told(answer.stops.map((stop) => new Date(stop)), before);
  }
}

// A text that stays the same is left alone, so that nobody hears it twice.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const SHOWN = 3;

function told(stops) {
  if (!stops.length) return "Nothing is planned.";
  const last = stops.slice(-SHOWN).map(moment).join(" · ");
  if (stops.length === 1) return `Stopped at ${last}`;
  const earlier = stops.length > SHOWN ? "… " : "";
  return `Stopped ${stops.length} times: ${earlier}${last}`;
}
