// Stands first in every page that %browse shows, and lets it reach its app, and nothing else.
// What it takes is what a page may ask for anyway, so a page that gets hold of its port has gained nothing.
(function (info) {
  "use strict";
  const { nonce, address, state, scroll, hash } = info;
  document.currentScript.remove();
  const channel = new MessageChannel();
  const port = channel.port1;
  const post = MessagePort.prototype.postMessage.bind(port); // as it is before the page can replace it
  parent.postMessage({ nonce }, "*", [channel.port2]);
  const { Response, Request, FormData, URLSearchParams, Blob, URL: NativeURL, TextDecoder } = window;
  const nativeFetch = window.fetch.bind(window);
  let here = new NativeURL(address);
  let historyState = state;

  // --- addresses ---
  const resolve = url => new NativeURL(url, document.baseURI);
  const isOwn = url => url.origin === here.origin;
  const isOutside = url => url.protocol === "http:" || url.protocol === "https:" || url.protocol === "mailto:";
  const said = new Set();
  const say = what => { if (!said.has(what)) { said.add(what); post({ t: "said", what }); } };
  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, configurable: true, writable: true });

  // --- asking the view ---
  const waiting = new Map();
  let last = 0;
  function ask(message, transfer = []) {
    const n = ++last;
    return new Promise(settle => {
      waiting.set(n, settle);
      post({ ...message, n }, transfer);
    });
  }
  const hear = {
    answer: message => { waiting.get(message.n)?.(message); waiting.delete(message.n); },
    chunk: message => streams.get(message.n)?.read(message),
    end: message => streams.get(message.n)?.end(message),
    hash: message => { here.hash = message.hash; scrollToHash(message.hash); },
    pop: message => {
      here = new NativeURL(message.address);
      historyState = message.state;
      window.dispatchEvent(new PopStateEvent("popstate", { state: historyState }));
    },
  };
  port.onmessage = event => hear[event.data.t]?.(event.data);

  async function bytesOf(body) {
    if (body === null || body === undefined) return [null, null];
    const message = new Response(body);
    return [await message.arrayBuffer(), message.headers.get("content-type")];
  }

  async function send({ method, url, headers, body, follow }) {
    const [bytes, type] = await bytesOf(body);
    const pairs = [...headers];
    if (type && !pairs.some(([name]) => name.toLowerCase() === "content-type")) pairs.push(["Content-Type", type]);
    const message = { t: "fetch", method, url: url.href, headers: pairs, body: bytes, follow };
    const answer = await ask(message, bytes ? [bytes] : []);
    if (answer.error) throw new TypeError(answer.error);
    return answer;
  }

  // --- links and forms ---
  function go(url, options = {}) {
    const target = resolve(url);
    if (isOwn(target) && !options.body && (options.method || "GET") === "GET" && target.hash
        && target.href.split("#")[0] === here.href.split("#")[0]) {
      here = target;
      post({ t: "hash", hash: target.hash });
      scrollToHash(target.hash);
      window.dispatchEvent(new HashChangeEvent("hashchange"));
    } else if (isOwn(target) || isOutside(target)) {
      post({ t: "go", method: "GET", ...options, url: target.href }, options.body ? [options.body] : []);
    }
  }

  function scrollToHash(hash) {
    const name = decodeURIComponent(hash.slice(1));
    const element = document.getElementById(name) || document.getElementsByName(name)[0];
    if (element) element.scrollIntoView();
    else if (!name || name === "top") window.scrollTo(0, 0);
  }

  const asLines = value => value.replace(/\r?\n|\r/g, "\r\n");
  function asQuery(data) {
    const query = new URLSearchParams();
    for (const [name, value] of data) query.append(asLines(name), typeof value === "string" ? asLines(value) : value.name);
    return query;
  }

  async function submit(form, button) {
    const given = name => (button && button.hasAttribute("form" + name) ? button.getAttribute("form" + name)
      : form.getAttribute(name)) || "";
    const method = given("method").toUpperCase() === "POST" ? "POST" : "GET";
    const url = resolve(given("action") || here.href);
    const data = new FormData(form, button);
    if (method === "GET") {
      url.search = asQuery(data);
      url.hash = "";
      return go(url.href);
    }
    if (!isOwn(url)) return go(url.href);
    const isMultipart = given("enctype").toLowerCase() === "multipart/form-data";
    const [body, type] = await bytesOf(isMultipart ? data : asQuery(data).toString());
    const headers = [["Content-Type", isMultipart ? type : "application/x-www-form-urlencoded"]];
    go(url.href, { method, headers, body });
  }

  // The last to hear of an event: what the page's own listeners prevent stays prevented.
  function afterwards(type, handle) {
    window.addEventListener(type, () => window.addEventListener(type, handle, { once: true }), true);
  }
  afterwards("click", event => {
    const link = event.composedPath().find(node => node.localName === "a" || node.localName === "area");
    if (!link || event.defaultPrevented || event.button !== 0) return;
    const href = link.getAttribute("href") ?? link.getAttribute("xlink:href");
    if (href === null || /^\s*javascript:/i.test(href)) return;
    event.preventDefault();
    go(href, link.hasAttribute("download") ? { download: link.download || true } : {});
  });
  afterwards("auxclick", event => event.preventDefault());
  afterwards("submit", event => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    event.preventDefault();
    submit(event.target, event.submitter);
  });
  define(HTMLFormElement.prototype, "submit", function () { submit(this, null); });

  // --- fetch, XMLHttpRequest, EventSource ---
  async function fetchPage(input, options) {
    if (!(input instanceof Request)) {
      const url = resolve(input);
      if (!isOwn(url)) {
        if (url.protocol === "data:" || url.protocol === "blob:") return nativeFetch(url.href, options);
        post({ t: "blocked", url: url.href });
        throw new TypeError("Failed to fetch: only the app itself can be asked");
      }
    }
    const request = new Request(input instanceof Request ? input : resolve(input).href, options);
    request.signal.throwIfAborted();
    if (!isOwn(new NativeURL(request.url))) {
      post({ t: "blocked", url: request.url });
      throw new TypeError("Failed to fetch: only the app itself can be asked");
    }
    const body = /^(GET|HEAD)$/.test(request.method) ? null : await request.blob();
    const follow = request.redirect === "follow";
    const asked = send({ method: request.method, url: new NativeURL(request.url), headers: request.headers,
      body: body && body.size ? body : null, follow });
    const answer = await Promise.race([asked, aborted(request.signal)]);
    if (!follow && answer.status >= 300 && answer.status < 400 && request.redirect === "error")
      throw new TypeError("Failed to fetch: the app redirects");
    const empty = [101, 204, 205, 304].includes(answer.status) || request.method === "HEAD";
    const response = new Response(empty ? null : answer.body, {
      status: answer.status, statusText: answer.reason, headers: answer.headers,
    });
    Object.defineProperty(response, "url", { value: answer.url });
    Object.defineProperty(response, "redirected", { value: answer.redirected });
    return response;
  }
  const aborted = signal => new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  define(window, "fetch", function fetch(input, options) { return fetchPage(input, options); });
  define(Navigator.prototype, "sendBeacon", (url, body) => {
    fetchPage(url, { method: "POST", body }).catch(() => {});
    return true;
  });

  class XMLHttpRequest extends EventTarget {
    static UNSENT = 0; static OPENED = 1; static HEADERS_RECEIVED = 2; static LOADING = 3; static DONE = 4;
    UNSENT = 0; OPENED = 1; HEADERS_RECEIVED = 2; LOADING = 3; DONE = 4;
    readyState = 0; status = 0; statusText = ""; responseURL = ""; responseType = ""; response = "";
    responseText = ""; responseXML = null; timeout = 0; withCredentials = false;
    upload = new EventTarget();
    #method; #url; #headers = []; #answered = null; #type = null; #turn = 0;
    open(method, url, isAsync = true) {
      if (!isAsync) say("sync");
      this.#turn += 1;
      this.#method = String(method).toUpperCase();
      this.#url = resolve(url);
      this.#headers = [];
      this.#state(1);
    }
    setRequestHeader(name, value) { this.#headers.push([String(name), String(value)]); }
    overrideMimeType(type) { this.#type = type; }
    getResponseHeader(name) { return this.#answered ? this.#answered.get(name) : null; }
    getAllResponseHeaders() {
      return this.#answered ? [...this.#answered].map(([name, value]) => `${name}: ${value}\r\n`).join("") : "";
    }
    abort() {
      if (!this.readyState) return;
      this.#turn += 1;
      const isBusy = this.readyState < 4;
      this.status = 0;
      if (isBusy) { this.readyState = 4; this.#tell("readystatechange"); this.#tell("abort"); this.#tell("loadend"); }
      this.readyState = 0;
    }
    send(body = null) {
      const turn = this.#turn;
      this.#tell("loadstart");
      const isBodiless = this.#method === "GET" || this.#method === "HEAD";
      const asText = body instanceof Document ? new XMLSerializer().serializeToString(body) : body;
      const timer = this.timeout > 0 && setTimeout(() => turn === this.#turn && this.#fail("timeout"), this.timeout);
      const url = this.#url;
      const asked = isOwn(url)
        ? send({ method: this.#method, url, headers: this.#headers, body: isBodiless ? null : asText, follow: true })
        : Promise.reject(post({ t: "blocked", url: url.href }));
      asked.then(answer => turn === this.#turn && this.#succeed(answer), () => turn === this.#turn && this.#fail("error"))
        .finally(() => clearTimeout(timer));
    }
    #succeed(answer) {
      this.status = answer.status;
      this.statusText = answer.reason;
      this.responseURL = answer.url;
      this.#answered = new Headers(answer.headers);
      this.#state(2);
      this.#state(3);
      this.#read(answer.body);
      const size = { lengthComputable: true, loaded: answer.body.byteLength, total: answer.body.byteLength };
      for (const target of [this.upload, this]) {
        target.dispatchEvent(new ProgressEvent("progress", size));
        if (target === this) this.#call("progress", size);
      }
      this.#state(4);
      this.#tell("load");
      this.#tell("loadend");
    }
    #read(body) {
      const type = this.#type || this.#answered.get("content-type") || "";
      const charset = /charset="?([\w-]+)/i.exec(type);
      const decode = () => new TextDecoder(charset ? charset[1] : "utf-8").decode(body);
      if (this.responseType === "arraybuffer") this.response = body;
      else if (this.responseType === "blob") this.response = new Blob([body], { type });
      else {
        const text = decode();
        if (this.responseType === "json") { try { this.response = JSON.parse(text); } catch { this.response = null; } }
        else if (this.responseType === "document") this.response = this.responseXML = parsed(text, type);
        else {
          this.response = this.responseText = text;
          if (/xml/i.test(type)) this.responseXML = parsed(text, type);
        }
      }
    }
    #fail(type) {
      this.#turn += 1;
      this.#state(4);
      this.#tell(type);
      this.#tell("loadend");
    }
    #state(value) { this.readyState = value; this.#tell("readystatechange"); }
    #tell(type) { this.dispatchEvent(new ProgressEvent(type)); this.#call(type); }
    #call(type, size) { this["on" + type]?.call(this, new ProgressEvent(type, size)); }
  }
  const parsed = (text, type) =>
    new DOMParser().parseFromString(text, /html/i.test(type) ? "text/html" : "application/xml");
  for (const type of ["readystatechange", "loadstart", "progress", "load", "loadend", "error", "abort", "timeout"])
    XMLHttpRequest.prototype["on" + type] = null;
  define(window, "XMLHttpRequest", XMLHttpRequest);

  const streams = new Map();
  class EventSource extends EventTarget {
    static CONNECTING = 0; static OPEN = 1; static CLOSED = 2;
    CONNECTING = 0; OPEN = 1; CLOSED = 2;
    readyState = 0; onopen = null; onmessage = null; onerror = null; withCredentials = false;
    #n = 0; #rest = ""; #decoder; #lastId = ""; #retry = 3000; #event = { data: [], type: "" };
    constructor(url) {
      super();
      this.url = resolve(url).href;
      if (!isOwn(resolve(url))) {
        post({ t: "blocked", url: this.url });
        setTimeout(() => this.#close());
      } else this.#connect();
    }
    #connect() {
      if (this.readyState === 2) return;
      this.#n = ++last;
      this.#rest = "";
      this.#decoder = new TextDecoder();
      streams.set(this.#n, this);
      post({ t: "stream", n: this.#n, url: this.url, last: this.#lastId });
    }
    close() {
      this.readyState = 2;
      if (streams.delete(this.#n)) post({ t: "abort", n: this.#n });
    }
    #close() { this.readyState = 2; this.#tell(new Event("error")); }
    #tell(event) { this.dispatchEvent(event); this["on" + event.type]?.call(this, event); }
    read({ body }) {
      if (this.readyState === 2) return;
      if (this.readyState === 0) { this.readyState = 1; this.#tell(new Event("open")); }
      const lines = (this.#rest + this.#decoder.decode(body, { stream: true })).split(/\r\n|\n|\r/);
      this.#rest = lines.pop();
      for (const line of lines) this.#line(line);
    }
    #line(line) {
      const event = this.#event;
      if (!line) {
        this.#event = { data: [], type: "" };
        if (event.data.length) {
          const options = { data: event.data.join("\n"), lastEventId: this.#lastId, origin: here.origin };
          this.#tell(new MessageEvent(event.type || "message", options));
        }
        return;
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === "data") event.data.push(value);
      else if (field === "event") event.type = value;
      else if (field === "id") this.#lastId = value;
      else if (field === "retry" && /^\d+$/.test(value)) this.#retry = Number(value);
    }
    end({ error, status }) {
      streams.delete(this.#n);
      if (this.readyState === 2) return;
      if (error || (status && status !== 200)) return this.#close();
      this.readyState = 0;
      this.#tell(new Event("error"));
      setTimeout(() => this.#connect(), this.#retry);
    }
  }
  define(window, "EventSource", EventSource);

  // --- history and location ---
  const change = t => (newState, title, url) => {
    if (url !== undefined && url !== null) {
      const target = resolve(url);
      if (!isOwn(target)) throw new DOMException("The address is not the app's", "SecurityError");
      here = target;
    }
    historyState = structuredClone(newState);
    post({ t, url: here.href, state: historyState });
  };
  define(History.prototype, "pushState", change("push"));
  define(History.prototype, "replaceState", change("replace"));
  define(History.prototype, "go", delta => post(delta ? { t: "step", delta: Number(delta) || 0 } : { t: "reload" }));
  define(History.prototype, "back", () => post({ t: "step", delta: -1 }));
  define(History.prototype, "forward", () => post({ t: "step", delta: 1 }));
  Object.defineProperty(History.prototype, "state", { get: () => historyState, configurable: true });
  Object.defineProperty(document, "URL", { get: () => here.href, configurable: true });
  define(window, "origin", here.origin);
  // `new URL(path, location.href)` is meant to be an address of the page; `location` itself cannot be replaced.
  define(window, "URL", class URL extends NativeURL {
    constructor(url, base) {
      const isPage = base !== undefined && /^(about:srcdoc|null)/.test(String(base));
      if (String(url) === "about:srcdoc") super(here.href);
      else if (base === undefined) super(url);
      else super(url, isPage ? document.baseURI : base);
    }
  });
  // In an `onclick="location = …"` the element's own properties come before the window's.
  const location = {
    assign: url => go(url), replace: url => go(url, { replace: true }), reload: () => post({ t: "reload" }),
    toString: () => here.href,
  };
  for (const name of ["href", "hash", "search", "pathname"])
    Object.defineProperty(location, name, {
      get: () => here[name],
      set: value => { const url = new NativeURL(here); if (name === "href") go(value); else { url[name] = value; go(url.href); } },
    });
  for (const name of ["host", "hostname", "port", "protocol", "origin"])
    Object.defineProperty(location, name, { get: () => here[name] });
  Object.defineProperty(HTMLElement.prototype, "location", { get: () => location, set: url => go(url), configurable: true });
  define(window, "open", (url, target) => {
    if (url) go(url, { target: target || "_blank" });
    return null;
  });

  // --- what cannot work is said once ---
  define(window, "WebSocket", class WebSocket extends EventTarget {
    static CONNECTING = 0; static OPEN = 1; static CLOSING = 2; static CLOSED = 3;
    readyState = 3; bufferedAmount = 0; protocol = ""; extensions = ""; binaryType = "blob";
    constructor(url) {
      super();
      this.url = String(url);
      say("websocket");
      setTimeout(() => {
        for (const event of [new Event("error"), new CloseEvent("close", { code: 1006 })]) {
          this.dispatchEvent(event);
          this["on" + event.type]?.(event);
        }
      });
    }
    send() { throw new DOMException("No WebSocket works here", "InvalidStateError"); }
    close() {}
  });
  Object.defineProperty(Navigator.prototype, "serviceWorker", { configurable: true, get: () => {
    say("serviceworker");
    return Object.assign(new EventTarget(), {
      register: () => Promise.reject(new DOMException("No service worker works here", "SecurityError")),
      getRegistrations: () => Promise.resolve([]), getRegistration: () => Promise.resolve(undefined),
      ready: new Promise(() => {}), controller: null,
    });
  } });
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie", { configurable: true,
    get() { say("cookie"); return ""; }, set() { say("cookie"); }, enumerable: cookie.enumerable });
  for (const name of ["confirm", "prompt"]) {
    const native = window[name].bind(window);
    define(window, name, text => { say(name); return native(text); });
  }
  define(window, "alert", text => post({ t: "alert", text: String(text).slice(0, 500) }));
  document.addEventListener("securitypolicyviolation", event => {
    if (/^https?:/.test(event.blockedURI)) post({ t: "blocked", url: event.blockedURI });
  });

  // --- files of elements that scripts put into the page; those that came with it are in it already ---
  const SOURCES = { img: "src", script: "src", link: "href", source: "src", audio: "src", video: "src", input: "src" };
  const handled = new WeakMap();
  async function load(element) {
    const name = SOURCES[element.localName];
    const value = name && element.getAttribute(name);
    if (!value || handled.get(element) === value || (name === "href" && !/\bstylesheet\b/i.test(element.rel))) return;
    let url;
    try { url = resolve(value); } catch { return; }
    if (!isOwn(url)) return;
    handled.set(element, value);
    const answer = await ask({ t: "fetch", method: "GET", url: url.href, headers: [], body: null, follow: true });
    if (answer.error || answer.status >= 400 || element.getAttribute(name) !== value)
      return element.dispatchEvent(new Event("error"));
    const type = new Headers(answer.headers).get("content-type") || "";
    const blob = NativeURL.createObjectURL(new Blob([answer.body], { type }));
    if (element.localName !== "script") {
      handled.set(element, blob);
      element.setAttribute(name, blob);
      return;
    }
    const again = document.createElement("script"); // one that has failed to load never runs
    for (const { name: key, value: text } of element.attributes) again.setAttribute(key, text);
    again.src = blob;
    handled.set(again, blob);
    again.onload = () => element.dispatchEvent(new Event("load"));
    element.after(again);
    again.remove();
  }
  const isLoading = element => handled.has(element) && element.getAttribute(SOURCES[element.localName]) === handled.get(element)
    && !/^blob:/.test(handled.get(element));
  window.addEventListener("error", event => {
    if (event.isTrusted && event.target instanceof Element && isLoading(event.target)) event.stopImmediatePropagation();
  }, true);
  new MutationObserver(records => {
    for (const { target, type, addedNodes } of records) {
      if (type === "attributes") load(target);
      for (const node of addedNodes)
        if (node instanceof Element) for (const element of [node, ...node.querySelectorAll("*")]) load(element);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["src", "href"] });

  // --- where the page is scrolled to ---
  let isNoting = false;
  document.addEventListener("scroll", () => {
    if (isNoting) return;
    isNoting = true;
    setTimeout(() => { isNoting = false; post({ t: "scroll", x: window.scrollX, y: window.scrollY }); }, 100);
  }, { passive: true });
  const arrive = () => { if (scroll) window.scrollTo(...scroll); else if (hash) scrollToHash(hash); };
  document.addEventListener("DOMContentLoaded", arrive);
  window.addEventListener("load", () => { arrive(); post({ t: "loaded" }); });
})
