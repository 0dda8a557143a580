// Stands between the view and the page. Its policy forbids its frame to go anywhere (frame-src 'none'), which
// no policy of the page itself could, and what the frame tries in vain is heard here.
(function (nonce) {
  "use strict";
  const channel = new MessageChannel();
  const view = channel.port1;
  const frame = document.querySelector("iframe");
  let expected = null;
  window.addEventListener("message", event => {
    const isPage = event.source === frame.contentWindow && event.ports.length === 1;
    if (!isPage || expected === null || event.data?.nonce !== expected) return;
    view.postMessage({ t: "hello", nonce: expected }, [event.ports[0]]);
  });
  document.addEventListener("securitypolicyviolation", event => {
    if (event.effectiveDirective === "frame-src") view.postMessage({ t: "left", where: event.blockedURI });
  });
  frame.addEventListener("load", () => view.postMessage({ t: "load" }));
  view.onmessage = event => {
    expected = event.data.nonce;
    frame.srcdoc = event.data.source;
  };
  parent.postMessage({ nonce }, "*", [channel.port2]);
})
