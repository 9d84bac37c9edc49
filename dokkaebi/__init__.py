"""Dokkaebi: a market that one person or one co-operative can own."""
