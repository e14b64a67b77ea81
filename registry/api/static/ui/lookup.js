/** What the pages about issuers, batches and checkpoints share: ask this registry by identifier, and say what came. */

import { byId, el, fillWith } from "./dom.js";
import { say, speak } from "./words.js";

/** A JSON answer; null where there is nothing under this identifier. */
export async function ask(path) {
  const answer = await fetch(path);
  if ([404, 422].includes(answer.status)) return null;
  if (!answer.ok) throw new TypeError(`status ${answer.status}`);
  return answer.json();
}

/**
 * Run a page: speak, show what `?id=` names, and again whenever the form or the language changes.
 *
 * @param {(id: string) => Promise<Node[]|null>} show What to show; null for nothing found.
 */
export async function runPage(show) {
  await speak();
  const form = byId("look");
  const refresh = () => reveal(show, new URLSearchParams(location.search).get("id") ?? "", form === null);
  if (form !== null) {
    byId("id").value = new URLSearchParams(location.search).get("id") ?? "";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      history.pushState(null, "", `?id=${encodeURIComponent(byId("id").value.trim())}`);
      refresh();
    });
  }
  addEventListener("popstate", refresh);
  addEventListener("spoken", async ({ detail }) => {
    await speak(detail);
    await refresh();
  });
  await refresh();
  document.body.dataset.ready = "yes";
}

async function reveal(show, id, always) {
  const [said, shown] = [byId("said"), byId("shown")];
  fillWith(shown);
  fillWith(said, id === "" && !always ? "" : say("working"));
  if (id === "" && !always) return;
  try {
    const parts = await show(id);
    fillWith(said, parts === null ? say("nothing") : "");
    if (parts !== null) fillWith(shown, ...parts);
  } catch (error) {
    console.error(error);
    fillWith(said, say("page.noRegistry"));
  }
}

/** A table with a caption and a header row; cells are texts or elements. */
export function table(caption, heads, rows) {
  return el(
    "div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell)))))),
  );
}
