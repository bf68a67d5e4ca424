"""Sessions count the generations of their refresh tokens, so that a used token ends its session however late it comes.

Before, only the digest of the last used token was kept: one that was older than that was refused and ended nothing.
Tokens of before cannot be exchanged any more: phones sign in once again, browsers stay signed in.
"""

from peewee import BigIntegerField, CharField


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("session", "generation", BigIntegerField(default=0)),
        migrator.add_column_default("session", "generation", "(0)"),
        migrator.drop_index("session", "session_previous_hash"),
        migrator.drop_column("session", "previous_hash"),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.add_column("session", "previous_hash", CharField(null=True)),
        migrator.add_index("session", ("previous_hash",)),
        migrator.drop_column("session", "generation"),
    )
