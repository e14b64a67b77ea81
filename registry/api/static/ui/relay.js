/** Inside the frame: fetches for the page that made it, from the one origin that the frame's policy allows. */

addEventListener("message", async ({ origin, source, data }) => {
  if (origin !== location.origin || source !== parent || typeof data?.url !== "string") return;
  try {
    const posted = data.body === null ? {} : { method: "POST", body: data.body, headers: { "Content-Type": "application/json" } };
    const how = { credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", cache: "no-store" };
    const answer = await fetch(data.url, { ...how, ...posted });
    if (!answer.ok) throw new TypeError(`status ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    parent.postMessage({ id: data.id, bytes }, location.origin, [bytes]);
  } catch {
    parent.postMessage({ id: data.id, bytes: null }, location.origin);
  }
});

parent.postMessage("ready", location.origin);
