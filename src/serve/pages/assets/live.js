// What a page shows is kept fresh while somebody looks at it. Without this file every page works.
"use strict";
(() => {
  const PACE_MS = 3_000;
  const ALONE_MS = 15_000;
  // Times stand in the zone of the browser, unless its reader chose one; told once, as a cookie.
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const isTold = () => document.cookie.includes("resonanz_zone=");
  if ("zoneless" in document.body.dataset && timeZone && timeZone !== "UTC" && !isTold()) {
    document.cookie = `resonanz_zone=${timeZone.replaceAll("/", "%2F")}; path=/; max-age=31536000; samesite=lax`;
    if (isTold()) location.reload();
  }

  // A menu that is wider than the window begins where its reader is.
  const here = document.querySelector(".nav [aria-current]");
  const menu = here?.closest(".nav");
  if (menu && menu.scrollWidth > menu.clientWidth) menu.scrollLeft = here.offsetLeft - menu.clientWidth / 3;

  const parts = () => document.querySelectorAll("[data-live]");
  let due = 0;
  let busy = false;

  // Takes over what changed, part by part; what somebody is using stays as it is.
  const take = (fresh) => {
    for (const old of parts()) {
      const now = fresh.getElementById(old.id);
      // A list does not move under who reads further down.
      if (old.dataset.live === "top" && scrollY > 0) continue;
      // Nor does a button under the pointer of who is about to press it.
      const aimed = old.querySelector("button") && old.matches(":hover");
      const used = aimed || old.contains(document.activeElement) || old.querySelector("details[open]");
      if (!now || now.innerHTML === old.innerHTML || used) continue;
      old.replaceChildren(...now.childNodes);
    }
  };

  const look = async () => {
    due = 0;
    if (busy || document.hidden || parts().length === 0) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The server is away; the next look may find it.
    } finally {
      busy = false;
    }
  };
  const soon = () => { due ||= setTimeout(look, PACE_MS); };

  // Told of what comes; where no stream is to be had, looked for now and then.
  let stream = null;
  const listen = () => {
    if (document.hidden || parts().length === 0) {
      stream?.close();
      stream = null;
    } else if (!stream) {
      stream = new EventSource("/api/v1/live");
      for (const kind of ["open", "alert", "mentions"]) stream.addEventListener(kind, soon);
    }
  };
  setInterval(() => { if (stream?.readyState !== EventSource.OPEN) look(); }, ALONE_MS);
  document.addEventListener("visibilitychange", () => { listen(); soon(); });
  addEventListener("pagehide", () => { stream?.close(); stream = null; });
  listen();

  // Filters answer at once where they are lists.
  for (const select of document.querySelectorAll("form[data-at-once] select")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  // A statement is sent with Ctrl and Enter, as editors do.
  for (const text of document.querySelectorAll("textarea[data-send]")) {
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
    });
  }
  // "/" leads to the search.
  document.addEventListener("keydown", (event) => {
    const search = document.querySelector("input[type=search]");
    const typing = event.target.matches("input, textarea, select");
    if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    search.focus();
  });
})();
