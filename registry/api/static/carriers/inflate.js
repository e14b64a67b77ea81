/** The zlib stream (RFC 1950) of carriers, up to 1 MiB of text. */

import { inflated } from "../core/inflate.js";
import { notCarried } from "./not_carried.js";

/** Inflate; Refusal for a broken or cut stream, something behind it, or more than 1 MiB. */
export async function inflate(bytes) {
  const { data, problem } = await inflated(bytes, "deflate", 1024 * 1024);
  if (problem === "broken") throw notCarried("carrier.cut");
  if (problem === "long") throw notCarried("carrier.long");
  return data;
}

/** The zlib stream of bytes. */
export async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
