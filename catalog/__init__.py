"""What can be sold to whom: products, units, part numbers, substitutions, authorizations."""
