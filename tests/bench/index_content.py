"""The rows of both indexers as counts and sums of hashes: equal content, whatever the spelling of bytes."""

from sqlalchemy import create_engine, text

Content = dict[str, tuple[int, int]]

_COLUMNS = {
    "issuer": ("issuer_id", "word", "recovery", "profile_hash", "registered_block", "registered_at"),
    "key": ("issuer_id", "account", "roles", "added_at", "retired_at", "distrust_from"),
    "batch": ("issuer_id", "batch_id", "root", "leaf_count", "account", "anchored_at", "block_number", "tx_hash"),
}
_BYTES = frozenset({"word", "recovery", "profile_hash", "account", "batch_id", "root", "tx_hash"})


def content_of_ours(database: str) -> Content:
    """Our tables; bytes written as Ponder writes them, and an indexed bytes16 as the 16 bytes that it is."""
    spelled = {name: f"'0x' || encode({name}, 'hex')" if name in _BYTES else name for name in _all_columns()}
    return _content(database, {table: table for table in _COLUMNS}, spelled)


def content_of_ponder(database: str, schema: str) -> Content:
    """Ponder's tables in one of its schemas."""
    spelled = {name: f"lower({name})" if name in _BYTES else name for name in _all_columns()}
    return _content(database, {table: f'"{schema}"."{table}"' for table in _COLUMNS}, spelled)


def _all_columns() -> set[str]:
    return {name for columns in _COLUMNS.values() for name in columns}


def _content(database: str, tables: dict[str, str], spelled: dict[str, str]) -> Content:
    engine = create_engine(database)
    found: Content = {}
    with engine.connect() as connection:
        for table, place in tables.items():
            fields = ", ".join(spelled[name] for name in _COLUMNS[table])
            query = f"SELECT count(*), coalesce(sum(hashtextextended(concat_ws(',', {fields}), 0)), 0) FROM {place}"
            count, total = connection.execute(text(query)).one()
            found[table] = (int(count), int(total))
    engine.dispose()
    return found
