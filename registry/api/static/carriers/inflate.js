/** The zlib stream (RFC 1950) of carriers, up to 1 MiB of text. */

import { inflated } from "../core/inflate.js";
import { notCarried } from "./not_carried.js";

/** Inflate; Refusal for a broken or cut stream, something behind it, or more than 1 MiB. */
export async function inflate(bytes) {
  const { data, problem } = await inflated(bytes, "deflate", 1024 * 1024);
  if (problem === "broken") throw notCarried("What it carries is cut off or damaged: it cannot be inflated.");
  if (problem === "long") throw notCarried("The credential in it is longer than 1 MiB.");
  return data;
}

/** The zlib stream of bytes. */
export async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
