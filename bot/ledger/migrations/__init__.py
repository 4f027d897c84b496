"""The ledger's migrations: one module a revision, in ``versions``."""
