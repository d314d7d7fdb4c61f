// Texts as numbers: the bytes of UTF-8, each plus one; 0 fills up. It is what tokens.py does in Python, and
// tests/test_page_tokens.py holds them to each other.

/** Gives a text as the network reads it, before it is cut: in normal form NFC, as bytes of UTF-8. */
export const toBytes = (text) => new TextEncoder().encode(text.normalize("NFC")); // it makes U+FFFD of half a pair

/** Turns a text into numbers from 0 to 256, an Int32Array of `length`; bytes beyond it are cut off. */
export function encode(text, length) {
  const codes = new Int32Array(length);
  toBytes(text).subarray(0, length).forEach((byte, place) => {
    codes[place] = byte + 1;
  });
  return codes;
}
