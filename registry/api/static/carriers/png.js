/** Baked PNG badges: one iTXt chunk `openbadgecredential` (Open Badges 3.0, section 5.3.1; PNG, 5 and 11.3.3). */

import { notCarried } from "./not_carried.js";
import { inflate } from "./inflate.js";

const KEYWORD = "openbadgecredential";
const MAX_CHUNKS = 20000;
const latin1 = (bytes) => new TextDecoder("latin1").decode(bytes);

/** The credential's bytes; null where a sound PNG carries none at all (it may show a code). */
export async function pngCredential(bytes) {
  const texts = chunks(bytes).filter((chunk) => ["iTXt", "tEXt", "zTXt"].includes(chunk.kind));
  const found = texts.filter((chunk) => keyword(chunk.data) === KEYWORD);
  if (found.length === 0 && texts.some((chunk) => keyword(chunk.data) === "openbadges")) {
    throw notCarried("carrier.pngOlder");
  }
  if (found.length > 1) throw notCarried("carrier.badgeMany", { count: found.length });
  return found.length === 0 ? null : text(found[0].data);
}

const keyword = (data) => latin1(data.slice(0, 80)).split("\0", 1)[0];

/** All chunks to IEND, each with its checksum compared. */
function chunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = [];
  for (let at = 8; found.length < MAX_CHUNKS; ) {
    const length = at + 12 <= bytes.length ? view.getUint32(at) : Infinity;
    if (at + 12 + length > bytes.length) throw notCarried("carrier.pngCut");
    const kind = latin1(bytes.slice(at + 4, at + 8));
    const body = bytes.subarray(at + 4, at + 8 + length);
    if (crc32(body) !== view.getUint32(at + 8 + length)) throw notCarried("carrier.pngChecksum");
    if ((found.length === 0) !== (kind === "IHDR")) throw notCarried("carrier.pngHeader");
    found.push({ kind, data: body.subarray(4) });
    if (kind === "IEND") return found;
    at += 12 + length;
  }
  throw notCarried("carrier.pngChunks");
}

/** The text of an iTXt chunk: keyword, compression flag and method, language, translated keyword, text. */
async function text(data) {
  const rest = data.slice(KEYWORD.length + 1);
  const first = rest.indexOf(0, 2);
  const second = first < 0 ? -1 : rest.indexOf(0, first + 1);
  if (second < 0 || rest[0] > 1 || rest[1] !== 0) throw notCarried("carrier.pngChunk");
  const body = rest.slice(second + 1);
  return rest[0] === 1 ? inflate(body) : body;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
