"""Statements of a document (RDF), canonical N-Quads, and the contexts that are pinned for them."""
