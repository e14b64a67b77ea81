/** Compressed streams (RFC 1950, RFC 1952), by the browser, up to a limit. */

/**
 * Inflate.
 *
 * @param {Uint8Array} bytes One whole stream, and nothing behind it.
 * @param {"deflate"|"gzip"} format
 * @param {number} limit Most bytes that may come out.
 * @returns {Promise<{data?: Uint8Array, problem?: "broken"|"long"}>}
 */
export async function inflated(bytes, format, limit) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const parts = [];
  try {
    for (let size = 0; size <= limit; ) {
      const { done, value } = await reader.read();
      if (done) return { data: new Uint8Array(await new Blob(parts).arrayBuffer()) };
      parts.push(value);
      size += value.length;
    }
  } catch {
    return { problem: "broken" };
  }
  await reader.cancel();
  return { problem: "long" };
}
