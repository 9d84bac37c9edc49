"""The sponsor: pays the gas of what members signed, within budgets that nobody can exceed."""
