"""Who carries deliveries from the ledger to the courier: threads here, or several machines."""
