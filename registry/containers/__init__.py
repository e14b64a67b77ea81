"""What credentials travel in: baked PNG and SVG badges, PDF certificates, QR codes, encrypted copies."""
