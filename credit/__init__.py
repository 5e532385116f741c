"""How much may be owed: credit accounts, terms, the exposure ledger, checks."""
