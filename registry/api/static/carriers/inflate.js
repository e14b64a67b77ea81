/** The zlib stream (RFC 1950), by the browser, up to 1 MiB of text. */

import { notCarried } from "./carrier.js";

const MAX_TEXT = 1024 * 1024;

/** Inflate; Refusal for a broken or cut stream, something behind it, or more than 1 MiB. */
export async function inflate(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
      if (size > MAX_TEXT) break;
    }
  } catch {
    throw notCarried("What it carries is cut off or damaged: it cannot be inflated.");
  }
  if (size > MAX_TEXT) {
    await reader.cancel();
    throw notCarried("The credential in it is longer than 1 MiB.");
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The zlib stream of bytes. */
export async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
