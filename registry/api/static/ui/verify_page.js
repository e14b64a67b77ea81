/** The verification page: a document comes in by file, paste, link or camera; it is judged here and shown. */

import { codeText, credentialIn } from "../carriers/carrier.js";
import { notCarried } from "../carriers/not_carried.js";
import { sealedLink, unseal } from "../carriers/sealed.js";
import { encode } from "../core/bytes.js";
import { Refusal } from "../core/outcome.js";
import { unreadable, verify } from "../core/verify.js";
import { askRegistry, endpointAsker, loadPolicy } from "./ask.js";
import { byId } from "./dom.js";
import { MAX_AGE, endpointChosen, listenForEndpoint } from "./endpoint_form.js";
import { Outside, outsideSection } from "./outside.js";
import { askAboutToday, listenForQuestions, question, sayQuestion } from "./question.js";
import { relay } from "./relay_client.js";
import { showReport } from "./report.js";
import { accreditors, listenForAccreditors, sayAccreditors } from "./roots.js";
import { speak, tell } from "./words.js";

let policy = null;
let shown = null;
let scanning = null;
let judgements = 0;

async function start() {
  await speak();
  addEventListener("spoken", async ({ detail }) => {
    await speak(detail);
    sayQuestion();
    sayAccreditors();
    if (shown !== null) await show(shown);
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) addEventListener(name, onDrag);
  byId("file").addEventListener("change", ({ target }) => target.files[0] && take(() => bytesOfFile(target.files[0])));
  byId("paste").addEventListener("submit", onPaste);
  byId("scan").addEventListener("click", onScan);
  byId("stop").addEventListener("click", () => scanning?.abort());
  listenForEndpoint(judgeAgain);
  byId("again").addEventListener("click", reset);
  listenForQuestions(judgeAgain);
  await listenForAccreditors(loaded, judgeAgain).catch(fail);
  addEventListener("paste", onPasteAnywhere);
  document.body.dataset.ready = "yes";
  const code = codeBehind(location.hash);
  if (code !== null) await take(() => codeText(code));
}

// --- ways in ----------------------------------------------------------------------------------------------------------

function onDrag(event) {
  event.preventDefault();
  byId("drop").classList.toggle("over", event.type === "dragenter" || event.type === "dragover");
  const file = event.type === "drop" ? event.dataTransfer.files[0] : undefined;
  if (file !== undefined) take(() => bytesOfFile(file));
}

async function bytesOfFile(file) {
  return credentialIn(new Uint8Array(await file.arrayBuffer()));
}

function onPaste(event) {
  event.preventDefault();
  takeText(byId("text").value);
}

function onPasteAnywhere(event) {
  const file = event.clipboardData?.files[0];
  if (file === undefined || event.target === byId("text")) return;
  event.preventDefault();
  take(() => bytesOfFile(file));
}

function takeText(text) {
  const trimmed = text.trim();
  if (trimmed !== "") take(() => bytesOfText(trimmed));
}

/** A document, a code's text, a link to this page with a code in it, or a link to an encrypted copy. */
async function bytesOfText(text) {
  const code = codeBehind(text);
  if (text.startsWith("HM1:")) return codeText(text);
  if (code !== null) return codeText(code);
  const sealed = sealedLink(text);
  if (sealed !== null) {
    const copy = await relay(sealed.url).catch(() => { throw notCarried("carrier.noAnswer"); });
    return unseal(copy, sealed.key);
  }
  if (/^https?:\/\/\S+$/.test(text)) throw notCarried("carrier.link");
  return credentialIn(encode(text));
}

/** The text of a code in the fragment of a link; null where there is none. */
function codeBehind(link) {
  const found = /#(HM1(?::|%3A)[^\s#]+)$/i.exec(link);
  try {
    return found === null ? null : decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}

async function onScan() {
  const { scan } = await import("../carriers/camera.js");
  scanning = new AbortController();
  byId("camera").hidden = false;
  byId("stop").focus();
  try {
    const text = await scan(byId("video"), scanning.signal);
    if (text !== null) await take(() => bytesOfText(text));
  } catch {
    tell(byId("said"), "camera.none");
  } finally {
    byId("camera").hidden = true;
  }
}

// --- judging ----------------------------------------------------------------------------------------------------------

async function take(open) {
  tell(byId("said"), "working");
  document.body.classList.add("busy");
  try {
    await judge(await open());
  } catch (error) {
    if (!(error instanceof Refusal)) return fail(error);
    await show({ bytes: null, report: unreadable(error), wish: question(), left: new Map(), others: [], asked: null });
  } finally {
    document.body.classList.remove("busy");
  }
}

const loaded = async () => (policy ??= await loadPolicy());

/** The same document, after the reader asked for something else. */
function judgeAgain() {
  const bytes = shown?.bytes ?? null;
  if (bytes !== null) take(() => bytes);
}

async function judge(bytes) {
  const mine = (judgements += 1);
  const wish = { ...question(), ...(await accreditors()) };
  const endpoint = endpointChosen();
  const ask = endpoint === null ? askRegistry : endpointAsker(endpoint, (await loaded()).trusted);
  const maxAge = endpoint?.blockHash ? MAX_AGE : null;
  const outside = new Outside();
  const report = await verify(bytes, { ...(await loaded()), ...wish, maxAge, now: Date.now() / 1000 }, ask, outside);
  // The reader may have asked for something else meanwhile; that answer is the one to show.
  if (mine !== judgements) return;
  const asked = endpoint === null ? location.host : new URL(endpoint.url).host;
  await show({ bytes, report, wish, left: outside.left, others: [...outside.asked].sort(), asked, byHash: maxAge !== null });
}

async function show(what) {
  shown = what;
  tell(byId("said"), "");
  await showReport(byId("report"), { ...what, more: outsideSection(what.left, judgeAgain) });
  document.body.classList.add("judged");
  byId("verdict").focus();
}

/** A fault of this page, or no way to its registry, says nothing about the document. */
function fail(error) {
  console.error(error);
  tell(byId("said"), error instanceof TypeError ? "page.noRegistry" : "page.fault");
}

function reset() {
  shown = null;
  byId("report").replaceChildren();
  byId("file").value = "";
  byId("text").value = "";
  askAboutToday();
  history.replaceState(null, "", location.pathname);
  document.body.classList.remove("judged");
  byId("file").focus();
}

await start();
