// How moments, languages and addresses are written and read.

const format = (options) => new Intl.DateTimeFormat("en-GB", options);
const HOUR = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const SHORT = format({
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

export const hour = (date) => HOUR.format(date);
export const day = (date) => DAY.format(date);
export const shortDay = (date) => SHORT_DAY.format(date);
// A moment is never broken across two lines.
export const moment = (date) => SHORT.format(date).replaceAll(" ", "\u00a0");

const names = new Intl.DisplayNames("en", { type: "language", fallback: "code" });

export function languageName(code) {
  try {
    return code ? names.of(code) : "no language";
  } catch {
    return code;
  }
}

const RIGHT_TO_LEFT = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

export const direction = (code) =>
  RIGHT_TO_LEFT.has((code ?? "").split("-")[0].toLowerCase()) ? "rtl" : "ltr";

// In which language a text is read out: the reader's if it is written in their script, else
// what that script is most often read as here. Nothing says what a bot really wrote.
const SCRIPTS = {
  Arab: [/(?=\p{Letter})\p{Script=Arabic}/gu, () => "ar"],
  Cyrl: [/(?=\p{Letter})\p{Script=Cyrillic}/gu, (text) => (/[іїєґ]/i.test(text) ? "uk" : "ru")],
  Latn: [/(?=\p{Letter})\p{Script=Latin}/gu, () => "en"],
};

export function languageOf(text, code) {
  const letters = (text.match(/\p{Letter}/gu) ?? []).length;
  if (!letters) return code || "und";
  const own = scriptOf(code);
  for (const [script, [letter, read]] of Object.entries(SCRIPTS)) {
    if ((text.match(letter) ?? []).length * 2 > letters) {
      return script === own ? code : read(text);
    }
  }
  return own && !SCRIPTS[own] ? code : "und";
}

function scriptOf(code) {
  try {
    return new Intl.Locale(code).maximize().script;
  } catch {
    return undefined;
  }
}

export const fullName = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ");

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

// The payload of a link that opens this bot, or null if it opens something else.
export function startPayload(address, username) {
  let url;
  try {
    url = new URL(/^[a-z]+:/i.test(address) ? address : `https://${address}`);
  } catch {
    return null;
  }
  const bot = username.toLowerCase();
  const named =
    (["t.me", "telegram.me"].includes(url.hostname) &&
      url.pathname.replace(/^\/|\/$/g, "").toLowerCase() === bot) ||
    (url.protocol === "tg:" && url.searchParams.get("domain")?.toLowerCase() === bot);
  return named ? (url.searchParams.get("start") ?? "") : null;
}
