"""What credentials travel in: baked PNG and SVG badges, PDF certificates, QR codes, encrypted copies."""

MAX_BYTES = 16 * 1024 * 1024
