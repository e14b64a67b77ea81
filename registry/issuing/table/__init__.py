"""An issuer's table: CSV and XLSX to typed rows, every complaint with its place."""
