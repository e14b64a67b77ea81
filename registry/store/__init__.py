"""The SQL edge: tables, migrations, the mirror's writer, queries, documents, and the issuing journal."""
