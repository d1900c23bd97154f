// The control plane, as functions; and the stream of what happens.

async function call(method, path, body) {
  const form = body instanceof FormData;
  const response = await fetch(`/control/${path}`, {
    method,
    headers: body && !form ? { "Content-Type": "application/json" } : {},
    body: form ? body : body && JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The emulator answered ${response.status}.`);
  return answer;
}

const inGroup = (id, name, body) => call("POST", `groups/${id}/${name}`, body);
const act = (id, name, body = {}) => call("POST", `people/${id}/${name}`, body);

export const api = {
  state: () => call("GET", "state"),
  messages: (id) => call("GET", `people/${id}/messages`),
  commands: (id) => call("GET", `people/${id}/commands`),

  addPerson: (person) => call("POST", "people", person),
  removePerson: (id) => call("DELETE", `people/${id}`),
  say: (id, text) => act(id, "say", { text }),
  start: (id, payload) => act(id, "start", { payload }),
  edit: (id, message_id, text) => act(id, "edit", { message_id, text }),
  press: (id, message_id, data) => act(id, "press", { message_id, data }),
  location: (id, latitude, longitude) => act(id, "location", { latitude, longitude }),
  block: (id) => act(id, "block"),
  unblock: (id) => act(id, "unblock"),
  deactivate: (id) => act(id, "deactivate"),
  file: (id, kind, file, seconds) => {
    const form = new FormData();
    form.set("kind", kind);
    form.set("seconds", seconds);
    form.set("file", file, file.name);
    return call("POST", `people/${id}/file`, form);
  },

  addGroup: (group) => call("POST", "groups", group),
  groupMessages: (id) => call("GET", `groups/${id}/messages`),
  // What somebody does in a group: add_bot, promote_bot, remove_bot, ask, join, leave, migrate, say.
  inGroup: (id, name, person, more = {}) => inGroup(id, name, { person, ...more }),

  play: (how) => call("POST", "clock/play", how),
  faults: () => call("GET", "faults"),
  addFault: (fault) => call("POST", "faults", fault),
  removeFault: (id) => call("DELETE", `faults/${id}`),
  removeFaults: () => call("DELETE", "faults"),
};

const LONGEST_PAUSE = 5000;

// Calls `onOpen` at every (re)connection, since what happened in between was missed.
export function listen({ onOpen, onEvent, onLost }) {
  let pause = 250;
  const connect = () => {
    const stream = new EventSource("/control/stream");
    stream.onopen = () => {
      pause = 250;
      onOpen();
    };
    stream.onmessage = (event) => onEvent(JSON.parse(event.data));
    stream.onerror = () => {
      stream.close();
      onLost();
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
  };
  connect();
}
