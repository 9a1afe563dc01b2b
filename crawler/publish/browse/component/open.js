// Puts ReplayWeb.page's component into the page of an archived article, with a frame that has a policy of its own.
"use strict";

(async () => {
  const place = document.getElementById("replay");
  if (!window.isSecureContext || !("serviceWorker" in navigator)) {
    place.replaceChildren(document.getElementById("unable"));
    place.firstChild.hidden = false;
    return;
  }
  await customElements.whenDefined("replay-web-page");
  const view = document.createElement("replay-web-page");
  view.replayfile = "frame.html";
  for (const [name, value] of Object.entries(place.dataset)) view.setAttribute(name, value);
  place.replaceChildren(view);
})();
