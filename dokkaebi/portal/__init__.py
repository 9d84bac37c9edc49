"""Contributions → points → mileage → epoch. Opens no node and asks no clock by itself."""
