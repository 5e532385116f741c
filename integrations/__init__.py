"""Other systems: EDI, file imports, partner profiles, the inbox."""
