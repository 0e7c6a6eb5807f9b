"""Tells a store of jobs apart from all others, and from older copies of itself."""

import uuid

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from serve.jobs.store.database.schema import identity, marks
from serve.jobs.store.database.transactions import Database

__all__ = ["Marks"]

# More replicas than that never set a mark within one period of sweeping.
_KEPT = 1000


class Marks:
    """Names the store, and remembers the marks that it has set beside its uploads.

    A mark is new at each sweep, so that a database that was restored from a copy does not know the mark of uploads that
    are newer than the copy. All methods raise StorageUnavailable if the database does not answer.

    Args:
        database: The database of the jobs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def store_id(self) -> str:
        """The id of this store, 32 hexadecimal digits. The first call chooses it."""

        def query(connection: Connection) -> str | None:
            return connection.execute(select(identity.c.id)).scalar_one_or_none()

        if (found := self._database.read(query)) is None:
            try:
                row = insert(identity).values(slot=1, id=uuid.uuid4().hex)
                self._database.write(lambda connection: connection.execute(row))
            except IntegrityError:
                pass  # another process was faster
            found = self._database.read(query)
        assert found is not None
        return found

    def knows(self, mark: str) -> bool:
        """Whether this store has set a mark."""
        found = select(marks.c.key).where(marks.c.mark == mark)
        return self._database.read(lambda connection: connection.execute(found).first() is not None)

    def add(self) -> str:
        """Make a new mark, which the store knows before anybody can find it, and forget very old ones."""
        mark = uuid.uuid4().hex

        def change(connection: Connection) -> None:
            made = insert(marks).values(mark=mark).returning(marks.c.key)
            key = connection.execute(made).scalar_one()
            connection.execute(delete(marks).where(marks.c.key <= key - _KEPT))

        self._database.write(change)
        return mark
