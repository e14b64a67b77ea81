"""Tables beside the projected ones, filled by a rebuild and swapped in with one transaction."""

from sqlalchemy import Connection, MetaData, Table, text

from registry.store.tables import ENTITY_TABLES
from registry.store.writer import Tables

_beside = MetaData()
SHADOWS: Tables = {
    kind: table.to_metadata(_beside, name=f"{table.name}_rebuilt") for kind, table in ENTITY_TABLES.items()
}
for _shadow in SHADOWS.values():
    _shadow.indexes.clear()  # their names are taken by the live tables' until the swap, which makes them


def create(connection: Connection) -> None:
    """Make them, empty; what a rebuild that was cut off left behind goes."""
    for kind, shadow in SHADOWS.items():
        connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{shadow.name}"')
        if connection.dialect.name == "sqlite":
            shadow.create(connection)
        else:
            # the key comes after the rows: one sort is cheaper than many insertions
            connection.exec_driver_sql(f'CREATE TABLE "{shadow.name}" (LIKE "{ENTITY_TABLES[kind].name}")')


def finish(connection: Connection) -> None:
    """Keys, rights and statistics, so that the tables serve well from the first question on."""
    if connection.dialect.name == "sqlite":
        for shadow in SHADOWS.values():
            connection.exec_driver_sql(f'ANALYZE "{shadow.name}"')
        return
    for kind, shadow in SHADOWS.items():
        key = ", ".join(f'"{column.name}"' for column in shadow.primary_key)
        connection.exec_driver_sql(
            f'ALTER TABLE "{shadow.name}" ADD CONSTRAINT "{shadow.name}_pkey" PRIMARY KEY ({key})'
        )
        _grant(connection, ENTITY_TABLES[kind], shadow)
        connection.exec_driver_sql(f'ANALYZE "{shadow.name}"')


def _grant(connection: Connection, live: Table, shadow: Table) -> None:
    query = text(
        "SELECT quote_ident(grantee), privilege_type FROM information_schema.role_table_grants "
        "WHERE table_schema = current_schema() AND table_name = :name AND grantee NOT IN (current_user, 'PUBLIC')"
    )
    for grantee, privilege in connection.execute(query, {"name": live.name}).all():
        connection.exec_driver_sql(f'GRANT {privilege} ON "{shadow.name}" TO {grantee}')


def swap(connection: Connection) -> None:
    """Put them in the place of the live ones, in the caller's transaction."""
    for kind, shadow in SHADOWS.items():
        live = ENTITY_TABLES[kind].name
        connection.exec_driver_sql(f'DROP TABLE "{live}"')
        connection.exec_driver_sql(f'ALTER TABLE "{shadow.name}" RENAME TO "{live}"')
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(f'ALTER TABLE "{live}" RENAME CONSTRAINT "{shadow.name}_pkey" TO "{live}_pkey"')
        for index in ENTITY_TABLES[kind].indexes:
            index.create(connection)


def drop(connection: Connection) -> None:
    """Remove them."""
    for shadow in SHADOWS.values():
        connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{shadow.name}"')
