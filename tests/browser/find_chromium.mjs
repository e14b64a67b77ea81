// Print where the Chromium of @sparticuz/chromium was unpacked.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
