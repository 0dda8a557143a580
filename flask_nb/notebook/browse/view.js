// The view of %browse: a bar, and a page that reaches its app through the kernel.
//
// Three documents stand in each other: this view in the notebook's page, the shell in a frame without an origin,
// the page in a frame of the shell's. A page is believed only what comes over the one port that it sends with
// the nonce of its document, and may only ask for what `ask` passes on.
const PAGE_SCRIPT = "page.js";
const SHELL_SCRIPT = "shell.js";

const MAX_BODY = 8 * 1024 * 1024;
const MAX_IN_FLIGHT = 20;
const MAX_QUEUE = 200;
const MAX_MESSAGES = 20_000; // in ten seconds
const MAX_MOVES = 20; // in ten seconds, without a person
const MAX_RETURNS = 3; // in ten seconds
const MAX_NOTES = 8;
const MAX_ENTRIES = 100;
const SETTLING = 1500;
const WIDTHS = { phone: 375, tablet: 768, full: null };
const SAID = {
  websocket: "This page uses a WebSocket, which does not work here. It does in a tab of its own.",
  serviceworker: "This page uses a service worker, which does not work here.",
  cookie: "A script of this page reads or sets cookies itself; here they are kept by the kernel, and scripts see none.",
  sync: "A script of this page waits for an answer (synchronous XMLHttpRequest), which does not work here.",
  confirm: "A script of this page asks with confirm(), which opens no dialog here: the answer is no.",
  prompt: "A script of this page asks with prompt(), which opens no dialog here.",
};
const RESTARTED = "The kernel was restarted or has ended, and the app went with it. Choose Run → Run All Above "
  + "Selected Cell, then run this cell again.";

const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");
const element = (name, options = {}, style = "") => {
  const made = Object.assign(document.createElement(name), options);
  made.style.cssText = style;
  return made;
};
const escaped = text => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
// Within a script no markup can begin.
const inScript = value => JSON.stringify(value).replace(/</g, "\\u003c").replace(/\u2028|\u2029/g, "");
const isText = (value, most = 16_384) => typeof value === "string" && value.length <= most;

class Comm {
  // What goes to the kernel: no more than 20 requests at once, each answered once.
  constructor(model) {
    this.model = model;
    this.view = random();
    this.waiting = new Map();
    this.streams = new Map();
    this.queue = [];
    this.last = 0;
    this.onPush = () => {};
    this.hear = (message, buffers) => this.#hear(message, buffers);
    model.on("msg:custom", this.hear);
  }
  ask(fields, body = null) {
    if (body && body.byteLength > MAX_BODY) return Promise.resolve({ error: tooLarge(body.byteLength) });
    if (this.queue.length >= MAX_QUEUE) return Promise.resolve({ error: "too many requests wait for an answer" });
    return new Promise(settle => {
      this.queue.push({ fields, body, settle });
      this.#next();
    });
  }
  #next() {
    while (this.queue.length && this.waiting.size < MAX_IN_FLIGHT) {
      const { fields, body, settle } = this.queue.shift();
      const id = ++this.last;
      this.waiting.set(id, settle);
      this.tell({ ...fields, id }, body);
    }
  }
  tell(fields, body = null) {
    this.model.send({ ...fields, view: this.view }, undefined, body ? [body] : []);
  }
  stream(fields, listener) {
    const id = ++this.last;
    this.streams.set(id, listener);
    this.tell({ ...fields, kind: "stream", id });
    return id;
  }
  close(id) {
    if (this.streams.delete(id)) this.tell({ kind: "cancel", id });
  }
  #hear(message, buffers) {
    if (message.view === undefined) return this.onPush(message);
    if (message.view !== this.view) return;
    const listener = this.streams.get(message.id);
    if (listener) {
      if (message.kind === "end") this.streams.delete(message.id);
      return listener(message, bytesOf(buffers));
    }
    const settle = this.waiting.get(message.id);
    if (!settle) return;
    this.waiting.delete(message.id);
    settle({ ...message, body: bytesOf(buffers) });
    this.#next();
  }
  end() {
    this.tell({ kind: "closed" });
    this.model.off("msg:custom", this.hear);
  }
}

const bytesOf = buffers => {
  const part = buffers && buffers[0];
  if (!part) return new ArrayBuffer(0);
  const view = part instanceof ArrayBuffer ? new Uint8Array(part) : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  return view.slice().buffer;
};
const tooLarge = size => `The page has sent ${size.toLocaleString("en")} bytes. Here a body has 8 MB at most: `
  + "send a larger one from a tab of its own.";

class Bar {
  constructor(settings, actions) {
    const button = (text, title, act) => {
      const made = element("button", { textContent: text, title, type: "button" }, BUTTON);
      made.setAttribute("aria-label", title);
      made.onclick = act;
      return made;
    };
    this.node = element("div", { className: "flask-nb-bar" }, BAR);
    this.node.dataset.lmSuppressShortcuts = "true"; // keys that are pressed here are not the notebook's
    this.back = button("←", "Back", () => actions.move(-1));
    this.forward = button("→", "Forward", () => actions.move(1));
    this.reload = button("⟳", "Reload", actions.reload);
    this.address = element("input", { type: "text", spellcheck: false, title: "Address" }, ADDRESS);
    this.address.setAttribute("aria-label", "Address");
    this.isEditing = false;
    this.address.oninput = () => { this.isEditing = true; };
    this.address.onblur = () => { this.isEditing = false; };
    this.address.onkeydown = event => {
      event.stopPropagation(); // the notebook has keys of its own
      if (event.key !== "Enter") return;
      this.isEditing = false;
      actions.open(this.address.value);
    };
    this.status = element("span", { className: "flask-nb-status" }, STATUS);
    this.status.setAttribute("aria-live", "polite");
    this.width = element("select", { title: "Width" }, BUTTON);
    this.width.setAttribute("aria-label", "Width");
    for (const name of Object.keys(WIDTHS)) this.width.append(element("option", { textContent: name, value: name }));
    this.width.value = settings.width;
    this.width.onchange = () => actions.resize(this.width.value);
    this.tab = button("↗", "Open in a tab", actions.openTab);
    this.node.append(this.back, this.forward, this.reload, this.address, this.status, this.width, this.tab);
  }
  show(text, status) {
    this.status.textContent = text;
    this.status.style.color = !status ? QUIET : status >= 500 ? "var(--jp-error-color1, #b71c1c)"
      : status >= 400 ? "var(--jp-warn-color0, #b25000)" : "var(--jp-success-color0, #1b5e20)";
  }
}

const QUIET = "var(--jp-ui-font-color2, #616161)";
const BAR = "display:flex;gap:4px;align-items:center;padding:4px;border-bottom:1px solid var(--jp-border-color2, #ccc);"
  + "font:var(--jp-ui-font-size1, 13px) var(--jp-ui-font-family, sans-serif)";
const BUTTON = "background:none;border:1px solid transparent;border-radius:2px;padding:2px 6px;cursor:pointer;"
  + "color:var(--jp-ui-font-color1, #212121);font:inherit";
const ADDRESS = "flex:1;min-width:6em;padding:3px 6px;border:1px solid var(--jp-border-color1, #bbb);border-radius:2px;"
  + "background:var(--jp-layout-color0, #fff);color:var(--jp-ui-font-color0, #000);font:var(--jp-code-font-size, 13px) "
  + "var(--jp-code-font-family, monospace)";
const STATUS = "white-space:nowrap;overflow:hidden;text-overflow:ellipsis;max-width:40%;padding:0 4px";
const BOX = "border:1px solid var(--jp-border-color2, #ccc);border-radius:2px;background:var(--jp-layout-color1, #fff);"
  + "color:var(--jp-ui-font-color1, #212121);display:flex;flex-direction:column;overflow:hidden";
const NOTES = "font:var(--jp-ui-font-size1, 13px)/1.5 var(--jp-ui-font-family, sans-serif);padding:0 8px;"
  + "max-height:9em;overflow:auto";
const STAGE = "overflow:auto;background:var(--jp-layout-color2, #eee);resize:vertical";
const FRAME = "display:block;border:0;background:#fff;color-scheme:light;transform-origin:0 0;margin:0 auto";

class Notes {
  constructor() {
    this.node = element("div", { className: "flask-nb-notes" }, NOTES);
    this.node.setAttribute("role", "status");
    this.texts = new Set();
  }
  clear() {
    this.texts.clear();
    this.node.replaceChildren();
  }
  add(text, link = null) {
    if (this.texts.has(text) || this.texts.size >= MAX_NOTES) return;
    this.texts.add(text);
    const line = element("div", { textContent: text }, "padding:2px 0");
    if (link) line.append(" ", element("a", { href: link, textContent: link.slice(0, 200), target: "_blank",
      rel: "noopener noreferrer" }, "color:var(--jp-content-link-color, #0645ad)"));
    this.node.append(line);
  }
}

class Rate {
  constructor(most) { this.most = most; this.times = []; }
  isExceeded() {
    const now = performance.now();
    if (this.times.length >= this.most && now - this.times[0] < 10_000) return true;
    this.times.push(now);
    if (this.times.length > this.most) this.times.shift();
    return false;
  }
}

class View {
  constructor(model, node) {
    this.model = model;
    this.settings = model.get("settings");
    this.origin = this.settings.origin;
    this.comm = new Comm(model);
    this.comm.onPush = message => this.#push(message);
    this.entries = [];
    this.at = -1;
    this.turn = 0;
    this.sending = 0; // forms on their way: a live reload waits for their answers
    this.isHeld = false;
    this.document = null;
    this.#byPerson(() => {});
    this.bar = new Bar(this.settings, {
      move: delta => this.#byPerson(() => this.move(delta)), reload: () => this.#byPerson(() => this.reload()),
      open: text => this.#byPerson(() => this.open(text)),
      resize: name => this.#resize(name), openTab: () => this.#openTab(),
    });
    this.notes = new Notes();
    this.box = element("div", { className: "flask-nb-browse" }, BOX);
    this.stage = element("div", {}, `${STAGE};height:${this.settings.height}px`);
    this.frame = element("iframe", { title: "Page of the app", className: "flask-nb-shell" }, FRAME);
    this.frame.setAttribute("sandbox", "allow-scripts allow-forms");
    this.stage.append(this.frame);
    this.box.append(this.bar.node, this.stage, this.notes.node);
    node.append(this.box);
    this.#resize(this.settings.width);
    this.#buttons();
    this.#listenToKernel();
    this.#hideStill(node);
    this.#openShell().then(() => this.#navigate({ kind: "open", path: this.settings.path }, { mode: "push" }));
  }

  // --- the shell ---
  #openShell() {
    const nonce = random();
    const meta = `<meta http-equiv="Content-Security-Policy" content="${escaped(this.settings.policy)}">`;
    const style = "<style>html,body,iframe{margin:0;border:0;width:100%;height:100%;display:block;background:#fff}</style>";
    const frame = '<iframe sandbox="allow-scripts allow-forms" referrerpolicy="no-referrer" title="Page"></iframe>';
    return new Promise(ready => {
      const listen = event => {
        const isShell = event.source === this.frame.contentWindow && event.data?.nonce === nonce && event.ports.length === 1;
        if (!isShell) return;
        window.removeEventListener("message", listen);
        this.shell = event.ports[0];
        this.shell.onmessage = heard => this.#hearShell(heard.data, heard.ports);
        ready();
      };
      this.stopListening = () => window.removeEventListener("message", listen);
      window.addEventListener("message", listen);
      this.frame.srcdoc = `<!doctype html>${meta}${style}${frame}<script>(${SHELL_SCRIPT})(${inScript(nonce)})</script>`;
    });
  }
  #hearShell(message, ports) {
    const current = this.document;
    if (!current) return;
    if (message.t === "hello" && message.nonce === current.nonce) {
      if (current.port) return this.#reloadByPage();
      current.port = ports[0];
      current.port.onmessage = event => this.#hearPage(current, event.data);
    } else if (message.t === "left") {
      // The browser shows a page of its own that says so; when that has come, nothing of it comes any more.
      current.wanted = message.where;
      setTimeout(() => { if (this.document === current) this.#putBack(message.where, 1); }, SETTLING);
    } else if (message.t === "load") {
      if (current.wanted !== null) return this.#putBack(current.wanted);
      current.loads += 1;
      setTimeout(() => {
        if (this.document === current && current.loads > current.loaded + current.allowance) this.#putBack("");
      }, SETTLING);
    }
  }
  #set(html, address, options = {}) {
    this.document?.port?.close();
    for (const id of this.document?.streams.values() ?? []) this.comm.close(id);
    const nonce = random();
    this.document = { nonce, html, address, port: null, wanted: null, loads: 0, loaded: 0, allowance: options.allowance ?? 0,
      streams: new Map() };
    const info = { nonce, address, state: options.state ?? null, scroll: options.scroll ?? null, hash: options.hash ?? "" };
    const head = `<base href="${escaped(address)}">`
      + `<meta http-equiv="Content-Security-Policy" content="${escaped(this.settings.policy)}; base-uri 'none'">`
      + `${this.settings.guard}<script>(${PAGE_SCRIPT})(${inScript(info)})</script>`;
    this.shell.postMessage({ nonce, source: head + html });
  }
  #putBack(where, allowance = 0) {
    const left = this.document;
    if (!left) return;
    const isOwn = where && where === this.origin;
    if (isOwn) this.notes.add("A script of the page has set location to another address of the app. To what cannot be "
      + "seen from outside a page; let it click a link, send a form, or use window.open(address).");
    else if (where) this.notes.add("The page wanted to leave for another host, and was put back:", safeLink(where));
    else this.notes.add("The page wanted to leave this app, and was put back.");
    if (this.returns.isExceeded()) {
      this.notes.add("It leaves again and again, and is shown no more. Reload to try again.");
      this.#set("", left.address, { allowance });
      return;
    }
    this.#set(left.html, left.address, { scroll: this.entry?.scroll, state: this.entry?.state, allowance });
  }
  #reloadByPage() {
    if (this.moves.isExceeded()) return this.notes.add("The page reloads again and again; it is left as it is.");
    this.reload();
  }

  // --- what a page may say ---
  #hearPage(from, message) {
    if (from !== this.document || typeof message !== "object" || message === null) return;
    if (this.messages.isExceeded()) {
      from.port.close();
      return this.notes.add("The page has sent thousands of messages, and is heard no more. Reload to try again.");
    }
    const hear = {
      go: () => this.#follow(message),
      fetch: () => this.#fetch(from, message),
      stream: () => this.#stream(from, message),
      abort: () => { this.comm.close(from.streams.get(message.n)); from.streams.delete(message.n); },
      loaded: () => { from.loaded += 1; },
      scroll: () => { if (this.entry && Number.isFinite(message.x) && Number.isFinite(message.y)) this.entry.scroll = [message.x, message.y]; },
      push: () => this.#noteAddress(message, "push"),
      replace: () => this.#noteAddress(message, "replace"),
      hash: () => { if (isText(message.hash)) this.#noteAddress({ url: from.address.split("#")[0] + message.hash, state: null }, "push"); },
      step: () => { if (!this.moves.isExceeded() && Number.isInteger(message.delta)) this.move(message.delta); },
      reload: () => this.#reloadByPage(),
      said: () => { if (Object.hasOwn(SAID, message.what)) this.notes.add(SAID[message.what]); },
      alert: () => { if (isText(message.text)) this.notes.add(`The page says: ${message.text}`); },
      blocked: () => this.#noteBlocked(message.url),
    };
    if (Object.hasOwn(hear, message.t)) hear[message.t]();
  }
  #target(url) {
    if (!isText(url)) return null;
    try { return new URL(url); } catch { return null; }
  }
  #ownTarget(url) {
    const target = this.#target(url);
    return target && target.origin === this.origin ? target : null;
  }
  #follow(message) {
    const target = this.#target(message.url);
    if (!target) return;
    if (target.origin !== this.origin)
      return this.notes.add("This leads out of the app. Open it in a tab of its own:", safeLink(target.href));
    if (this.moves.isExceeded()) return this.notes.add("The page goes on and on by itself; it is left as it is.");
    const body = message.body instanceof ArrayBuffer ? message.body : null;
    const fields = { kind: "page", method: String(message.method), path: target.pathname + target.search,
      headers: headersOf(message.headers), from: pathOf(this.document.address) };
    this.#navigate(fields, { mode: message.replace ? "replace" : "push", hash: target.hash, body,
      download: message.download ? String(message.download) : "" });
  }
  async #fetch(from, message) {
    const target = this.#ownTarget(message.url);
    const reply = fields => { if (this.document === from) from.port.postMessage({ t: "answer", n: message.n, ...fields }); };
    if (!target) return reply({ error: "only the app itself can be asked" });
    const body = message.body instanceof ArrayBuffer ? message.body : null;
    const answer = await this.comm.ask({ kind: "fetch", method: String(message.method), path: target.pathname + target.search,
      headers: headersOf(message.headers), from: pathOf(from.address), follow: message.follow !== false }, body);
    if (answer.error) {
      this.notes.add(answer.error);
      return reply({ error: answer.error });
    }
    reply({ status: answer.status, reason: answer.reason, headers: answer.headers, body: answer.body,
      url: this.origin + answer.path, redirected: answer.redirected });
  }
  #stream(from, message) {
    const target = this.#ownTarget(message.url);
    if (!target || !Number.isInteger(message.n)) return;
    const headers = [["Accept", "text/event-stream"], ["Cache-Control", "no-cache"]];
    if (isText(message.last) && message.last) headers.push(["Last-Event-ID", message.last]);
    const fields = { path: target.pathname + target.search, headers, from: pathOf(from.address) };
    const id = this.comm.stream(fields, (heard, body) => {
      if (this.document !== from) return;
      if (heard.kind === "chunk") return from.port.postMessage({ t: "chunk", n: message.n, body });
      from.streams.delete(message.n);
      if (heard.error) this.notes.add(heard.error);
      from.port.postMessage({ t: "end", n: message.n, error: heard.error ?? "", status: heard.status ?? 0 });
    });
    from.streams.set(message.n, id);
  }
  #noteAddress(message, mode) {
    const target = this.#ownTarget(message.url);
    if (!target) return;
    const entry = { path: target.pathname + target.search, hash: target.hash, state: message.state ?? null,
      document: this.document, scroll: null };
    this.document.address = target.href;
    if (mode === "push") this.#enter(entry);
    else Object.assign(this.entry, { ...entry, scroll: this.entry.scroll });
    this.#showAddress();
  }
  #noteBlocked(url) {
    const target = this.#target(url);
    if (!target) return;
    if (target.origin === this.origin) this.notes.add(`Not loaded: ${target.pathname.slice(0, 100)}`);
    else if (/^https?:$/.test(target.protocol))
      this.notes.add(`Not loaded, as it is on another host: ${target.host.slice(0, 100)}. Styles, scripts, fonts and pictures `
        + `of it are with: %browse --allow ${target.host.slice(0, 100)}`);
  }

  // --- going somewhere ---
  #byPerson(act) {
    // What a page does by itself is counted; what a person does makes a new beginning.
    this.moves = new Rate(MAX_MOVES);
    this.messages = new Rate(MAX_MESSAGES);
    this.returns = new Rate(MAX_RETURNS);
    act();
  }
  get entry() { return this.entries[this.at]; }
  open(text) {
    let target;
    try { target = new URL(text.trim() || "/", this.document?.address ?? `${this.origin}/`); } catch { target = null; }
    if (!target) return this.notes.add("This is no address.");
    if (target.origin !== this.origin)
      return this.notes.add("This leads out of the app. Open it in a tab of its own:", safeLink(target.href));
    this.#navigate({ kind: "page", method: "GET", path: target.pathname + target.search }, { mode: "push", hash: target.hash });
  }
  reload(isLive = false) {
    const entry = this.entry;
    if (!entry) return this.#navigate({ kind: "page", method: "GET", path: this.settings.path }, { mode: "push" });
    this.#navigate({ kind: "page", method: "GET", path: entry.path },
      { mode: "reload", hash: entry.hash, scroll: entry.scroll, isLive });
  }
  move(delta) {
    const to = this.entries[this.at + delta];
    if (!to) return;
    this.at += delta;
    if (to.document === this.document && this.document?.port) {
      this.document.address = this.origin + to.path + to.hash;
      this.document.port.postMessage({ t: "pop", address: this.document.address, state: to.state });
      if (to.hash) this.document.port.postMessage({ t: "hash", hash: to.hash });
    } else if (to.answer) this.#show(to.answer, to);
    else this.#navigate({ kind: "page", method: "GET", path: to.path }, { mode: "history", hash: to.hash, scroll: to.scroll });
    this.#showAddress();
    this.#buttons();
  }
  async #navigate(fields, options) {
    const isSent = (fields.method ?? "GET") !== "GET";
    if (isSent) this.sending += 1;
    await this.#ask(fields, options);
    if (isSent) this.sending -= 1;
    if (this.sending || !this.isHeld) return;
    this.isHeld = false;
    this.#push({ kind: "changed" });
  }
  async #ask(fields, options) {
    const turn = ++this.turn;
    if (!options.isLive) this.notes.clear();
    this.bar.show("…");
    const slow = setTimeout(() => this.#tellWaiting(turn), 1000);
    const answer = await this.comm.ask(fields, options.body ?? null);
    clearTimeout(slow);
    if (turn !== this.turn) return;
    if (options.isLive) this.notes.clear();
    if (answer.error) {
      this.bar.show("no answer");
      return this.notes.add(answer.error);
    }
    this.bar.show(answer.summary, answer.status);
    for (const note of answer.notes ?? []) this.notes.add(note);
    if (answer.leads) this.notes.add("The app redirects to another host:", safeLink(answer.leads));
    if (answer.file || options.download) return this.#save(answer.file || options.download, answer.body);
    if (options.isLive && answer.failed) this.notes.add("The app fails since the last cell. The page is loaded again after the next one that changes it.");
    const isPosted = answer.method !== "GET";
    const entry = { path: answer.path, hash: answer.hash || options.hash || "", state: null, scroll: options.scroll ?? null,
      answer: isPosted ? answer : null };
    if (options.mode === "push") this.#enter(entry);
    else Object.assign(this.entry ?? this.#enter(entry), entry, { state: this.entry?.state ?? null });
    this.#show(answer, this.entry);
  }
  #show(answer, entry) {
    this.bar.show(answer.summary, answer.status);
    const html = new TextDecoder().decode(answer.body);
    this.#set(html, this.origin + entry.path, { state: entry.state, scroll: entry.scroll, hash: entry.hash });
    entry.document = this.document;
    if (entry.hash) this.document.address += entry.hash;
    this.#showAddress();
    this.#buttons();
  }
  #enter(entry) {
    this.entries.splice(this.at + 1, this.entries.length, entry);
    if (this.entries.length > MAX_ENTRIES) this.entries.shift();
    this.at = this.entries.length - 1;
    this.#buttons();
    return entry;
  }
  #showAddress() {
    if (!this.bar.isEditing) this.bar.address.value = this.entry ? this.entry.path + this.entry.hash : "";
  }
  #buttons() {
    this.bar.back.disabled = this.at <= 0;
    this.bar.forward.disabled = this.at >= this.entries.length - 1;
    for (const one of [this.bar.back, this.bar.forward]) one.style.opacity = one.disabled ? 0.4 : 1;
  }
  #save(name, body) {
    const url = URL.createObjectURL(new Blob([body], { type: "application/octet-stream" }));
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    this.notes.add(`Saved as ${name.slice(0, 100)}`);
  }
  #resize(name) {
    const scale = this.settings.zoom / 100;
    const width = WIDTHS[name];
    this.frame.style.width = width ? `${width}px` : `${100 / scale}%`;
    this.frame.style.height = `${100 / scale}%`;
    this.frame.style.transform = scale === 1 ? "" : `scale(${scale})`;
  }
  async #openTab() {
    const answer = await this.comm.ask({ kind: "address", path: this.entry?.path ?? this.settings.path });
    if (answer.error || !answer.url) this.notes.add(answer.error || "The app has no address of its own here.");
    // A path is one of the front end's own server, which leads to the kernel.
    else this.notes.add("In a tab of its own, with cookies of its own:", safeLink(new URL(answer.url, location.origin).href));
  }

  // --- the kernel ---
  #push(message) {
    if (message.kind === "moved") return this.#rest("The app is shown by a later %browse now. Both stay with: %browse --new");
    if (message.kind === "failed") return this.notes.add(message.said);
    if (message.kind !== "changed") return;
    if (this.sending) { this.isHeld = true; return; }
    if (this.entry?.answer) return this.notes.add("A cell has changed the app. This page answers a form, which is not sent again; ⟳ asks for its address.");
    this.reload(true);
  }
  #tellWaiting(turn) {
    if (turn !== this.turn) return;
    this.bar.show("waiting …");
    if (this.settings.waits) this.notes.add("With ipykernel 6 a page waits until the running cell has ended; with ipykernel 7 it does not.");
  }
  #listenToKernel() {
    this.ended = () => { if (this.model.comm_live === false || this.model.get("_closed")) this.#rest(RESTARTED); };
    this.model.on("comm_live_update", () => this.#rest(RESTARTED));
    this.model.on("destroy", () => this.#rest(RESTARTED));
  }
  #rest(text) {
    this.isHeld = false;
    this.notes.clear();
    this.notes.add(text);
    this.turn += 1;
    this.bar.show("");
    this.document?.port?.close();
    this.document = null;
    this.stage.style.opacity = 0.5;
    for (const one of [this.bar.back, this.bar.forward, this.bar.reload, this.bar.address, this.bar.tab]) one.disabled = true;
    if (!this.entry) this.box.replaceChildren(this.notes.node); // an empty frame has nothing to show
    this.showStill?.();
  }
  #hideStill(node) {
    // The still picture that a saved notebook shows would only be the page a second time.
    const find = () => {
      const child = node.closest(".jp-OutputArea-child");
      const next = child?.nextElementSibling;
      const still = next?.querySelector(".flask-nb-still");
      if (!still || !node.isConnected) return false;
      next.style.display = "none";
      this.showStill = () => { next.style.display = ""; };
      return true;
    };
    let tries = 0;
    const look = () => { if (!find() && ++tries < 40) this.looking = setTimeout(look, 100); };
    look();
  }
  close() {
    clearTimeout(this.looking);
    this.stopListening();
    this.document?.port?.close();
    this.comm.end();
  }
}

const safeLink = url => (/^(https?|mailto):/i.test(url) ? url.slice(0, 2000) : null);
const pathOf = address => { const url = new URL(address); return url.pathname + url.search; };
const headersOf = pairs => (Array.isArray(pairs) ? pairs.slice(0, 100).filter(pair => Array.isArray(pair) && pair.length === 2
  && isText(pair[0]) && isText(pair[1])).map(([name, value]) => [name, value]) : []);

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.close();
  },
};
