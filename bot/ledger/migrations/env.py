"""Run by Alembic. The transaction is the caller's: it commits all revisions or none."""

from __future__ import annotations

from alembic import context
from sqlalchemy import MetaData

from bot.ledger.migrations.frozen import NAMING

context.configure(
    connection=context.config.attributes["connection"],
    # of its tables only the names of their constraints are used
    target_metadata=MetaData(naming_convention=NAMING),
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
