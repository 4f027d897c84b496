"""The ledger: the durable record of deliveries, attempts and decisions."""
