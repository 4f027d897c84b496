"""Messages to the operator are deliveries without a slot, sent like any other.

What 0.1.0 kept in ``operator_messages`` moves into ``deliveries``, settled or not; what it was
sending when it ended is unknown. ``told`` stays, so that nothing is told again, and points to the
deliveries.

A Vigilia of revision 0004 that runs while this happens goes on posting. It cannot tell the operator
any more: each look of its desk ends with a LedgerError in its log, before anything is noted as
told, so that a planner of this version tells it. It shows the operator's messages as postings, and
a pause may hold one. Started anew it is refused: ``serves`` says so.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, false

from bot.ledger.migrations.versions.v0003_telling_the_operator import make_operator_messages

revision = "0005"
down_revision = "0004"

_MOVED = """
INSERT INTO deliveries
 (key, observances, date, lead_days, channel, languages, due_at, useful_until, state, generation,
  attempts, next_attempt_at, settled_at, reason, detail, message, coming, by_hand, fence,
  created_at, updated_at, for_operator)
SELECT key, '[]', {day}, 0, channel, '[]', made_at, useful_until,
 CASE state WHEN 'sending' THEN 'unknown' ELSE state END, 0, attempts, next_attempt_at,
 CASE state WHEN 'sending' THEN made_at ELSE settled_at END,
 CASE state WHEN 'sending' THEN 'interrupted' ELSE reason END,
 CASE state WHEN 'sending' THEN 'Vigilia ended while this was being sent.' ELSE detail END,
 message, '[]', {no}, 0, made_at, COALESCE(settled_at, made_at), {yes}
FROM operator_messages ORDER BY id
"""

_ATTEMPTS = """
INSERT INTO attempts
 (delivery_id, number, generation, started_at, ended_at, outcome, reason, detail)
WITH RECURSIVE numbers (number) AS (
 SELECT 1 UNION ALL SELECT number + 1 FROM numbers
 WHERE number < (SELECT MAX(attempts) FROM operator_messages))
SELECT d.id, n.number, 0, d.created_at, d.updated_at,
 CASE WHEN old.maybe_arrived OR d.state = 'unknown' THEN 'unknown'
  WHEN n.number < d.attempts OR d.state = 'retrying' THEN 'retry'
  WHEN d.state = 'delivered' THEN 'delivered' ELSE 'rejected' END,
 CASE WHEN n.number = d.attempts THEN d.reason END,
 CASE WHEN n.number = d.attempts THEN d.detail ELSE '' END
FROM operator_messages AS old JOIN deliveries AS d ON d.key = old.key
 JOIN numbers AS n ON n.number <= d.attempts
"""

_NOTED = """
UPDATE told SET message_id = (SELECT d.id FROM operator_messages AS old
 JOIN deliveries AS d ON d.key = old.key WHERE old.id = told.message_id)
"""

_MOVED_BACK = """
INSERT INTO operator_messages
 (id, key, channel, message, state, attempts, maybe_arrived, made_at, useful_until,
  next_attempt_at, settled_at, reason, detail)
SELECT id, key, channel, message, state, attempts, EXISTS (SELECT 1 FROM attempts AS a
  WHERE a.delivery_id = deliveries.id AND a.outcome = 'unknown'),
 created_at, useful_until, next_attempt_at, settled_at, reason, detail
FROM deliveries WHERE for_operator
"""


def upgrade() -> None:
    words = {"day": "DATE(made_at)", "no": "0", "yes": "1"}
    if op.get_bind().dialect.name == "postgresql":
        words = {"day": "CAST(made_at AT TIME ZONE 'UTC' AS DATE)", "no": "false", "yes": "true"}
    for_operator = Column("for_operator", Boolean, nullable=False, server_default=false())
    op.add_column("deliveries", for_operator)
    op.execute(_MOVED.format(**words))
    op.execute(_ATTEMPTS)
    with op.batch_alter_table("told") as table:
        table.drop_constraint("fk_told_message_id", type_="foreignkey")
    op.execute(_NOTED)
    with op.batch_alter_table("told") as table:
        table.create_foreign_key("fk_told_message_id", "deliveries", ["message_id"], ["id"])
    op.drop_table("operator_messages")
    op.execute("UPDATE meta SET value = '0005' WHERE key = 'serves'")


def downgrade() -> None:
    make_operator_messages()
    op.execute(_MOVED_BACK)
    with op.batch_alter_table("told") as table:
        table.drop_constraint("fk_told_message_id", type_="foreignkey")
        table.create_foreign_key("fk_told_message_id", "operator_messages", ["message_id"], ["id"])
    for pointing in ("words_waiting", "attempts"):
        op.execute(
            f"DELETE FROM {pointing}"  # noqa: S608 - the names stand above
            " WHERE delivery_id IN (SELECT id FROM deliveries WHERE for_operator)"
        )
    op.execute("DELETE FROM deliveries WHERE for_operator")
    op.drop_column("deliveries", "for_operator")
    op.execute("UPDATE meta SET value = '0004' WHERE key = 'serves'")
