/** Inside the frame: fetches for the page that made it, from the one origin that the frame's policy allows. */

const MAX_ANSWER = 8 * 1024 * 1024;

addEventListener("message", async ({ origin, source, data }) => {
  if (origin !== location.origin || source !== parent || typeof data?.url !== "string") return;
  try {
    const posted = data.body === null ? {} : { method: "POST", body: data.body, headers: { "Content-Type": "application/json" } };
    const how = { credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", cache: "no-store" };
    const answer = await fetch(data.url, { ...how, ...posted });
    // Providers say why they refuse in a body of JSON-RPC, whatever the status of the answer.
    if (!answer.ok && data.body === null) throw new TypeError(`status ${answer.status}`);
    const bytes = await bounded(answer.body.getReader());
    parent.postMessage({ id: data.id, bytes }, location.origin, [bytes]);
  } catch {
    parent.postMessage({ id: data.id, bytes: null }, location.origin);
  }
});

/** The whole answer, up to 8 MiB: who is asked may be anybody. */
async function bounded(reader) {
  const parts = [];
  for (let size = 0; size <= MAX_ANSWER; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    parts.push(value);
    size += value.length;
  }
  await reader.cancel();
  throw new TypeError("too long");
}

parent.postMessage("ready", location.origin);
