/** QR codes: out of pictures and the camera, by the library qr; nothing leaves the browser. */

import decodeQR from "../vendor/qr/decode.js";

const LARGEST = 2000;

/** The text of the QR code in a picture; null where none can be read. */
export async function codeIn(blob) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    return null;
  }
  const sizes = [1, 0.5, 2].map((factor) => Math.min(factor, LARGEST / Math.max(bitmap.width, bitmap.height)));
  for (const factor of new Set(sizes)) {
    const text = codeOf(bitmap, Math.round(bitmap.width * factor), Math.round(bitmap.height * factor));
    if (text !== null) return text;
  }
  return null;
}

function codeOf(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(source, 0, 0, width, height);
  try {
    return decodeQR({ width, height, data: pen.getImageData(0, 0, width, height).data });
  } catch {
    return null;
  }
}

/**
 * Watch the camera until a code is read or `stop` is aborted.
 *
 * @param {HTMLVideoElement} video Shows what the camera sees.
 * @param {AbortSignal} stop
 * @returns {Promise<string|null>} The code's text; null when stopped. Rejects where there is no camera, or no leave.
 */
export async function scan(video, stop) {
  const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  video.srcObject = stream;
  try {
    await video.play();
    while (!stop.aborted) {
      const text = video.videoWidth > 0 ? codeOf(video, video.videoWidth, video.videoHeight) : null;
      if (text !== null) return text;
      await new Promise((next) => setTimeout(next, 120));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
