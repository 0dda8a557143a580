"""What keeps a page that runs scripts from WebRTC, which no policy of a browser forbids.

A Content-Security-Policy of ``default-src 'none'`` lets a script send datagrams to any host all the same: as
the address of a STUN server. So a script of ours, the first of the document, takes the constructor away. A
frame within the page has one of its own, and ``frame-src`` forbids neither ``srcdoc`` nor ``javascript:``.
Its scripts do not run once it has the attribute ``sandbox``, which counts from the next time that it is put
into the page. What our script needs it has in hand before the page can replace it.
"""

from __future__ import annotations

NO_WEBRTC = """<script>(function () {
"use strict";
const own = (prototype, name) => Function.prototype.call.bind(prototype[name]);
const read = own(Element.prototype, "getAttribute"), write = own(Element.prototype, "setAttribute");
const replace = own(Element.prototype, "replaceWith"), attach = own(Element.prototype, "attachShadow");
const all = own(Document.prototype, "getElementsByTagNameNS"), HTML = "http://www.w3.org/1999/xhtml";
const within = own(DocumentFragment.prototype, "querySelectorAll");
const observe = own(MutationObserver.prototype, "observe"), Observer = MutationObserver;
const what = { subtree: true, childList: true, attributes: true, attributeFilter: ["sandbox"] };
function calm(frames) {
  for (let n = 0; frames[n]; n += 1)
    if (read(frames[n], "sandbox") !== "") { write(frames[n], "sandbox", ""); replace(frames[n], frames[n]); }
}
function drop(frames) { while (frames[0]) replace(frames[0]); }
observe(new Observer(() => {
  calm(all(document, HTML, "iframe"));
  drop(all(document, HTML, "frame"));
}), document, what);
Element.prototype.attachShadow = function attachShadow(options) {
  const root = attach(this, options);
  observe(new Observer(() => calm(within(root, "iframe"))), root, what);
  return root;
};
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"]) delete window[name];
document.currentScript.remove();
})()</script>"""
"""The element that does it; it takes itself out."""
