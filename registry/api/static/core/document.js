/**
 * One JSON document, read as strictly as the registry reads it, and its canonical form (contracts/SPEC.md, section 1;
 * I-JSON, RFC 7493; RFC 8785).
 */

export const MAX_BYTES = 262144;
export const MAX_DEPTH = 32;

/** What was refused: `stage` is "document", "proof", "pointer" or "inclusion"; the message says why. */
export class AnchorError extends Error {
  constructor(stage, key, values, message) {
    super(message);
    this.name = "AnchorError";
    Object.assign(this, { stage, key, values });
  }
}

/**
 * Read one JSON object strictly: UTF-8 without byte order mark, no duplicate members, finite numbers, whole numbers
 * within ±(2^53−1), no lone surrogates, at most 262,144 bytes and 32 levels.
 *
 * @param {Uint8Array} bytes
 * @param {number} maxBytes Another limit, for documents that are no credentials.
 * @returns {object} The document; its objects have no prototype, so that no member name is special.
 * @throws {AnchorError} At the stage "document".
 */
export function readDocument(bytes, maxBytes = MAX_BYTES) {
  if (bytes.length > maxBytes) throw unreadable("long", { limit: maxBytes }, `it has more than ${maxBytes} bytes`);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable("utf8", {}, "it is not UTF-8");
  }
  const value = new Reader(text).whole();
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw unreadable("object", {}, "it is not an object");
  return value;
}

/** `name` and `values` are the reason for whoever has words of his own for it (core/sentence.js). */
function unreadable(name, values, why) {
  return new AnchorError("document", `document.${name}`, { where: "", ...values }, `The document cannot be read: ${why}.`);
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const WORDS = new Map([["true", true], ["false", false], ["null", null]]);

/** A recursive reader; its depth is limited, so its recursion is too. */
class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  whole() {
    const value = this.value(1);
    this.space();
    if (this.at !== this.text.length) throw this.wrong("end", {}, "something stands behind its end");
    return value;
  }

  value(depth) {
    this.space();
    const first = this.text[this.at];
    if (first === "{" || first === "[") {
      if (depth > MAX_DEPTH) throw this.wrong("deep", { limit: MAX_DEPTH }, `it nests deeper than ${MAX_DEPTH} levels`);
      this.at += 1;
      return first === "{" ? this.members(depth) : this.items(depth);
    }
    return first === '"' ? this.string() : this.plain();
  }

  members(depth) {
    const object = Object.create(null);
    if (this.take("}")) return object;
    do {
      this.space();
      const name = this.string();
      if (name in object) throw this.wrong("twice", { name: JSON.stringify(name) }, `the member ${JSON.stringify(name)} stands twice`);
      this.expect(":");
      object[name] = this.value(depth + 1);
    } while (this.take(","));
    this.expect("}");
    return object;
  }

  items(depth) {
    const array = [];
    if (this.take("]")) return array;
    do array.push(this.value(depth + 1));
    while (this.take(","));
    this.expect("]");
    return array;
  }

  string() {
    const raw = this.match(STRING);
    if (raw === null) throw this.wrong("text", {}, "a text is malformed");
    const value = JSON.parse(raw[0]);
    if (LONE_SURROGATE.test(value)) throw this.wrong("surrogate", {}, "a text holds half of a surrogate pair");
    return value;
  }

  plain() {
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    const found = this.match(NUMBER);
    if (found === null) throw this.wrong("json", {}, "it is not JSON");
    return this.number(found);
  }

  number([digits, fraction, exponent]) {
    const value = Number(digits);
    const written = fraction === undefined && exponent === undefined;
    const tooLarge = Math.abs(value) > Number.MAX_SAFE_INTEGER && (written || Math.abs(value) < 1e21);
    if (!Number.isFinite(value) || (Number.isInteger(value) && tooLarge)) throw this.wrong("large", { digits }, `${digits} is too large`);
    return value;
  }

  space() {
    this.match(SPACE);
  }

  take(character) {
    this.space();
    const there = this.text[this.at] === character;
    if (there) this.at += 1;
    return there;
  }

  expect(character) {
    if (!this.take(character)) throw this.wrong("missing", { character }, `${character} is missing`);
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  wrong(name, values, why) {
    const where = { key: "document.at", values: { at: this.at } };
    return unreadable(name, { ...values, where }, `${why} (character ${this.at})`);
  }
}

/**
 * RFC 8785 form of a value that `readDocument` returned. Numbers and texts are written as ECMAScript writes them,
 * members are ordered by UTF-16 code units, which is how JavaScript sorts.
 *
 * @returns {string}
 */
export function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** A list, or one value as a list of one; nothing as an empty one. */
export function listOf(value) {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Whether a value is a JSON object. */
export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
