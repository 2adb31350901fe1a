// Stands in the place of Tauri in a browser: the same calls and events, over HTTP to the loopback host. For tests only.
(() => {
  const token = new URLSearchParams(location.search).get("token");
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const callbacks = new Map();
  const listeners = new Map();
  let next = 1;

  // Calls without an answer yet, for the tests to read.
  window.firnWaiting = 0;
  const call = async (name, request) => {
    window.firnWaiting += 1;
    try {
      return await answered(name, request);
    } finally {
      window.firnWaiting -= 1;
    }
  };
  const answered = async (name, request) => {
    const answer = await fetch(`/call/${name}`, { method: "POST", headers, body: JSON.stringify(request ?? {}) });
    if (answer.headers.get("content-type") === "application/octet-stream") return answer.arrayBuffer();
    const said = await (answer.headers.get("content-type") === "application/json" ? answer.json() : answer.text());
    if (!answer.ok) throw said;
    return said;
  };
  const plugins = {
    "plugin:event|listen": ({ event, handler }) => {
      const id = next++;
      listeners.set(id, { event, handler });
      return id;
    },
    "plugin:event|unlisten": () => undefined,
    // What a person would choose: tests put it there.
    "plugin:dialog|open": () => window.firnPicks ?? null,
  };
  window.__TAURI_INTERNALS__ = {
    invoke: async (command, args = {}) => {
      const plugin = plugins[command];
      return plugin ? plugin(args) : call(command, args.request);
    },
    transformCallback: (callback, once = false) => {
      const id = next++;
      callbacks.set(id, (value) => {
        if (once) callbacks.delete(id);
        return callback?.(value);
      });
      return id;
    },
    unregisterCallback: (id) => callbacks.delete(id),
  };
  window.__TAURI_EVENT_PLUGIN_INTERNALS__ = {
    unregisterListener: (_event, id) => {
      callbacks.delete(listeners.get(id)?.handler);
      listeners.delete(id);
    },
  };

  const hear = async () => {
    const answer = await fetch("/events", { headers });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines.filter(Boolean)) {
        const { event, payload } = JSON.parse(line);
        for (const [id, listener] of listeners)
          if (listener.event === event) callbacks.get(listener.handler)?.({ event, id, payload });
      }
    }
  };
  hear().catch(() => undefined); // the host is gone: the page finds out by itself

  // What the policy refused, for the tests to read.
  window.firnRefused = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.firnRefused.push(`${event.effectiveDirective} ${event.blockedURI}`),
  );
})();
